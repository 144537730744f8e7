import type { Finding } from "../api/types.ts";
import { tMaybe } from "../i18n/index.ts";

type Told = Pick<Finding, "code" | "sentence" | "advice">;

/** What could not be read, in the page's language where it has the words, else in the service's. */
export const sentenceOf = ({ code, sentence }: Told) => tMaybe(`finding.${code}`) ?? upper(sentence);

/** What who teaches can do about it; null: nothing. */
export const adviceOf = ({ code, advice }: Told) => advice && (tMaybe(`advice.${code}`) ?? advice);

/** A sentence of the service, which begins small behind a name, as one of its own. */
export const upper = (sentence: string) => sentence.charAt(0).toLocaleUpperCase() + sentence.slice(1);
