import type { Course, Role } from "../api/types.ts";

export const ROLES: readonly Role[] = ["student", "teacher", "owner"];

/** Whether one teaches the course: invites, publishes, corrects, and sees how it is doing. */
export const teaches = (course: Course) => course.role !== "student";

/** Whether one may change the course itself and its members' roles. */
export const owns = (course: Course) => course.role === "owner";
