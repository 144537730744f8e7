/** What a day cost, in US dollars; `day` is its date (UTC), such as `2026-11-26`. */
export type Day = { day: string; calls: number; costUsd: number };

/** Every one of the last `count` days, oldest first; those that are not among `found` had no call. */
export function lastDays(found: readonly Day[], count: number, now: Date = new Date()): Day[] {
  const known = new Map(found.map((each) => [each.day, each]));
  return Array.from({ length: count }, (_, at) => {
    const day = new Date(now.getTime() - (count - 1 - at) * 86_400_000).toISOString().slice(0, 10);
    return known.get(day) ?? { day, calls: 0, costUsd: 0 };
  });
}

/** Round values from 0 to at least `highest`, about four steps of 1, 2 or 5 times a power of ten. */
export function ticks(highest: number): number[] {
  const rough = (highest > 0 ? highest : 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((each) => each * power >= rough * 0.9999) ?? 10);
  const steps = Math.max(1, Math.ceil(highest / step - 1e-9));
  return Array.from({ length: steps + 1 }, (_, at) => Number((at * step).toPrecision(6)));
}
