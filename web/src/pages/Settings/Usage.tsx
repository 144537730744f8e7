import { type FormEvent, useState } from "react";
import { type Answer, send } from "../../api/client.ts";
import { useGet } from "../../api/useGet.ts";
import { t } from "../../i18n/index.ts";
import { Field } from "../../ui/Field.tsx";
import { Failed, Loading } from "../../ui/states.tsx";
import { dayName, DayPlot } from "./DayPlot.tsx";
import { type Day, lastDays } from "./days.ts";
import { usd } from "../../ui/money.ts";
import { Problem, Section } from "../../ui/Section.tsx";
import { useDoing } from "../../ui/useDoing.ts";

const DAYS = 30;

type Spending = Answer<"/api/usage">["today"];

/** What calls to models cost this person, and the most they may cost in a day. */
export function Usage() {
  const { data, error, mutate } = useGet("/api/usage", { days: DAYS, rows: 0 });
  return (
    <Section title={t("usage.title")} text={t("usage.text")}>
      {data
        ? <Spent found={data} onCap={() => mutate()} />
        : error
        ? <Failed error={error} onRetry={() => mutate()} />
        : <Loading rows={4} />}
    </Section>
  );
}

function Spent({ found, onCap }: { found: Answer<"/api/usage">; onCap: () => Promise<unknown> }) {
  const days = lastDays(found.days, DAYS);
  const { today } = found;
  return (
    <>
      <p>
        {today.capUsd === null
          ? t("usage.today", { spent: usd(today.spentUsd) })
          : t("usage.todayOf", { spent: usd(today.spentUsd), cap: usd(today.capUsd) })}{" "}
        <span className="text-dim">{t("usage.total", { days: DAYS, total: usd(found.totalUsd) })}</span>
      </p>
      {found.days.length > 0
        ? (
          <div className="grid grid-cols-[minmax(0,1fr)] gap-5 sm:grid-cols-[minmax(0,1fr)_17rem]">
            <DayPlot days={days} cap={today.capUsd} />
            <Table days={days} />
          </div>
        )
        : <p className="text-dim">{t("usage.none")}</p>}
      <Cap key={today.ownCapUsd} today={today} onCap={onCap} />
      <a className="button" href="/api/usage/export" download>{t("usage.csv")}</a>
    </>
  );
}

function Table({ days }: { days: readonly Day[] }) {
  const used = days.filter((each) => each.calls > 0).reverse();
  return (
    <div
      role="region"
      aria-label={t("usage.table")}
      tabIndex={0}
      className="max-h-64 self-start overflow-y-auto rounded-xl border border-line"
    >
      <table className="w-full text-sm tabular-nums">
        <thead className="sticky top-0 bg-raised text-left">
          <tr>
            <th scope="col" className="px-3 py-1.5 font-medium">{t("usage.day")}</th>
            <th scope="col" className="px-3 py-1.5 text-right font-medium">{t("usage.calls")}</th>
            <th scope="col" className="px-3 py-1.5 text-right font-medium">{t("usage.cost")}</th>
          </tr>
        </thead>
        <tbody>
          {used.map((each) => (
            <tr key={each.day} className="border-t border-line">
              <th scope="row" className="px-3 py-1.5 text-left font-normal whitespace-nowrap">
                {dayName(each.day)}
              </th>
              <td className="px-3 py-1.5 text-right">{each.calls}</td>
              <td className="px-3 py-1.5 text-right whitespace-nowrap">{usd(each.costUsd)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The most that one's own calls may cost a day. */
function Cap({ today, onCap }: { today: Spending; onCap: () => Promise<unknown> }) {
  const [said, setSaid] = useState(today.ownCapUsd === null ? "" : String(today.ownCapUsd));
  const keeping = useDoing();
  const keep = (event: FormEvent) => {
    event.preventDefault();
    keeping.run(async () => {
      await send("put", "/api/usage/cap", {}, { dailyUsd: said === "" ? null : Number(said) });
      await onCap();
    });
  };
  const higher = today.capUsd !== null && today.capUsd !== today.ownCapUsd;
  return (
    <form onSubmit={keep} className="max-w-md space-y-2">
      <div className="flex items-end gap-3">
        <div className="flex-1">
          <Field
            label={t("usage.cap")}
            type="number"
            inputMode="decimal"
            min={0}
            max={1_000_000}
            step="any"
            value={said}
            placeholder={t("usage.noCap")}
            onChange={(event) => setSaid(event.target.value)}
          />
        </div>
        <button type="submit" className="button" disabled={keeping.busy}>{t("settings.save")}</button>
      </div>
      {higher && <p className="text-sm text-dim">{t("usage.operator", { cap: usd(today.capUsd!) })}</p>}
      <Problem said={keeping.problem} />
    </form>
  );
}
