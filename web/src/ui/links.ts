// Addresses of pages of this page that several others lead to.

/** A deck, at one of its pages. */
export const deckAt = (courseId: string, deckId: string, page?: number | null): string =>
  `/courses/${courseId}/decks/${deckId}${page ? `?page=${page}` : ""}`;

/** A lecture, at one of its seconds. */
export const lectureAt = (courseId: string, lectureId: string, startMs?: number | null): string =>
  `/courses/${courseId}/lectures/${lectureId}${startMs ? `?t=${startMs / 1000}` : ""}`;
