import { type FormEvent, useState } from "react";
import { send } from "../../api/client.ts";
import { t } from "../../i18n/index.ts";
import { Field } from "../../ui/Field.tsx";
import { Select } from "../../ui/Select.tsx";
import { Problem } from "../../ui/Section.tsx";
import { useDoing } from "../../ui/useDoing.ts";

type Provider = "openrouter" | "compatible";

/** A key that one has already, of OpenRouter or of another service that speaks the same protocol. */
export function PasteKey({ onKept }: { onKept: () => Promise<void> }) {
  const [provider, setProvider] = useState<Provider>("openrouter");
  const [open, setOpen] = useState(false);
  const keeping = useDoing();
  const keep = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const said = new FormData(form);
    const baseUrl = provider === "compatible" ? String(said.get("baseUrl")).trim() : null;
    keeping.run(async () => {
      await send("put", "/api/keys/{provider}", { provider }, {
        key: String(said.get("key")).trim(),
        baseUrl,
      });
      form.reset();
      setOpen(false);
      await onKept();
    });
  };
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="w-fit rounded py-1 text-accent">{t("keys.paste")}</summary>
      <form onSubmit={keep} className="mt-3 max-w-xl space-y-4">
        <Select
          label={t("keys.provider")}
          value={provider}
          onChange={(event) => setProvider(event.target.value as Provider)}
        >
          <option value="openrouter">OpenRouter</option>
          <option value="compatible">{t("keys.other")}</option>
        </Select>
        {provider === "compatible" && (
          <Field
            label={t("keys.address")}
            note={t("keys.addressNote")}
            name="baseUrl"
            type="url"
            required
            maxLength={2000}
          />
        )}
        <Field
          label={t("keys.key")}
          note={t("keys.keyNote")}
          name="key"
          type="password"
          autoComplete="off"
          required
          minLength={4}
          maxLength={1000}
        />
        <Problem said={keeping.problem} />
        <button type="submit" className="button main" disabled={keeping.busy}>{t("keys.use")}</button>
      </form>
    </details>
  );
}
