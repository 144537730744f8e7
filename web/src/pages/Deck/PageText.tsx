import { useState } from "react";
import type { Course, DeckPage } from "../../api/types.ts";
import { teaches } from "../../app/roles.ts";
import { t } from "../../i18n/index.ts";
import { CorrectButton, Corrected } from "../../ui/Correction.tsx";
import { Marked } from "../../ui/Marked.tsx";
import { CorrectPage, undoPage } from "./CorrectPage.tsx";

/** What a page says, for who cannot see its picture and for who wants its words; who teaches corrects it. */
export function PageText({ course, deckId, page, words }: {
  course: Course;
  deckId: string;
  page: DeckPage;
  words: string[];
}) {
  const [correcting, setCorrecting] = useState(false);
  const corrected = page.readText !== null || page.readTitle !== null;
  const text = withoutTitle(page);
  const mine = teaches(course);
  if (correcting) return <CorrectPage deckId={deckId} page={page} onClose={() => setCorrecting(false)} />;
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
      {corrected && (
        <Corrected
          read={`${page.readTitle ?? ""}\n${page.readText ?? ""}`.trim()}
          onUndo={mine ? () => undoPage(deckId, page) : undefined}
        />
      )}
      {mine && <CorrectButton name={t("correct.page")} onClick={() => setCorrecting(true)} />}
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
