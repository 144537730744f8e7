import type { ReactNode } from "react";
import type { Course } from "../api/types.ts";
import { CourseHead } from "./CourseHead.tsx";
import { Header } from "./Header.tsx";
import { Known } from "./Known.tsx";

/** A page of a course that fills the window: the header, and under it what scrolls by itself. */
export const CourseFrame = ({ courseId, children }: {
  courseId: string;
  children: (course: Course) => ReactNode;
}) => (
  <Known courseId={courseId}>
    {(course) => (
      <div className="flex h-dvh flex-col print:h-auto">
        <Header>
          <CourseHead course={course} />
        </Header>
        {children(course)}
      </div>
    )}
  </Known>
);
