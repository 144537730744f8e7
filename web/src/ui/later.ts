import { type ComponentType, lazy } from "react";
import { bringWords, type Catalogue } from "../i18n/index.ts";

type Load<P> = () => Promise<{ default: ComponentType<P> }>;

/** Brings a component's files, with the catalogues of words that only it needs. */
export const bringer = <P>(load: Load<P>, ...words: Catalogue[]): Load<P> => () =>
  Promise.all([load(), bringWords(...words)]).then(([found]) => found);

/** A component that is loaded when it is first shown, with the catalogues of words that only it needs. */
export const later = <P>(load: Load<P>, ...words: Catalogue[]) => lazy(bringer(load, ...words));
