import { useGet } from "../../../api/useGet.ts";
import type { Source, Transcript } from "../../../api/types.ts";
import { t } from "../../../i18n/index.ts";
import { MarkedPicture } from "../../../ui/MarkedPicture.tsx";
import { placeOf } from "../../../ui/place.ts";
import { Recording as Media, usePlayer } from "../../../ui/player.tsx";
import { SpokenLine } from "../../../ui/SpokenLine.tsx";
import { lineAt, slideAt } from "../../../ui/talk.ts";

const BEFORE = 2, AFTER = 6; // lines shown around the one being said

/** The recording, playing from the cited second: whoever opened it pressed its citation. Beside it what is said. */
export function Recording({ source }: { source: Source }) {
  const { data } = useGet("/api/lectures/{upload_id}/transcript", { upload_id: source.lectureId! }, {
    revalidateIfStale: false,
  });
  return data ? <Opened source={source} talk={data} /> : null;
}

function Opened({ source, talk }: { source: Source; talk: Transcript }) {
  const player = usePlayer(source.startMs ?? 0);
  const slide = slideAt(talk.slides, player.atMs);
  const at = lineAt(talk.items, player.atMs);
  return (
    <>
      {talk.mediaUrl && <Media player={player} talk={talk} name={placeOf(source)} autoPlay />}
      {slide && <MarkedPicture src={slide.imageUrl} name={t("source.slideThen", { page: slide.page })} />}
      <ol aria-label={t("source.said")} className="text-sm">
        {talk.items.slice(Math.max(0, at - BEFORE), at + AFTER).map((line) => (
          <li key={line.number}>
            <SpokenLine line={line} now={line === talk.items[at]} onGo={player.go} />
          </li>
        ))}
      </ol>
    </>
  );
}
