/**
 * How convolutions become products (`matmul/product.ts`). The windows of an image are rows of a matrix that is never
 * written down: a window is pieces of the image at fixed offsets from its corner. So is what an input position
 * receives from the outputs, taken for each phase of the strides by itself, since only some of the kernel meets it
 * there; and so is the transpose of the first, by which the kernel's gradient sums along lines of the output. Images
 * get a margin of zeros first where windows reach beyond them.
 */
import { bytesOf } from "../../core/dtype.ts";
import { call, type KernelCall, type Pointer, type Workspace } from "../../core/op.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import { columnsFor, joinRuns, panelsOf, productCall, type Real } from "../matmul/product.ts";
import { type Correlation, inThreeDimensions } from "./geometry.ts";

type Triple = readonly [number, number, number];

const axes = [0, 1, 2] as const;

const perAxis = (value: (axis: 0 | 1 | 2) => number): Triple => [value(0), value(1), value(2)];

const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** All positions in a box of these sizes, in row-major order. */
function positionsIn([depth, height, width]: Triple): Triple[] {
  const positions: Triple[] = [];
  for (let d = 0; d < depth; d++) {
    for (let h = 0; h < height; h++) {
      for (let w = 0; w < width; w++) positions.push([d, h, w]);
    }
  }
  return positions;
}

/** What is read at once: two vectors. */
const vectorBytes = 32;

/** A batch of images in memory: steps are in bytes. */
interface Images {
  /** Where position (0, 0, 0) of the first image lies. */
  readonly at: number;
  readonly steps: Triple;
  readonly step: number;
}

function stepsOf([, height, width]: Triple, pixel: number): Triple {
  return [height * width * pixel, width * pixel, pixel];
}

/**
 * The images such that positions from `low` to below `high` can be read: with a margin of zeros where they need one.
 * Where lanes are read, so can be the rest of the last vector.
 */
function imagesFor(
  { at }: Pointer,
  batch: number,
  size: Triple,
  pixel: number,
  low: Triple,
  high: Triple,
  lanes: boolean,
  workspace: Workspace,
): { images: Images; calls: KernelCall[] } {
  const before = perAxis((axis) => Math.max(0, -low[axis]));
  const padded = perAxis((axis) => before[axis] + Math.max(size[axis], high[axis]));
  const steps = stepsOf(padded, pixel);
  const step = sizeOf(padded) * pixel;
  const whole = !lanes || pixel % vectorBytes === 0;
  if (whole && axes.every((axis) => padded[axis] === size[axis])) return { images: { at, steps, step }, calls: [] };
  const target = workspace.temporary(batch * step + vectorBytes);
  const geometry = workspace.int32([...size, ...before, ...padded, pixel]);
  const pad = call("padImages", [at, target, geometry], { pieces: batch * padded[0] * padded[1] });
  return { images: { at: target + dot(before, steps), steps, step }, calls: [pad] };
}

/**
 * Lists of a correlation as triples, and the sizes of its channels. Where every channel sees only itself there is one
 * group, whose columns are all channels: its products run in lanes.
 */
function lifted(correlation: Correlation, kernel: Shape) {
  const { groups, ...lists } = inThreeDimensions(correlation);
  const triples = lists as { readonly [K in keyof typeof lists]: Triple };
  const [groupChannels, filters] = kernel.slice(-2) as [number, number];
  const lanes = groups > 1 && groupChannels === 1 && filters === groups;
  return {
    ...triples,
    lanes,
    channels: groups * groupChannels,
    filters,
    groups: lanes ? 1 : groups,
    groupChannels,
    groupFilters: lanes ? filters : filters / groups,
  };
}

/**
 * Whether Winograd's way (`winograd.as.ts`) serves: 3 × 3 in two dimensions, strides 1, whole vectors of channels. And
 * whether it pays, from the sizes of one image alone, so that no result depends on the batch: in products of pairs of
 * channels, a transformed element costs as much as some eleven, which is measured.
 */
