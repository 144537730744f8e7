// Long lists in blocks: what is out of sight is skipped by the browser block by block, and drawn anew only where it changed.

/** A list cut into blocks of this length; the last may be shorter. */
export function blocksOf<T>(items: readonly T[], length: number): T[][] {
  return Array.from(
    { length: Math.ceil(items.length / length) },
    (_, at) => items.slice(at * length, (at + 1) * length),
  );
}
