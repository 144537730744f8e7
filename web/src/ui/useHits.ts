import { useGet } from "../api/useGet.ts";
import { useSettled } from "./useSettled.ts";

const TYPED_MS = 300;
const MOST = 20;

/** Passages of one deck or lecture that are about some words, as the chat finds them; none: nothing is looked for. */
export function useHits(courseId: string, sourceId: string, words: string[]) {
  const q = useSettled(words.join(" "), TYPED_MS);
  const { data, error, isLoading } = useGet(
    q ? "/api/courses/{course_id}/search" : null,
    { course_id: courseId, q, source: sourceId, limit: MOST },
    { revalidateOnFocus: false },
  );
  return {
    hits: words.length && q ? data?.items.filter((hit) => hit.relevant) : undefined,
    error,
    isLoading,
  };
}
