import { type RefObject, useCallback, useEffect, useRef } from "react";

const NEAR_PX = 60;

/** Keeps the end of what grows in view, unless the reader has scrolled away from it. Gives back: go to the end now. */
export function useStickToEnd(scroller: RefObject<HTMLElement | null>) {
  const sticks = useRef(true);
  useEffect(() => {
    const element = scroller.current!;
    const toEnd = () => {
      if (sticks.current) element.scrollTop = element.scrollHeight;
    };
    const look = () => {
      sticks.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
    };
    const grown = new ResizeObserver(toEnd);
    grown.observe(element.firstElementChild!);
    grown.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      grown.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  return useCallback(() => {
    sticks.current = true;
  }, []);
}
