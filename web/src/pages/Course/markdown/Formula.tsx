import { lazy, Suspense } from "react";

const Drawn = lazy(() => import("./Drawn.tsx"));

/** A formula. What draws it is loaded with the first one; until then its place is kept. */
export function Formula({ tex, display = false }: { tex: string; display?: boolean }) {
  const waiting = display ? <span className="block min-h-[3.6em]" /> : (
    <span
      className="inline-block min-h-[1.3em]"
      style={{ minWidth: `${Math.min(12, tex.length * 0.35)}em` }}
    />
  );
  return (
    <Suspense fallback={waiting}>
      <Drawn tex={tex} display={display} />
    </Suspense>
  );
}
