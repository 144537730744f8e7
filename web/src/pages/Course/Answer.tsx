import { useMemo } from "react";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { AnswerActions } from "./AnswerActions.tsx";
import { Markdown } from "./markdown/Markdown.tsx";
import { citedIn, connectOf, isQuoted, type Message, searchesOf, wordsOf } from "./messages.ts";
import { Citations } from "./source/citations.tsx";
import { placeOf } from "../../ui/place.ts";
import { Working } from "../../ui/states.tsx";

/** An answer. `live`: it is being written. */
export default function Answer({ chatId, message, live, busy, onAgain, onShow }: {
  chatId: string;
  message: Message;
  live: boolean;
  busy: boolean;
  onAgain: (messageId: string) => void;
  onShow: (key: string) => void;
}) {
  const cited = useCited(message);
  const status = message.metadata?.status;
  const connect = connectOf(message);
  return (
    <div className="min-w-0">
      <article aria-label={t("chat.answer")} aria-busy={live} className="min-w-0">
        <Citations cited={cited}>
          {message.parts.map((part, at) => {
            const last = live && at === message.parts.length - 1;
            if (part.type === "text") return <Markdown key={at} text={part.text} live={last} />;
            if (part.type === "reasoning" && part.text.trim()) return <Thoughts key={at} text={part.text} />;
            return null;
          })}
        </Citations>
        {live && !wordsOf(message) && <Working>{t("chat.searching")}</Working>}
        <NothingFound message={message} live={live} cited={cited.length} />
      </article>
      {!live && status === "stopped" && <p className="mt-1 text-sm text-dim">{t("chat.stopped")}</p>}
      {!live && status === "interrupted" && <p className="mt-1 text-sm text-dim">{t("chat.interrupted")}</p>}
      {!live && status === "error" && !isQuoted(message) && (
        <p className="mt-1 text-sm text-dim">{t("chat.failed")}</p>
      )}
      {!live && connect && (
        <p className="no-print mt-2 text-sm text-dim">
          <a href={`${connect}?returnTo=${encodeURIComponent(location.pathname)}`} className="link">
            {t("chat.connect")}
          </a>
        </p>
      )}
      {cited.length > 0 && (
        <ol className="mt-3 hidden space-y-0.5 text-sm print:block">
          {cited.map((source) => <li key={source.id}>[{source.handle}] {placeOf(source)}</li>)}
        </ol>
      )}
      {!live && (
        <AnswerActions
          chatId={chatId}
          message={message}
          cited={cited}
          busy={busy}
          onAgain={onAgain}
          onShow={onShow}
        />
      )}
    </div>
  );
}

/** The cited passages, the same list for as long as no other is cited: text that streams draws no chip anew. */
function useCited(message: Message) {
  const cited = citedIn(message);
  return useMemo(() => cited, [
    cited.map((source) => `${source.id}${source.changed}${source.removed}`).join(),
  ]);
}

/** A model may answer from nothing: the reader is told that no passage was found. */
function NothingFound({ message, live, cited }: { message: Message; live: boolean; cited: number }) {
  const searches = searchesOf(message);
  const nothing = !live && !cited && searches.length > 0 && searches.every((search) => search.found === 0);
  if (!nothing || !message.metadata?.model) return null;
  return <p className="mt-2 rounded-lg bg-raised px-3 py-2 text-dim">{t("chat.nothingFound")}</p>;
}

function Thoughts({ text }: { text: string }) {
  return (
    <details className="no-print mb-2 text-sm text-dim">
      <summary className="inline-flex items-center gap-1">
        <Icon name="right" size={14} />
        {t("chat.thoughts")}
      </summary>
      <p className="mt-1 border-l-2 border-line pl-3 whitespace-pre-wrap">{text}</p>
    </details>
  );
}
