import { type ReactNode, useRef } from "react";
import { t } from "../../../i18n/index.ts";
import { useCitations } from "./citations.tsx";
import { placeOf, shortPlace } from "../../../ui/place.ts";
import { PREVIEW_ID } from "./Preview.tsx";
import { useHints, useSource } from "./SourceScope.tsx";

const REST_MS = 250; // a pointer that only passes by opens nothing

/** A citation in the words of an answer: its number and place; pressed, it opens the source beside them. */
export function Chip({ handle, children }: { handle: number; children: ReactNode }) {
  const { byHandle, all } = useCitations();
  const { opened, open } = useSource();
  const { hint, unhint } = useHints();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const source = byHandle.get(handle);
  if (!source) return <>{children}</>;
  const here = opened?.source.id === source.id;
  const soon = (target: HTMLElement) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => hint(source, target.getBoundingClientRect()), REST_MS);
  };
  const leave = () => {
    clearTimeout(timer.current);
    unhint();
  };
  return (
    <button
      type="button"
      data-source={source.id}
      aria-label={t("source.name", { handle, place: placeOf(source) })}
      aria-expanded={here}
      aria-describedby={PREVIEW_ID}
      onClick={() => {
        leave();
        open(source, all);
      }}
      onPointerEnter={(event) => event.pointerType === "mouse" && soon(event.currentTarget)}
      onPointerLeave={leave}
      onFocus={(event) => event.currentTarget.matches(":focus-visible") && soon(event.currentTarget)}
      onBlur={leave}
      className={`mx-0.5 inline-flex min-h-6 items-baseline gap-1 rounded-md px-1.5 align-baseline text-[0.8em] leading-6 font-medium text-accent whitespace-nowrap ${
        here ? "bg-accent text-on-accent" : "bg-soft hover:outline hover:outline-accent"
      } ${source.changed ? "line-through decoration-1" : ""}`}
    >
      <b>{handle}</b>
      <span className="print:hidden">{shortPlace(source)}</span>
    </button>
  );
}
