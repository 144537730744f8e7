import { Link, useLocation } from "wouter";
import type { Course } from "../api/types.ts";
import { t } from "../i18n/index.ts";

/** The course in the header: its name, and the link to its chat. */
export function CourseHead({ course, title }: { course: Course; title?: boolean }) {
  const [path] = useLocation();
  const home = `/courses/${course.id}`;
  const here = path === home || path.startsWith(`${home}/chats/`);
  return (
    <>
      {title
        ? <h1 className="truncate text-base">{course.name}</h1>
        : <Link href={home} className="truncate font-semibold">{course.name}</Link>}
      <nav aria-label={t("course.pages")}>
        <Link
          href={home}
          aria-current={here ? "page" : undefined}
          className="block rounded-lg px-2.5 py-1 text-dim hover:bg-raised hover:text-ink aria-[current]:text-ink aria-[current]:font-medium aria-[current]:bg-soft"
        >
          {t("course.chat")}
        </Link>
      </nav>
    </>
  );
}
