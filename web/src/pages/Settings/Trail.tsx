import { useState } from "react";
import type { Answer } from "../../api/client.ts";
import { useGet } from "../../api/useGet.ts";
import { useMe } from "../../app/session.tsx";
import { date, t, tMaybe } from "../../i18n/index.ts";
import { Failed, Loading } from "../../ui/states.tsx";

const FIRST = 10;
const MORE = 100;
const MOST = 1000;

type Event = Answer<"/api/audit">["items"][number];

/** What was done by this person and to them, newest first. */
export function Trail() {
  const me = useMe();
  const [limit, setLimit] = useState(FIRST);
  const { data, error, mutate } = useGet("/api/audit", { mine: true, limit }, { keepPreviousData: true });
  const { data: courses } = useGet("/api/courses");
  const names = new Map(courses?.items.map((each) => [each.id, each.name]));
  return (
    <div className="space-y-3">
      <h3>{t("trail.title")}</h3>
      {data?.items.length === 0 && <p className="text-dim">{t("trail.none")}</p>}
      {!data && (error ? <Failed error={error} onRetry={() => mutate()} /> : <Loading rows={2} />)}
      {data && data.items.length > 0 && (
        <ol className="divide-y divide-line rounded-xl border border-line text-sm">
          {data.items.map((each) => (
            <li key={each.id} className="flex flex-wrap gap-x-4 px-4 py-2">
              <time dateTime={each.at} className="w-40 text-dim tabular-nums">
                {date(each.at, { dateStyle: "medium", timeStyle: "short" })}
              </time>
              <span className="min-w-0 flex-1 basis-56">
                {sentence(each, me.id, names.get(each.courseId ?? ""))}
              </span>
            </li>
          ))}
        </ol>
      )}
      {data?.nextBefore && limit < MOST && (
        <button
          type="button"
          className="button quiet"
          onClick={() => setLimit(Math.min(limit + MORE, MOST))}
        >
          {t("trail.more")}
        </button>
      )}
    </div>
  );
}

/** Such as `Role given: teacher (Optimisation, by somebody else)`. */
function sentence({ action, detail, actorId, subjectId }: Event, me: string, course?: string): string {
  const what = tMaybe(`trail.${action.replace(/\.(\w)/, (_, letter) => letter.toUpperCase())}`) ?? action;
  const said = action.startsWith("role.")
    ? detail.split(" -> ").map((role) => tMaybe(`role.${role}`) ?? role).join(" → ")
    : detail === "openrouter"
    ? "OpenRouter"
    : detail;
  const whom = actorId !== me && actorId !== null
    ? t("trail.byOther")
    : subjectId !== me && subjectId !== null
    ? t("trail.toOther")
    : "";
  const more = [course, whom].filter(Boolean).join(", ");
  return [what, said && `: ${said}`, more && ` (${more})`].join("");
}
