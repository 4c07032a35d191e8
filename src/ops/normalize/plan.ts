/**
 * How the axes of a normalization become what its kernels walk: neighbouring axes of the same roles collapse to runs, and
 * the plan says, in 32-bit integers, how to go through them. The layout is that of `normalize.as.ts`; no numbers of
 * tensors are seen here.
 */
import { type Shape, sizeOf, stridesOf } from "../../core/shape.ts";

/** A run of axes with the same roles: how far one step along it goes in x, the statistics, gamma and beta. */
interface Run {
  readonly size: number;
  readonly x: number;
  /** 0 where it is normalized over. */
  readonly statistics: number;
  /** 0 where gamma does not change. */
  readonly gamma: number;
  /** 0 where beta does not change. */
  readonly beta: number;
}

export interface Plan {
  /** The plan as the kernels read it. */
  readonly entries: readonly number[];
  /** How many independent blocks there are: the product of the leading axes that keep statistics. */
  readonly blocks: number;
  /** How many statistics a block has. */
  readonly statistics: number;
  /**
   * Into how many parts a block falls, whose sums are merged in order. It depends on the block alone, so that a sample's
   * result is the same whatever stands beside it.
   */
  readonly parts: number;
  /** How many blocks are taken at a time. */
  readonly batch: number;
  /** How many stretches of its columns the gradient of a block falls into, each of which stands alone; 0 otherwise. */
  readonly stretches: number;
  /** Whether blocks are lines along which parameters change, and how long they are. */
  readonly line: number | undefined;
  /** Bytes that the kernel of `normalize` needs for each piece of its work. */
  readonly scratchBytes: number;
  /** Bytes that the kernel of the gradient needs for each piece; undefined where it does not serve. */
  readonly gradientBytes: number | undefined;
}

/** Rows narrower than this many columns are taken several at a time, until they fill whole vectors. */
const narrow = 128;
/** Columns that one register tile takes. */
const tile = 16;
/** From as many columns on, statistics are taken of some of them at a time. */
const chunk = 512;
/** Groups are summed up column by column where they are narrower than this, along lines where they are not. */
const wide = 256;
/** The most columns that tables are made for. */
const mostColumns = 4096;
/** Elements of a part of a block, and the most parts. */
const partSize = 65536;
const mostParts = 16;
/** Elements of the small blocks that are taken at a time, and the most blocks. */
const batchSize = 4096;
const mostInBatch = 32;

/** The largest power of two up to `most` that divides a number. */
function greatestDivisor(number: number, most: number): number {
  let divisor = 1;
  while (divisor < most && number % (divisor * 2) === 0) divisor *= 2;
  return divisor;
}

const keeps = (run: Run): boolean => run.statistics !== 0;
const repeats = (run: Run): boolean => run.statistics === 0 && run.gamma === 0 && run.beta === 0;

/** Strides of something that broadcasts to `shape`, 0 where it does not change. */
function stridesIn(own: Shape | undefined, shape: Shape): number[] {
  if (!own) return shape.map(() => 0);
  const strides = stridesOf(own);
  const offset = shape.length - own.length;
  return shape.map((_, axis) => (axis < offset || own[axis - offset] === 1 ? 0 : (strides[axis - offset] as number)));
}

/** Joins neighbours that one step size serves. */
function collapse(runs: readonly Run[], roles: readonly (keyof Run)[]): Run[] {
  const joined: Run[] = [];
  for (const run of runs) {
    const before = joined.at(-1);
    const fits = before && roles.every((role) => before[role] === run[role] * run.size);
    if (fits) joined[joined.length - 1] = { ...run, size: before.size * run.size };
    else joined.push(run);
  }
  return joined;
}

function runsOf(shape: Shape, over: readonly number[], gamma: Shape | undefined, beta: Shape | undefined): Run[] {
  const kept = shape.map((size, axis) => (over.includes(axis) ? 1 : size));
  const strides = {
    x: stridesOf(shape),
    statistics: stridesIn(kept, shape),
    gamma: stridesIn(gamma, shape),
    beta: stridesIn(beta, shape),
  };
  const runs = shape.map((size, axis) => ({
    size,
    x: strides.x[axis] as number,
    statistics: strides.statistics[axis] as number,
    gamma: strides.gamma[axis] as number,
    beta: strides.beta[axis] as number,
  }));
  return collapse(
    runs.filter(({ size }) => size !== 1),
    ["x", "statistics", "gamma", "beta"],
  );
}

