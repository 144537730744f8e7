import { type KeyboardEvent as ReactKey, type PointerEvent, useEffect, useRef, useState } from "react";
import type { Course } from "../../../api/types.ts";
import { useGet } from "../../../api/useGet.ts";
import { t } from "../../../i18n/index.ts";
import { Icon } from "../../../ui/Icon.tsx";
import { Sheet } from "../../../ui/Sheet.tsx";
import { Failed } from "../../../ui/states.tsx";
import { useWide } from "../../../ui/useMedia.ts";
import { placeOf } from "../../../ui/place.ts";
import { SourceCard } from "./SourceCard.tsx";
import { useSource } from "./SourceScope.tsx";

const NARROWEST = 320, WIDEST = 900, USUAL = 440; // px

/** The opened source: beside the conversation, or over it where the window is narrow. */
export function SourcePane({ course }: { course: Course }) {
  const { opened, close } = useSource();
  const wide = useWide();
  const [width, resizer] = useWidth();
  useEffect(() => {
    if (!opened || !wide) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !document.querySelector("dialog[open], :popover-open")) close();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [opened, wide, close]);
  if (!opened) return null;
  if (!wide) {
    return (
      <Sheet label={t("source.title")} side="right" onClose={close}>
        <Content course={course} />
      </Sheet>
    );
  }
  return (
    <aside
      aria-label={t("source.title")}
      style={{ width }}
      className="no-print relative shrink-0 border-l border-line"
    >
      {resizer}
      <Content course={course} />
    </aside>
  );
}

function Content({ course }: { course: Course }) {
  const { opened, open, close } = useSource();
  const { source, all } = opened!;
  const at = all.findIndex((each) => each.id === source.id);
  const heading = useRef<HTMLHeadingElement>(null);
  const { data, error, mutate } = useGet("/api/sources/{source_id}", { source_id: source.id }, {
    revalidateIfStale: false,
  });
  useEffect(() => heading.current?.focus({ preventScroll: true }), [source.id]);
  const go = (to: number) => all[to] && open(all[to], all);
  const onKey = (event: ReactKey) => {
    if ((event.target as HTMLElement).closest("audio, video, input, textarea")) return;
    if (event.key === "ArrowLeft") go(at - 1);
    if (event.key === "ArrowRight") go(at + 1);
  };
  return (
    <div className="flex h-full flex-col" onKeyDown={onKey}>
      <div className="flex items-center gap-1 border-b border-line px-4 py-2">
        <h2 ref={heading} tabIndex={-1} className="flex-1 text-base outline-none">
          {t("source.of", { at: at + 1, all: all.length })}
        </h2>
        <button
          type="button"
          className="button quiet icon"
          aria-label={t("source.previous")}
          disabled={at <= 0}
          onClick={() => go(at - 1)}
        >
          <Icon name="left" />
        </button>
        <button
          type="button"
          className="button quiet icon"
          aria-label={t("source.next")}
          disabled={at >= all.length - 1}
          onClick={() => go(at + 1)}
        >
          <Icon name="right" />
        </button>
        <button type="button" className="button quiet icon" aria-label={t("source.close")} onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <div className="min-h-0 flex-1 space-y-3 overflow-y-auto p-4">
        <p className="font-medium break-words">{placeOf(source)}</p>
        {data
          ? <SourceCard key={data.id} course={course} source={data} onAsked={close} />
          : error
          ? <Failed error={error} onRetry={() => mutate()} />
          : <div className="aspect-4/3 rounded-lg bg-raised motion-safe:animate-pulse" />}
      </div>
    </div>
  );
}

/** The pane's width, remembered, and the line that changes it: dragged, or by the arrow keys. */
function useWidth() {
  const [width, setWidth] = useState(() => Number(localStorage.getItem("sourceWidth")) || USUAL);
  const set = (px: number) => {
    const kept = Math.round(Math.max(NARROWEST, Math.min(WIDEST, innerWidth * 0.6, px)));
    setWidth(kept);
    localStorage.setItem("sourceWidth", String(kept));
  };
  const drag = (event: PointerEvent<HTMLElement>) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) set(innerWidth - event.clientX);
  };
  const resizer = (
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={t("source.resize")}
      aria-valuenow={width}
      aria-valuemin={NARROWEST}
      aria-valuemax={WIDEST}
      tabIndex={0}
      className="absolute inset-y-0 -left-1 z-10 w-2 cursor-col-resize touch-none hover:bg-soft focus-visible:bg-accent"
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") set(width + 24);
        if (event.key === "ArrowRight") set(width - 24);
      }}
    />
  );
  return [width, resizer] as const;
}
