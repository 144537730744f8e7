import type { components } from "./schema.d.ts";

type Schemas = components["schemas"];
export type Me = Schemas["MeOut"];
export type Course = Schemas["CourseOut"];
export type Session = Schemas["SessionOut"];
export type Source = Schemas["SourceOut"];
export type Line = Schemas["LineOut"];
export type Upload = Schemas["UploadOut"];
export type Role = Course["role"];
export type Member = Schemas["MemberOut"];
export type Invitation = Schemas["InvitationOut"];
export type Deck = Schemas["DeckOut"];
export type DeckPage = Schemas["PageOut"];
export type Transcript = Schemas["TranscriptOut"];
export type ShownPage = Schemas["ShownPageOut"];
export type Hit = Schemas["HitOut"];
