import { useDeferredValue, useState } from "react";
import { useLocation } from "wouter";
import { mutate } from "swr";
import { send } from "../../api/client.ts";
import { useGet } from "../../api/useGet.ts";
import { t } from "../../i18n/index.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { SearchField } from "../../ui/SearchField.tsx";
import { Failed, Loading } from "../../ui/states.tsx";

/** Courses that anybody may join: found by their words, and joined. */
export default function OpenCourses({ onClose }: { onClose: () => void }) {
  const [, go] = useLocation();
  const [words, setWords] = useState("");
  const [problem, setProblem] = useState("");
  const q = useDeferredValue(words.trim());
  const { data, error, mutate: again } = useGet("/api/courses/catalogue", { q: q || null }, {
    keepPreviousData: true,
  });
  const join = async (courseId: string) => {
    try {
      await send("post", "/api/courses/{course_id}/members/me", { course_id: courseId });
      await mutate("/api/courses");
      go(`/courses/${courseId}`);
    } catch (failed) {
      setProblem((failed as Error).message);
    }
  };
  return (
    <Dialog title={t("courses.find")} onClose={onClose}>
      <SearchField label={t("open.search")} words={words} onWords={setWords} autoFocus maxLength={200} />
      {problem && <p role="alert" className="text-bad">{problem}</p>}
      {data
        ? data.items.length
          ? (
            <ul className="max-h-[50dvh] divide-y divide-line overflow-y-auto rounded-xl border border-line">
              {data.items.map((each) => (
                <li key={each.id} className="flex items-center gap-3 px-4 py-3">
                  <div className="min-w-0 flex-1">
                    <p className="font-medium">{each.name}</p>
                    <p className="text-sm text-dim">
                      {[each.code, each.term, each.instructor].filter(Boolean).join(" · ")}
                    </p>
                  </div>
                  {each.role ? <span className="text-dim">{t("open.joined")}</span> : (
                    <button
                      type="button"
                      className="button"
                      aria-label={t("open.joinName", { course: each.name })}
                      onClick={() => join(each.id)}
                    >
                      {t("open.join")}
                    </button>
                  )}
                </li>
              ))}
            </ul>
          )
          : <p role="status" className="text-dim">{q ? t("open.notFound") : t("open.none")}</p>
        : error
        ? <Failed error={error} onRetry={() => again()} />
        : <Loading rows={2} />}
    </Dialog>
  );
}
