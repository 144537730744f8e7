import { deepStrictEqual as assertEquals } from "node:assert/strict";
import { citedIn, type Message, searchesOf, wordsOf } from "./messages.ts";

const message = {
  id: "m",
  role: "assistant",
  parts: [
    { type: "reasoning", text: "hm" },
    { type: "tool-search", input: { query: "rate" }, output: { passages: [{}, {}] } },
    { type: "text", text: "The rate [1]." },
    {
      type: "source-document",
      sourceId: "s",
      mediaType: "application/pdf",
      title: "week1.pdf, page 3: Momentum",
      filename: "week1.pdf",
      providerMetadata: { studybuddy: { handle: 1, kind: "slide", page: 3, changed: true } },
    },
  ],
} as unknown as Message;

Deno.test("a message tells its words, its searches and its sources", () => {
  assertEquals(wordsOf(message), "The rate [1].");
  assertEquals(searchesOf(message), [{ query: "rate", found: 2 }]);
  const [source] = citedIn(message);
  assertEquals([source.handle, source.fileName, source.page, source.changed, source.removed], [
    1,
    "week1.pdf",
    3,
    true,
    false,
  ]);
});
