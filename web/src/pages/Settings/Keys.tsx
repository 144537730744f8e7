import { mutate } from "swr";
import { type Answer, send } from "../../api/client.ts";
import { useGet } from "../../api/useGet.ts";
import { date, t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { Failed, Loading } from "../../ui/states.tsx";
import { Models } from "./Models.tsx";
import { usd } from "../../ui/money.ts";
import { PasteKey } from "./PasteKey.tsx";
import { Problem, Section } from "../../ui/Section.tsx";
import { useDoing } from "../../ui/useDoing.ts";

type Key = Answer<"/api/keys">["items"][number];

/** Whose key pays for answers, and which model writes them. */
export function Keys() {
  const { data, error, mutate: again } = useGet("/api/keys");
  return (
    <Section title={t("keys.title")} text={t("keys.text")}>
      {data
        ? <Connection held={data.items[0]} />
        : error
        ? <Failed error={error} onRetry={() => again()} />
        : <Loading rows={1} />}
      {data && <PasteKey onKept={tellKeys} />}
      {data && <Models />}
    </Section>
  );
}

/** Ask again for what depends on the key. */
async function tellKeys() {
  await Promise.all(["/api/keys", "/api/models"].map((path) => mutate(path)));
}

function Connection({ held }: { held: Key | undefined }) {
  const leaving = useDoing();
  const connect = (
    <a className="button main" href="/api/auth/openrouter?returnTo=/settings">{t("keys.connect")}</a>
  );
  if (!held) {
    return (
      <div className="card space-y-3">
        <p>{t("keys.none")}</p>
        {connect}
      </div>
    );
  }
  const disconnect = async () => {
    if (!confirm(t("keys.confirm"))) return;
    await send("delete", "/api/keys/{provider}", { provider: held.provider });
    await tellKeys();
  };
  return (
    <div className="card space-y-3">
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        {held.state === "connected"
          ? <strong className="text-good">{t("keys.connected")}</strong>
          : <strong className="text-bad">{t("keys.broken")}</strong>}
        <span>{held.provider === "openrouter" ? "OpenRouter" : held.baseUrl}</span>
        {held.label && <code className="text-sm text-dim">{held.label}</code>}
      </div>
      <p className="text-dim">
        {[amounts(held), t("keys.since", { date: date(held.connectedAt) })].filter(Boolean).join(" · ")}
      </p>
      <div className="flex flex-wrap gap-3">
        {held.state === "reconnect" && held.provider === "openrouter" && connect}
        <button
          type="button"
          className="button danger"
          disabled={leaving.busy}
          onClick={() => leaving.run(disconnect)}
        >
          {t("keys.disconnect")}
        </button>
        {held.manageUrl && (
          <a className="button quiet" href={held.manageUrl} target="_blank" rel="noreferrer">
            {t("keys.manage")}
            <Icon name="away" size={14} />
          </a>
        )}
      </div>
      <Problem said={leaving.problem} />
    </div>
  );
}

/** What the key may spend and has spent, as far as the provider says. */
function amounts({ limitUsd, remainingUsd, usageUsd }: Key): string {
  const used = typeof usageUsd !== "number" ? "" : t("keys.used", { amount: usd(usageUsd) });
  const left = typeof limitUsd !== "number"
    ? ""
    : t("keys.left", { left: usd(remainingUsd ?? limitUsd - (usageUsd ?? 0)), limit: usd(limitUsd) });
  return [left, used].filter(Boolean).join(" · ");
}
