// Literal search in texts that the page has already: every word of what is looked for, in any order.

/** The words of what is looked for; none: nothing is. */
export const wordsIn = (query: string): string[] => query.toLowerCase().split(/\s+/).filter(Boolean);

/** Whether a text has all these words, as parts of its own or whole. */
export function hasAll(text: string, words: string[]): boolean {
  const lower = text.toLowerCase();
  return words.every((word) => lower.includes(word));
}

/** A text cut where one of these words begins or ends, in order; every second piece, from the second on, is such a word. */
export function cutAt(text: string, words: string[]): string[] {
  if (!words.length) return [text];
  const longestFirst = [...words].sort((one, other) => other.length - one.length);
  return text.split(new RegExp(`(${longestFirst.map(escaped).join("|")})`, "iu"));
}

const escaped = (word: string) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The surroundings of the first of these words, on one line; the beginning where there is none. */
export function around(text: string, words: string[], length = 90): string {
  const line = text.replace(/\s+/g, " ").trim();
  const found = words.map((word) => line.toLowerCase().indexOf(word)).filter((at) => at >= 0);
  const from = Math.max(0, Math.min(...found, line.length) - length / 3);
  if (!found.length || from === 0) return cut(line, length);
  const begin = line.indexOf(" ", from) + 1;
  return `… ${cut(line.slice(begin), length)}`;
}

const cut = (line: string, length: number) =>
  line.length <= length ? line : `${line.slice(0, line.lastIndexOf(" ", length) + 1 || length).trimEnd()} …`;
