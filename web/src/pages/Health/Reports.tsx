import { useState } from "react";
import { send } from "../../api/client.ts";
import type { Course, Report } from "../../api/types.ts";
import { Link } from "wouter";
import { date, t } from "../../i18n/index.ts";
import { deckAt, lectureAt } from "../../ui/links.ts";
import { placeOf } from "../../ui/place.ts";

/** Sources that readers reported as wrong, until somebody has looked at them. */
export function Reports({ course, reports, onChange }: {
  course: Course;
  reports: Report[];
  onChange: () => void;
}) {
  const [problem, setProblem] = useState("");
  const settle = async (report: Report) => {
    setProblem("");
    try {
      const values = { course_id: course.id, report_id: report.id };
      await send("delete", "/api/courses/{course_id}/reports/{report_id}", values);
    } catch (failed) {
      setProblem((failed as Error).message);
    }
    onChange();
  };
  return (
    <>
      {problem && <p role="alert" className="border-l-4 border-bad pl-3">{problem}</p>}
      <ul className="divide-y divide-line rounded-xl border border-line">
        {reports.map((each) => (
          <li key={each.id} className="space-y-2 px-4 py-3">
            <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
              <h3>
                <Link className="link" href={readerOf(course, each)}>{placeOf(each)}</Link>
              </h3>
              <span className="text-sm text-dim">{date(each.reportedAt)}</span>
            </div>
            <blockquote className="line-clamp-4 border-l-4 border-line pl-3 text-dim">
              {each.quote}
            </blockquote>
            <p>{each.reason || t("health.noReason")}</p>
            <button
              type="button"
              className="button"
              aria-label={t("health.settleOf", { place: placeOf(each) })}
              onClick={() => settle(each)}
            >
              {t("health.settle")}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

const readerOf = (course: Course, { kind, uploadId, page, startMs }: Report): string =>
  kind === "slide" ? deckAt(course.id, uploadId, page) : lectureAt(course.id, uploadId, startMs);
