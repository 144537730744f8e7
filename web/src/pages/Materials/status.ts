import type { Upload } from "../../api/types.ts";
import { clock, t, tMaybe } from "../../i18n/index.ts";

/** How far an upload has come, in words. `share` undefined: it is not at work, or nobody knows how far. */
export type Status = { words: string; share?: number; bad?: boolean };

export function statusOf(upload: Upload): Status {
  switch (upload.status) {
    case "failed":
      return isLocked(upload)
        ? {
          words: t(upload.failureCode === "password_wrong" ? "materials.wrongPassword" : "materials.locked"),
        }
        : { words: t("materials.failed", { reason: reasonOf(upload) }), bad: true };
    case "ready":
      return { words: readyWords(upload) };
    case "running":
      return runningStatus(upload);
    default:
      return { words: t("materials.waiting") };
  }
}

/** Whether a password would help. It opens PDFs alone: an office file has to be saved without one. */
export function isLocked({ status, failureCode, fileName }: Upload): boolean {
  return status === "failed" && /^password_/.test(failureCode ?? "") && /\.pdf$/i.test(fileName);
}

function reasonOf(upload: Upload): string {
  const office = /^password_/.test(upload.failureCode ?? "");
  return (!office && tMaybe(`failure.${upload.failureCode}`)) || upload.note;
}

function readyWords({ pages, durationMs, findings, note }: Upload): string {
  const long = pages
    ? t("materials.readyPages", { count: pages })
    : durationMs
    ? t("materials.readyLong", { length: clock(durationMs) })
    : t("materials.ready");
  return note && !findings.length ? `${long}. ${t("materials.noText")}` : long;
}

function runningStatus({ stages }: Upload): Status {
  const stage = stages.findLast((each) => each.endedAt === null);
  if (!stage) return { words: t("materials.between") };
  if (stage.waiting) return { words: t("materials.again", { reason: stage.note ?? "" }) };
  const { name, done, total } = stage;
  const words = tMaybe(`stage.${name}`) ?? t("materials.between");
  if (done === null || !total) return { words };
  const [at, of] = ["transcripts", "lecture_frames"].includes(name)
    ? [clock(done), clock(total)]
    : [done, total];
  return { words: tMaybe(`counted.${name}`, { done: at, total: of }) ?? words, share: done / total };
}
