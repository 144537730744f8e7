import { useEffect, useRef } from "react";

/** A deck or lecture that a question stays within. */
export type Within = { id: string; name: string };
type Suggested = { text: string; within: Within };

const asked = new EventTarget();
const KEPT = "question";

/** Put words into the question box, about a deck or lecture; where none is shown they wait for the next one. */
export function suggestQuestion(text: string, within: Within) {
  sessionStorage.setItem(KEPT, JSON.stringify({ text, within } satisfies Suggested));
  asked.dispatchEvent(new Event("asked"));
}

/** Calls back with words that were put into the question box, and what they are about. */
export function useQuestion(take: (text: string, within: Within) => void) {
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const taken = () => {
      const kept = sessionStorage.getItem(KEPT);
      sessionStorage.removeItem(KEPT);
      if (!kept) return;
      const { text, within } = JSON.parse(kept) as Suggested;
      latest.current(text, within);
    };
    taken();
    asked.addEventListener("asked", taken);
    return () => asked.removeEventListener("asked", taken);
  }, []);
}
