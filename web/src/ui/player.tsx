import { type RefObject, useCallback, useRef, useState } from "react";
import { t } from "../i18n/index.ts";

const AUDIO = /\.(mp3|m4a|aac|ogg|oga|opus|wav|flac)$/i;

/** Whether a recording is sound alone. */
export const isSound = (fileName: string): boolean => AUDIO.test(fileName);

export type Player = {
  media: RefObject<HTMLMediaElement | null>;
  atMs: number;
  /** Go to a moment, and play from there or stay as it is. */
  go: (ms: number, play?: boolean) => void;
  events: { onLoadedMetadata: () => void; onTimeUpdate: () => void };
};

/** Where a recording is, from `startMs` on. Without a recording it is where one last went. */
export function usePlayer(startMs: number): Player {
  const media = useRef<HTMLMediaElement>(null);
  const wanted = useRef(startMs);
  const placed = useRef(false);
  const [atMs, setAtMs] = useState(startMs);
  const go = useCallback((ms: number, play = true) => {
    wanted.current = ms;
    setAtMs(ms);
    const player = media.current;
    if (!player) return;
    if (placed.current) player.currentTime = ms / 1000;
    if (play) player.play().catch(() => {}); // the browser may want a press on the player itself
  }, []);
  const onLoadedMetadata = () => {
    if (placed.current) return; // the browser tells this again when it loads anew
    placed.current = true;
    media.current!.currentTime = wanted.current / 1000;
  };
  const onTimeUpdate = () => placed.current && setAtMs(media.current!.currentTime * 1000);
  return { media, atMs, go, events: { onLoadedMetadata, onTimeUpdate } };
}

/** The recording with the browser's own controls; captions where it has pictures they can stand in. */
export function Recording({ player, talk, name, autoPlay = false }: {
  player: Player;
  talk: { fileName: string; mediaUrl: string | null; captionsUrl: string; language: string | null };
  name: string;
  autoPlay?: boolean;
}) {
  const shared = {
    ref: player.media as never,
    src: talk.mediaUrl!,
    controls: true,
    autoPlay,
    preload: "metadata",
    "aria-label": name,
    ...player.events,
  } as const;
  if (isSound(talk.fileName)) return <audio {...shared} className="w-full" />;
  return (
    <video {...shared} playsInline className="max-h-[50dvh] w-full rounded-lg bg-[black]">
      <track
        kind="captions"
        src={talk.captionsUrl}
        srcLang={talk.language ?? undefined}
        label={t("player.captions")}
      />
    </video>
  );
}
