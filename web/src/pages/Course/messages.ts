// Messages of a chat as the service streams and keeps them: the AI SDK's, with what we know beside it.
import type { FileUIPart, SourceDocumentUIPart, UIMessage } from "ai";

/**
 * What the service tells of a message. `versions`: keys of all of them where there are several, oldest first;
 * `sourceIds`: the decks and lectures that a question was narrowed to.
 */
export type Metadata = {
  key?: string;
  versions?: string[];
  status?: "done" | "error" | "stopped" | "interrupted";
  errorCode?: string;
  model?: string;
  createdAt?: string;
  sourceIds?: string[];
  feedback?: { rating: "up" | "down"; shared: boolean };
};
/** The end of an answer for whom no key is connected. */
export const KEYLESS = "connect_openrouter";
export type Message = UIMessage<Metadata>;

/** A cited passage as far as the stream tells it; its words come with `GET /api/sources/{id}`. */
export type Cited = {
  id: string;
  handle: number;
  kind: "slide" | "speech";
  fileName: string;
  title: string;
  page?: number;
  pageLabel?: string;
  startMs?: number;
  changed: boolean;
  removed: boolean;
};

export function citedIn(message: Message): Cited[] {
  return message.parts.filter((part): part is SourceDocumentUIPart => part.type === "source-document").map(
    (part) => {
      const { handle, kind, page, pageLabel, startMs, changed, removed } =
        (part.providerMetadata?.studybuddy ?? {}) as Record<string, never>;
      const place = { handle, kind, page, pageLabel, startMs, changed: !!changed, removed: !!removed };
      return { id: part.sourceId, fileName: part.filename ?? part.title, title: part.title, ...place };
    },
  );
}

/** Whether nobody pays for a written answer, so that passages are quoted. */
export const isQuoted = ({ metadata }: Message): boolean =>
  metadata?.errorCode === KEYLESS || (metadata?.status === "done" && !metadata.model);

/** The words of a message, without what the model thought and searched. */
export function wordsOf(message: Message): string {
  return message.parts.flatMap((part) => part.type === "text" ? [part.text] : []).join("\n\n");
}

/** Addresses here of the pictures that came with a question; empty: one that cannot be shown. */
export function picturesOf(message: Message): string[] {
  return message.parts.filter((part): part is FileUIPart => part.type === "file").map(
    ({ url }) => url.startsWith("/api/") ? url : "",
  );
}

/** Where a key is connected, without which an answer is not written; undefined: none is missing. */
export function connectOf(message: Message): string | undefined {
  const told = message.parts.find((part) => part.type === "data-connect") as
    | { data: { url: string } }
    | undefined;
  return told?.data.url ?? (isQuoted(message) ? "/api/auth/openrouter" : undefined);
}

/** Searches of this answer that have ended, and how many passages they found. */
export function searchesOf(message: Message): { query: string; found: number | null }[] {
  return message.parts.flatMap((part) => {
    if (!part.type.startsWith("tool-")) return [];
    const { input, output } = part as { input?: { query?: string }; output?: { passages?: unknown[] } };
    return [{ query: input?.query ?? "", found: output?.passages?.length ?? null }];
  });
}
