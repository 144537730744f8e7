import type { ReactNode } from "react";
import { useGet } from "../api/useGet.ts";
import type { Course } from "../api/types.ts";
import { Failed, Loading } from "../ui/states.tsx";
import { CourseHead } from "./CourseHead.tsx";
import { Header } from "./Header.tsx";

/** A page of a course that fills the window: the header, and under it what scrolls by itself. */
export function CourseFrame({ courseId, children }: {
  courseId: string;
  children: (course: Course) => ReactNode;
}) {
  const { data: course, error, mutate } = useGet("/api/courses/{course_id}", { course_id: courseId });
  return (
    <div className="flex h-dvh flex-col print:h-auto">
      <Header>{course && <CourseHead course={course} />}</Header>
      {course ? children(course) : error ? <Failed error={error} onRetry={() => mutate()} /> : <Loading />}
    </div>
  );
}
