import { type ComponentType, createElement, lazy, useState } from "react";
import { bringWords, type Catalogue } from "../i18n/index.ts";

type Load<P> = () => Promise<{ default: ComponentType<P> }>;

/** Brings a component's files, with the catalogues of words that only it needs. */
const bringer = <P>(load: Load<P>, ...words: Catalogue[]): Load<P> => () =>
  Promise.all([load(), bringWords(...words)]).then(([found]) => found);

/**
 * A component that is loaded when it is first shown, with the catalogues of words that only it needs. `bring` loads it
 * before; what is there then is drawn at once: React keeps what stood in for a lazy component for 300 ms at least.
 */
// deno-lint-ignore no-explicit-any -- what a component takes is the caller's to say
export function later<P extends Record<string, any>>(load: Load<P>, ...words: Catalogue[]) {
  let here: ComponentType<P> | undefined;
  const brought = bringer(load, ...words);
  const bring = () => brought().then((found) => (here = found.default, found));
  const Lazy = lazy(bring);
  const Shown = (props: P) => {
    const [Chosen] = useState<ComponentType<P>>(() => here ?? Lazy);
    return createElement(Chosen, props);
  };
  return Object.assign(Shown, { bring });
}
