import { useId, useState } from "react";
import { mutate } from "swr";
import { address, type Answer, fetchJson, send } from "../../api/client.ts";
import type { DeckPage } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";
import { CorrectionForm } from "../../ui/Correction.tsx";
import { Field } from "../../ui/Field.tsx";

const PAGES = "/api/documents/{upload_id}/pages";
const TEXT = "/api/documents/{upload_id}/pages/{page}/text";

/** The form for the heading and the text of a page. What is as it was read is no correction. */
export function CorrectPage(
  { deckId, page: given, onClose }: { deckId: string; page: DeckPage; onClose: () => void },
) {
  const id = useId();
  const [page] = useState(given); // as it was when this was begun: it may be loaded anew meanwhile
  const read = { title: page.readTitle ?? page.title, text: page.readText ?? page.text };
  const save = async (said: FormData, over: boolean) => {
    const [title, text] = ["title", "text"].map((name) =>
      String(said.get(name)).replaceAll("\r\n", "\n").trim()
    );
    const deck = await fetchJson<Answer<typeof PAGES>>(address(PAGES, { upload_id: deckId }));
    const now = deck.items[page.page - 1];
    if (!over && (now?.title !== page.title || now.text !== page.text)) {
      return `${now?.title}\n${now?.text}`.trim();
    }
    const values = { upload_id: deckId, page: page.page };
    const changed = { title: title === read.title ? null : title, text: text === read.text ? null : text };
    if (changed.title === null && changed.text === null) await send("delete", TEXT, values);
    else await send("put", TEXT, values, changed);
    await mutate(address(PAGES, { upload_id: deckId }));
    return null;
  };
  return (
    <CorrectionForm onSave={save} onClose={onClose}>
      <Field label={t("correct.title")} name="title" maxLength={300} defaultValue={page.title} autoFocus />
      <div className="space-y-1">
        <label htmlFor={id} className="block font-medium">{t("correct.text")}</label>
        <textarea
          id={id}
          name="text"
          className="field min-h-40 py-2 [field-sizing:content]"
          maxLength={20_000}
          defaultValue={page.text}
        />
      </div>
    </CorrectionForm>
  );
}

/** Have a page as it was read again. */
export async function undoPage(deckId: string, page: DeckPage) {
  await send("delete", TEXT, { upload_id: deckId, page: page.page });
  await mutate(address(PAGES, { upload_id: deckId }));
}
