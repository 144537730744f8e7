// What is said and shown at a moment of a lecture.
import type { Line, ShownPage } from "../api/types.ts";

const SOON_MS = 50; // a player that was sent to a line may stop a little before it

/** The position of the line being said: the last that has begun; the first one before any has, -1 where there is none. */
export function lineAt(lines: Line[], atMs: number): number {
  const at = lines.findLastIndex((line) => line.startMs <= atMs + SOON_MS);
  return at < 0 && lines.length ? 0 : at;
}

/** The page that is up; undefined: none, or nobody knows which. */
export const slideAt = (slides: ShownPage[], atMs: number): ShownPage | undefined =>
  slides.findLast((slide) => slide.startMs <= atMs + SOON_MS && atMs < slide.endMs);
