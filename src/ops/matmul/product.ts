/**
 * How products reach their kernel (`product.as.ts`): rows described by steps, columns as panels. What it is for, a
 * matrix product or a convolution, is not known here. After Goto & van de Geijn, "Anatomy of high-performance matrix
 * multiplication" (2008), except that rows are not packed: the kernel follows them where they lie (as in Dukhan,
 * "The indirect convolution algorithm", 2019, though without its buffer of pointers).
 */
import { bytesOf, type DType } from "../../core/dtype.ts";
import { call, type KernelCall, type Workspace } from "../../core/op.ts";

/** Bytes of a panel's row: two vectors. */
const panelBytes = 32;

/** Rows that the kernel works on at once (`blockRows` there), and those of a tile. */
const blockRows = 96;
const tileRows = 4;

/** A call of fewer multiplications is not worth splitting. */
const smallProduct = 1 << 15;

/** Into how many blocks a larger one falls at least, if it can, so that threads finish together; fewer where each packs. */
const [fewestBlocks, fewestPacking] = [16, 8];

/**
 * Panels of a block at least, so that finding and copying the rows is little beside their products, fewer where there
 * are few rows; and the bytes they may have.
 */
const [fewPanels, blockPanels] = [4, 8];
const blockBytes = 1 << 19;

/** Pieces that one call is split into at most: enough for many threads, each with its own scratch. */
const mostPieces = 32;

/** Scratch of each piece: addresses of a block's rows and their targets, rows of panels, then tiles side by side. */
const listBytes = 8 * blockRows + 5 * panelBytes;

/** So many tiles are side by side at once, each with so many products at most, and some bytes apart: else all would meet in the same few lines of the cache. */
const tilesSideBySide = 8;
const blockProducts = 256;
const apart = 64;

/** Dtypes that have kernels. */
export type Real = "float32" | "float64";

/** The columns of a matrix: element (k, j) of job i lies at `at + jobs[i] + taps[k / run] + (k % run) · step + j · columnStep`. */
export interface Columns {
  readonly at: number;
  readonly columns: number;
  readonly run: number;
  readonly step: number;
  readonly columnStep: number;
  readonly taps: readonly number[];
  readonly jobs: readonly number[];
}

/** Columns as the product reads them; what `calls` do comes first. */
export interface Panels {
  readonly calls: readonly KernelCall[];
  readonly at: number;
  readonly columns: number;
  readonly step: number;
  readonly panelStep: number;
  /** Where each job's panels begin, from `at`. */
  readonly jobs: readonly number[];
}

/** Sums of so many times as many products as there are rows are long. */
const longSum = 4;

/** The most panels that are packed at once. */
const panelsPacked = 16;

/** Bytes of the panels of one job. */
const packedBytes = ({ columns, run, taps }: Columns, dtype: DType) =>
  Math.ceil((columns * bytesOf(dtype)) / panelBytes) * panelBytes * run * taps.length;

/**
 * The columns ready to be read by `rows` rows: in place where whole panels lie side by side and either hardly any row
 * reads them or they are so near each other that the cache holds them, else packed.
 */
export function panelsOf(source: Columns, rows: number, dtype: Real, workspace: Workspace): Panels {
  const { at, columns, run, step, columnStep, taps, jobs } = source;
  const bytes = bytesOf(dtype);
  const inPlace = columnStep === bytes && taps.length === 1 && (columns * bytes) % panelBytes === 0;
  if (inPlace && (rows <= 8 || step <= 128)) {
    return { calls: [], at: at + (taps[0] as number), columns, step, panelStep: panelBytes, jobs };
  }
  const size = packedBytes(source, dtype);
  const target = workspace.temporary(size * jobs.length);
  const targets = jobs.map((_, index) => index * size);
  const geometry = workspace.int32([
    columns,
    run,
    step,
    columnStep,
    taps.length,
    workspace.int32(taps),
    workspace.int32(jobs.flatMap((offset, index) => [offset, targets[index] as number])),
  ]);
  return {
    calls: [
      call(dtype === "float32" ? "packPanels32" : "packPanels64", [at, target, geometry], {
        pieces: Math.ceil((columns * bytes) / panelBytes) * jobs.length,
      }),
    ],
    at: target,
    columns,
    step: panelBytes,
    panelStep: panelBytes * run * taps.length,
    jobs: targets,
  };
}

/**
 * The columns as `rows` rows of a product read them best: a few rows that meet many columns, or ones that are so long
 * that packing them takes much memory, have them packed a stretch at a time; else as `panelsOf`.
 */