function isForWinograd(
  { window, strides, dilation, lanes, groups, channels, filters }: ReturnType<typeof lifted>,
  result: Triple,
  dtype: Real,
): boolean {
  const fits =
    window[0] === 1 &&
    window[1] === 3 &&
    window[2] === 3 &&
    groups === 1 &&
    !lanes &&
    [...strides, ...dilation].every((step) => step === 1) &&
    channels % 4 === 0 &&
    filters % 4 === 0;
  if (!fits || dtype !== "float32") return false;
  const tiles = tilesOf(result);
  const transforms = 11 * (tiles * (channels + filters) + channels * filters);
  return 36 * (tiles * channels * filters + transforms) < 9 * result[1] * result[2] * channels * filters;
}

/** Tiles that are transformed at once: fewer where channels are, since the transformed kernel takes less of the cache. */
const winogradTiles = 32;
const tilesFor = (pairs: number) => (pairs > 1024 ? winogradTiles : 16);

const tilesOf = ([, height, width]: Triple) => Math.ceil(height / 4) * Math.ceil(width / 4);

/** Pieces of a call, each with its own scratch memory. */
const winogradPieces = 16;

/** Bytes of scratch for the transforms of tiles side by side: columns transformed one way, and rows with a margin. */
const transformBytes = (channels: number) =>
  (4 * Math.min(winogradTiles, Math.max(1, Math.floor(256 / channels))) + 2) * (96 + 24 * channels);

/** How tiles lie over the images that the transforms read: those begin so far before the results. */
function winogradTiling({ shape }: Pointer, result: Triple, before: Triple) {
  const [height, width, channels] = shape.slice(-3) as [number, number, number];
  const [down, across] = [Math.ceil(result[1] / 4), Math.ceil(result[2] / 4)];
  return {
    list: [height, width, channels, down, across, -before[1], -before[2]],
    channels,
    tiles: (sizeOf(shape) / (height * width * channels)) * down * across,
  };
}

/**
 * y = x correlated with a kernel whose elements lie `steps` bytes apart from tap to tap, channel and filter; where
 * `overlapping`, what such a correlation passes back to y.
 */
function winogradCalls(
  [x, kernelAt, bias, y]: readonly [x: Pointer, kernelAt: number, bias: Pointer | undefined, y: Pointer],
  steps: readonly [tap: number, channel: number, filter: number],
  before: Triple,
  { relu, overlapping }: { readonly relu?: boolean | undefined; readonly overlapping: boolean },
  workspace: Workspace,
): KernelCall[] {
  const [height, width, filters] = y.shape.slice(-3) as [number, number, number];
  const tiled = overlapping ? x.shape : y.shape;
  const result = [1, tiled.at(-3) as number, tiled.at(-2) as number] as const;
  const { list, channels, tiles } = winogradTiling(x, result, overlapping ? [0, 0, 0] : before);
  const panels = Math.ceil(filters / 16);
  const transformed = workspace.temporary(36 * panels * channels * 64);
  const atOnce = tilesFor(channels * filters);
  const unit = overlapping ? tilesOf(result) : atOnce;
  const inPiece = unit * Math.ceil(tiles / unit / winogradPieces);
  const pieces = Math.ceil(tiles / inPiece);
  const scratchBytes = 36 * (4 * atOnce * (channels + filters) + 128) + transformBytes(channels);
  const geometry = workspace.int32([
    ...list,
    height,
    width,
    filters,
    tiles,
    atOnce,
    inPiece,
    scratchBytes,
    relu ? 1 : 0,
    ...(overlapping ? [-before[1], -before[2], 1] : [0, 0, 0]),
  ]);
  return [
    call(
      "winogradKernel",
      [kernelAt, transformed, workspace.int32([channels, filters, ...steps]), workspace.temporary(432 * panels)],
      { pieces: panels },
    ),
    call("winograd", [x.at, transformed, y.at, bias?.at ?? 0, geometry, workspace.temporary(scratchBytes * pieces)], {
      pieces,
    }),
  ];
}

