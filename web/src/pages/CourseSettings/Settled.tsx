import { type FormEvent, type ReactNode, useState } from "react";
import { t } from "../../i18n/index.ts";

/** A part of the settings: a form that is kept as a whole, and says what came of it. */
export function Settled({ title, text, onSave, children }: {
  title: string;
  text?: string;
  onSave: (said: FormData) => Promise<unknown>;
  children: ReactNode;
}) {
  const [saved, setSaved] = useState(false);
  const [problem, setProblem] = useState("");
  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setProblem("");
    try {
      await onSave(new FormData(event.currentTarget));
      setSaved(true);
    } catch (failed) {
      setProblem((failed as Error).message);
    }
  };
  return (
    <form onSubmit={save} onChange={() => setSaved(false)} aria-label={title} className="space-y-4">
      <h2 className="text-lg">{title}</h2>
      {text && <p className="text-dim">{text}</p>}
      {children}
      {problem && <p role="alert" className="text-bad">{problem}</p>}
      <div className="flex items-center gap-3">
        <button type="submit" className="button main">{t("settled.save")}</button>
        <span role="status" className="text-good">{saved && t("settled.saved")}</span>
      </div>
    </form>
  );
}
