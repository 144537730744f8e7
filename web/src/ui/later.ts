import { type ComponentType, lazy } from "react";
import { bringWords, type Catalogue } from "../i18n/index.ts";

/** A component that is loaded when it is first shown, with the catalogues of words that only it needs. */
export const later = <P>(load: () => Promise<{ default: ComponentType<P> }>, ...words: Catalogue[]) =>
  lazy(() => Promise.all([load(), bringWords(...words)]).then(([found]) => found));