/** The gradient of the kernel by the same transforms. */
function winogradKernelGradientCalls(
  x: Pointer,
  dy: Pointer,
  dkernel: Pointer,
  before: Triple,
  workspace: Workspace,
): KernelCall[] {
  const [height, width, filters] = dy.shape.slice(-3) as [number, number, number];
  const { list, channels, tiles } = winogradTiling(x, [1, height, width], before);
  const other = winogradTiling(dy, [1, height, width], [0, 0, 0]);
  const blocks = Math.ceil(tiles / winogradTiles);
  const sumBytes = 36 * channels * filters * 4;
  const most = Math.max(2, Math.min(8, Math.floor(2 ** 24 / sumBytes)));
  const blocksInPart = Math.ceil(blocks / most);
  const parts = Math.ceil(blocks / blocksInPart);
  const scratchBytes =
    36 * (4 * winogradTiles * (channels + filters) + 128) + Math.max(transformBytes(channels), transformBytes(filters));
  const geometry = workspace.int32([
    ...list,
    0,
    0,
    0,
    tiles,
    winogradTiles,
    blocksInPart * winogradTiles,
    scratchBytes,
  ]);
  const sums = workspace.temporary(sumBytes * parts);
  const pieces = Math.ceil((channels * filters) / 256);
  return [
    call(
      "winogradSums",
      [x.at, dy.at, sums, geometry, workspace.int32(other.list), workspace.temporary(scratchBytes * parts)],
      { pieces: parts },
    ),
    call("winogradKernelGradient", [sums, dkernel.at, parts, channels * filters, workspace.temporary(864 * pieces)], {
      pieces,
    }),
  ];
}

/** Whether channels see only themselves in images, and are whole pairs of vectors: then there are kernels of their own. */
function isDepthwise({ lanes, window, channels, ...lists }: ReturnType<typeof lifted>, dtype: Real): boolean {
  const isFlat = window[0] === 1 && lists.strides[0] === 1 && lists.before[0] === 0 && lists.size[0] === lists.count[0];
  return lanes && isFlat && (channels * 4) % vectorBytes === 0 && dtype === "float32";
}

/** y = x correlated with one kernel a channel, which begins at `kernelAt` and whose taps lie `tapStep` bytes apart. */
function depthwiseCalls(
  { size, count, window, strides, dilation, before, channels }: Omit<ReturnType<typeof lifted>, "groups">,
  [x, kernelAt, bias, y]: readonly [x: Pointer, kernelAt: number, bias: Pointer | undefined, y: Pointer],
  tapStep: number,
  relu: boolean | undefined,
  workspace: Workspace,
): KernelCall[] {
  const lists = [size, count, window, strides, dilation, before].flatMap((list) => list.slice(1));
  const geometry = workspace.int32([...lists, 4 * channels, tapStep, relu ? 1 : 0]);
  return [
    call("depthwise", [x.at, kernelAt, y.at, bias?.at ?? 0, geometry], {
      pieces: y.size / ((count[2] as number) * channels),
    }),
  ];
}

const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** How windows are read from x: the geometry, the images in memory as windows may read them, and where the first begins. */
function readingOf(x: Pointer, correlation: Correlation, kernelShape: Shape, dtype: Real, workspace: Workspace) {
  const bytes = bytesOf(dtype);
  const batch = x.shape[0] as number;
  const geometry = lifted(correlation, kernelShape);
  const { size, window, count, strides, dilation, before, lanes, channels } = geometry;
  const low = perAxis((axis) => -before[axis]);
  const high = perAxis(
    (axis) => (count[axis] - 1) * strides[axis] + (window[axis] - 1) * dilation[axis] - before[axis] + 1,
  );
  const { images, calls } = imagesFor(x, batch, size, channels * bytes, low, high, lanes, workspace);
  return { ...geometry, bytes, batch, images, calls, corner: dot(low, images.steps) };
}

