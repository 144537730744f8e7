import { memo, useMemo, useRef, useState } from "react";
import type { Course, Line as Spoken, Transcript as Talk } from "../../api/types.ts";
import { teaches } from "../../app/roles.ts";
import { clock, t } from "../../i18n/index.ts";
import { blocksOf, useFilling } from "../../ui/blocks.ts";
import { around, hasAll, wordsIn } from "../../ui/find.ts";
import { Icon } from "../../ui/Icon.tsx";
import { SearchField } from "../../ui/SearchField.tsx";
import { useHits } from "../../ui/useHits.ts";
import { Line } from "./Line.tsx";
import { useFollowed } from "./useFollowed.ts";

const NONE: string[] = [];
const BLOCK = 40; // lines that the browser lays out, or skips, together: a lecture has thousands

/**
 * What is said: the line of now is marked and followed; searched by words and by meaning. `beside`: the recording stands
 * at its left where there is room.
 */
export const Transcript = memo(function Transcript({ course, lectureId, talk, at, beside, onGo }: {
  course: Course;
  lectureId: string;
  talk: Talk;
  at: number;
  beside: boolean;
  onGo: (ms: number) => void;
}) {
  const [query, setQuery] = useState("");
  const [correcting, setCorrecting] = useState(false);
  const words = useMemo(() => wordsIn(query), [query]);
  const correctable = correcting ? lectureId : undefined;
  return (
    <section
      aria-label={t("lecture.transcript")}
      className={`relative flex min-h-0 flex-1 flex-col border-line ${
        beside ? "wide:w-md wide:flex-none wide:border-l" : ""
      }`}
    >
      <div className="flex gap-2 p-3">
        <SearchField label={t("lecture.search")} words={query} onWords={setQuery} maxLength={500} />
        {teaches(course) && talk.items.length > 0 && (
          <button
            type="button"
            className="button aria-pressed:bg-soft"
            aria-pressed={correcting}
            onClick={() => setCorrecting(!correcting)}
          >
            <Icon name="edit" />
            {t("correct.lines")}
          </button>
        )}
      </div>
      {words.length > 0
        ? (
          <Results
            course={course}
            lectureId={lectureId}
            talk={talk}
            at={at}
            words={words}
            correctable={correctable}
            onGo={onGo}
          />
        )
        : talk.items.length
        ? <Lines talk={talk} at={at} correctable={correctable} onGo={onGo} />
        : <p className="px-5 text-dim">{t(talk.source ? "lecture.silent" : "lecture.unheard")}</p>}
    </section>
  );
});

function Lines({ talk, at, correctable, onGo }: {
  talk: Talk;
  at: number;
  correctable?: string;
  onGo: (ms: number) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const blocks = useMemo(() => blocksOf(talk.items, BLOCK), [talk]);
  const here = Math.floor(at / BLOCK);
  const isDrawn = useFilling(blocks.length, here);
  const [away, back] = useFollowed(list, talk.items[at]?.number);
  return (
    <>
      <div ref={list} className="min-h-0 flex-1 overflow-y-auto px-3 pb-3">
        {blocks.map((lines, number) => (
          <Block
            key={number}
            lines={lines}
            drawn={isDrawn(number)}
            before={blocks[number - 1]?.at(-1)}
            now={number === here ? at % BLOCK : -1}
            correctable={correctable}
            onGo={onGo}
          />
        ))}
      </div>
      {away && (
        <button type="button" className="button absolute bottom-3 self-center shadow-lg" onClick={back}>
          <Icon name="down" />
          {t("lecture.back")}
        </button>
      )}
    </>
  );
}

/**
 * Some lines, or their room where they are not `drawn` yet. `before`: the one before them, `now`: the position of the one
 * being said, -1 where it is none of them.
 */
const Block = memo(function Block({ lines, drawn, before, now, correctable, onGo }: {
  lines: Spoken[];
  drawn: boolean;
  before?: Spoken;
  now: number;
  correctable?: string;
  onGo: (ms: number) => void;
}) {
  const room = `${2 * lines.length}rem`;
  if (!drawn) return <div style={{ blockSize: room }} />;
  return (
    <ol
      style={{ containIntrinsicBlockSize: `auto ${room}` }}
      className="[content-visibility:auto]"
    >
      {lines.map((line, at) => (
        <Line
          key={line.number}
          line={line}
          speaker={line.speaker !== (lines[at - 1] ?? before)?.speaker ? line.speaker : null}
          now={at === now}
          words={NONE}
          correctable={correctable}
          onGo={onGo}
        />
      ))}
    </ol>
  );
});

function Results({ course, lectureId, talk, at, words, correctable, onGo }: {
  course: Course;
  lectureId: string;
  talk: Talk;
  at: number;
  words: string[];
  correctable?: string;
  onGo: (ms: number) => void;
}) {
  const said = useMemo(() => talk.items.filter((line) => hasAll(line.text, words)), [talk, words]);
  const { hits = [], error, isLoading } = useHits(course.id, lectureId, words);
  const count = said.length;
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-3">
      <p role="status" className="px-2 pb-1 text-sm text-dim">
        {isLoading && !count ? t("lecture.searching") : t("lecture.found", { count })}
      </p>
      <ol>
        {said.map((line) => (
          <Line
            key={line.number}
            line={line}
            speaker={line.speaker}
            now={line === talk.items[at]}
            words={words}
            correctable={correctable}
            onGo={onGo}
          />
        ))}
      </ol>
      {hits.length > 0 && (
        <>
          <h2 className="mt-4 mb-1 px-2 text-sm font-medium text-dim">{t("lecture.meant")}</h2>
          <ul>
            {hits.map((hit) => (
              <li key={hit.chunkId}>
                <button
                  type="button"
                  className="flex w-full gap-3 rounded-md px-2 py-1 text-left text-dim hover:bg-soft"
                  onClick={() => onGo(hit.startMs ?? 0)}
                >
                  <span className="tabular-nums">{clock(hit.startMs ?? 0)}</span>
                  <span className="min-w-0 flex-1">{around(hit.text, words, 160)}</span>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      {error && <p role="alert" className="mt-2 px-2 text-sm text-bad">{error.message}</p>}
    </div>
  );
}
