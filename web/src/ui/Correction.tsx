import { type FormEvent, type ReactNode, useState } from "react";
import { t } from "../i18n/index.ts";
import { Icon } from "./Icon.tsx";

/** Opens the form in which what was read is corrected. */
export function CorrectButton(
  { name, small, onClick }: { name: string; small?: boolean; onClick: () => void },
) {
  return (
    <button
      type="button"
      className={`button quiet ${small ? "icon" : ""}`}
      aria-label={small ? name : undefined}
      onClick={onClick}
    >
      <Icon name="edit" size={small ? 16 : 18} />
      {!small && name}
    </button>
  );
}

/** `said`: a sentence that a teacher corrected something; `onUndo`, for who may: has it as it was, by the button `undo`. */
export function SaidCorrected({ said, undo, onUndo }: {
  said: string;
  undo: string;
  onUndo?: () => Promise<unknown>;
}) {
  const [problem, setProblem] = useState("");
  return (
    <>
      <p className="text-sm text-dim">
        {said}
        {onUndo && (
          <>
            {" "}
            <button
              type="button"
              className="link"
              onClick={() => onUndo().catch((error) => setProblem(error.message))}
            >
              {undo}
            </button>
          </>
        )}
      </p>
      {problem && <p role="alert" className="text-sm text-bad">{problem}</p>}
    </>
  );
}

/**
 * Says that a teacher corrected this. `read`: what was read instead, and `onUndo` has it back, for who may.
 */
export function Corrected({ read, onUndo }: { read?: string; onUndo?: () => Promise<unknown> }) {
  return (
    <div className="text-sm text-dim">
      <SaidCorrected said={t("correct.corrected")} undo={t("correct.undo")} onUndo={onUndo} />
      {onUndo && (
        <details>
          <summary className="w-fit text-dim">{t("correct.asRead")}</summary>
          <p className="my-1 border-l-4 border-line pl-3 whitespace-pre-line">
            {read || t("correct.nothing")}
          </p>
        </details>
      )}
    </div>
  );
}

/**
 * A correction that is being written. `onSave` tells null, or what somebody else has made of it meanwhile: it is shown,
 * and saved over only when it is sent once more.
 */
export function CorrectionForm({ children, onSave, onClose }: {
  children: ReactNode;
  onSave: (said: FormData, over: boolean) => Promise<string | null>;
  onClose: () => void;
}) {
  const [theirs, setTheirs] = useState<string | null>(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const said = new FormData(event.currentTarget);
    setBusy(true);
    setProblem("");
    try {
      const found = await onSave(said, theirs !== null);
      setTheirs(found);
      if (found === null) onClose();
    } catch (failed) {
      setProblem((failed as Error).message);
    }
    setBusy(false);
  };
  return (
    <form
      onSubmit={save}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
      className="space-y-3"
    >
      {children}
      {theirs !== null && (
        <div role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-sm">
          <p>{t("correct.conflict")}</p>
          <p className="my-1 border-l-4 border-line pl-3 whitespace-pre-line">{theirs}</p>
        </div>
      )}
      {problem && <p role="alert" className="text-bad">{problem}</p>}
      <div className="flex flex-wrap gap-2">
        <button type="submit" className="button main" disabled={busy}>
          {t(theirs === null ? "correct.save" : "correct.saveOver")}
        </button>
        <button type="button" className="button" onClick={onClose}>{t("ui.cancel")}</button>
      </div>
    </form>
  );
}