const sizeOfRuns = (runs: readonly Run[]): number => sizeOf(runs.map(({ size }) => size));

/** How many rows are taken as one, so that they fill whole tiles: a power of two. */
function foldOf(columns: number, rows: number): number {
  if (columns >= narrow) return 1;
  let fold = 1;
  while ((columns * fold) % tile !== 0 && fold * 2 <= rows) fold *= 2;
  return fold;
}

/** How the statistics of a block are taken; the runs begin with one that is normalized over, and alternate. */
function statisticsPlan(runs: readonly Run[]) {
  const last = runs.at(-1) as Run;
  const width = !keeps(last) && last.size < wide && runs.length > 1 ? last.size : 1;
  // rows; rows of columns; rows of columns of some width
  const inner = runs.slice(width > 1 ? -3 : keeps(last) ? -2 : -1);
  const [rows, columns] = inner as [Run, Run | undefined];
  const outside = runs.slice(0, -inner.length);
  const subs = outside.filter(keeps);
  const segments = outside.filter((run) => !keeps(run));
  if (subs.length > 2 || segments.length > 2) return undefined;
  const all = (columns?.size ?? 1) * width;
  const fold = foldOf(all, rows.size);
  const unit = width * (tile / greatestDivisor(width, tile));
  const taken = all >= chunk ? Math.max(1, Math.floor(chunk / unit)) * unit : all;
  const lines = sizeOfRuns(segments);
  const entries = [
    all,
    width,
    rows.size,
    fold,
    taken,
    ...[subs.at(-2), subs.at(-1)].flatMap((run) => [run?.size ?? 1, run?.x ?? 0, run?.statistics ?? 0]),
    ...[segments.at(-2), segments.at(-1)].flatMap((run) => [run?.size ?? 1, run?.x ?? 0]),
  ];
  const divisible = lines > 1 ? lines : Math.floor(rows.size / fold);
  return { entries, columns: Math.max(taken, fold * all), divisible };
}

/** The offsets of all elements of some runs, one list for each of the three. */
function offsetsOf(runs: readonly Run[]): number[][] {
  return (["statistics", "gamma", "beta"] as const).map((role) => {
    let offsets = [0];
    for (const run of runs) {
      offsets = offsets.flatMap((offset) => Array.from({ length: run.size }, (_, index) => offset + index * run[role]));
    }
    return offsets;
  });
}

/** Bytes for offsets and single vectors. */
const spare = 512;

/** A run of one element, for what has no other. */
const single: Run = { size: 1, x: 0, statistics: 0, gamma: 0, beta: 0 };

/** How a block is gone through to apply the statistics. */
function applicationPlan(runs: readonly Run[]) {
  const last = runs.at(-1) as Run;
  // Rows that repeat a table of some size; without parameters a small width inside repeats as well, but is no table.
  const columnsAfter = (index: number) => sizeOfRuns(runs.slice(index + 1));
  const isTable = ({ x }: Run, columns: number) => columns >= tile && columns <= mostColumns && x === columns;
  const withTable = runs.findLastIndex((run, index) => repeats(run) && isTable(run, columnsAfter(index)));
  const repeated = withTable >= 0 ? withTable : runs.findLastIndex(repeats);
  const inner = runs.slice(repeated + 1);
  const columns = sizeOfRuns(inner);
  const rows = runs[repeated];
  if (rows && columns <= mostColumns && (rows.size >= 4 || last.size < tile)) {
    return { kind: "columns" as const, outer: runs.slice(0, repeated), rows: rows.size, columns, inner };
  }
  if (last.size < tile) {
    return { kind: "columns" as const, outer: runs.slice(0, -1), rows: 1, columns: last.size, inner: [last] };
  }
  return { kind: "lines" as const, outer: runs.slice(0, -1), rows: 1, columns: last.size, inner: [] };
}

function describe(run: Run): number[] {
  return [run.size, run.x, run.statistics, run.gamma, run.beta];
}

