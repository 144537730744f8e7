import type { Finding, Upload } from "../../api/types.ts";
import { clock, t } from "../../i18n/index.ts";
import { adviceOf, sentenceOf } from "../../ui/findings.ts";
import { SmallPage } from "../../ui/SmallPage.tsx";

const SHOWN = 12;

/** What of an upload could not be read: page by page with its picture or by the minute, and what to do. */
export function Findings({ upload }: { upload: Upload }) {
  const pages = new Set(upload.findings.flatMap((each) => each.pages)).size;
  const times = upload.findings.flatMap((each) => each.times).length;
  const count = pages || times;
  return (
    <details className="mt-1">
      <summary className="w-fit rounded-md text-ink underline decoration-line underline-offset-4">
        {count ? t(pages ? "findings.pages" : "findings.times", { count }) : t("findings.whole")}
      </summary>
      <ul className="mt-2 space-y-4">
        {upload.findings.map((each) => (
          <li key={`${each.code} ${each.sentence}`}>
            <p>{sentenceOf(each)}</p>
            {each.advice && <p className="text-dim">{adviceOf(each)}</p>}
            <Places upload={upload} finding={each} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function Places({ upload, finding: { pages, times } }: { upload: Upload; finding: Finding }) {
  const more = Math.max(pages.length, times.length) - SHOWN;
  if (!pages.length && !times.length) return null;
  return (
    <ul className="mt-2 flex flex-wrap gap-2 text-sm">
      {pages.slice(0, SHOWN).map((page) => (
        <li key={page} className="w-36">
          <SmallPage courseId={upload.courseId} deck={upload} page={page} />
        </li>
      ))}
      {times.slice(0, SHOWN).map(({ startMs, endMs }) => (
        <li key={startMs} className="rounded-full border border-line px-2">
          {t("findings.time", { start: clock(startMs), end: clock(endMs) })}
        </li>
      ))}
      {more > 0 && <li className="self-center text-dim">{t("findings.more", { count: more })}</li>}
    </ul>
  );
}
