// What an address needs is brought before it is drawn: the page's files, who is signed in and the first answers come
// together, and not one after the other.
import { preload } from "swr";
import { address, fetchJson } from "../api/client.ts";
import { pageAt } from "./routes.ts";
import { askAhead, hasTicket } from "./session.tsx";

/** Bring the files of the page at this address. */
export async function bringPage(path: string) {
  await pageAt(path)?.bring().catch(() => {}); // it is tried again, and said, when the page is opened
}

/** Begin to bring everything that the address of this window needs. Ends when its files are here. */
export function bringAhead(): Promise<void> {
  const files = bringPage(location.pathname);
  if (hasTicket()) return files; // nobody is signed in yet
  askAhead();
  const { courseId } = pageAt(location.pathname)?.params ?? {};
  const first = courseId
    ? address("/api/courses/{course_id}", { course_id: courseId })
    : location.pathname === "/" && address("/api/courses");
  if (first) preload(first, (url: string) => fetchJson(url)).catch(() => {}); // said where it is shown
  return files;
}
