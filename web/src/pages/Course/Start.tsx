import { useGet } from "../../api/useGet.ts";
import type { Course } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";

const ROW = "min-h-11"; // the height of a suggestion: what comes later moves nothing

/** An empty chat: first questions about what the course's own headings say. */
export function Start({ course, onAsk }: { course: Course; onAsk: (text: string) => void }) {
  const { data } = useGet("/api/courses/{course_id}/suggestions", { course_id: course.id });
  return (
    <div className="my-auto space-y-3 py-8 text-center">
      <p className="text-xl font-semibold">{t("start.title")}</p>
      <p className="text-dim">{t("start.text", { course: course.name })}</p>
      <ul className="mx-auto flex max-w-md min-h-36 flex-col gap-2 pt-2">
        {data?.items.map((each) => {
          const question = t("start.about", { heading: each.heading });
          return (
            <li key={`${each.documentId}${each.page}`}>
              <button
                type="button"
                className={`button w-full ${ROW} whitespace-normal`}
                onClick={() => onAsk(question)}
              >
                {question}
              </button>
            </li>
          );
        })}
        {data?.items.length === 0 && <li className="text-sm text-dim">{t("start.empty")}</li>}
      </ul>
    </div>
  );
}
