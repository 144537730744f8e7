// Words of the page. A language is a folder of catalogues beside this file: `base.json`, which every page needs, and one
// for each page, which comes with it. Keys are those of the English ones.
// A value is a sentence with {names}, or a sentence for each plural form that the language tells apart.
import type base from "./en/base.json";
import type course from "./en/course.json";
import type findings from "./en/findings.json";
import type join from "./en/join.json";
import type materials from "./en/materials.json";
import type open from "./en/open.json";
import type operator from "./en/operator.json";
import type provenance from "./en/provenance.json";
import type reader from "./en/reader.json";
import type settings from "./en/settings.json";
import type teaching from "./en/teaching.json";

type English =
  & typeof base
  & typeof course
  & typeof findings
  & typeof join
  & typeof materials
  & typeof open
  & typeof operator
  & typeof provenance
  & typeof reader
  & typeof settings
  & typeof teaching;
export type Key = Extract<keyof English, string>;
export type Catalogue =
  | "base"
  | "course"
  | "findings"
  | "join"
  | "materials"
  | "open"
  | "operator"
  | "provenance"
  | "reader"
  | "settings"
  | "teaching";
type Values = Record<string, string | number>;
type Sentence = string | Partial<Record<Intl.LDMLPluralRule, string>>;

const catalogues = import.meta.glob<{ default: Record<string, Sentence> }>("./*/*.json");
export const LANGUAGES = [...new Set(Object.keys(catalogues).map((path) => path.split("/")[1]))].sort();

const used = new Set<Catalogue>(["base"]);
let current = "en";
let words: Record<string, Sentence> = {};
let plurals = new Intl.PluralRules("en");
let problems = Promise.resolve();
const started = Promise.withResolvers<void>();
const listeners = new Set<() => void>();

export const language = () => current;

/** The language's name in itself, such as `Deutsch`. */
export function languageName(code: string): string {
  const name = new Intl.DisplayNames([code], { type: "language" }).of(code) ?? code;
  return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
}

/** The language this browser was told to use, else the first of its own that there is, else English. */
export function startLanguage(): Promise<void> {
  const wanted = [localStorage.getItem("language"), ...navigator.languages.map((each) => each.slice(0, 2)), "en"];
  const chosen = wanted.find((each) => each !== null && LANGUAGES.includes(each))!;
  return loadLanguage(chosen).then(started.resolve);
}

export async function chooseLanguage(code: string) {
  localStorage.setItem("language", code);
  await loadLanguage(code);
}

async function loadLanguage(code: string) {
  const parts = await Promise.all([...used].map((name) => load(code, name)));
  words = Object.assign({}, ...parts);
  current = code;
  if (code !== "en") problems = bringProblems().catch(() => {}); // without them the service's own sentences are shown
  plurals = new Intl.PluralRules(code);
  document.documentElement.lang = code;
  listeners.forEach((listener) => listener());
}

/** Bring a page's catalogues; in every language chosen later they are there too. */
export async function bringWords(...names: Catalogue[]) {
  names.forEach((name) => used.add(name));
  await started.promise; // what is used before comes with the first language
  Object.assign(words, ...await Promise.all(names.map((name) => load(current, name))));
}

/** Settled when the sentences of problems are there, as far as they can be had. */
export const problemsArrived = () => started.promise.then(() => problems);

/** Every sentence of the service's problems, which speaks English itself; what a page says of one goes before. */
async function bringProblems() {
  const spoken = words;
  for (const [key, sentence] of Object.entries(await load(current, "problems"))) spoken[key] ??= sentence;
}

const load = async (code: string, name: Catalogue | "problems") => (await catalogues[`./${code}/${name}.json`]()).default;

export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The sentence of this key with its {names} filled in; `count` also chooses its plural form. */
export function t(key: Key, values: Values = {}): string {
  return fill(words[key] ?? key, values);
}

/** The sentence of a key that may not be there; null: it is not. */
export function tMaybe(key: string, values: Values = {}): string | null {
  return key in words ? fill(words[key], values) : null;
}

function fill(found: Sentence, values: Values): string {
  const sentence = typeof found === "string" ? found : found[plurals.select(Number(values.count))] ?? found.other!;
  return sentence.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? value.toLocaleString(current) : value ?? "";
  });
}

/** The language as it is written where this browser is told to be: 27 Nov 2026 in Britain, Nov 27, 2026 in America. */
const locale = () => navigator.languages.find((each) => each.slice(0, 2) === current) ?? current;

export const date = (at: string | Date, options: Intl.DateTimeFormatOptions = { dateStyle: "medium" }) =>
  new Intl.DateTimeFormat(locale(), options).format(new Date(at));

/** A place in a recording: `0:57`, `1:02:03`. */
export function clock(ms: number): string {
  const s = Math.floor(ms / 1000);
  const [hours, minutes, seconds] = [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}
