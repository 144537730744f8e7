import type { Course, Upload } from "../../api/types.ts";
import { teaches } from "../../app/roles.ts";

/** Whether this person may change an upload: what they teach, and what is theirs while it is private. */
export const manages = (course: Course, { own, published }: Upload) => teaches(course) || (own && !published);

/** Whether students do not see it yet although it is published. */
export const isDated = ({ published, releaseAt }: Upload) =>
  published && releaseAt !== null && new Date(releaseAt) > new Date();
