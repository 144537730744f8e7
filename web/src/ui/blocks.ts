// Long lists in blocks: what is out of sight is skipped by the browser block by block, and drawn anew only where it changed.
import { startTransition, useEffect, useState } from "react";

const AT_ONCE = 2; // blocks that are drawn in one go, so that nobody waits for them to press a button

/** A list cut into blocks of this length; the last may be shorter. */
export function blocksOf<T>(items: readonly T[], length: number): T[][] {
  return Array.from(
    { length: Math.ceil(items.length / length) },
    (_, at) => items.slice(at * length, (at + 1) * length),
  );
}

/**
 * Which of so many blocks are drawn by now: that of the place one is at (`here`, its position) and those beside it at
 * once, the others one after the other.
 */
export function useFilling(count: number, here: number): (position: number) => boolean {
  const [filled, setFilled] = useState(0);
  useEffect(() => {
    if (filled >= count) return;
    const next = setTimeout(() => startTransition(() => setFilled(filled + AT_ONCE)));
    return () => clearTimeout(next);
  }, [filled, count]);
  return (position) => position < filled || Math.abs(position - here) <= 1;
}
