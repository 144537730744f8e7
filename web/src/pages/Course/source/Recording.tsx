import { useRef } from "react";
import type { Source } from "../../../api/types.ts";
import { placeOf } from "./place.ts";

const AUDIO = /\.(mp3|m4a|aac|ogg|oga|opus|wav|flac)$/i;

/** The recording, playing from the cited second: whoever opened it pressed its citation. */
export function Recording({ source }: { source: Source }) {
  const placed = useRef(false);
  const start = (event: { currentTarget: HTMLMediaElement }) => {
    if (placed.current) return; // the browser tells this again when it loads anew
    placed.current = true;
    event.currentTarget.currentTime = (source.startMs ?? 0) / 1000;
  };
  const media = {
    src: source.mediaUrl!,
    controls: true,
    autoPlay: true,
    preload: "metadata",
    "aria-label": placeOf(source),
    onLoadedMetadata: start,
    className: "w-full rounded-lg",
  } as const;
  return AUDIO.test(source.fileName) ? <audio {...media} /> : <video {...media} playsInline />;
}
