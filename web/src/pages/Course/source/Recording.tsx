import { useRef, useState } from "react";
import { useGet } from "../../../api/useGet.ts";
import type { Line, Source } from "../../../api/types.ts";
import { clock, t } from "../../../i18n/index.ts";
import { MarkedPicture } from "../../../ui/MarkedPicture.tsx";
import { placeOf } from "../../../ui/place.ts";

const AUDIO = /\.(mp3|m4a|aac|ogg|oga|opus|wav|flac)$/i;
const BEFORE = 2, AFTER = 6; // lines shown around the one being said

/** The recording, playing from the cited second: whoever opened it pressed its citation. Beside it what is said. */
export function Recording({ source }: { source: Source }) {
  const media = useRef<HTMLMediaElement>(null);
  const placed = useRef(false);
  const [atMs, setAtMs] = useState(source.startMs ?? 0);
  const { data } = useGet("/api/lectures/{upload_id}/transcript", { upload_id: source.lectureId! }, {
    revalidateIfStale: false,
  });
  const slide = data?.slides.findLast((each) => each.startMs <= atMs && atMs < each.endMs);
  const shared = {
    ref: media as never,
    src: source.mediaUrl!,
    controls: true,
    autoPlay: true,
    preload: "metadata",
    "aria-label": placeOf(source),
    className: "w-full rounded-lg",
    onLoadedMetadata: () => {
      if (placed.current) return; // the browser tells this again when it loads anew
      placed.current = true;
      media.current!.currentTime = (source.startMs ?? 0) / 1000;
    },
    onTimeUpdate: () => placed.current && setAtMs(media.current!.currentTime * 1000),
  } as const;
  return (
    <>
      {AUDIO.test(source.fileName) ? <audio {...shared} /> : <video {...shared} playsInline />}
      {slide && <MarkedPicture src={slide.imageUrl} name={t("source.slideThen", { page: slide.page })} />}
      {data && (
        <Lines
          lines={data.items}
          atMs={atMs}
          onGo={(ms) => {
            media.current!.currentTime = ms / 1000;
            void media.current!.play();
          }}
        />
      )}
    </>
  );
}

/** The lines around the one being said, which is marked. */
function Lines({ lines, atMs, onGo }: { lines: Line[]; atMs: number; onGo: (ms: number) => void }) {
  const at = Math.max(0, lines.findLastIndex((line) => line.startMs <= atMs + 50));
  return (
    <ol aria-label={t("source.said")} className="text-sm">
      {lines.slice(Math.max(0, at - BEFORE), at + AFTER).map((line) => {
        const now = line === lines[at];
        return (
          <li key={line.number}>
            <button
              type="button"
              aria-current={now}
              className={`flex w-full gap-3 rounded-md px-2 py-1 text-left hover:bg-soft ${
                now ? "bg-soft" : "text-dim"
              }`}
              onClick={() => onGo(line.startMs)}
            >
              <span className="tabular-nums">{clock(line.startMs)}</span>
              <span className="flex-1">{line.text}</span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}
