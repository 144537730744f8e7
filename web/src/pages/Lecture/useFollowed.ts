import { type RefObject, useEffect, useRef, useState } from "react";

/**
 * Keeps the line of now in sight, unless the reader scrolled away from it. Gives back whether they did, and a function
 * that goes back to it. `now`: its number; undefined: there is none.
 */
export function useFollowed(list: RefObject<HTMLElement | null>, now: number | undefined) {
  const [away, setAway] = useState(false);
  const seen = useRef(true);
  const lineOf = (number: number) => list.current!.querySelector(`[data-line="${number}"]`);
  const show = () => {
    if (now !== undefined) lineOf(now)?.scrollIntoView({ block: "center" });
  };
  useEffect(() => {
    const line = now === undefined ? null : lineOf(now);
    if (!line) return;
    if (seen.current) show();
    const sight = new IntersectionObserver(([entry]) => {
      seen.current = entry.isIntersecting;
      setAway(!entry.isIntersecting);
    }, { root: list.current });
    sight.observe(line);
    return () => sight.disconnect();
  }, [now]);
  return [away, show] as const;
}
