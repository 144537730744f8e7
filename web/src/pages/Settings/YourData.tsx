import { type FormEvent, useState } from "react";
import { send } from "../../api/client.ts";
import { useGet } from "../../api/useGet.ts";
import { t } from "../../i18n/index.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Trail } from "./Trail.tsx";
import { Problem, Section } from "../../ui/Section.tsx";
import { useDoing } from "../../ui/useDoing.ts";

/** All that is kept of a person: taken away as a file, erased, and the trail of what was done. */
export function YourData() {
  const { data: signIn } = useGet("/api/auth");
  const [erasing, setErasing] = useState(false);
  return (
    <Section title={t("data.title")} text={t("data.text")}>
      <div className="flex flex-wrap gap-3">
        <a className="button" href="/api/me/export" download>{t("data.export")}</a>
        {signIn?.byPage && (
          <button type="button" className="button danger" onClick={() => setErasing(true)}>
            {t("data.erase")}
          </button>
        )}
      </div>
      {signIn && !signIn.byPage && <p className="text-sm text-dim">{t("data.onlyPerson")}</p>}
      <Trail />
      {erasing && <Erase onClose={() => setErasing(false)} />}
    </Section>
  );
}

/** Asks for a word to be typed before anything is erased. */
function Erase({ onClose }: { onClose: () => void }) {
  const [said, setSaid] = useState("");
  const erasing = useDoing();
  const word = t("data.word");
  const erase = (event: FormEvent) => {
    event.preventDefault();
    erasing.run(async () => {
      await send("delete", "/api/me");
      location.assign("/");
    });
  };
  return (
    <Dialog title={t("data.erase")} onClose={onClose}>
      <form onSubmit={erase} className="space-y-4">
        <p>{t("data.eraseText")}</p>
        <Field
          label={t("data.type", { word })}
          autoComplete="off"
          autoFocus
          value={said}
          onChange={(event) => setSaid(event.target.value)}
        />
        <Problem said={erasing.problem} />
        <div className="flex flex-wrap gap-3">
          <button type="submit" className="button danger" disabled={erasing.busy || said.trim() !== word}>
            {t("data.eraseNow")}
          </button>
          <button type="button" className="button" onClick={onClose}>{t("ui.cancel")}</button>
        </div>
      </form>
    </Dialog>
  );
}
