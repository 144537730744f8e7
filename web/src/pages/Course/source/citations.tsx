import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { Cited } from "../messages.ts";

const CitedContext = createContext<{ byHandle: Map<number, Cited>; all: Cited[] }>({
  byHandle: new Map(),
  all: [],
});

/** The passages an answer cites, for the chips in its words. */
export function Citations({ cited, children }: { cited: Cited[]; children: ReactNode }) {
  const value = useMemo(
    () => ({ byHandle: new Map(cited.map((source) => [source.handle, source])), all: cited }),
    [cited],
  );
  return <CitedContext value={value}>{children}</CitedContext>;
}

export const useCitations = () => useContext(CitedContext);
