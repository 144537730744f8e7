import { deepStrictEqual as assertEquals } from "node:assert/strict";
import { blocksOf } from "./blocks.ts";
import { markFormulas } from "./formulas.ts";

const marked = (text: string) => markFormulas(text, false);

Deno.test("all four ways of writing a formula become the two that Markdown knows", () => {
  assertEquals(marked("a $x^2$ b"), "a $x^2$ b");
  assertEquals(marked("a \\(x\\,y\\) b"), "a $x\\,y$ b");
  assertEquals(marked("\\[x\\,y\\]").trim(), "$$\nx\\,y\n$$");
  assertEquals(marked("so $$x$$ then").replaceAll(/\n+/g, "\n"), "so \n$$\nx\n$$\n then");
});

Deno.test("prices, code and what stays open are no formulas", () => {
  assertEquals(marked("from $5 to $10"), "from \\$5 to \\$10");
  assertEquals(marked("`$x$` and ``a`$y$``"), "`$x$` and ``a`$y$``");
  assertEquals(marked("```sh\necho $HOME $x$\n```"), "```sh\necho $HOME $x$\n```");
  assertEquals(marked("a \\$5 b"), "a \\$5 b");
  assertEquals(marked("costs $x and more"), "costs \\$x and more");
});

Deno.test("a formula that is being written is not shown yet, a price is", () => {
  assertEquals(markFormulas("The power $P = \\frac{1", true), "The power ");
  assertEquals(markFormulas("The power \\(P = ", true), "The power ");
  assertEquals(markFormulas("It costs $5", true), "It costs \\$5");
  assertEquals(markFormulas("$x$ and", true), "$x$ and");
});

Deno.test("in lists and tables a formula keeps its line", () => {
  assertEquals(marked("- so $$x\ny$$"), "- so $$x y$$");
});

Deno.test("a formula with an empty line in it stays one block", () => {
  assertEquals(blocksOf("one\n\n$$\na\n\nb\n$$\n\ntwo").filter((each) => each.trim()).length, 3);
  assertEquals(blocksOf("```\n$$\n```\n\ntwo").filter((each) => each.trim()).length, 2);
});
