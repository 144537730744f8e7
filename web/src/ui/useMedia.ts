import { useCallback, useSyncExternalStore } from "react";

/** Whether the window is as this media query says. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback((changed: () => void) => {
    const list = matchMedia(query);
    list.addEventListener("change", changed);
    return () => list.removeEventListener("change", changed);
  }, [query]);
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** The width from which panes stand beside the page; the same as `wide:` in classes. */
export const useWide = () => useMedia("(min-width: 68.75rem)");
