import { useState } from "react";
import { send } from "../../api/client.ts";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import type { Message } from "./messages.ts";

type Rating = "up" | "down";
type Given = { rating: Rating; share: boolean } | null;

const FEEDBACK = "/api/sessions/{chat_id}/messages/{message_id}/feedback";

/**
 * Whether an answer helped; pressed again, it is taken back. Who rates is asked whether the question may be shared with who
 * teaches the course; without a yes nobody sees it.
 */
export function Rating({ chatId, message }: { chatId: string; message: Message }) {
  const known = message.metadata?.feedback;
  const [given, setGiven] = useState<Given>(known ? { rating: known.rating, share: known.shared } : null);
  const [asks, setAsks] = useState(false);
  const values = { chat_id: chatId, message_id: message.id };
  const say = (next: Given) => {
    setGiven(next);
    const sent = next ? send("put", FEEDBACK, values, next) : send("delete", FEEDBACK, values);
    sent.catch(() => setGiven(given));
  };
  const rate = (rating: Rating) => {
    const next = given?.rating === rating ? null : { rating, share: false };
    setAsks(next !== null);
    say(next);
  };
  const answer = (share: boolean) => {
    setAsks(false);
    if (share && given) say({ ...given, share });
  };
  const thumb = (rating: Rating, label: string) => (
    <button
      type="button"
      className={`button quiet icon ${given?.rating === rating ? "bg-soft text-accent" : ""}`}
      aria-label={label}
      aria-pressed={given?.rating === rating}
      title={label}
      onClick={() => rate(rating)}
    >
      <span className={rating === "down" ? "rotate-180" : ""}>
        <Icon name="up" size={16} />
      </span>
    </button>
  );
  return (
    <>
      {thumb("up", t("chat.helped"))}
      {thumb("down", t("chat.didNotHelp"))}
      {given?.share && <span role="status" className="text-dim">{t("chat.shared")}</span>}
      {asks && (
        <div
          role="group"
          aria-label={t("chat.share")}
          className="ml-2 basis-full rounded-lg bg-raised px-3 py-2"
        >
          <p className="max-w-prose">{t("chat.shareText")}</p>
          <p className="mt-2 flex flex-wrap gap-2">
            <button type="button" className="button" onClick={() => answer(true)}>{t("chat.share")}</button>
            <button type="button" className="button quiet" onClick={() => answer(false)}>
              {t("chat.doNotShare")}
            </button>
          </p>
        </div>
      )}
    </>
  );
}
