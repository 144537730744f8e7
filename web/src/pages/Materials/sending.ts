// Files on their way to the service. They stand outside of the page: who looks at another page meanwhile stops nothing.
import { useSyncExternalStore } from "react";
import { ApiError } from "../../api/client.ts";
import type { Upload } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";
import { upload } from "./upload.ts";

/** A file on its way. `share` is how much of it has been sent; `problem` why it was refused or is no new upload, and
 *  `again` whether sending it once more may help. */
export type Sending = {
  id: number;
  courseId: string;
  file: File;
  published?: boolean;
  state: "waiting" | "uploading" | "taken" | "there" | "failed";
  share: number;
  problem?: string;
  again?: boolean;
  upload?: Upload;
};

const AT_ONCE = 3; // the service takes four of one person

let all: readonly Sending[] = [];
let last = 0;
const listeners = new Set<() => void>();
const stops = new Map<number, AbortController>();

/** Send files to a course, a few at a time, the others after them. One that fails stops none. */
export function sendFiles(courseId: string, files: Iterable<File>, published?: boolean) {
  const added = [...files].map((file): Sending => (
    { id: ++last, courseId, file, published, state: "waiting", share: 0 }
  ));
  keep([...all, ...added]);
  goOn();
}

export function sendAgain(id: number) {
  change(id, { state: "waiting", share: 0, problem: undefined, again: false });
  goOn();
}

/** Stop a file on its way, or take away the line of one that ended. */
export function forget(id: number) {
  stops.get(id)?.abort();
  stops.delete(id);
  keep(all.filter((each) => each.id !== id));
  goOn();
}

/** Files on their way to a course. */
export function useSending(courseId: string): readonly Sending[] {
  return useSyncExternalStore(listen, () => all).filter((each) => each.courseId === courseId);
}

function goOn() {
  const free = AT_ONCE - all.filter((each) => each.state === "uploading").length;
  all.filter((each) => each.state === "waiting").slice(0, Math.max(0, free)).forEach((each) =>
    void send(each)
  );
}

async function send({ id, courseId, file, published }: Sending) {
  const stop = new AbortController();
  stops.set(id, stop);
  change(id, { state: "uploading" });
  try {
    const taken = await upload(courseId, file, {
      published,
      signal: stop.signal,
      onProgress: (share) => change(id, { share }),
    });
    change(
      id,
      taken.added ? { state: "taken", upload: taken.upload } : {
        state: "there",
        upload: taken.upload,
        problem: taken.upload.fileName === file.name
          ? t("sending.there")
          : t("sending.thereAs", { name: taken.upload.fileName }),
      },
    );
  } catch (error) {
    const { message, status, code } = error instanceof ApiError
      ? error
      : new ApiError("internal", t("problem.internal"), 500);
    const again = status === 0 || status === 429 || status >= 500 || /_quota$|^same_name$/.test(code);
    change(id, { state: "failed", problem: message, again });
  }
  stops.delete(id);
  goOn();
}

function change(id: number, changes: Partial<Sending>) {
  keep(all.map((each) => each.id === id ? { ...each, ...changes } : each));
}

function keep(now: readonly Sending[]) {
  const begun = !underWay();
  all = now;
  if (begun && underWay()) addEventListener("beforeunload", ask);
  if (!underWay()) removeEventListener("beforeunload", ask);
  listeners.forEach((listener) => listener());
}

const underWay = () => all.some((each) => each.state === "waiting" || each.state === "uploading");

/** The browser asks whether to leave, as files on their way would be lost. */
const ask = (event: BeforeUnloadEvent) => event.preventDefault();

function listen(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
