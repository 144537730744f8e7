// Formulas in Markdown. Models write $x$, $$x$$, \(x\) and \[x\]; prices have dollars too. Formulas are told apart
// before Markdown sees them, because it takes the \, of a formula for an escaped comma.

const LONGEST_OPEN = 400; // characters after which a dollar that nothing closes was none of a formula

const PIECES = new RegExp(
  [
    /(?<code>(?<ticks>`+)[^`](?:[\s\S]*?[^`])?\k<ticks>(?!`))/,
    /\\\[(?<display>[\s\S]+?)\\\]/,
    /\$\$(?<display2>[\s\S]+?)\$\$/,
    /\\\((?<inline>[\s\S]+?)\\\)/,
    /(?<!\\)\$(?!\s)(?<inline2>(?:\\.|[^$\\\n])*?[^\s$\\]|\\.)\$(?!\d)/,
    /(?<escaped>\\\$)/,
    /(?<open>\\[[(]|\$\$|\$)/,
  ].map((each) => each.source).join("|"),
  "g",
);
const FENCE = /^ {0,3}(```|~~~)|^(?: {4}|\t)/;
const NESTED = /^\s*(?:[-*+>]|\d+[.)])\s|^\s*\|/m; // where a formula cannot stand on lines of its own

/**
 * One block of Markdown with its formulas as Markdown's extension for them reads them and all other dollars escaped.
 * `live`: the block is being written, so a formula that is not closed yet is left out.
 */
export function markFormulas(block: string, live: boolean): string {
  if (FENCE.test(block) || !/[$\\]/.test(block)) return block;
  const nested = NESTED.test(block);
  let end = block.length;
  const marked = (text: string) =>
    text.replace(PIECES, (whole, ...rest) => {
      const groups = rest.at(-1) as Record<string, string | undefined>;
      const display = groups.display ?? groups.display2;
      const inline = groups.inline ?? groups.inline2;
      if (display !== undefined) {
        return nested ? `$$${oneLine(display)}$$` : `\n\n$$\n${display.trim()}\n$$\n\n`;
      }
      if (inline !== undefined) return `$${oneLine(inline)}$`;
      if (groups.open === "$") return "\\$";
      if (groups.open === "$$") return "\\$\\$";
      return whole;
    });
  if (live) end = openFormula(block);
  return marked(block.slice(0, end));
}

/** Where a formula begins that is not closed yet; the block's length where there is none. */
function openFormula(block: string): number {
  for (const match of block.matchAll(PIECES)) {
    const { open } = match.groups!;
    const left = block.length - match.index;
    if (open === undefined || left > LONGEST_OPEN) continue;
    const next = block[match.index + open.length] ?? "";
    if (open !== "$" || !/[\s\d]/.test(next)) return match.index;
  }
  return block.length;
}

const oneLine = (tex: string) => tex.trim().replace(/\s*\n\s*/g, " ");
