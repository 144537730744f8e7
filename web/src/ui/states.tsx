// The three states that every page has beside its own: on its way, empty, failed. Each says what to do next.
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { ApiError } from "../api/client.ts";
import { t } from "../i18n/index.ts";

/** Grey lines in the place of what is on its way. `rows`: how many, so that nothing jumps when it comes. */
export function Loading({ rows = 3 }: { rows?: number }) {
  return (
    <div
      role="status"
      aria-label={t("state.loading")}
      className="mx-auto w-full max-w-5xl px-4 py-6 space-y-3"
    >
      {Array.from(
        { length: rows },
        (_, at) => <div key={at} className="h-14 rounded-xl bg-raised motion-safe:animate-pulse" />,
      )}
    </div>
  );
}

/** One line about what is on its way. A dot pulses beside the words: pulsing, they would be too faint to read by turns. */
export function Working({ children }: { children: ReactNode }) {
  return (
    <p className="flex items-center gap-2 text-dim">
      <span aria-hidden className="size-2 rounded-full bg-current motion-safe:animate-pulse" />
      {children}
    </p>
  );
}

/** Nothing is there: why, and what to do. */
export function Empty({ title, text, href, action }: {
  title: string;
  text: string;
  href?: string;
  action?: string;
}) {
  return (
    <div className="mx-auto my-12 max-w-md px-4 text-center space-y-3">
      <p className="text-lg font-semibold">{title}</p>
      <p className="text-dim">{text}</p>
      {href && action && <Link href={href} className="button">{action}</Link>}
    </div>
  );
}

/** Something failed: a sentence, and another try. */
export function Failed({ error, onRetry }: { error: ApiError | Error; onRetry?: () => void }) {
  return (
    <div role="alert" className="mx-auto my-8 max-w-md px-4 text-center space-y-3">
      <p>{error.message}</p>
      {onRetry && <button type="button" className="button" onClick={onRetry}>{t("state.again")}</button>}
    </div>
  );
}
