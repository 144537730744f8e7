import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import type { Message } from "./messages.ts";

/** Steps through the versions of a question or an answer, where there are several. */
export function Versions({ message, busy, onShow }: {
  message: Message;
  busy: boolean;
  onShow: (key: string) => void;
}) {
  const { key, versions } = message.metadata ?? {};
  if (!key || !versions || versions.length < 2) return null;
  const at = versions.indexOf(key);
  const step = (name: "left" | "right", label: string, to: string | undefined) => (
    <button
      type="button"
      className="button quiet icon"
      aria-label={label}
      disabled={busy || to === undefined}
      onClick={() => onShow(to!)}
    >
      <Icon name={name} size={16} />
    </button>
  );
  return (
    <span className="inline-flex items-center text-sm text-dim">
      {step("left", t("chat.previousVersion"), versions[at - 1])}
      <span>{t("chat.versionOf", { at: at + 1, all: versions.length })}</span>
      {step("right", t("chat.nextVersion"), versions[at + 1])}
    </span>
  );
}
