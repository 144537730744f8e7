import type { Line } from "../api/types.ts";
import { clock } from "../i18n/index.ts";
import { Marked } from "./Marked.tsx";

/** A line of a transcript: pressed, the recording goes there. `now`: it is being said. */
export function SpokenLine({ line, now, words = [], onGo }: {
  line: Line;
  now: boolean;
  words?: string[];
  onGo: (ms: number) => void;
}) {
  return (
    <button
      type="button"
      data-line={line.number}
      aria-current={now ? "true" : undefined}
      className="flex w-full gap-3 rounded-md px-2 py-1 text-left text-dim hover:bg-soft aria-[current]:bg-soft aria-[current]:text-ink"
      onClick={() => onGo(line.startMs)}
    >
      <span className="tabular-nums">{clock(line.startMs)}</span>
      <span className="min-w-0 flex-1">
        <Marked text={line.text} words={words} />
      </span>
    </button>
  );
}
