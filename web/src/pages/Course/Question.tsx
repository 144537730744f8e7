import { useState } from "react";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { type Message, picturesOf, wordsOf } from "./messages.ts";
import { WasNarrowed } from "./Narrowing.tsx";
import { Versions } from "./Versions.tsx";

/** A question; it can be asked otherwise, which begins a branch beside the old one. */
export function Question({ courseId, message, busy, onEdit, onShow }: {
  courseId: string;
  message: Message;
  busy: boolean;
  onEdit: (message: Message, text: string) => void;
  onShow: (key: string) => void;
}) {
  const [editing, setEditing] = useState(false);
  const text = wordsOf(message);
  const within = message.metadata?.sourceIds;
  if (editing) {
    return (
      <form
        className="ml-auto w-full max-w-[85%] space-y-2"
        onSubmit={(event) => {
          event.preventDefault();
          const words = String(new FormData(event.currentTarget).get("words")).trim();
          setEditing(false);
          if (words && words !== text) onEdit(message, words);
        }}
        onKeyDown={(event) => event.key === "Escape" && setEditing(false)}
      >
        <textarea
          name="words"
          autoFocus
          aria-label={t("chat.editing")}
          className="field resize-none py-2 [field-sizing:content]"
          defaultValue={text}
          maxLength={20_000}
        />
        <div className="flex justify-end gap-2">
          <button type="button" className="button" onClick={() => setEditing(false)}>{t("ui.cancel")}</button>
          <button type="submit" className="button main">{t("chat.askEdited")}</button>
        </div>
      </form>
    );
  }
  return (
    <div className="group ml-auto flex max-w-[85%] flex-col items-end gap-1">
      <article
        aria-label={t("chat.questionOf")}
        className="rounded-2xl rounded-br-md bg-soft px-4 py-2 whitespace-pre-wrap"
      >
        {text}
        {picturesOf(message).map((url, at) =>
          url
            ? (
              <a key={at} href={url} target="_blank" rel="noreferrer" className="mt-2 block first:mt-0">
                <img
                  src={url}
                  alt={t("chat.picture")}
                  loading="lazy"
                  className="max-h-80 max-w-full rounded-lg"
                />
              </a>
            )
            : <p key={at} className="mt-2 text-sm first:mt-0">{t("chat.noPicture")}</p>
        )}
      </article>
      {within && within.length > 0 && <WasNarrowed courseId={courseId} ids={within} />}
      <div className="no-print flex items-center gap-1">
        <Versions message={message} busy={busy} onShow={onShow} />
        <button
          type="button"
          className="button quiet icon"
          aria-label={t("chat.edit")}
          title={t("chat.edit")}
          disabled={busy}
          onClick={() => setEditing(true)}
        >
          <Icon name="edit" size={16} />
        </button>
      </div>
    </div>
  );
}
