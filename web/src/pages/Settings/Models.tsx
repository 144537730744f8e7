import { type FormEvent, useDeferredValue, useState } from "react";
import { type Answer, send } from "../../api/client.ts";
import { useGet } from "../../api/useGet.ts";
import { t } from "../../i18n/index.ts";
import { Failed, Loading } from "../../ui/states.tsx";
import { usd } from "../../ui/money.ts";
import { SearchField } from "../../ui/SearchField.tsx";
import { Problem } from "../../ui/Section.tsx";
import { useDoing } from "../../ui/useDoing.ts";

type Listed = Answer<"/api/models">;

/** Which model answers, and with one's own key the choice of another. */
export function Models() {
  const { data, error, mutate } = useGet("/api/models");
  if (!data) return error ? <Failed error={error} onRetry={() => mutate()} /> : <Loading rows={1} />;
  return (
    <div className="space-y-3">
      <h3>{t("models.title")}</h3>
      <p className="text-dim">{answering(data)}</p>
      {data.items.length > 0 && <Choice key={data.chosen ?? ""} listed={data} onChosen={() => mutate()} />}
    </div>
  );
}

function answering({ answering, paidBy, items }: Listed): string {
  if (answering === null) return t("models.nobody");
  const model = items.find((each) => each.id === answering)?.name ?? answering;
  return paidBy === "own" ? t("models.own", { model }) : t("models.operator", { model });
}

function Choice({ listed, onChosen }: { listed: Listed; onChosen: () => Promise<unknown> }) {
  const [chosen, setChosen] = useState(listed.chosen ?? "");
  const [words, setWords] = useState("");
  const sought = useDeferredValue(words.trim().toLowerCase());
  const found = listed.items.filter((each) => `${each.name} ${each.id}`.toLowerCase().includes(sought));
  const keeping = useDoing();
  const keep = (event: FormEvent) => {
    event.preventDefault();
    keeping.run(async () => {
      await send("put", "/api/models/mine", {}, { model: chosen || null });
      await onChosen();
    });
  };
  return (
    <form onSubmit={keep} className="space-y-3">
      {listed.items.length > 10 && (
        <SearchField
          label={t("models.search")}
          words={words}
          onWords={setWords}
        />
      )}
      <fieldset>
        <legend className="mb-2 text-sm text-dim">{t("models.prices")}</legend>
        <ul className="max-h-80 overflow-y-auto rounded-xl border border-line">
          {!sought && <Row id="" name={t("models.default")} chosen={chosen} onChoose={setChosen} />}
          {found.map((each) => (
            <Row
              key={each.id}
              id={each.id}
              name={each.name}
              price={price(each)}
              images={each.seesImages}
              chosen={chosen}
              onChoose={setChosen}
            />
          ))}
          {!found.length && <li className="px-3 py-2 text-dim">{t("models.none")}</li>}
        </ul>
      </fieldset>
      <Problem said={keeping.problem} />
      <button
        type="submit"
        className="button main"
        disabled={keeping.busy || chosen === (listed.chosen ?? "")}
      >
        {t("models.use")}
      </button>
    </form>
  );
}

function Row({ id, name, price, images, chosen, onChoose }: {
  id: string;
  name: string;
  price?: string;
  images?: boolean;
  chosen: string;
  onChoose: (id: string) => void;
}) {
  return (
    <li className="border-b border-line last:border-b-0">
      <label className="flex cursor-pointer flex-wrap items-start gap-x-3 px-3 py-2 hover:bg-raised has-checked:bg-soft">
        <input
          type="radio"
          name="model"
          className="mt-1.5 accent-accent"
          checked={chosen === id}
          onChange={() => onChoose(id)}
        />
        <span className="min-w-0 flex-1 basis-40">
          <span className="block">{name}</span>
          {id && (
            <span className="block text-sm text-dim">
              {id}
              {images && ` · ${t("models.images")}`}
            </span>
          )}
        </span>
        {price && <span className="ml-auto text-right text-sm tabular-nums">{price}</span>}
      </label>
    </li>
  );
}

function price({ promptUsd, completionUsd }: Listed["items"][number]): string {
  if (promptUsd === null || completionUsd === null) return t("models.noPrice");
  return t("models.price", { read: usd(promptUsd), written: usd(completionUsd) });
}
