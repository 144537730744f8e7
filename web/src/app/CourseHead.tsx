import { useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import type { Course } from "../api/types.ts";
import { type Key, t } from "../i18n/index.ts";
import { teaches } from "./roles.ts";

// The pages of a course, behind its own address; `true`: for who teaches it.
const PAGES: readonly (readonly [end: string, name: Key, teaching?: true])[] = [
  ["", "course.chat"],
  ["/materials", "course.materials"],
  ["/health", "course.health", true],
  ["/members", "course.members", true],
  ["/settings", "course.settings", true],
];

/** The course in the header: its name, and the links to its pages. */
export function CourseHead({ course, title }: { course: Course; title?: boolean }) {
  const [path] = useLocation();
  const home = `/courses/${course.id}`;
  const isHere = (end: string) =>
    end ? path.startsWith(home + end) : path === home || path.startsWith(`${home}/chats/`);
  const list = useRef<HTMLElement>(null);
  useEffect(() => { // on a phone the list is wider than the window
    const here = list.current!.querySelector<HTMLElement>("[aria-current]");
    if (here) list.current!.scrollLeft = here.offsetLeft - list.current!.offsetLeft - 8;
  }, [path]);
  return (
    <>
      {title
        ? <h1 className="min-w-0 truncate text-base max-wide:flex-1">{course.name}</h1>
        : <Link href={home} className="min-w-0 truncate font-semibold max-wide:flex-1">{course.name}</Link>}
      <nav
        ref={list}
        aria-label={t("course.pages")}
        className="-m-1 flex max-w-full gap-0.5 overflow-x-auto p-1 max-wide:order-last max-wide:basis-full max-wide:text-sm"
      >
        {PAGES.filter(([, , teaching]) => !teaching || teaches(course)).map(([end, name]) => (
          <Link
            key={end}
            href={home + end}
            aria-current={isHere(end) ? "page" : undefined}
            className="block rounded-lg px-2 py-1 whitespace-nowrap text-dim hover:bg-raised hover:text-ink aria-[current]:text-ink aria-[current]:font-medium aria-[current]:bg-soft"
          >
            {t(name)}
          </Link>
        ))}
      </nav>
    </>
  );
}
