import type { ReactNode } from "react";
import { Link } from "wouter";
import { useGet } from "../../api/useGet.ts";
import type { Course, Health } from "../../api/types.ts";
import { CourseHead } from "../../app/CourseHead.tsx";
import { Page } from "../../app/Page.tsx";
import { Taught } from "../../app/Taught.tsx";
import { date, t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { lectureAt } from "../../ui/links.ts";
import { Empty, Failed, Loading } from "../../ui/states.tsx";
import { Proposals } from "./Proposals.tsx";
import { Reports } from "./Reports.tsx";
import { UnhealthyFile } from "./UnhealthyFile.tsx";

/** How a course is doing, and what of it wants a teacher. */
export default function HealthPage({ courseId }: { courseId: string }) {
  return (
    <Taught courseId={courseId} title={t("health.title")}>{(course) => <Opened course={course} />}</Taught>
  );
}

function Opened({ course }: { course: Course }) {
  const { data, error, mutate } = useGet("/api/courses/{course_id}/health", { course_id: course.id });
  const action = data?.dagsterUrl && (
    <a className="button" href={data.dagsterUrl} target="_blank" rel="noreferrer">
      <Icon name="away" />
      {t("health.dagster")}
    </a>
  );
  return (
    <Page title={t("health.title")} head={<CourseHead course={course} />} action={action}>
      {data
        ? <Found course={course} health={data} onChange={() => mutate()} />
        : error
        ? <Failed error={error} onRetry={() => mutate()} />
        : <Loading />}
    </Page>
  );
}

function Found({ course, health, onChange }: { course: Course; health: Health; onChange: () => void }) {
  const { uploads, lecturesWithoutSlides: unaligned, questions, reports, proposals } = health;
  if (![uploads, unaligned, questions, reports, proposals].some((each) => each.length)) {
    return <Empty title={t("health.well")} text={t("health.wellText")} />;
  }
  const unread = uploads.flatMap((each) => each.findings).reduce((sum, each) => sum + each.pages.length, 0);
  const parts = [
    ["files", t("health.files", { count: uploads.length }), uploads.length],
    ["files", t("health.pages", { count: unread }), unread],
    ["unaligned", t("health.unaligned", { count: unaligned.length }), unaligned.length],
    ["questions", t("health.questions", { count: questions.length }), questions.length],
    ["reports", t("health.reports", { count: reports.length }), reports.length],
    ["proposals", t("health.proposals", { count: proposals.length }), proposals.length],
  ] as const;
  return (
    <>
      <ul className="mb-8 flex flex-wrap gap-2" aria-label={t("health.inShort")}>
        {parts.filter(([, , count]) => count).map(([part, said]) => (
          <li key={said}>
            <a className="button" href={`#${part}`}>{said}</a>
          </li>
        ))}
      </ul>
      {uploads.length > 0 && (
        <Part id="files" title={t("health.filesTitle")}>
          {uploads.map((each) => <UnhealthyFile key={each.id} course={course} upload={each} />)}
        </Part>
      )}
      {reports.length > 0 && (
        <Part id="reports" title={t("health.reportsTitle")} text={t("health.reportsText")}>
          <Reports course={course} reports={reports} onChange={onChange} />
        </Part>
      )}
      {questions.length > 0 && (
        <Part id="questions" title={t("health.questionsTitle")} text={t("health.questionsText")}>
          <ul className="divide-y divide-line rounded-xl border border-line">
            {questions.map((each) => (
              <li key={each.question} className="px-4 py-3">
                <p className="font-medium">{each.question}</p>
                <p className="text-sm text-dim">
                  {t("health.asked", { count: each.asked, date: date(each.lastAskedAt) })}
                </p>
              </li>
            ))}
          </ul>
        </Part>
      )}
      {proposals.length > 0 && (
        <Part id="proposals" title={t("health.proposalsTitle")} text={t("health.proposalsText")}>
          <Proposals course={course} proposals={proposals} onChange={onChange} />
        </Part>
      )}
      {unaligned.length > 0 && (
        <Part id="unaligned" title={t("health.unalignedTitle")} text={t("health.unalignedText")}>
          <ul className="divide-y divide-line rounded-xl border border-line">
            {unaligned.map((each) => (
              (
                <li key={each.id} className="px-4 py-3">
                  <Link className="link" href={lectureAt(course.id, each.id)}>{each.fileName}</Link>
                </li>
              )
            ))}
          </ul>
        </Part>
      )}
    </>
  );
}

function Part(
  { id, title, text, children }: { id: string; title: string; text?: string; children: ReactNode },
) {
  return (
    <section id={id} aria-labelledby={`${id}-title`} className="mb-10 scroll-mt-4 space-y-3">
      <h2 id={`${id}-title`} className="text-lg">{title}</h2>
      {text && <p className="max-w-prose text-dim">{text}</p>}
      {children}
    </section>
  );
}
