import { type RefObject, useEffect, useState } from "react";
import { t } from "../../i18n/index.ts";

const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2];
const KEPT = "speed";

/** How fast a recording plays; remembered for all of them. */
export function Speed({ media }: { media: RefObject<HTMLMediaElement | null> }) {
  const [speed, setSpeed] = useState(() => Number(localStorage.getItem(KEPT)) || 1);
  useEffect(() => {
    media.current!.defaultPlaybackRate = media.current!.playbackRate = speed;
    localStorage.setItem(KEPT, String(speed));
  }, [speed]);
  return (
    <label className="flex items-center gap-2">
      <span className="text-dim max-wide:sr-only">{t("lecture.speed")}</span>
      <select
        className="field w-auto"
        value={speed}
        onChange={(event) => setSpeed(Number(event.target.value))}
      >
        {SPEEDS.map((each) => <option key={each} value={each}>{t("lecture.times", { count: each })}</option>)}
      </select>
    </label>
  );
}
