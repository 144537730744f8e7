import { useEffect, useRef, useState } from "react";
import { date, t } from "../../i18n/index.ts";
import { type Day, ticks } from "./days.ts";
import { usd } from "../../ui/money.ts";

const HEIGHT = 220;
const LEFT = 82;
const TOP = 20;
const BOTTOM = 26;
const DAY_WIDTH = 76; // of a date under the axis, with air

export const dayName = (day: string) => date(day, { day: "numeric", month: "short", timeZone: "UTC" });

/** Bars of what each day cost. `cap`: a line at the most that a day may cost; null: none. */
export function DayPlot({ days, cap }: { days: readonly Day[]; cap: number | null }) {
  const [box, width] = useWidth();
  const dearest = Math.max(...days.map((each) => each.costUsd));
  const shownCap = cap !== null && cap > 0 && cap <= 4 * dearest ? cap : null; // one far above would flatten the days
  const marks = ticks(Math.max(dearest, shownCap ?? 0));
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / marks.at(-1)!);
  const step = (width - LEFT) / days.length;
  const every = Math.ceil(DAY_WIDTH / step);
  return (
    <figure className="min-w-0 space-y-2">
      <figcaption>
        <span className="font-medium">{t("usage.plot")}</span>{" "}
        <span className="text-sm text-dim">{t("usage.unit")}</span>
      </figcaption>
      <div ref={box} className="overflow-hidden">
        <svg
          role="img"
          aria-label={t("usage.plotText", { days: days.length, highest: usd(dearest) })}
          width={width}
          height={HEIGHT}
          className="block text-xs tabular-nums"
        >
          {marks.map((value) => (
            <g key={value}>
              <line x1={LEFT} x2={width} y1={y(value)} y2={y(value)} className="stroke-line" />
              <text x={LEFT - 8} y={y(value)} dy="0.32em" textAnchor="end" className="fill-dim">
                {usd(value)}
              </text>
            </g>
          ))}
          {days.map((each, at) => (
            <g key={each.day}>
              <rect
                x={LEFT + at * step + step * 0.15}
                width={step * 0.7}
                y={y(each.costUsd)}
                height={y(0) - y(each.costUsd)}
                className="fill-accent"
              >
                <title>{`${dayName(each.day)}: ${usd(each.costUsd)}`}</title>
              </rect>
              {(days.length - 1 - at) % every === 0 && (
                <text
                  x={LEFT + at * step + step / 2 + (at === days.length - 1 ? step / 2 : 0)}
                  y={HEIGHT - 8}
                  textAnchor={at === days.length - 1 ? "end" : "middle"}
                  className="fill-dim"
                >
                  {dayName(each.day)}
                </text>
              )}
            </g>
          ))}
          {shownCap !== null && (
            <g>
              <line
                x1={LEFT}
                x2={width}
                y1={y(shownCap)}
                y2={y(shownCap)}
                strokeDasharray="6 4"
                className="stroke-bad"
              />
              <text x={LEFT + 4} y={y(shownCap) - 5} className="fill-bad">{t("usage.limit")}</text>
            </g>
          )}
        </svg>
      </div>
    </figure>
  );
}

/** The width that an element has, so that what is drawn in it keeps its letters' size. */
function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(320);
  useEffect(() => {
    const watching = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    watching.observe(box.current!);
    return () => watching.disconnect();
  }, []);
  return [box, width] as const;
}
