import { memo, useEffect, useMemo, useRef } from "react";
import { Link } from "wouter";
import type { DeckPage } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";
import { blocksOf, useFilling } from "../../ui/blocks.ts";
import { around } from "../../ui/find.ts";
import { Marked } from "../../ui/Marked.tsx";
import { SearchField } from "../../ui/SearchField.tsx";
import type { Found } from "./useFound.ts";

const BLOCK = 25; // pages that the browser lays out, or skips, together: a deck has up to a thousand

const pageAt = (home: string, page: number) => `${home}?page=${page}`;

/** The pages of a deck, small; or, where something is looked for, those that have it. `home`: its address. */
export function Pages({ pages, here, query, onQuery, found, home }: {
  pages: DeckPage[];
  here: number;
  query: string;
  onQuery: (query: string) => void;
  found: Found;
  home: string;
}) {
  return (
    <nav aria-label={t("deck.pages")} className="flex h-full flex-col">
      <div className="p-3">
        <SearchField label={t("deck.search")} words={query} onWords={onQuery} maxLength={500} />
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-3">
        {found.words.length > 0
          ? <Results found={found} here={here} hrefOf={(page) => pageAt(home, page)} />
          : <Thumbnails pages={pages} here={here} home={home} />}
      </div>
    </nav>
  );
}

/** All pages, drawn block by block. */
function Thumbnails({ pages, here, home }: { pages: DeckPage[]; here: number; home: string }) {
  const blocks = useMemo(() => blocksOf(pages, BLOCK), [pages]);
  const block = Math.floor((here - 1) / BLOCK);
  const isDrawn = useFilling(blocks.length, block);
  return (
    <>
      {blocks.map((some, number) => (
        <Block
          key={number}
          pages={some}
          drawn={isDrawn(number)}
          here={number === block ? here : null}
          home={home}
        />
      ))}
    </>
  );
}

/** Some pages, or their room where they are not `drawn` yet. `here`: the number of the one that is shown; null: none of them. */
const Block = memo(function Block({ pages, drawn, here, home }: {
  pages: DeckPage[];
  drawn: boolean;
  here: number | null;
  home: string;
}) {
  const room = `${10.75 * pages.length}rem`;
  if (!drawn) return <div style={{ blockSize: room }} />;
  return (
    <ol
      style={{ containIntrinsicBlockSize: `auto ${room}` }}
      className="[content-visibility:auto]"
    >
      {pages.map((page) => (
        <Thumbnail
          key={page.page}
          page={page}
          here={page.page === here}
          href={pageAt(home, page.page)}
        />
      ))}
    </ol>
  );
});

/** One page, small; its picture is loaded when it comes near. Its colour is its own: what a block inherits may be of the theme before. */
const Thumbnail = memo(function Thumbnail({ page, here, href }: {
  page: DeckPage;
  here: boolean;
  href: string;
}) {
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (here) row.current!.scrollIntoView({ block: "nearest" });
  }, [here]);
  return (
    <li ref={row} className="pb-1">
      <Link
        href={href}
        replace
        aria-current={here ? "page" : undefined}
        className="block rounded-lg p-2 text-sm text-ink hover:bg-soft aria-[current]:bg-soft aria-[current]:outline-2 aria-[current]:-outline-offset-2 aria-[current]:outline-accent"
      >
        <span className="flex h-32 items-center justify-center">
          {page.imageUrl && (
            <img
              src={`${page.imageUrl}&width=320`}
              alt=""
              loading="lazy"
              decoding="async"
              className="size-full object-contain drop-shadow-[0_0_1px_rgb(0_0_0/0.5)]"
            />
          )}
        </span>
        <span className="mt-1 block truncate">
          <span className="font-medium">{t("deck.page", { page: page.page })}</span>{" "}
          <span className="text-dim">{page.title}</span>
        </span>
      </Link>
    </li>
  );
});

type Linked = { here: number; hrefOf: (page: number) => string };

function Results({ found, ...linked }: { found: Found } & Linked) {
  const { said, meant, words, searching, error } = found;
  const count = said.length + meant.length;
  return (
    <>
      <p role="status" className="pb-1 text-sm text-dim">
        {searching && !count ? t("deck.searching") : t("deck.found", { count })}
      </p>
      <Matches pages={said} words={words} {...linked} />
      {meant.length > 0 && <h2 className="mt-4 mb-1 text-sm font-medium text-dim">{t("deck.meant")}</h2>}
      <Matches pages={meant} words={[]} {...linked} />
      {error && <p role="alert" className="mt-2 text-sm text-bad">{error.message}</p>}
    </>
  );
}

function Matches({ pages, words, here, hrefOf }: { pages: DeckPage[]; words: string[] } & Linked) {
  return (
    <ul>
      {pages.map((page) => (
        <li key={page.page} className="[content-visibility:auto] [contain-intrinsic-size:auto_4rem]">
          <Link
            href={hrefOf(page.page)}
            replace
            aria-current={page.page === here ? "page" : undefined}
            className="block rounded-lg px-2 py-1.5 text-sm hover:bg-soft aria-[current]:bg-soft"
          >
            <span className="font-medium">{t("deck.page", { page: page.page })}</span>{" "}
            <span className="block text-dim">
              <Marked text={around(page.text || page.title, words)} words={words} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
