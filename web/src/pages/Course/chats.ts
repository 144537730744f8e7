import { useEffect, useRef } from "react";

const changes = new EventTarget();

/** Calls back when a chat was begun, renamed or deleted anywhere on the page. */
export function useChatNews(changed: () => void) {
  const latest = useRef(changed);
  latest.current = changed;
  useEffect(() => {
    const tell = () => latest.current();
    changes.addEventListener("changed", tell);
    return () => changes.removeEventListener("changed", tell);
  }, []);
}

export const tellChats = () => changes.dispatchEvent(new Event("changed"));
