import { lexer } from "marked";

/** A text cut into its blocks, so that a text that grows draws its last block alone. A formula stays in one block. */
export function blocksOf(text: string): string[] {
  const blocks: string[] = [];
  let open = false; // between $$ and $$, or \[ and \]
  for (const token of lexer(text, { gfm: true })) {
    if (open) blocks[blocks.length - 1] += token.raw;
    else blocks.push(token.raw);
    if (token.type !== "code") open = isOpen(blocks.at(-1)!);
  }
  return blocks;
}

const isOpen = (block: string) =>
  (block.match(/\$\$/g)?.length ?? 0) % 2 === 1 ||
  (block.match(/\\\[/g)?.length ?? 0) > (block.match(/\\\]/g)?.length ?? 0);
