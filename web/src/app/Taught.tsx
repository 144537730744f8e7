import type { ReactNode } from "react";
import { Link } from "wouter";
import { useGet } from "../api/useGet.ts";
import type { Course } from "../api/types.ts";
import { t } from "../i18n/index.ts";
import { Failed, Loading } from "../ui/states.tsx";
import { CourseHead } from "./CourseHead.tsx";
import { Header } from "./Header.tsx";
import { Page } from "./Page.tsx";
import { teaches } from "./roles.ts";

/** A page for who teaches a course, drawn once the course is known; others are told that it is not for them. */
export function Taught({ courseId, title, children }: {
  courseId: string;
  title: string;
  children: (course: Course) => ReactNode;
}) {
  const { data: course, error, mutate } = useGet("/api/courses/{course_id}", { course_id: courseId });
  if (!course) {
    return (
      <>
        <Header />
        {error ? <Failed error={error} onRetry={() => mutate()} /> : <Loading />}
      </>
    );
  }
  if (teaches(course)) return children(course);
  return (
    <Page title={title} head={<CourseHead course={course} />}>
      <p className="mb-4 text-dim">{t("teaching.only")}</p>
      <Link href={`/courses/${course.id}`} className="button">{t("teaching.toChat")}</Link>
    </Page>
  );
}
