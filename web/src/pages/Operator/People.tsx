import { useDeferredValue, useState } from "react";
import { type Answer, type Body, send } from "../../api/client.ts";
import { useGet } from "../../api/useGet.ts";
import { useMe } from "../../app/session.tsx";
import { date, language, t } from "../../i18n/index.ts";
import { type Item, Menu } from "../../ui/Menu.tsx";
import { SearchField } from "../../ui/SearchField.tsx";
import { Problem, Section } from "../../ui/Section.tsx";
import { Failed, Loading } from "../../ui/states.tsx";
import { useDoing } from "../../ui/useDoing.ts";

type Person = Answer<"/api/operator/people">["items"][number];
type Change = Body<"/api/operator/people/{user_id}", "patch">;

/** The people of the service: found, suspended and let in again, made operators. */
export function People() {
  const [words, setWords] = useState("");
  const q = useDeferredValue(words.trim());
  const { data, error, mutate } = useGet("/api/operator/people", { q: q || null }, {
    keepPreviousData: true,
  });
  return (
    <Section title={t("people.title")} text={t("people.text")}>
      <SearchField label={t("people.search")} words={words} onWords={setWords} />
      {data
        ? (
          <>
            <ul className="divide-y divide-line rounded-xl border border-line empty:hidden">
              {data.items.map((each) => <Row key={each.id} person={each} onChanged={() => mutate()} />)}
            </ul>
            <p role="status" className="text-sm text-dim">
              {data.found > data.items.length
                ? t("people.some", { shown: data.items.length, count: data.found })
                : t("people.found", { count: data.found })}
            </p>
          </>
        )
        : error
        ? <Failed error={error} onRetry={() => mutate()} />
        : <Loading rows={3} />}
    </Section>
  );
}

function Row({ person, onChanged }: { person: Person; onChanged: () => Promise<unknown> }) {
  const me = useMe();
  const changing = useDoing();
  const called = person.name ?? person.email ?? person.subject ?? t("people.unnamed");
  const change = (said: Change) =>
    changing.run(async () => {
      await send("patch", "/api/operator/people/{user_id}", { user_id: person.id }, said);
      await onChanged();
    });
  const items: Item[] = [
    person.suspendedAt === null
      ? {
        label: t("people.suspend"),
        danger: true,
        run: () => confirm(t("people.confirm", { name: called })) && change({ suspended: true }),
      }
      : { label: t("people.admit"), run: () => change({ suspended: false }) },
  ];
  if (!person.namedOperator) {
    const label = person.operator ? t("people.noOperator") : t("people.makeOperator");
    items.push({ label, run: () => change({ operator: !person.operator }) });
  }
  const state = [
    person.suspendedAt && t("people.suspended", { date: date(person.suspendedAt) }),
    (person.operator || person.namedOperator) && t("people.operator"),
  ].filter(Boolean);
  return (
    <li className="px-4 py-2.5">
      <div className="flex items-center gap-3">
        <div className="min-w-0 flex-1">
          <p className="font-medium">
            {called}
            {state.length > 0 && (
              <span className={`ml-2 text-sm font-normal ${person.suspendedAt ? "text-bad" : "text-good"}`}>
                {state.join(", ")}
              </span>
            )}
          </p>
          <p className="text-sm text-dim">
            {[
              person.name && person.email,
              t("people.courses", { count: person.courses }),
              t("people.uploads", { count: person.uploads, size: megabytes(person.byteCount) }),
              t("people.since", { date: date(person.createdAt) }),
            ].filter(Boolean).join(" · ")}
          </p>
        </div>
        {person.id === me.id
          ? <span className="text-sm text-dim">{t("people.you")}</span>
          : <Menu label={t("people.options", { name: called })} items={items} />}
      </div>
      <Problem said={changing.problem} />
    </li>
  );
}

const megabytes = (bytes: number) =>
  new Intl.NumberFormat(language(), { style: "unit", unit: "megabyte", maximumFractionDigits: 0 }).format(
    bytes / 1e6,
  );
