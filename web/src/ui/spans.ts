/** Numbers in order as people write them: `2–4, 9`. */
export function spans(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const each of numbers) {
    const run = runs.at(-1);
    if (run && each === run[1] + 1) run[1] = each;
    else runs.push([each, each]);
  }
  return runs.map(([first, last]) => first === last ? `${first}` : `${first}–${last}`).join(", ");
}
