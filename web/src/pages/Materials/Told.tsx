import { useEffect, useRef, useState } from "react";
import type { Upload } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";

const TOGETHER_MS = 1500; // what ends within this long is told in one sentence

/** Tells screen readers which files have been read, or could not be, since the page was opened. */
export function Told({ uploads }: { uploads: Upload[] | null }) {
  const before = useRef<ReadonlyMap<string, Upload["status"]> | null>(null);
  const ended = useRef<Upload[]>([]);
  const [told, setTold] = useState("");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if (!uploads) return;
    const known = before.current;
    before.current = new Map(uploads.map((each) => [each.id, each.status]));
    const now = uploads.filter(({ id, status }) =>
      known && known.get(id) !== status && (status === "ready" || status === "failed") &&
      (known.has(id) || status === "failed")
    );
    if (!now.length) return;
    ended.current = [...ended.current, ...now];
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setTold(sentenceOf(ended.current));
      ended.current = [];
    }, TOGETHER_MS);
  }, [uploads]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return <div role="status" className="sr-only">{told}</div>;
}

function sentenceOf(ended: Upload[]): string {
  const [last] = ended;
  const failed = ended.filter((each) => each.status === "failed").length;
  if (ended.length === 1) return t(failed ? "told.failed" : "told.ready", { name: last.fileName });
  const ready = ended.length - failed;
  return [ready && t("told.allReady", { count: ready }), failed && t("told.allFailed", { count: failed })]
    .filter(Boolean).join(" ");
}
