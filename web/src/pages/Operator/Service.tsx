import type { ReactNode } from "react";
import type { Answer } from "../../api/client.ts";
import { useGet } from "../../api/useGet.ts";
import { language, t, tMaybe } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { usd } from "../../ui/money.ts";
import { Section } from "../../ui/Section.tsx";
import { Failed, Loading } from "../../ui/states.tsx";

type Found = Answer<"/api/operator/service">;

const EVERY_MS = 10_000;

/** Whether the service is well, what it is made of, how much it holds, and what people may use of it. */
export function Service() {
  const { data, error, mutate } = useGet("/api/operator/service", {}, { refreshInterval: EVERY_MS });
  return (
    <Section title={t("service.title")} text={t("service.text")}>
      {error && <Failed error={error} onRetry={() => mutate()} />}
      {data ? <Shown found={data} /> : !error && <Loading rows={3} />}
    </Section>
  );
}

function Shown({ found }: { found: Found }) {
  const { limits } = found;
  const cap = (amount: number | null) => amount === null ? t("service.noCap") : usd(amount);
  return (
    <>
      <ul className="space-y-1">
        {Object.entries(found.checks).map(([name, fine]) => (
          <li key={name} className="flex items-baseline gap-2">
            <span aria-hidden="true" className={fine ? "text-good" : "text-bad"}>{fine ? "●" : "▲"}</span>
            <span>{tMaybe(fine ? `fine.${name}` : `wrong.${name}`) ?? name}</span>
          </li>
        ))}
        {found.warnings.map((said) => (
          <li key={said} className="flex items-baseline gap-2">
            <span aria-hidden="true" className="text-bad">▲</span>
            <span>{said}</span>
          </li>
        ))}
      </ul>
      <div className="grid gap-x-10 gap-y-6 sm:grid-cols-2">
        <div className="space-y-6">
          <Facts title={t("service.versions")}>
            {Object.entries(found.versions).map(([name, version]) => (
              <Fact key={name} name={tMaybe(`version.${name}`) ?? name} value={version} />
            ))}
            <Fact name={t("version.page")} value={__VERSION__} />
          </Facts>
          <Facts title={t("service.limits")}>
            <Fact name={t("limit.personFiles")} value={gigabytes(limits.personQuotaMb * 1e6)} />
            <Fact name={t("limit.courseFiles")} value={gigabytes(limits.courseQuotaMb * 1e6)} />
            <Fact name={t("limit.personCost")} value={cap(limits.personDailyUsd)} />
            <Fact name={t("limit.courseCost")} value={cap(limits.courseDailyUsd)} />
            <Fact name={t("limit.requests")} value={limits.requestsPerMinute.toLocaleString(language())} />
            <Fact name={t("service.answering")} value={String(found.answering)} />
          </Facts>
        </div>
        <Facts title={t("service.holds")}>
          {Object.entries(found.counts).map(([name, count]) => (
            <Fact
              key={name}
              name={tMaybe(`count.${name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())}`) ?? name}
              value={count.toLocaleString(language())}
            />
          ))}
          <Fact name={t("service.free")} value={gigabytes(found.freeBytes)} />
        </Facts>
      </div>
      <p className="text-sm text-dim">{t("service.limitsText")}</p>
      {found.dagsterUrl && (
        <a className="button" href={found.dagsterUrl} target="_blank" rel="noreferrer">
          {t("service.dagster")}
          <Icon name="away" size={14} />
        </a>
      )}
    </>
  );
}

function Facts({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <h3 className="mb-1">{title}</h3>
      <dl className="text-sm">{children}</dl>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div className="flex justify-between gap-4 border-b border-line py-1">
      <dt className="text-dim">{name}</dt>
      <dd className="text-right tabular-nums">{value}</dd>
    </div>
  );
}

const gigabytes = (bytes: number) =>
  new Intl.NumberFormat(language(), { style: "unit", unit: "gigabyte", maximumFractionDigits: 1 }).format(
    bytes / 1e9,
  );
