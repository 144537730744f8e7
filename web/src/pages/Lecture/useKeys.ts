import { useEffect, useRef } from "react";
import type { Line } from "../../api/types.ts";
import type { Player } from "../../ui/player.tsx";

const OWN = "button:not([data-line]), a, audio, video, summary, [role=menuitem]"; // these do something by space themselves

/** j and k go to the line after and before, space plays and stops: wherever the focus is, but not where one types. */
export function useKeys(player: Player, lines: Line[], at: number) {
  const latest = useRef({ player, lines, at });
  latest.current = { player, lines, at };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, textarea")) return;
      const { player, lines, at } = latest.current;
      const step = { j: 1, k: -1 }[event.key];
      if (step) {
        const line = lines[at + step];
        if (!line) return;
        player.go(line.startMs, false);
        document.querySelector<HTMLElement>(`[data-line="${line.number}"]`)?.focus({ preventScroll: true });
      } else if (event.key === " " && player.media.current && !target.closest(OWN)) {
        event.preventDefault(); // it would scroll, or press the line
        const { media } = player;
        if (media.current!.paused) media.current!.play().catch(() => {});
        else media.current!.pause();
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
