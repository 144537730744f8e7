import { useState } from "react";
import { Link } from "wouter";
import type { Course, Finding, Unhealthy } from "../../api/types.ts";
import { clock, t, tMaybe } from "../../i18n/index.ts";
import { adviceOf, sentenceOf, upper } from "../../ui/findings.ts";
import { Icon } from "../../ui/Icon.tsx";
import { deckAt, lectureAt } from "../../ui/links.ts";
import { SmallPage } from "../../ui/SmallPage.tsx";
import { spans } from "../../ui/spans.ts";

const SHOWN = 6; // pictures of one finding, and times named, until more are asked for

/** A deck or lecture that failed or was not read whole: what of it, why, and what to do. */
export function UnhealthyFile({ course, upload }: { course: Course; upload: Unhealthy }) {
  const failed = upload.status === "failed";
  return (
    <article aria-labelledby={upload.id} className="card space-y-4">
      <div className="flex gap-3">
        <span className="mt-1 text-dim">
          <Icon name={upload.kind === "document" ? "page" : "play"} />
        </span>
        <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
          <h3 id={upload.id} className="min-w-0 break-words">
            {failed ? upload.fileName : (
              <Link
                className="link"
                href={(upload.kind === "document" ? deckAt : lectureAt)(course.id, upload.id)}
              >
                {upload.fileName}
              </Link>
            )}
          </h3>
          <span className={failed ? "text-bad" : "text-dim"}>
            {failed ? t("health.failed") : t("health.partly")}
          </span>
        </div>
      </div>
      {(failed || !upload.findings.length) && (
        <p>{failed ? upper(tMaybe(`failure.${upload.failureCode}`) ?? upload.note) : t("health.noText")}</p>
      )}
      {failed && (
        <Link href={`/courses/${course.id}/materials`} className="button">{t("health.toMaterials")}</Link>
      )}
      {!failed &&
        upload.findings.map((each) => (
          <Found key={each.code + each.sentence} course={course} upload={upload} finding={each} />
        ))}
    </article>
  );
}

function Found({ course, upload, finding }: { course: Course; upload: Unhealthy; finding: Finding }) {
  const [all, setAll] = useState(false);
  const { pages, times } = finding;
  const advice = adviceOf(finding);
  const shown = all ? pages : pages.slice(0, SHOWN);
  const place = placesOf(finding, all ? Infinity : SHOWN);
  return (
    <div className="space-y-2">
      <p>
        {place && <strong className="font-semibold">{`${place}: `}</strong>}
        {sentenceOf(finding)}
      </p>
      {advice && <p className="text-dim">{t("health.todo", { advice })}</p>}
      {shown.length > 0 && (
        <ul className="grid grid-cols-2 gap-3 sm:grid-cols-3">
          {shown.map((page) => (
            <li key={page}>
              <SmallPage courseId={course.id} deck={upload} page={page} />
            </li>
          ))}
        </ul>
      )}
      {!all && Math.max(pages.length, times.length) > SHOWN && (
        <button
          type="button"
          className="button"
          onClick={() => setAll(true)}
        >
          {pages.length
            ? t("health.allPages", { count: pages.length })
            : t("health.allTimes", { count: times.length })}
        </button>
      )}
    </div>
  );
}

/** Where a finding is: "pages 2–4, 9", "0:57, 3:02"; empty: all over. */
function placesOf({ pages, times }: Finding, most: number): string {
  if (pages.length) return t("health.onPages", { count: pages.length, pages: spans(pages) });
  const clocks = times.slice(0, most).map((each) => clock(each.startMs));
  if (times.length > most) clocks.push("…");
  return clocks.join(", ");
}
