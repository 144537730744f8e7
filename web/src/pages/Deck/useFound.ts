import { useMemo } from "react";
import type { ApiError } from "../../api/client.ts";
import type { Deck, DeckPage } from "../../api/types.ts";
import { hasAll, wordsIn } from "../../ui/find.ts";
import { useHits } from "../../ui/useHits.ts";

/** What a search in a deck found. `said`: pages with all the words; `meant`: others about it, the best first. */
export type Found = {
  words: string[];
  said: DeckPage[];
  meant: DeckPage[];
  searching: boolean;
  error?: ApiError;
};

/** Searches a deck twice: for the words, at once, in what is here already; for the meaning as the chat does. */
export function useFound(courseId: string, deckId: string, deck: Deck, query: string): Found {
  const words = useMemo(() => wordsIn(query), [query]);
  const { hits, error, isLoading } = useHits(courseId, deckId, words);
  return useMemo(() => {
    const said = words.length
      ? deck.items.filter(({ title, text }) => hasAll(`${title}\n${text}`, words))
      : [];
    const meant = [...new Set(hits?.map((hit) => deck.items[(hit.page ?? 0) - 1]))]
      .filter((page) => page && !said.includes(page));
    return { words, said, meant, searching: isLoading, error };
  }, [deck, words, hits, isLoading, error]);
}
