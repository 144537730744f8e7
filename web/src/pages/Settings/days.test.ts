import { lastDays, ticks } from "./days.ts";

function equal(found: unknown, wanted: unknown) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${a} is not ${b}`);
}

Deno.test("days without a call are shown as such, up to today", () => {
  const spent = { day: "2026-02-28", calls: 2, costUsd: 0.5 };
  const days = lastDays(
    [spent, { day: "2026-01-01", calls: 1, costUsd: 9 }],
    3,
    new Date("2026-03-01T00:10:00Z"),
  );
  equal(days.map((each) => each.day), ["2026-02-27", "2026-02-28", "2026-03-01"]);
  equal(days.map((each) => each.costUsd), [0, 0.5, 0]);
});

Deno.test("an axis has round steps and reaches over the highest value", () => {
  equal(ticks(0.75), [0, 0.2, 0.4, 0.6, 0.8]);
  equal(ticks(4), [0, 1, 2, 3, 4]);
  equal(ticks(0.0003), [0, 0.0001, 0.0002, 0.0003]);
  equal(ticks(0).at(-1)! > 0, true);
});
