import { useDeferredValue, useEffect, useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import type { Course, Deck } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { deckAt } from "../../ui/links.ts";
import { MarkedPicture } from "../../ui/MarkedPicture.tsx";
import { placeOf } from "../../ui/place.ts";
import { suggestQuestion } from "../../ui/question.ts";
import { ReaderTitle } from "../../ui/ReaderTitle.tsx";
import { Sheet } from "../../ui/Sheet.tsx";
import { useTitle } from "../../ui/title.ts";
import { useWide } from "../../ui/useMedia.ts";
import { PageNotes } from "./PageNotes.tsx";
import { PageText } from "./PageText.tsx";
import { Pages } from "./Pages.tsx";
import { useFound } from "./useFound.ts";

const NONE: string[] = [];

/** A deck that has pages, opened at the one that the address names. */
export function Reader({ course, deckId, deck }: { course: Course; deckId: string; deck: Deck }) {
  const wide = useWide();
  const [listed, setListed] = useState(false);
  const [query, setQuery] = useState("");
  const found = useFound(course.id, deckId, deck, useDeferredValue(query));
  const [at, go] = usePageAt(course.id, deckId, deck.items.length);
  const [, leave] = useLocation();
  const page = deck.items[at];
  const named = t("deck.pageOf", { page: page.page, all: deck.items.length });
  useTitle(`${deck.title}, ${t("place.page", { page: page.page })}`);
  useEffect(() => setListed(false), [at]);
  const ask = () => {
    suggestQuestion(
      t("reader.about", { place: placeOf({ kind: "slide", fileName: deck.fileName, page: page.page }) }),
      { id: deckId, name: deck.fileName },
    );
    leave(`/courses/${course.id}`);
  };
  const pages = (
    <Pages
      pages={deck.items}
      here={page.page}
      query={query}
      onQuery={setQuery}
      found={found}
      home={deckAt(course.id, deckId)}
    />
  );
  return (
    <div className="flex min-h-0 flex-1">
      {wide && <div className="no-print w-64 shrink-0 border-r border-line bg-raised">{pages}</div>}
      {!wide && listed && (
        <Sheet label={t("deck.pages")} side="left" onClose={() => setListed(false)}>{pages}</Sheet>
      )}
      <main
        id="main"
        tabIndex={-1}
        className="min-w-0 flex-1 outline-none max-wide:overflow-y-auto wide:flex"
      >
        <div className="min-w-0 flex-1 p-4 wide:overflow-y-auto">
          <ReaderTitle kind="deck" course={course} id={deckId} {...deck} />
          <div className="my-2 flex flex-wrap items-center gap-1">
            {!wide && (
              <button type="button" className="button" onClick={() => setListed(true)}>
                <Icon name="list" />
                {t("deck.pages")}
              </button>
            )}
            <button
              type="button"
              className="button quiet icon"
              aria-label={t("deck.previous")}
              disabled={at === 0}
              onClick={() => go(at - 1)}
            >
              <Icon name="left" />
            </button>
            <p aria-live="polite" className="tabular-nums">
              {named}
              {page.pageLabel && page.pageLabel !== String(page.page) && (
                <span className="ml-1.5 text-sm text-dim">
                  {t("deck.printed", { label: page.pageLabel })}
                </span>
              )}
            </p>
            <button
              type="button"
              className="button quiet icon"
              aria-label={t("deck.next")}
              disabled={at === deck.items.length - 1}
              onClick={() => go(at + 1)}
            >
              <Icon name="right" />
            </button>
            <span className="flex-1" />
            <button type="button" className="button" onClick={ask}>
              <Icon name="ask" />
              {t("deck.ask")}
            </button>
          </div>
          {page.imageUrl
            ? (
              <MarkedPicture
                fit="max-h-[calc(100dvh-10rem)]"
                src={`${page.imageUrl}&width=2000`}
                name={t("deck.picture", { page: page.page, title: page.title })}
              />
            )
            : <p className="rounded-lg bg-raised px-4 py-12 text-center text-dim">{t("deck.notDrawn")}</p>}
        </div>
        <div className="shrink-0 space-y-5 border-line p-4 wide:w-96 wide:overflow-y-auto wide:border-l">
          <PageNotes course={course} page={page} />
          <PageText
            key={page.page}
            course={course}
            deckId={deckId}
            page={page}
            words={found.said.includes(page) ? found.words : NONE}
          />
        </div>
      </main>
    </div>
  );
}

/** The position of the page in the address, and how to go to another: by the page's buttons or the keys. */
function usePageAt(courseId: string, deckId: string, count: number) {
  const [query] = useSearchParams();
  const [, visit] = useLocation();
  const asked = Math.trunc(Number(query.get("page"))) || 1;
  const at = Math.max(0, Math.min(count, asked) - 1);
  const go = (to: number) => {
    if (to >= 0 && to < count) visit(deckAt(courseId, deckId, to + 1), { replace: true });
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { tagName } = event.target as HTMLElement;
      if (event.altKey || event.ctrlKey || event.metaKey || ["INPUT", "TEXTAREA"].includes(tagName)) return;
      if (event.key === "ArrowLeft") go(at - 1);
      if (event.key === "ArrowRight") go(at + 1);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [at, count]);
  return [at, go] as const;
}