export function columnsFor(source: Columns, rows: number, dtype: Real, workspace: Workspace): Columns | Panels {
  const panels = (source.columns * bytesOf(dtype)) / panelBytes;
  const long = rows <= blockRows || source.run >= longSum * rows;
  const several = source.taps.length === 1 && source.taps[0] === 0 && panels > fewPanels;
  return long && several ? source : panelsOf(source, rows, dtype, workspace);
}

/** One of the products of a call: offsets from the addresses of the whole, in bytes, and the taps it sums over. */
export interface Job {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly bias?: number;
  readonly firstTap?: number;
  readonly taps: number;
}

/**
 * c = a · b + bias. Row (i0, i1, i2, i3) of a begins at `a + Σ i · aSteps` and is made of pieces at the offsets `taps`,
 * each of `run` elements `step` bytes apart; the row of c begins at `c + Σ i · cSteps`, its columns side by side.
 */
export interface Product {
  readonly a: number;
  readonly c: number;
  /** Without one, 0. */
  readonly bias?: number | undefined;
  /** How many rows there are along each of the four numbers. */
  readonly rows: readonly [number, number, number, number];
  readonly aSteps: readonly [number, number, number, number];
  readonly cSteps: readonly [number, number, number, number];
  readonly run: number;
  readonly step: number;
  readonly taps: readonly number[];
  readonly jobs: readonly Job[];
  /**
   * Whether each column has an element of a to itself, side by side with those of its neighbours (then vectors of a
   * are read whole, up to 31 bytes behind the last). Default: one element of a meets all columns.
   */
  readonly lanes?: boolean;
  /** Whether negative results become 0. */
  readonly relu?: boolean | undefined;
}

/**
 * How many rows and panels a block has, which matters to no result: each element is summed in the same order. Blocks
 * share panels before they share rows, since those are read once for all the rows of a block: so these are many, and
 * the panels of the blocks that follow each other stay near.
 */
function blocking(
  rows: number,
  panels: number,
  jobs: number,
  products: number,
  rowsOfTile: number,
  packs: boolean,
): [rows: number, panels: number] {
  const share = (count: number, blocks: number) => Math.max(1, Math.ceil(count / Math.max(1, blocks)));
  const tiles = Math.ceil(rows / rowsOfTile);
  const rowBlocks = Math.ceil(rows / blockRows);
  const most = packs ? panelsPacked : panels;
  if (rows * panels * products * jobs < smallProduct)
    return [share(tiles, rowBlocks) * rowsOfTile, Math.min(panels, most)];
  const wanted = Math.ceil((packs ? fewestPacking : fewestBlocks) / jobs);
  const nearby = packs ? 1 : Math.ceil((panels * products * panelBytes) / blockBytes);
  const few = rowBlocks === 1 ? fewPanels : blockPanels;
  const panelBlocks = Math.max(
    Math.ceil(panels / most),
    Math.min(Math.floor(panels / few), Math.max(nearby, share(wanted, rowBlocks))),
  );
  const moreRows = Math.min(tiles, Math.max(rowBlocks, share(wanted, panelBlocks)));
  return [share(tiles, moreRows) * rowsOfTile, share(panels, panelBlocks)];
}

/** The kernel call of a product. */
export function productCall(
  { a, c, bias = 0, rows, aSteps, cSteps, run, step, taps, jobs, lanes = false, relu = false }: Product,
  panels: Panels | Columns,
  dtype: Real,
  workspace: Workspace,
): KernelCall {
  const packs = !("panelStep" in panels);
  const rowCount = rows[0] * rows[1] * rows[2] * rows[3];
  const panelCount = Math.ceil((panels.columns * bytesOf(dtype)) / panelBytes);
  const products = run * Math.max(0, ...jobs.map((job) => job.taps));
  // Half a panel or less is met by two tiles at once.
  const width = (panels.columns * bytesOf(dtype)) % panelBytes;
  const rowsOfTile = width > 0 && width <= panelBytes / 2 ? 2 * tileRows : tileRows;
  const [rowsAtOnce, panelsAtOnce] = blocking(
    rowCount,
    Math.max(panelCount, 1),
    jobs.length,
    products,
    rowsOfTile,
    packs,
  );
  const blocks = Math.ceil(rowCount / rowsAtOnce) * Math.ceil(panelCount / panelsAtOnce) * jobs.length;
  const grain = Math.max(1, Math.ceil(blocks / mostPieces));
  const pieces = Math.ceil(blocks / grain);
  const tileBytes = lanes ? 0 : Math.min(products, blockProducts) * tileRows * bytesOf(dtype) + apart;
  const packedStep = packs ? Math.min(products, blockProducts) * panelBytes + apart : 0;
  const scratchBytes =
    listBytes + tileBytes * Math.min(tilesSideBySide, rowsAtOnce / tileRows) + packedStep * panelsAtOnce;
  const geometry = workspace.int32([
    rowCount,
    ...rows.slice(1),
    ...aSteps,
    ...cSteps,
    panels.columns,
    run,
    step,
    panels.step,
    packs ? 0 : panels.panelStep,
    jobs.length,
    grain,
    workspace.int32(taps),
    workspace.int32(jobs.flatMap((job) => [job.a, job.b, job.c, job.bias ?? 0, job.firstTap ?? 0, job.taps])),
    rowsAtOnce,
    panelsAtOnce,
    relu ? 1 : 0,
    lanes ? 1 : 0,
    tileBytes,
    packedStep,
    packs ? panels.columnStep : 0,
    scratchBytes,
  ]);
  const scratch = workspace.temporary(scratchBytes * pieces);
  const kernel = dtype === "float32" ? "product32" : "product64";
  return call(kernel, [a, panels.at, c, bias, geometry, scratch], { pieces });
}

