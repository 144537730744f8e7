import { clock, t } from "../i18n/index.ts";

/** Where something stands: a page of a deck, or a moment of a lecture. */
export type Place = {
  fileName: string;
  page?: number | null;
  startMs?: number | null;
  kind: "slide" | "speech";
};

/** `wind-power.pdf, page 3`, or `wind-power-lecture.ogg, 0:57`. */
export const placeOf = (place: Place): string => `${place.fileName}, ${pointOf(place)}`;

export const pointOf = ({ kind, page, startMs }: Place): string =>
  kind === "slide" ? t("place.page", { page: page ?? 1 }) : clock(startMs ?? 0);

/** `p. 3`, or `0:57`. */
export const shortPlace = ({ kind, page, startMs }: Place): string =>
  kind === "slide" ? t("place.short", { page: page ?? 1 }) : clock(startMs ?? 0);