/** y = x correlated with the kernel, plus bias. */
export function correlateCalls(
  x: Pointer,
  kernel: Pointer,
  bias: Pointer | undefined,
  y: Pointer,
  correlation: Correlation,
  dtype: Real,
  workspace: Workspace,
): KernelCall[] {
  const own = lifted(correlation, kernel.shape);
  if (isForWinograd(own, own.count, dtype)) {
    const [channelStep, filterStep] = [4 * own.filters, 4];
    const steps = [channelStep * own.channels, channelStep, filterStep] as const;
    const { relu } = correlation;
    return winogradCalls([x, kernel.at, bias, y], steps, own.before, { relu, overlapping: false }, workspace);
  }
  if (isDepthwise(own, dtype)) {
    return depthwiseCalls(own, [x, kernel.at, bias, y], 4 * own.channels, correlation.relu, workspace);
  }
  const reading = readingOf(x, correlation, kernel.shape, dtype, workspace);
  const { bytes, batch, images, calls, corner, window, count, strides, dilation, lanes } = reading;
  const { channels, filters, groups, groupChannels, groupFilters } = reading;
  const windowSteps = perAxis((axis) => dilation[axis] * images.steps[axis]);
  const taps = positionsIn(window).map((position) => corner + dot(position, windowSteps));
  const panels = panelsOf(
    {
      at: kernel.at,
      columns: groupFilters,
      run: taps.length * groupChannels,
      step: filters * bytes,
      columnStep: bytes,
      taps: [0],
      jobs: numbersTo(groups).map((group) => group * groupFilters * bytes),
    },
    y.size / filters,
    dtype,
    workspace,
  );
  const step = lanes ? channels * bytes : bytes;
  const joined = joinRuns(taps, groupChannels, step);
  const pixel = filters * bytes;
  const ySteps = stepsOf(count, pixel);
  const product = productCall(
    {
      a: images.at,
      c: y.at,
      bias: bias?.at,
      rows: [batch, ...count],
      aSteps: [images.step, ...perAxis((axis) => strides[axis] * images.steps[axis])],
      cSteps: [sizeOf(count) * pixel, ...ySteps],
      ...joined,
      step,
      lanes,
      relu: correlation.relu,
      jobs: numbersTo(groups).map((group) => ({
        a: group * groupChannels * bytes,
        b: panels.jobs[group] as number,
        c: group * groupFilters * bytes,
        bias: group * groupFilters * bytes,
        taps: joined.taps.length,
      })),
    },
    panels,
    dtype,
    workspace,
  );
  return [...calls, ...panels.calls, product];
}

/** One phase of an axis: input positions `first + q · stride`, and the window positions that meet outputs there. */
interface Phase {
  readonly first: number;
  readonly positions: number;
  /** Output of position q under window position t is `q + offset`; in ascending order of the offsets. */
  readonly meets: readonly { readonly tap: number; readonly offset: number }[];
}

function phasesOf(size: number, window: number, stride: number, dilation: number, before: number): Phase[] {
  return numbersTo(Math.min(stride, size)).map((first) => ({
    first,
    positions: Math.ceil((size - first) / stride),
    meets: numbersTo(window)
      .reverse()
      .map((tap) => ({ tap, offset: (first + before - tap * dilation) / stride }))
      .filter(({ offset }) => Number.isInteger(offset)),
  }));
}

