import { memo } from "react";
import type { Line as Spoken } from "../../api/types.ts";
import { SpokenLine } from "../../ui/SpokenLine.tsx";

/**
 * A line in the list of all of them. `speaker`: who begins to speak with it. Out of sight it is not laid out: a lecture
 * has thousands.
 */
export const Line = memo(function Line({ line, speaker, now, words, onGo }: {
  line: Spoken;
  speaker: string | null;
  now: boolean;
  words: string[];
  onGo: (ms: number) => void;
}) {
  return (
    <li className="[content-visibility:auto] [contain-intrinsic-size:auto_2rem]">
      {speaker && <p className="mt-2 px-2 font-medium">{speaker}</p>}
      <SpokenLine line={line} now={now} words={words} onGo={onGo} />
    </li>
  );
});
