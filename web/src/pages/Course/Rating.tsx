import { useState } from "react";
import { send } from "../../api/client.ts";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import type { Message } from "./messages.ts";

type Rating = "up" | "down";

/** Whether an answer helped; pressed again, it is taken back. */
export function Rating({ chatId, message }: { chatId: string; message: Message }) {
  const [given, setGiven] = useState(message.metadata?.feedback?.rating ?? null);
  const values = { chat_id: chatId, message_id: message.id };
  const rate = (rating: Rating) => {
    const next = given === rating ? null : rating;
    setGiven(next);
    const path = "/api/sessions/{chat_id}/messages/{message_id}/feedback";
    const sent = next ? send("put", path, values, { rating: next }) : send("delete", path, values);
    sent.catch(() => setGiven(given));
  };
  const thumb = (rating: Rating, label: string) => (
    <button
      type="button"
      className={`button quiet icon ${given === rating ? "bg-soft text-accent" : ""}`}
      aria-label={label}
      aria-pressed={given === rating}
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
    </>
  );
}
