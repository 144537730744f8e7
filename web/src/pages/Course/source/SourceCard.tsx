import type { Source } from "../../../api/types.ts";
import { t } from "../../../i18n/index.ts";
import { MarkedPicture } from "../../../ui/MarkedPicture.tsx";
import { suggestQuestion } from "../../../ui/question.ts";
import { placeOf } from "../../../ui/place.ts";
import { Recording } from "./Recording.tsx";

/** What a citation opens: the slide with the passage marked on it, or the recording from the cited second. */
export function SourceCard({ source, onAsked }: { source: Source; onAsked: () => void }) {
  const spoken = source.kind === "speech";
  const ask = () => {
    onAsked();
    suggestQuestion(t("source.askAbout", { place: placeOf(source) }));
  };
  return (
    <>
      {source.removed
        ? <p className="rounded-lg bg-raised px-3 py-2">{t("source.removed")}</p>
        : source.changed && <p className="rounded-lg bg-raised px-3 py-2">{t("source.changed")}</p>}
      {spoken && source.mediaUrl && <Recording source={source} />}
      {!spoken && source.imageUrl && (
        <MarkedPicture
          src={source.imageUrl}
          name={placeOf(source)}
          boxes={source.changed ? [] : source.boxes}
        />
      )}
      <blockquote className="border-l-4 border-line pl-3 text-sm whitespace-pre-wrap">
        {source.quote}
      </blockquote>
      {!source.removed && (
        <div className="flex flex-wrap gap-2">
          <button type="button" className="button" onClick={ask}>
            {spoken ? t("source.askMinute") : t("source.askPage")}
          </button>
        </div>
      )}
    </>
  );
}
