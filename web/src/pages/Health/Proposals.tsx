import { useState } from "react";
import { send } from "../../api/client.ts";
import type { Course, Proposal } from "../../api/types.ts";
import { clock, t } from "../../i18n/index.ts";
import { Problem } from "../../ui/Section.tsx";

type Verdict = { take: boolean; places: number[] };

/** Questions that wait to be looked at: each is taken with the places that answer it, declined, or left for later. */
export function Proposals({ course, proposals, onChange }: {
  course: Course;
  proposals: Proposal[];
  onChange: () => void;
}) {
  const [verdicts, setVerdicts] = useState<Record<string, Verdict>>({});
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const judged = proposals.filter((each) => verdicts[each.id]);
  const judge = (id: string, verdict?: Verdict) =>
    setVerdicts(({ [id]: _, ...others }) => verdict ? { ...others, [id]: verdict } : others);
  const save = async () => {
    setProblem("");
    setBusy(true);
    const taken = judged.filter((each) => verdicts[each.id].take);
    try {
      await send("post", "/api/courses/{course_id}/proposals/review", { course_id: course.id }, {
        take: taken.map(({ id }) => ({ id, places: verdicts[id].places })),
        decline: judged.filter((each) => !taken.includes(each)).map((each) => each.id),
      });
      setVerdicts({});
    } catch (failed) {
      setProblem((failed as Error).message);
    }
    setBusy(false);
    onChange();
  };
  return (
    <>
      <ul className="divide-y divide-line rounded-xl border border-line">
        {proposals.map((each) => (
          <li key={each.id} className="px-4 py-3">
            <One proposal={each} verdict={verdicts[each.id]} onJudge={(verdict) => judge(each.id, verdict)} />
          </li>
        ))}
      </ul>
      <Problem said={problem} />
      <button type="button" className="button main" disabled={busy || !judged.length} onClick={save}>
        {t("health.saveReview", { count: judged.length })}
      </button>
    </>
  );
}

function One({ proposal, verdict, onJudge }: {
  proposal: Proposal;
  verdict?: Verdict;
  onJudge: (verdict?: Verdict) => void;
}) {
  const { question, places, rating, model } = proposal;
  const usual = places.flatMap((each, at) => each.usual ? [at] : []);
  const from = model
    ? t("health.draftedBy", { model })
    : t(rating === "up" ? "health.fromHelped" : "health.fromDidNotHelp");
  const choice = (label: string, chosen: boolean, next?: Verdict) => (
    <label className="inline-flex min-h-9 items-center gap-2">
      <input type="radio" name={proposal.id} checked={chosen} onChange={() => onJudge(next)} />
      {label}
    </label>
  );
  return (
    <fieldset className="space-y-2">
      <legend className="font-medium">{question}</legend>
      <p className="text-sm text-dim">{from}</p>
      <div className="flex flex-wrap gap-x-5">
        {choice(t("health.take"), !!verdict?.take, { take: true, places: verdict?.places ?? usual })}
        {choice(t("health.decline"), verdict?.take === false, { take: false, places: [] })}
        {choice(t("health.later"), !verdict)}
      </div>
      {verdict?.take && (
        <div className="border-l-4 border-line pl-3">
          <p className="text-sm text-dim">{t("health.answeredAt")}</p>
          {places.map((place, at) => (
            <label key={at} className="flex min-h-8 items-center gap-2">
              <input
                type="checkbox"
                checked={verdict.places.includes(at)}
                onChange={(event) => {
                  const others = verdict.places.filter((each) => each !== at);
                  onJudge({ take: true, places: event.target.checked ? [...others, at] : others });
                }}
              />
              <span>
                {placeOf(place)} {!place.cited && <span className="text-dim">{t("health.notCited")}</span>}
              </span>
            </label>
          ))}
          {!verdict.places.length && <p>{t("health.answeredNowhere")}</p>}
        </div>
      )}
    </fieldset>
  );
}

const placeOf = ({ kind, file, page, startMs }: Proposal["places"][number]): string =>
  `${file}, ${kind === "slide" ? t("place.page", { page: page ?? 1 }) : clock(startMs ?? 0)}`;