/** What a correlation passes back to x, plus bias. */
export function correlateInputGradientCalls(
  dy: Pointer,
  kernel: Pointer,
  bias: Pointer | undefined,
  dx: Pointer,
  correlation: Correlation,
  dtype: Real,
  workspace: Workspace,
): KernelCall[] | undefined {
  const bytes = bytesOf(dtype);
  const batch = dy.shape[0] as number;
  const geometry = lifted(correlation, kernel.shape);
  const { size, window, count, strides, dilation, before, lanes } = geometry;
  const { channels, filters, groups, groupChannels, groupFilters } = geometry;
  if (isForWinograd(geometry, size, dtype)) {
    // The kernel's channels and filters exchanged, and the kernel turned around unless parts of the image overlap: these
    // take longer to store, but no bias and nothing that comes after their sum.
    const { relu } = correlation;
    const tapStep = 4 * channels * filters;
    const overlapping = bias === undefined && 1.15 * tilesOf(count) < tilesOf(size);
    if (overlapping) {
      if (relu) return undefined;
      const steps = [tapStep, 4, 4 * filters] as const;
      return winogradCalls([dy, kernel.at, bias, dx], steps, before, { overlapping }, workspace);
    }
    const steps = [-tapStep, 4, 4 * filters] as const;
    const reach = perAxis((axis) => window[axis] - 1 - before[axis]);
    return winogradCalls([dy, kernel.at + 8 * tapStep, bias, dx], steps, reach, { relu, overlapping }, workspace);
  }
  if (isDepthwise(geometry, dtype) && strides.every((step) => step === 1)) {
    const turned = {
      ...geometry,
      size: count,
      count: size,
      before: perAxis((axis) => (window[axis] - 1) * dilation[axis] - before[axis]),
    };
    const lastTap = kernel.at + (sizeOf(window) - 1) * 4 * channels;
    return depthwiseCalls(turned, [dy, lastTap, bias, dx], -4 * channels, correlation.relu, workspace);
  }
  const phases = axes.map((axis) =>
    phasesOf(size[axis], window[axis], strides[axis], dilation[axis], before[axis]),
  ) as unknown as readonly [Phase[], Phase[], Phase[]];
  const reach = (axis: 0 | 1 | 2, ends: (phase: Phase, offset: number) => number) =>
    phases[axis].flatMap((phase) => phase.meets.map(({ offset }) => ends(phase, offset)));
  const low = perAxis((axis) => Math.min(0, ...reach(axis, (_, offset) => offset)));
  const high = perAxis((axis) => Math.max(0, ...reach(axis, ({ positions }, offset) => positions + offset)));
  const { images, calls } = imagesFor(dy, batch, count, filters * bytes, low, high, lanes, workspace);
  const run = lanes ? 1 : groupFilters;
  const step = lanes ? filters * bytes : bytes;
  const pixel = channels * bytes;
  const xSteps = stepsOf(size, pixel);
  const products: KernelCall[] = [];
  for (const depth of phases[0]) {
    for (const height of phases[1]) {
      for (const width of phases[2]) {
        const meets = depth.meets.flatMap((d) =>
          height.meets.flatMap((h) =>
            width.meets.map((w) => ({
              tap: (d.tap * window[1] + h.tap) * window[2] + w.tap,
              offset: dot([d.offset, h.offset, w.offset], images.steps),
            })),
          ),
        );
        const positions: Triple = [depth.positions, height.positions, width.positions];
        const panels = panelsOf(
          {
            at: kernel.at,
            columns: lanes ? channels : groupChannels,
            run,
            step: bytes,
            columnStep: lanes ? bytes : filters * bytes,
            taps: meets.map(({ tap }) => tap * groupChannels * filters * bytes),
            jobs: numbersTo(groups).map((group) => group * groupFilters * bytes),
          },
          batch * sizeOf(positions),
          dtype,
          workspace,
        );
        const joined = joinRuns(
          meets.map(({ offset }) => offset),
          run,
          step,
        );
        const first = dot([depth.first, height.first, width.first], xSteps);
        const product = productCall(
          {
            a: images.at,
            c: dx.at + first,
            bias: bias?.at,
            rows: [batch, ...positions],
            aSteps: [images.step, ...images.steps],
            cSteps: [sizeOf(size) * pixel, ...perAxis((axis) => strides[axis] * xSteps[axis])],
            ...joined,
            step,
            lanes,
            relu: correlation.relu,
            jobs: numbersTo(groups).map((group) => ({
              a: group * groupFilters * bytes,
              b: panels.jobs[group] as number,
              c: group * groupChannels * bytes,
              bias: group * groupChannels * bytes,
              taps: joined.taps.length,
            })),
          },
          panels,
          dtype,
          workspace,
        );
        products.push(...panels.calls, product);
      }
    }
  }
  return [...calls, ...products];
}

/** Into how many partial sums a kernel's gradient is split at most, so that several threads have work. */
const mostParts = 16;