/** Rows that are few: from about there on it pays to arrange their columns in panels. */
const fewRows = 4;

/** Columns that few rows meet at once: many where they are read along, few where stretches of many columns are. */
const [columnsAlong, columnsPacked] = [512, 16];

/** c[rows, columns] = a · b + bias, in matrices: steps are in bytes, from row to row and along a row. */
export interface ThinProduct {
  readonly rows: number;
  readonly columns: number;
  readonly products: number;
  readonly a: number;
  readonly aSteps: readonly [row: number, element: number];
  readonly b: number;
  readonly bSteps: readonly [row: number, element: number];
  readonly c: number;
  readonly cStep: number;
  readonly bias?: number | undefined;
  readonly jobs: readonly Job[];
  readonly relu?: boolean | undefined;
}

/**
 * The call of a product of so few rows, or with one column, that memory is the limit, or undefined where there are more.
 * The sums are those of any product, bit for bit.
 */
export function thinProductCall(given: ThinProduct, dtype: Real, workspace: Workspace): KernelCall | undefined {
  const bytes = bytesOf(dtype);
  // With one column, the rows of a are columns of the product the other way round.
  const turned = given.columns === 1 && given.rows > 1 && given.cStep === bytes;
  const { rows, columns, a, aSteps, b, bSteps } = turned
    ? {
        rows: 1,
        columns: given.rows,
        a: given.b,
        aSteps: [0, given.bSteps[0]],
        b: given.a,
        bSteps: [given.aSteps[1], given.aSteps[0]],
      }
    : given;
  if (rows > fewRows || rows * columns * given.jobs.length === 0) return undefined;
  const inPlace = bSteps[1] === bytes && columns * bytes >= panelBytes / 2;
  const most = inPlace ? columnsAlong : columnsPacked;
  const atOnce = Math.min(most, Math.ceil(columns / columnsPacked) * columnsPacked);
  const units = Math.ceil(columns / atOnce) * given.jobs.length;
  const grain = Math.ceil(units / mostPieces);
  const pieces = Math.ceil(units / grain);
  const scratchBytes = (rows + (inPlace ? 0 : Math.min(given.products, blockProducts))) * atOnce * bytes;
  const geometry = workspace.int32([
    rows,
    columns,
    given.products,
    ...aSteps,
    ...bSteps,
    given.cStep,
    turned ? 0 : bytes,
    atOnce,
    grain,
    workspace.int32(given.jobs.flatMap((job) => (turned ? [job.b, job.a, job.c] : [job.a, job.b, job.c]))),
    units,
    given.relu ? 1 : 0,
    inPlace ? 1 : 0,
    scratchBytes,
  ]);
  const kernel = dtype === "float32" ? "thinProduct32" : "thinProduct64";
  const scratch = workspace.temporary(scratchBytes * pieces);
  return call(kernel, [a, b, given.c, given.bias ?? 0, geometry, scratch], { pieces });
}

/** The same pieces of a row with those that follow each other directly joined into longer ones. */
export function joinRuns(
  taps: readonly number[],
  run: number,
  step: number,
): { readonly taps: readonly number[]; readonly run: number } {
  const follows = (index: number) => (taps[index] as number) - (taps[index - 1] as number) === run * step;
  let joined = 1;
  while (joined < taps.length && follows(joined)) joined++;
  const regular = taps.every((_, index) => index % joined === 0 || follows(index));
  if (taps.length % joined !== 0 || !regular) return { taps, run };
  return { taps: taps.filter((_, index) => index % joined === 0), run: run * joined };
}
