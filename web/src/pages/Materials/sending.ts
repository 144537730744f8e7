// Files on their way to the service. They stand outside of the page: who looks at another page meanwhile stops nothing.
import { useSyncExternalStore } from "react";
import { ApiError } from "../../api/client.ts";
import type { Upload } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";
import { dropFile, holding, keepFile, type Kept, keptFiles } from "./kept.ts";
import { upload } from "./upload.ts";

/** A file on its way. `share` is how much of it has been sent; null: the connection is lost. `problem`: why it was
 *  refused or is no new upload, and `again` whether sending it once more may help. */
export type Sending = Kept & {
  state: "waiting" | "uploading" | "taken" | "there" | "failed";
  share: number | null;
  problem?: string;
  again?: boolean;
  upload?: Upload;
};

const AT_ONCE = 3; // the service takes four of one person

let all: readonly Sending[] = [];
const listeners = new Set<() => void>();
const stops = new Map<string, AbortController>();

/** Send files to a course, a few at a time, the others after them. One that fails stops none. */
export function sendFiles(userId: string, courseId: string, files: Iterable<File>, published?: boolean) {
  const added = [...files].map((file): Kept => (
    { key: newKey(), userId, courseId, file, published, at: Date.now() }
  ));
  added.forEach((each) => void keepFile(each));
  line(added);
}

/** Go on with the files of a person that were on their way to a course when the page was closed. */
export async function goOnSending(userId: string, courseId: string) {
  const kept = await keptFiles(userId, courseId);
  line(kept.filter(({ key }) => !all.some((each) => each.key === key)));
}

export function sendAgain(sending: Sending) {
  const { key, userId, courseId, file, published, at } = sending;
  void keepFile({ key, userId, courseId, file, published, at });
  change(key, { state: "waiting", share: 0, problem: undefined, again: false });
  goOn();
}

/** Stop a file on its way, or take away the line of one that ended. */
export function forget(key: string) {
  stops.get(key)?.abort();
  stops.delete(key);
  void dropFile(key);
  keep(all.filter((each) => each.key !== key));
  goOn();
}

/** Files on their way to a course. */
export function useSending(courseId: string): readonly Sending[] {
  return useSyncExternalStore(listen, () => all).filter((each) => each.courseId === courseId);
}

function line(files: Kept[]) {
  keep([...all, ...files.map((each): Sending => ({ ...each, state: "waiting", share: 0 }))]);
  goOn();
}

function goOn() {
  const free = AT_ONCE - all.filter((each) => each.state === "uploading").length;
  all.filter((each) => each.state === "waiting").slice(0, Math.max(0, free)).forEach(async (each) => {
    change(each.key, { state: "uploading" });
    const held = await holding(each.key, () => send(each));
    if (!held) keep(all.filter(({ key }) => key !== each.key)); // another window sends it
  });
}

async function send({ key, courseId, file, published }: Sending) {
  const stop = new AbortController();
  stops.set(key, stop);
  try {
    const taken = await upload(courseId, file, {
      published,
      signal: stop.signal,
      onProgress: (share) => change(key, { share }),
    });
    change(
      key,
      taken.added ? { state: "taken", upload: taken.upload } : {
        state: "there",
        upload: taken.upload,
        problem: taken.upload.fileName === file.name
          ? t("sending.there")
          : t("sending.thereAs", { name: taken.upload.fileName }),
      },
    );
    void dropFile(key);
  } catch (error) {
    const { message, status, code } = error instanceof ApiError
      ? error
      : new ApiError("internal", t("problem.internal"), 500);
    const passing = [0, 401, 429].includes(status) || status >= 500;
    if (!passing) void dropFile(key);
    change(key, { state: "failed", problem: message, again: passing || /_quota$|^same_name$/.test(code) });
  }
  stops.delete(key);
  goOn();
}

function change(key: string, changes: Partial<Sending>) {
  keep(all.map((each) => each.key === key ? { ...each, ...changes } : each));
}

function keep(now: readonly Sending[]) {
  all = now;
  listeners.forEach((listener) => listener());
}

function listen(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const newKey = () => `${Date.now()} ${Math.random()}`;
