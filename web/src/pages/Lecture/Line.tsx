import { memo, useState } from "react";
import type { Line as Spoken } from "../../api/types.ts";
import { clock, t } from "../../i18n/index.ts";
import { CorrectButton, Corrected } from "../../ui/Correction.tsx";
import { SpokenLine } from "../../ui/SpokenLine.tsx";
import { CorrectLine, undoLine } from "./CorrectLine.tsx";

/**
 * A line in the list of all of them. `speaker`: who begins to speak with it; `correctable`: the lecture, where lines are
 * being corrected.
 */
export const Line = memo(function Line({ line, speaker, now, words, correctable, onGo }: {
  line: Spoken;
  speaker: string | null;
  now: boolean;
  words: string[];
  correctable?: string;
  onGo: (ms: number) => void;
}) {
  const [correcting, setCorrecting] = useState(false);
  const at = clock(line.startMs);
  return (
    <li>
      {speaker && <p className="mt-2 px-2 font-medium text-ink">{speaker}</p>}
      {correctable && correcting
        ? (
          <div className="p-2">
            <CorrectLine lectureId={correctable} line={line} onClose={() => setCorrecting(false)} />
          </div>
        )
        : (
          <div className="flex items-start">
            <SpokenLine line={line} now={now} words={words} onGo={onGo} />
            {correctable && (
              <CorrectButton
                small
                name={t("correct.line", { at })}
                onClick={() => setCorrecting(true)}
              />
            )}
          </div>
        )}
      {line.readText !== null && (
        <div className="px-2 pb-1">
          <Corrected
            read={line.readText}
            onUndo={correctable ? () => undoLine(correctable, line) : undefined}
          />
        </div>
      )}
    </li>
  );
});
