import { useState } from "react";
import { Link } from "wouter";
import { useGet } from "../../api/useGet.ts";
import type { Course } from "../../api/types.ts";
import { Page } from "../../app/Page.tsx";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { Failed, Loading } from "../../ui/states.tsx";
import { NewCourse } from "./NewCourse.tsx";

/** The courses of who is signed in. */
export default function Courses() {
  const { data, error, mutate } = useGet("/api/courses");
  const [making, setMaking] = useState(false);
  const action = (
    <button type="button" className="button" onClick={() => setMaking(true)}>
      <Icon name="plus" />
      {t("courses.new")}
    </button>
  );
  return (
    <Page title={t("courses.title")} action={action}>
      {data
        ? data.items.length
          ? <List courses={data.items.filter((each) => !each.archived)} />
          : <p className="text-dim">{t("courses.none")}</p>
        : error
        ? <Failed error={error} onRetry={() => mutate()} />
        : <Loading />}
      {making && <NewCourse onClose={() => setMaking(false)} />}
    </Page>
  );
}

function List({ courses }: { courses: Course[] }) {
  return (
    <ul className="grid gap-4 sm:grid-cols-2">
      {courses.map((course) => (
        <li key={course.id} className="card relative hover:bg-raised">
          <Link href={`/courses/${course.id}`} className="text-lg font-semibold after:absolute after:inset-0">
            {course.name}
          </Link>
          <p className="text-dim">
            {[course.code, course.term, course.instructor, t(`role.${course.role}`)].filter(Boolean).join(
              " · ",
            )}
          </p>
        </li>
      ))}
    </ul>
  );
}
