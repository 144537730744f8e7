import { Link, useLocation } from "wouter";
import type { Course } from "../api/types.ts";
import { t } from "../i18n/index.ts";

/** The pages of a course as links in the header. */
export function CourseHead({ course, title }: { course: Course; title?: boolean }) {
  const [path] = useLocation();
  const home = `/courses/${course.id}`;
  const pages = [
    { href: home, name: t("course.chat"), here: path === home || path.startsWith(`${home}/chats/`) },
  ];
  return (
    <>
      {title
        ? <h1 className="truncate text-base">{course.name}</h1>
        : <Link href={home} className="truncate font-semibold">{course.name}</Link>}
      <nav aria-label={t("course.pages")}>
        <ul className="flex flex-wrap">
          {pages.map(({ href, name, here }) => (
            <li key={href}>
              <Link
                href={href}
                aria-current={here ? "page" : undefined}
                className="block rounded-lg px-2.5 py-1 text-dim hover:bg-raised hover:text-ink aria-[current]:text-ink aria-[current]:font-medium aria-[current]:bg-soft"
              >
                {name}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
    </>
  );
}
