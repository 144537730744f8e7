import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import type { Cited } from "../messages.ts";
import { Preview } from "./Preview.tsx";

type Opened = { source: Cited; all: Cited[] };
type Scope = {
  opened: Opened | null;
  open: (source: Cited, all: Cited[]) => void;
  close: () => void;
};
type Hints = { hint: (source: Cited, at: DOMRect) => void; unhint: () => void };

const OpenedContext = createContext<Scope | null>(null);
const HintContext = createContext<Hints | null>(null);

/** Which source is opened beside the conversation, and which one is looked at in passing. */
export function SourceScope({ children }: { children: ReactNode }) {
  const [opened, setOpened] = useState<Opened | null>(null);
  const [hinted, setHinted] = useState<{ source: Cited; at: DOMRect } | null>(null);
  const open = useCallback((source: Cited, all: Cited[]) => {
    setHinted(null);
    setOpened({ source, all });
  }, []);
  const close = useCallback(() => {
    const id = opened?.source.id;
    setOpened(null);
    if (id) document.querySelector<HTMLElement>(`[data-source="${id}"]`)?.focus();
  }, [opened]);
  const scope = useMemo(() => ({ opened, open, close }), [opened, open, close]);
  const hints = useMemo(
    () => ({
      hint: (source: Cited, at: DOMRect) => setHinted({ source, at }),
      unhint: () => setHinted(null),
    }),
    [],
  );
  return (
    <OpenedContext value={scope}>
      <HintContext value={hints}>
        {children}
        {hinted && <Preview {...hinted} />}
      </HintContext>
    </OpenedContext>
  );
}

export const useSource = () => useContext(OpenedContext)!;
export const useHints = () => useContext(HintContext)!;
