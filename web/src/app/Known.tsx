import type { ReactNode } from "react";
import type { Course } from "../api/types.ts";
import { useGet } from "../api/useGet.ts";
import { Failed, Loading } from "../ui/states.tsx";
import { Header } from "./Header.tsx";

/**
 * A page of a course, drawn once the course is known. `again` looks whether it still is; who may not see it any more is
 * told so, and a network that is lost takes nothing away.
 */
export function Known({ courseId, rows, children }: {
  courseId: string;
  rows?: number;
  children: (course: Course, again: () => void) => ReactNode;
}) {
  const { data: course, error, mutate } = useGet("/api/courses/{course_id}", { course_id: courseId });
  const refused = error && error.status >= 400 && error.status < 500;
  if (course && !refused) return children(course, () => void mutate());
  return (
    <>
      <Header />
      {error ? <Failed error={error} onRetry={() => mutate()} /> : <Loading rows={rows} />}
    </>
  );
}
