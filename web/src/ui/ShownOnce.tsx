import { useRef, useState } from "react";
import { t } from "../i18n/index.ts";
import { Field } from "./Field.tsx";
import { Icon } from "./Icon.tsx";

/** A text that is shown this once, to be taken along. `copy`: what the button says that copies it. */
export function ShownOnce({ label, note, text, copy, onClose }: {
  label: string;
  note: string;
  text: string;
  copy: string;
  onClose: () => void;
}) {
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  const toClipboard = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch { // not on a page without https: it is marked, for the keyboard
      field.current?.select();
    }
  };
  return (
    <div className="space-y-4">
      <Field
        ref={field}
        label={label}
        note={note}
        value={text}
        readOnly
        autoFocus
        onFocus={(event) => event.target.select()}
      />
      <div className="flex flex-wrap gap-3">
        <button type="button" className="button main" onClick={toClipboard}>
          <Icon name="copy" />
          {copied ? t("ui.copied") : copy}
        </button>
        <button type="button" className="button" onClick={onClose}>{t("ui.done")}</button>
      </div>
      <p role="status" className="sr-only">{copied && t("ui.copied")}</p>
    </div>
  );
}
