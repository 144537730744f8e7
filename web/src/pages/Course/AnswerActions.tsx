import { Suspense, useState } from "react";
import { t } from "../../i18n/index.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { later } from "../../ui/later.ts";
import { type Cited, type Message, wordsOf } from "./messages.ts";
import { placeOf } from "../../ui/place.ts";
import { Working } from "../../ui/states.tsx";
import { Rating } from "./Rating.tsx";
import { Versions } from "./Versions.tsx";

const Provenance = later(() => import("./Provenance.tsx"), "provenance");

/** What can be done with an answer that has ended. */
export function AnswerActions({ chatId, message, cited, busy, onAgain, onShow }: {
  chatId: string;
  message: Message;
  cited: Cited[];
  busy: boolean;
  onAgain: (messageId: string) => void;
  onShow: (key: string) => void;
}) {
  const [copied, setCopied] = useState(false);
  const [asked, setAsked] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(asMarkdown(message, cited));
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <div className="no-print mt-1 -ml-2 flex flex-wrap items-center gap-1 text-sm">
      <button type="button" className="button quiet px-2" onClick={copy}>
        <Icon name="copy" size={16} />
        <span aria-live="polite">{copied ? t("chat.copied") : t("chat.copy")}</span>
      </button>
      <button type="button" className="button quiet px-2" disabled={busy} onClick={() => onAgain(message.id)}>
        <Icon name="again" size={16} />
        {t("chat.again")}
      </button>
      <button type="button" className="button quiet px-2" onClick={() => setAsked(true)}>
        <Icon name="list" size={16} />
        {t("chat.origin")}
      </button>
      {asked && (
        <Dialog title={t("chat.origin")} onClose={() => setAsked(false)}>
          <Suspense fallback={<Working>{t("state.loading")}</Working>}>
            <Provenance messageId={message.id} cited={cited} onOpen={() => setAsked(false)} />
          </Suspense>
        </Dialog>
      )}
      <Rating chatId={chatId} message={message} />
      <Versions message={message} busy={busy} onShow={onShow} />
    </div>
  );
}

/** An answer to paste elsewhere: its words as they were written, and where its sources stand. */
function asMarkdown(message: Message, cited: Cited[]): string {
  const sources = cited.map((source) => `[${source.handle}] ${placeOf(source)}`);
  return [wordsOf(message).trim(), ...(sources.length ? [sources.join("  \n")] : [])].join("\n\n");
}
