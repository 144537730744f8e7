import { useEffect } from "react";

/** The window's title while this is shown. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = title ? `${title} - StudyBuddy` : "StudyBuddy";
  }, [title]);
}
