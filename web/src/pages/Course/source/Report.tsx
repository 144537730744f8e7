import { type FormEvent, useState } from "react";
import { send } from "../../../api/client.ts";
import { t } from "../../../i18n/index.ts";
import { Dialog } from "../../../ui/Dialog.tsx";

/** Tells who teaches the course that a source is wrong, with a reason if one likes to give it. */
export function Report({ sourceId }: { sourceId: string }) {
  const [state, setState] = useState<"idle" | "asked" | "told">("idle");
  const [problem, setProblem] = useState("");
  const tell = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get("reason"));
    try {
      await send("post", "/api/sources/{source_id}/reports", { source_id: sourceId }, { reason });
      setState("told");
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  if (state === "told") {
    return <p role="status" className="self-center text-sm text-dim">{t("report.told")}</p>;
  }
  return (
    <>
      <button type="button" className="button quiet" onClick={() => setState("asked")}>
        {t("report.button")}
      </button>
      {state === "asked" && (
        <Dialog title={t("report.title")} onClose={() => setState("idle")}>
          <form onSubmit={tell} className="space-y-4">
            <label className="block space-y-1">
              <span className="font-medium">{t("report.reason")}</span>
              <textarea name="reason" autoFocus maxLength={2000} rows={3} className="field py-2" />
            </label>
            <p className="text-sm text-dim">{t("report.text")}</p>
            {problem && <p role="alert" className="text-bad">{problem}</p>}
            <button type="submit" className="button main">{t("report.send")}</button>
          </form>
        </Dialog>
      )}
    </>
  );
}
