import type { ComponentProps } from "react";

/** A line to search in. Its name stands in it, as there is no room beside it. */
export function SearchField({ label, words, onWords, className = "", ...input }: {
  label: string;
  words: string;
  onWords: (words: string) => void;
} & Omit<ComponentProps<"input">, "type" | "value" | "onChange">) {
  return (
    <input
      {...input}
      type="search"
      className={`field ${className}`}
      aria-label={label}
      placeholder={label}
      value={words}
      onChange={(event) => onWords(event.target.value)}
    />
  );
}
