import { Fragment } from "react";
import { cutAt } from "./find.ts";

/** A text in which the words that were looked for are marked. */
export function Marked({ text, words }: { text: string; words: string[] }) {
  if (!words.length) return text;
  return cutAt(text, words).map((piece, at) =>
    at % 2
      ? <mark key={at} className="rounded-xs bg-mark">{piece}</mark>
      : <Fragment key={at}>{piece}</Fragment>
  );
}
