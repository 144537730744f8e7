import { useState } from "react";
import { type Answer, send } from "../../api/client.ts";
import { useGet } from "../../api/useGet.ts";
import { date, t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { Failed, Loading } from "../../ui/states.tsx";
import { NewToken } from "./NewToken.tsx";
import { Problem, Section } from "../../ui/Section.tsx";
import { useDoing } from "../../ui/useDoing.ts";

type Token = Answer<"/api/tokens">["items"][number];

/** The tokens of this person's own programs, and where these ask. */
export function Tokens() {
  const { data, error, mutate } = useGet("/api/tokens");
  const [making, setMaking] = useState(false);
  return (
    <Section title={t("tokens.title")} text={t("tokens.text")}>
      {data
        ? data.items.length > 0
          ? (
            <ul className="divide-y divide-line rounded-xl border border-line">
              {data.items.map((each) => <Row key={each.id} token={each} onEnded={() => mutate()} />)}
            </ul>
          )
          : <p className="text-dim">{t("tokens.none")}</p>
        : error
        ? <Failed error={error} onRetry={() => mutate()} />
        : <Loading rows={1} />}
      <button type="button" className="button" onClick={() => setMaking(true)}>
        <Icon name="plus" />
        {t("tokens.new")}
      </button>
      <dl className="grid gap-x-4 gap-y-1 text-sm wide:grid-cols-[auto_1fr]">
        <dt className="text-dim">{t("tokens.mcp")}</dt>
        <dd className="break-all">{`${location.origin}/mcp`}</dd>
        <dt className="text-dim">{t("tokens.openai")}</dt>
        <dd className="break-all">{`${location.origin}/v1`}</dd>
      </dl>
      {making && <NewToken onMade={() => mutate()} onClose={() => setMaking(false)} />}
    </Section>
  );
}

function Row({ token, onEnded }: { token: Token; onEnded: () => Promise<unknown> }) {
  const ending = useDoing();
  const end = async () => {
    if (!confirm(t("tokens.confirm", { name: token.name }))) return;
    await send("delete", "/api/tokens/{token_id}", { token_id: token.id });
    await onEnded();
  };
  const over = token.expiresAt !== null && new Date(token.expiresAt) <= new Date();
  const ends = token.expiresAt === null
    ? t("tokens.endless")
    : t(over ? "tokens.ended" : "tokens.ends", { date: date(token.expiresAt) });
  const used = token.usedAt === null
    ? t("tokens.unused")
    : t("tokens.used", { at: date(token.usedAt, { dateStyle: "medium", timeStyle: "short" }) });
  return (
    <li className="space-y-2 px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-60">
          <p className="font-medium">{token.name}</p>
          <p className="text-sm text-dim">{token.scopes.map((each) => t(`scope.${each}`)).join(", ")}</p>
          <p className="text-sm text-dim">
            {[used, t("tokens.made", { date: date(token.createdAt) }), ends].join(" · ")}
          </p>
        </div>
        <button
          type="button"
          className="button danger"
          aria-label={t("tokens.revokeOf", { name: token.name })}
          disabled={ending.busy}
          onClick={() => ending.run(end)}
        >
          {t("tokens.revoke")}
        </button>
      </div>
      <Problem said={ending.problem} />
    </li>
  );
}