/** What a correlation passes back to its kernel. */
export function correlateKernelGradientCalls(
  x: Pointer,
  dy: Pointer,
  dkernel: Pointer,
  correlation: Correlation,
  dtype: Real,
  workspace: Workspace,
): KernelCall[] {
  const own = lifted(correlation, dkernel.shape);
  if (isForWinograd(own, own.count, dtype)) {
    return winogradKernelGradientCalls(x, dy, dkernel, own.before, workspace);
  }
  if (isDepthwise(own, dtype)) {
    const rows = dy.size / (own.count[2] * own.channels);
    const parts = Math.max(1, Math.min(mostParts, rows));
    const lists = [own.size, own.count, own.window, own.strides, own.dilation, own.before];
    const geometry = workspace.int32([...lists.flatMap((list) => list.slice(1)), 4 * own.channels, rows]);
    const sums = workspace.temporary(4 * dkernel.size * parts);
    const pieces = Math.ceil(dkernel.size / 1024);
    return [
      call("depthwiseKernelGradient", [x.at, dy.at, sums, parts, geometry], { pieces: parts }),
      call("sumParts32", [sums, dkernel.at, parts, dkernel.size], { pieces }),
    ];
  }
  const reading = readingOf(x, correlation, dkernel.shape, dtype, workspace);
  const { bytes, batch, images, calls, corner, window, count, strides, dilation, lanes } = reading;
  const { filters, groups, groupChannels, groupFilters } = reading;
  const [frames, lines] = count;
  const lineSteps = perAxis((axis) => strides[axis] * images.steps[axis]);
  const taps = numbersTo(batch).flatMap((n) =>
    positionsIn([frames, lines, 1]).map((position) => corner + n * images.step + dot(position, lineSteps)),
  );
  const rows = sizeOf(window) * groupChannels;
  const gradients = {
    at: dy.at,
    columns: groupFilters,
    run: taps.length * count[2],
    step: filters * bytes,
    columnStep: bytes,
    taps: [0],
    jobs: numbersTo(groups).map((group) => group * groupFilters * bytes),
  };
  const panels = lanes ? panelsOf(gradients, 1, dtype, workspace) : columnsFor(gradients, rows, dtype, workspace);
  // Parts of at least a thousand products, and only where there are few rows to share among threads.
  const wanted = Math.ceil(mostParts / (Math.ceil(rows / 96) * groups));
  const parts = Math.max(1, Math.min(wanted, Math.floor((taps.length * count[2]) / 1024), taps.length));
  const partBytes = dkernel.size * bytes;
  const target = parts === 1 ? dkernel.at : workspace.temporary(parts * partBytes);
  const firstTaps = numbersTo(parts + 1).map((part) => Math.floor((part * taps.length) / parts));
  const pixel = filters * bytes;
  const product = productCall(
    {
      a: images.at,
      c: target,
      rows: [...window, groupChannels],
      aSteps: [...perAxis((axis) => dilation[axis] * images.steps[axis]), bytes],
      cSteps: [...perAxis((axis) => sizeOf(window.slice(axis + 1)) * groupChannels * pixel), pixel],
      run: count[2],
      step: lineSteps[2],
      lanes,
      taps,
      jobs: numbersTo(parts).flatMap((part) =>
        numbersTo(groups).map((group) => ({
          a: group * groupChannels * bytes,
          b: panels.jobs[group] as number,
          c: part * partBytes + group * groupFilters * bytes,
          firstTap: firstTaps[part] as number,
          taps: (firstTaps[part + 1] as number) - (firstTaps[part] as number),
        })),
      ),
    },
    panels,
    dtype,
    workspace,
  );
  const sum = call(dtype === "float32" ? "sumParts32" : "sumParts64", [target, dkernel.at, parts, dkernel.size], {
    pieces: Math.ceil(dkernel.size / 1024),
  });
  return [...calls, ...("calls" in panels ? panels.calls : []), product, ...(parts === 1 ? [] : [sum])];
}
