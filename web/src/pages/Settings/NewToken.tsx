import { type FormEvent, useState } from "react";
import { send } from "../../api/client.ts";
import { t } from "../../i18n/index.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Select } from "../../ui/Select.tsx";
import { Problem } from "../../ui/Section.tsx";
import { ShownOnce } from "../../ui/ShownOnce.tsx";
import { useDoing } from "../../ui/useDoing.ts";

const SCOPES = ["read", "chat", "upload"] as const;
const LIVES = [30, 90, 365];

/** The form of a new token, and then its secret, this once. */
export function NewToken({ onMade, onClose }: { onMade: () => Promise<unknown>; onClose: () => void }) {
  const [secret, setSecret] = useState("");
  return (
    <Dialog title={t("tokens.new")} onClose={onClose}>
      {secret
        ? (
          <ShownOnce
            label={t("tokens.token")}
            note={t("tokens.once")}
            text={secret}
            copy={t("tokens.copy")}
            onClose={onClose}
          />
        )
        : (
          <Form
            onMade={(made) => {
              setSecret(made);
              void onMade();
            }}
          />
        )}
    </Dialog>
  );
}

function Form({ onMade }: { onMade: (secret: string) => void }) {
  const making = useDoing();
  const make = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const said = new FormData(event.currentTarget);
    const days = Number(said.get("days"));
    making.run(async () => {
      const made = await send("post", "/api/tokens", {}, {
        name: String(said.get("name")).trim(),
        scopes: SCOPES.filter((each) => said.has(each)),
        expiresAt: days ? new Date(Date.now() + days * 86_400_000).toISOString() : null,
      });
      onMade(made.token);
    });
  };
  return (
    <form onSubmit={make} className="space-y-4">
      <Field
        label={t("tokens.name")}
        note={t("tokens.nameNote")}
        name="name"
        required
        autoFocus
        maxLength={200}
      />
      <fieldset className="space-y-1">
        <legend className="mb-1 font-medium">{t("tokens.scopes")}</legend>
        {SCOPES.map((each) => (
          <label key={each} className="flex items-center gap-2">
            <input type="checkbox" name={each} defaultChecked={each !== "upload"} className="accent-accent" />
            {t(`scope.${each}`)}
          </label>
        ))}
      </fieldset>
      <Select label={t("tokens.life")} name="days" defaultValue="90">
        {LIVES.map((days) => <option key={days} value={days}>{t("tokens.days", { count: days })}</option>)}
        <option value="0">{t("tokens.endless")}</option>
      </Select>
      <Problem said={making.problem} />
      <button type="submit" className="button main" disabled={making.busy}>{t("ui.create")}</button>
    </form>
  );
}
