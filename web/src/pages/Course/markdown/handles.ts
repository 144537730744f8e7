import type { Link, Nodes, Parent, Root, Text } from "mdast";

const HANDLE = /(\[\d{1,4}\])/;

/** Makes links of the [1] in words, never of those in code or in a link. */
export function handles() {
  return (tree: Root) => split(tree);
}

function split(parent: Parent) {
  parent.children = parent.children.flatMap((child): Nodes[] => {
    if (child.type === "text") return pieces(child);
    if ("children" in child && child.type !== "link") split(child as Parent);
    return [child];
  }) as Parent["children"];
}

function pieces({ value }: Text): (Text | Link)[] {
  return value.split(HANDLE).filter(Boolean).map((piece) =>
    HANDLE.test(piece)
      ? { type: "link", url: `#source-${piece.slice(1, -1)}`, children: [{ type: "text", value: piece }] }
      : { type: "text", value: piece }
  );
}
