// Times candidates side by side: rounds go through all of them in turn, so that a slow moment of the machine meets
// each alike. What counts is the median over the rounds; the fastest is kept as well.

/** How long a candidate works in a row, in milliseconds: neither the clock's steps nor others' caches matter then. */
const usualStretch = 20;

/**
 * @typedef {{ run(repeats: number): number | Promise<number>, before?(): unknown }} Candidate milliseconds for so many
 *   calls; `before` prepares a turn, untimed
 */

/** A candidate from a function; a promise is awaited. */
export function calling(fn, before) {
  return {
    before,
    async run(repeats) {
      const start = performance.now();
      for (let call = 0; call < repeats; call++) {
        const result = fn();
        if (result instanceof Promise) await result;
      }
      return performance.now() - start;
    },
  };
}

/**
 * @param {Record<string, Candidate | (() => unknown) | undefined>} candidates what to time; undefined is left out
 * @param {{ seconds?: number, rounds?: number, stretch?: number }} [options] time for all together; at least so many
 *   rounds; milliseconds of a turn
 * @returns {Promise<Record<string, { median: number, best: number, rounds: number } | { error: string }>>} milliseconds
 *   a call
 */
export async function sideBySide(candidates, { seconds = 4, rounds: least = 3, stretch = usualStretch } = {}) {
  const runs = {};
  const results = {};
  for (const [name, given] of Object.entries(candidates)) {
    if (!given) continue;
    const candidate = typeof given === "function" ? calling(given) : given;
    const turn = async (repeats) => {
      await candidate.before?.();
      return (await candidate.run(repeats)) / repeats;
    };
    try {
      // The first calls compile, and touch memory for the first time.
      const first = await turn(1);
      const warm = first > 6000 ? first : await turn(first > 100 ? 1 : 3);
      const repeats = Math.max(1, Math.min(2000, Math.round(stretch / Math.max(warm, 1e-3))));
      // What takes seconds is not timed again; its time is no matter of noise.
      runs[name] = { turn, repeats, times: warm > 1500 ? [warm] : [], slow: warm > 1500 };
    } catch (error) {
      results[name] = { error: error.message };
    }
  }
  const end = performance.now() + seconds * 1000;
  for (let round = 0; round < least || performance.now() < end; round++) {
    for (const each of Object.values(runs)) {
      if (each.slow) continue;
      each.times.push(await each.turn(each.repeats));
      each.slow = each.times[0] > 500 && each.times.length >= least;
    }
    if (Object.values(runs).every(({ slow }) => slow)) break;
  }
  for (const [name, { times }] of Object.entries(runs)) {
    const sorted = times.toSorted((a, b) => a - b);
    results[name] = { median: sorted[Math.floor(sorted.length / 2)], best: sorted[0], rounds: sorted.length };
  }
  return results;
}

/** Runs what makes Node look like a page with workers, which misleads other libraries, and takes that back. */
export async function withoutTraces(start) {
  const { Worker } = globalThis;
  const result = await start();
  globalThis.Worker = Worker;
  return result;
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

/** The same rows in Markdown. */
export function markdown(rows) {
  const columns = Object.keys(rows[0]);
  return [
    `| ${columns.join(" | ")} |`,
    `|---${"|---:".repeat(columns.length - 1)}|`,
    ...rows.map((row) => `| ${columns.map((column) => row[column]).join(" | ")} |`),
  ].join("\n");
}

/** Milliseconds with three significant digits. */
export function milliseconds(time) {
  return time?.median === undefined ? "–" : `${Number(time.median.toPrecision(3))} ms`;
}

/** How many times as long: "31×"; 0.85 keeps two digits. */
export function times(factor) {
  if (factor === undefined || Number.isNaN(factor)) return "–";
  return `${Number(factor.toPrecision(factor < 100 ? 2 : 3))}×`;
}
