import { spans } from "./spans.ts";

Deno.test("numbers that follow each other are written as a span", () => {
  const said = [[], [3], [2, 3, 4, 9], [1, 3, 4]].map(spans);
  const meant = ["", "3", "2–4, 9", "1, 3–4"];
  if (said.join("|") !== meant.join("|")) throw new Error(said.join("|"));
});
