import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Course } from "../api/types.ts";
import { t } from "../i18n/index.ts";
import { CourseHead } from "./CourseHead.tsx";
import { Known } from "./Known.tsx";
import { Page } from "./Page.tsx";
import { teaches } from "./roles.ts";

/** A page for who teaches a course, drawn once the course is known; others are told that it is not for them. */
export function Taught({ courseId, title, children }: {
  courseId: string;
  title: string;
  children: (course: Course) => ReactNode;
}) {
  return (
    <Known courseId={courseId}>
      {(course) =>
        teaches(course) ? children(course) : (
          <Page title={title} head={<CourseHead course={course} />}>
            <p className="mb-4 text-dim">{t("teaching.only")}</p>
            <Link href={`/courses/${course.id}`} className="button">{t("teaching.toChat")}</Link>
          </Page>
        )}
    </Known>
  );
}
