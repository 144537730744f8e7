import { Link } from "wouter";
import type { Course, Source } from "../../../api/types.ts";
import { t } from "../../../i18n/index.ts";
import { deckAt, lectureAt } from "../../../ui/links.ts";
import { MarkedPicture } from "../../../ui/MarkedPicture.tsx";
import { suggestQuestion } from "../../../ui/question.ts";
import { placeOf } from "../../../ui/place.ts";
import { Recording } from "./Recording.tsx";
import { Report } from "./Report.tsx";

/** What a citation opens: the slide with the passage marked on it, or the recording from the cited second. */
export function SourceCard({ course, source, onAsked }: {
  course: Course;
  source: Source;
  onAsked: () => void;
}) {
  const spoken = source.kind === "speech";
  const ask = () => {
    onAsked();
    suggestQuestion(t("source.askAbout", { place: placeOf(source) }), {
      id: (spoken ? source.lectureId : source.documentId)!,
      name: source.fileName,
    });
  };
  return (
    <>
      {source.removed
        ? <p className="rounded-lg bg-raised px-3 py-2">{t("source.removed")}</p>
        : source.changed && <p className="rounded-lg bg-raised px-3 py-2">{t("source.changed")}</p>}
      {spoken && !source.removed && source.lectureId && <Recording source={source} />}
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
          {source.documentId && (
            <Link href={deckAt(course.id, source.documentId, source.page)} className="button">
              {t("source.openDeck")}
            </Link>
          )}
          {source.lectureId && (
            <Link href={lectureAt(course.id, source.lectureId, source.startMs)} className="button">
              {t("source.openLecture")}
            </Link>
          )}
          <Report sourceId={source.id} />
        </div>
      )}
    </>
  );
}
