// Times functions side by side: rounds go through all of them in turn, so that a slow moment of the machine meets
// each alike. What counts is the median over the rounds; the fastest call is kept as well.

/**
 * @param {Record<string, () => unknown>} candidates what to time; a promise is awaited
 * @param {{ seconds?: number, minimumRounds?: number }} [options] time for all together
 * @returns {Promise<Record<string, { median: number, best: number, rounds: number }>>} milliseconds a call
 */
export async function sideBySide(candidates, { seconds = 4, minimumRounds = 3 } = {}) {
  const names = Object.keys(candidates);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  const repeats = {};
  for (const name of names) {
    // The first calls compile; then enough calls in a row that neither the clock's steps matter nor what others left in
    // the caches.
    const first = await timed(candidates[name], 1);
    const warm = first > 1000 ? first : await timed(candidates[name], first > 100 ? 1 : 3);
    repeats[name] = Math.max(1, Math.min(1000, Math.round(30 / Math.max(warm, 1e-3))));
    if (first > 1000) times[name].push(first);
  }
  const end = performance.now() + seconds * 1000;
  for (let round = 0; round < minimumRounds || performance.now() < end; round++) {
    for (const name of names) {
      // What takes seconds is timed once; its time is no matter of noise.
      if (times[name].length > 0 && times[name][0] > 1000) continue;
      times[name].push(await timed(candidates[name], repeats[name]));
    }
    if (names.every((name) => times[name][0] > 1000)) break;
  }
  return Object.fromEntries(
    names.map((name) => {
      const sorted = times[name].toSorted((a, b) => a - b);
      return [name, { median: sorted[Math.floor(sorted.length / 2)], best: sorted[0], rounds: sorted.length }];
    }),
  );
}

async function timed(fn, repeats) {
  const start = performance.now();
  for (let call = 0; call < repeats; call++) {
    const result = fn();
    if (result instanceof Promise) await result;
  }
  return (performance.now() - start) / repeats;
}

/** Rows as an aligned text table, numbers to the right. */
export function table(rows) {
  const columns = Object.keys(rows[0]);
  const cells = [columns, ...rows.map((row) => columns.map((column) => String(row[column])))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index].length)));
  const line = (row) =>
    row.map((cell, index) => (index === 0 ? cell.padEnd(widths[index]) : cell.padStart(widths[index]))).join("  ");
  return [line(cells[0]), widths.map((width) => "─".repeat(width)).join("──"), ...cells.slice(1).map(line)].join("\n");
}

/** Milliseconds with three significant digits. */
export function milliseconds(value) {
  return value === undefined ? "–" : `${Number(value.toPrecision(3))} ms`;
}

/** How many times as long: "31×". */
export function ratio(other, own) {
  return other === undefined ? "–" : `${Number((other / own).toPrecision(other / own < 10 ? 2 : 3))}×`;
}
