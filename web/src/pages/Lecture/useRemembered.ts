import { useEffect, useRef } from "react";
import { mutate } from "swr";
import { address, send } from "../../api/client.ts";

const EVERY_MS = 10_000;
const LEAST_MS = 1000;

/** Remembers where one is in a lecture: while it goes on, and when the page is left. */
export function useRemembered(lectureId: string, atMs: number) {
  const latest = useRef(atMs);
  latest.current = atMs;
  useEffect(() => {
    let kept = latest.current;
    const keep = () => {
      const positionMs = Math.round(latest.current);
      if (Math.abs(positionMs - kept) < LEAST_MS) return;
      kept = positionMs;
      const values = { upload_id: lectureId };
      send("put", "/api/lectures/{upload_id}/place", values, { positionMs }, { keepalive: true })
        .then((place) => mutate(address("/api/lectures/{upload_id}/place", values), place, false))
        .catch(() => {}); // it is tried again with the next place
    };
    const timer = setInterval(keep, EVERY_MS);
    document.addEventListener("visibilitychange", keep);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", keep);
      keep();
    };
  }, [lectureId]);
}
