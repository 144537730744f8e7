import { useMemo } from "react";
import { useGet } from "../../api/useGet.ts";
import type { ApiError } from "../../api/client.ts";
import type { Deck, DeckPage } from "../../api/types.ts";
import { hasAll, wordsIn } from "../../ui/find.ts";
import { useSettled } from "../../ui/useSettled.ts";

const TYPED_MS = 300;
const MOST = 20;

/**
 * What a search in a deck found. `said`: pages with all the words; `meant`: others that are about it, the best first.
 */
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
  const q = useSettled(words.join(" "), TYPED_MS);
  const { data, error, isLoading } = useGet(
    q ? "/api/courses/{course_id}/search" : null,
    { course_id: courseId, q, source: deckId, limit: MOST },
    { revalidateOnFocus: false },
  );
  return useMemo(() => {
    const said = words.length
      ? deck.items.filter(({ title, text }) => hasAll(`${title}\n${text}`, words))
      : [];
    const hits = words.length ? data?.items.filter((hit) => hit.relevant) ?? [] : [];
    const meant = [...new Set(hits.map((hit) => deck.items[(hit.page ?? 0) - 1]))]
      .filter((page) => page && !said.includes(page));
    return { words, said, meant, searching: isLoading, error };
  }, [deck, words, data, isLoading, error]);
}
