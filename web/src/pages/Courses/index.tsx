import { type ReactNode, Suspense, useState } from "react";
import { Link } from "wouter";
import { mutate as mutateAll } from "swr";
import { address, send } from "../../api/client.ts";
import { useGet } from "../../api/useGet.ts";
import type { Course } from "../../api/types.ts";
import { bringPage } from "../../app/ahead.ts";
import { Page } from "../../app/Page.tsx";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { later } from "../../ui/later.ts";
import { Menu } from "../../ui/Menu.tsx";
import { Failed, Loading } from "../../ui/states.tsx";

// Neither is part of the first page, which is to be small.
const NewCourse = later(() => import("./NewCourse.tsx"));
const OpenCourses = later(() => import("./OpenCourses.tsx"), "open");

/** The courses of who is signed in; others are made, found and left. */
export default function Courses() {
  const { data, error, mutate } = useGet("/api/courses");
  const [shown, setShown] = useState<"new" | "open">();
  const [problem, setProblem] = useState("");
  const leave = async (course: Course) => {
    if (!confirm(t("courses.confirmLeave", { course: course.name }))) return;
    try {
      await send("delete", "/api/courses/{course_id}/members/{user_id}", {
        course_id: course.id,
        user_id: "me",
      });
      setProblem("");
    } catch (failed) {
      setProblem((failed as Error).message);
    }
    await mutateAll("/api/courses");
  };
  const action = (
    <div className="flex flex-wrap gap-2">
      <button type="button" className="button" onClick={() => setShown("open")}>{t("courses.find")}</button>
      <button type="button" className="button" onClick={() => setShown("new")}>
        <Icon name="plus" />
        {t("courses.new")}
      </button>
    </div>
  );
  const card = (course: Course) => <Card key={course.id} course={course} onLeave={() => leave(course)} />;
  const [current, archived] = [false, true].map((over) =>
    data?.items.filter((each) => each.archived === over) ?? []
  );
  return (
    <Page title={t("courses.title")} action={action}>
      {problem && <p role="alert" className="mb-4 border-l-4 border-bad pl-3">{problem}</p>}
      {data
        ? current.length ? <List>{current.map(card)}</List> : <p className="text-dim">{t("courses.none")}</p>
        : error
        ? <Failed error={error} onRetry={() => mutate()} />
        : <Loading />}
      {archived.length > 0 && (
        <details className="mt-8">
          <summary className="mb-4 w-fit text-dim">
            {t("courses.archived", { count: archived.length })}
          </summary>
          <List>{archived.map(card)}</List>
        </details>
      )}
      <Suspense>
        {shown === "new" && <NewCourse onClose={() => setShown(undefined)} />}
        {shown === "open" && <OpenCourses onClose={() => setShown(undefined)} />}
      </Suspense>
    </Page>
  );
}

const List = ({ children }: { children: ReactNode }) => (
  <ul className="grid gap-4 sm:grid-cols-2">{children}</ul>
);

function Card({ course, onLeave }: { course: Course; onLeave: () => void }) {
  const home = `/courses/${course.id}`;
  const bring = () => { // who points at it most likely opens it
    bringPage(home);
    void mutateAll(address("/api/courses/{course_id}", { course_id: course.id }), course, false);
  };
  return (
    <li
      className="card relative flex items-start gap-2 hover:bg-raised"
      onPointerEnter={bring}
      onFocus={bring}
    >
      <div className="min-w-0 flex-1">
        <Link href={home} className="text-lg font-semibold after:absolute after:inset-0">
          {course.name}
        </Link>
        <p className="text-dim">
          {[course.code, course.term, course.instructor, t(`role.${course.role}`)].filter(Boolean).join(
            " · ",
          )}
        </p>
      </div>
      <div className="relative -my-1 -mr-2">
        <Menu
          label={t("courses.options", { course: course.name })}
          items={[{ label: t("courses.leave"), run: onLeave, danger: true }]}
        />
      </div>
    </li>
  );
}
