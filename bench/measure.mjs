// Times candidates side by side: rounds go through all of them in turn, so that a slow moment of the machine meets
// each alike. A turn is several stretches of calls in a row, and what counts is the median over all stretches: what
// engines do beside the work now and then (collecting garbage, compiling) and other processes are in few of them. The
// fastest is kept as well.

/** How long a candidate works in a row, in milliseconds, and into how many stretches that falls at most. */
const usualTurn = 20;
const mostStretches = 8;
/** What takes longer than this, in milliseconds, is not called untimed before: caches do not matter to it. */
const long = 100;
/** The most calls in a row. */
const mostCalls = 2000;

/**
 * @typedef {{ run(calls: number, stretches: number): number[] | Promise<number[]>, before?(): unknown }} Candidate the
 *   milliseconds of each of so many stretches of so many calls; `before` prepares a turn, untimed
 */

/** A candidate from a function; a promise is awaited. */
export function calling(fn, before) {
  return {
    before,
    async run(calls, stretches) {
      const times = [];
      for (let stretch = 0; stretch < stretches; stretch++) {
        const start = performance.now();
        for (let call = 0; call < calls; call++) {
          const result = fn();
          if (result instanceof Promise) await result;
        }
        times.push(performance.now() - start);
      }
      return times;
    },
  };
}

/**
 * @param {Record<string, Candidate | (() => unknown) | undefined>} candidates what to time; undefined is left out
 * @param {{ seconds?: number, rounds?: number, turn?: number }} [options] time for all together; at least so many
 *   rounds; milliseconds of a turn
 * @returns {Promise<Record<string, { median: number, best: number, stretches: number } | { error: string }>>}
 *   milliseconds a call
 */
export async function sideBySide(candidates, { seconds = 4, rounds: least = 3, turn = usualTurn } = {}) {
  const runs = {};
  const results = {};
  for (const [name, given] of Object.entries(candidates)) {
    if (!given) continue;
    const candidate = typeof given === "function" ? calling(given) : given;
    const timed = async (calls, stretches) =>
      (await candidate.run(calls, stretches)).map((milliseconds) => milliseconds / calls);
    const one = async (calls) => {
      await candidate.before?.();
      return (await timed(calls, 1))[0];
    };
    try {
      // The first calls compile, and touch memory for the first time: they are doubled until they fill a turn.
      let calls = 1;
      let time = await one(1);
      if (time < 6000) time = await one(1);
      while (time * calls < turn && calls < mostCalls) {
        calls = Math.min(2 * calls, mostCalls);
        time = await one(calls);
      }
      const all = Math.max(1, Math.min(mostCalls, Math.round(turn / time)));
      const stretches = Math.min(all, mostStretches);
      // Whoever's turn it is finds the caches full of others' numbers, and others' threads about to sleep. So a quarter
      // of the calls, one at least, come first and are not timed.
      const untimed = time > long ? 0 : Math.ceil(all / 4);
      runs[name] = {
        async turn() {
          await candidate.before?.();
          if (untimed > 0) await timed(untimed, 1);
          return timed(Math.round(all / stretches), stretches);
        },
        // What takes seconds is not timed again; its time is no matter of noise.
        times: time > 1500 ? [time] : [],
        slow: time > 1500,
      };
    } catch (error) {
      results[name] = { error: error.message };
    }
  }
  // Engines put better machine code in the place of what they made quickly while a work is new: a quarter of the time is
  // for that, and counts for nobody.
  const begin = performance.now();
  while (performance.now() < begin + seconds * 250) {
    for (const each of Object.values(runs)) if (!each.slow) await each.turn();
    if (Object.values(runs).every(({ slow }) => slow)) break;
  }
  const end = begin + seconds * 1000;
  for (let round = 0; round < least || performance.now() < end; round++) {
    for (const each of Object.values(runs)) {
      if (each.slow) continue;
      each.times.push(...(await each.turn()));
      each.slow = each.times[0] > 500 && each.times.length >= least;
    }
    if (Object.values(runs).every(({ slow }) => slow)) break;
  }
  for (const [name, { times }] of Object.entries(runs)) {
    const sorted = times.toSorted((a, b) => a - b);
    results[name] = { median: sorted[Math.floor(sorted.length / 2)], best: sorted[0], stretches: sorted.length };
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
