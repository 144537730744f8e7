import type { DeckPage } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";
import { Marked } from "../../ui/Marked.tsx";

/** What a page says, for who cannot see its picture and for who wants its words. */
export function PageText({ page, words }: { page: DeckPage; words: string[] }) {
  const corrected = page.readText !== null || page.readTitle !== null;
  const text = withoutTitle(page);
  return (
    <section aria-labelledby="page-text" className="space-y-2">
      <h2 id="page-text" className="text-base">{page.title || t("deck.text", { page: page.page })}</h2>
      {page.section && page.section !== page.title && <p className="text-sm text-dim">{page.section}</p>}
      {text
        ? (
          <p className="whitespace-pre-line">
            <Marked text={text} words={words} />
          </p>
        )
        : !page.text && <p className="text-dim">{t("deck.noText")}</p>}
      {page.textSource === "ocr" && <p className="text-sm text-dim">{t("deck.recognised")}</p>}
      {corrected && <p className="text-sm text-dim">{t("deck.corrected")}</p>}
      {page.description && (
        <div className="border-l-4 border-line pl-3 text-sm">
          <h3 className="text-sm font-medium text-dim">{t("deck.described")}</h3>
          <p className="whitespace-pre-line">{page.description}</p>
        </div>
      )}
    </section>
  );
}

/** The text of a page without the heading that stands over it already. */
const withoutTitle = ({ title, text }: DeckPage) =>
  title && text.startsWith(`${title}\n`) ? text.slice(title.length + 1) : text === title ? "" : text;
