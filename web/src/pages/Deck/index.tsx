import { useGet } from "../../api/useGet.ts";
import { CourseFrame } from "../../app/CourseFrame.tsx";
import { t } from "../../i18n/index.ts";
import { Empty, Failed, Loading } from "../../ui/states.tsx";
import { Reader } from "./Reader.tsx";

/** A deck: its pages at the left, one of them in the middle, what it says at the right. */
export default function DeckPage({ courseId, deckId }: { courseId: string; deckId: string }) {
  const { data: deck, error, mutate } = useGet("/api/documents/{upload_id}/pages", { upload_id: deckId });
  return (
    <CourseFrame courseId={courseId}>
      {(course) =>
        deck
          ? deck.items.length
            ? <Reader key={deckId} course={course} deckId={deckId} deck={deck} />
            : (
              <main id="main" tabIndex={-1} className="outline-none">
                <Empty title={deck.fileName} text={t("deck.unread")} />
              </main>
            )
          : error
          ? <Failed error={error} onRetry={() => mutate()} />
          : <Loading />}
    </CourseFrame>
  );
}
