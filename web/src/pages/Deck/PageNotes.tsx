import { Link } from "wouter";
import type { Course, DeckPage } from "../../api/types.ts";
import { teaches } from "../../app/roles.ts";
import { clock, t } from "../../i18n/index.ts";
import { adviceOf, sentenceOf } from "../../ui/findings.ts";
import { Icon } from "../../ui/Icon.tsx";
import { lectureAt } from "../../ui/links.ts";

/** What could not be read of a page, what who teaches can do about it, and where the page was spoken about. */
export function PageNotes({ course, page }: { course: Course; page: DeckPage }) {
  return (
    <>
      {page.findings.map((each) => (
        <div key={each.code} className="rounded-lg bg-bad-soft px-3 py-2 text-sm">
          <p>{sentenceOf(each)}</p>
          {teaches(course) && each.advice && <p className="mt-1 font-medium">{adviceOf(each)}</p>}
        </div>
      ))}
      {page.said.length > 0 && (
        <section aria-labelledby="page-said">
          <h2 id="page-said" className="mb-1 text-base">{t("deck.said")}</h2>
          <ul>
            {page.said.map((said) => (
              <li key={`${said.lectureId}${said.startMs}`}>
                <Link
                  href={lectureAt(course.id, said.lectureId, said.startMs)}
                  className="-mx-2 flex items-center gap-2 rounded-md px-2 py-1 hover:bg-soft"
                >
                  <Icon name="play" size={14} />
                  <span className="min-w-0 flex-1 truncate">{said.title || said.fileName}</span>
                  <span className="text-sm tabular-nums text-dim">
                    {clock(said.startMs)} – {clock(said.endMs)}
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