function makePlan(
  shape: Shape,
  over: readonly number[],
  gamma: Shape | undefined,
  beta: Shape | undefined,
): Plan | undefined {
  const runs = runsOf(shape, over, gamma, beta);
  const firstReduced = runs.findIndex((run) => !keeps(run));
  let leading = firstReduced < 0 ? runs : runs.slice(0, firstReduced);
  let inBlock = firstReduced < 0 ? [single] : runs.slice(firstReduced);
  // Where lines are long, each of the groups that lie between each other is a block, though it lies in several places.
  const end = inBlock.at(-1) as Run;
  const isWhole = keeps(end) || end.size < wide || !inBlock.some(keeps);
  if (!isWhole) {
    leading = [...leading, ...inBlock.filter(keeps)];
    inBlock = inBlock.filter((run) => !keeps(run));
  }
  const statistics = statisticsPlan(collapse(inBlock.map(byStatistics), ["x", "statistics"]));
  if (!statistics) return undefined;
  const { kind, outer, rows, columns, inner } = applicationPlan(inBlock);
  const last = inBlock.at(-1) as Run;
  const fold = kind === "columns" ? foldOf(columns, rows) : 1;
  const blocks = sizeOfRuns(leading);
  const blockStatistics = sizeOfRuns(inBlock.filter(keeps));
  const tableColumns = fold * columns;
  const size = sizeOfRuns(inBlock);
  const wanted = Math.min(mostParts, Math.floor(size / partSize), statistics.divisible);
  const parts = blockStatistics * 256 > size ? 1 : Math.max(1, wanted);
  const batch = parts > 1 ? 1 : Math.max(1, Math.min(mostInBatch, Math.floor(batchSize / size)));
  // Layer normalization over axes before the last: rows of one gamma and beta each go across columns that are groups.
  const isAcross = kind === "lines" && keeps(last) && last.gamma === 0 && last.beta === 0 && !outer.some(keeps);
  const stretches = isAcross && outer.length > 0 ? Math.ceil(columns / chunk) : 0;
  const entries = [
    blocks,
    leading.length,
    outer.length,
    sizeOfRuns(outer),
    Number(kind === "lines"),
    rows,
    columns,
    fold,
    ...[last.statistics, last.gamma, last.beta].map((step) => Number(step !== 0)),
    blockStatistics,
    sizeOfRuns(inBlock.filter((run) => !keeps(run))),
    ...statistics.entries,
    size,
    parts,
    Number(isWhole),
    batch,
    stretches,
    ...[...leading, ...outer].flatMap(describe),
    ...offsetsOf(inner).flat(),
  ];
  const tables = Math.max(7 * statistics.columns, kind === "columns" ? 3 * tableColumns : 0);
  const scratchBytes = tables * 8 + spare;
  const common = { entries, blocks, statistics: blockStatistics, parts, batch, stretches, scratchBytes };
  if (kind === "columns") return { ...common, line: undefined, gradientBytes: tableColumns * 8 * 8 + spare };
  if (stretches > 0) return { ...common, line: undefined, gradientBytes: (chunk + 2 * tile) * 6 * 8 + spare };
  // The gradient along lines is for layer normalization: one line for each block, parameters along it only.
  const isLine = outer.length === 0 && !keeps(last) && !leading.some((run) => run.gamma !== 0 || run.beta !== 0);
  const whole = (parameter: Shape | undefined, step: number) => !parameter || step !== 0;
  const serves = isLine && whole(gamma, last.gamma) && whole(beta, last.beta);
  return { ...common, line: columns, gradientBytes: serves ? spare : undefined };
}

/** A run as the statistics see it: parameters are nothing to them. */
function byStatistics(run: Run): Run {
  return { ...run, gamma: 0, beta: 0 };
}

const known = new Map<string, Plan | undefined>();
/** Training repeats the same few shapes; more than this are not kept. */
const mostKnown = 256;

/** The plan for x of that shape, normalized over those axes; undefined where no kernel serves. */
export function planOf(
  shape: Shape,
  over: readonly number[],
  gamma: Shape | undefined,
  beta: Shape | undefined,
): Plan | undefined {
  if (sizeOf(shape) === 0) return undefined;
  const key = [shape, over, gamma, beta].map((each) => (each ? each.join() : "none")).join(";");
  if (!known.has(key)) {
    if (known.size >= mostKnown) known.clear();
    known.set(key, makePlan(shape, over, gamma, beta));
  }
  return known.get(key);
}
