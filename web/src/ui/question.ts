import { useEffect, useRef } from "react";

const asked = new EventTarget();
const KEPT = "question";

/** Put words into the question box; where none is shown they wait for the next one. */
export function suggestQuestion(text: string) {
  sessionStorage.setItem(KEPT, text);
  asked.dispatchEvent(new Event("asked"));
}

/** Calls back with words that were put into the question box. */
export function useQuestion(take: (text: string) => void) {
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const taken = () => {
      const text = sessionStorage.getItem(KEPT);
      sessionStorage.removeItem(KEPT);
      if (text) latest.current(text);
    };
    taken();
    asked.addEventListener("asked", taken);
    return () => asked.removeEventListener("asked", taken);
  }, []);
}
