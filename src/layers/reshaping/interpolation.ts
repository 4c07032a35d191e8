/**
 * Making spatial axes longer by whole factors: by repetition, or with smooth values in between. Each axis is done on
 * its own, as sums over a few neighbours; pixels are areas, so position `i` of the result lies at `(i + ½) / factor − ½`.
 */
import { ShapeError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type DataFormat, spatialAxes } from "../../core/windows.ts";
import { elementwise, type Run } from "../../ops/elementwise/elementwise.ts";
import { add, type Formula, multiply } from "../../ops/elementwise/formula.ts";
import { reindex } from "../../ops/indexing/gather.ts";
import { repeat } from "../../ops/movement/broadcast.ts";
import { toTensor } from "../../ops/tensor.ts";

/** The ways to fill in between, by name. */
export const interpolations = ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"] as const;

type Interpolation = (typeof interpolations)[number];

/** How much a neighbour counts by its distance, up to `radius`. */
interface Filter {
  readonly radius: number;
  weight(distance: number): number;
}

/** The sinc function under a wider one (Lanczos). */
function lanczos(radius: number): Filter {
  const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  return { radius, weight: (x) => (x > radius ? 0 : sinc(x) * sinc(x / radius)) };
}

/** Cubic convolution with a = −½ (Keys 1981). */
function cubic(x: number): number {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

const filters: Readonly<Record<Exclude<Interpolation, "nearest">, Filter>> = {
  bilinear: { radius: 1, weight: (x) => Math.max(0, 1 - x) },
  bicubic: { radius: 2, weight: cubic },
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
};

/** How long an axis may become: its places and weights are worked out one by one. */
const longest = 2 ** 20;

/** One axis `factor` times longer: the weighted sum of the neighbours within the filter's radius. */
function interpolate(x: Tensor, axis: number, factor: number, { radius, weight }: Filter): Tensor {
  const size = x.shape[axis] as number;
  if (size * factor > longest) {
    throw new ShapeError(`an axis of ${size} places, ${factor} times longer, has more than ${longest}`);
  }
  const places = Array.from({ length: size * factor }, (_, index) => (index + 0.5) / factor - 0.5);
  const taps = Array.from({ length: 2 * radius }, (_, tap) => tap + 1 - radius);
  const neighbours = taps.map((tap) => places.map((place) => Math.floor(place) + tap));
  const weights = neighbours.map((row) =>
    row.map((index, i) => (index < 0 || index >= size ? 0 : weight(Math.abs((places[i] as number) - index)))),
  );
  // Beyond the edges there is nothing, so what is there counts for the whole.
  const totals = places.map((_, i) => weights.reduce((sum, row) => sum + (row[i] as number), 0));
  const shape = x.shape.map((_, other) => (other === axis ? places.length : 1));
  const scales = weights.map((row) => {
    const values = row.map((value, i) => value / (totals[i] as number));
    return toTensor(Float64Array.from(values), { device: x.device, dtype: x.dtype }).alias(shape);
  });
  const terms = neighbours.map((row) =>
    reindex(
      x,
      axis,
      row.map((index) => Math.min(Math.max(index, 0), size - 1)),
    ),
  );
  return weightedSum(taps.length)([...terms, ...scales], []);
}

const weightedSums = new Map<number, Run>();

/** So many operands, times as many weights that follow them, summed. */
function weightedSum(count: number): Run {
  let run = weightedSums.get(count);
  if (!run) {
    run = elementwise({
      name: "weightedSum",
      dtype: "promote",
      inputs: 2 * count,
      formula: (...terms) =>
        terms.slice(0, count).reduce<Formula>((sum, term, i) => {
          const product = multiply(term, terms[count + i] as Formula);
          return i === 0 ? product : add(sum, product);
        }, terms[0] as Formula),
    });
    weightedSums.set(count, run);
  }
  return run;
}

/** The spatial axes so many times longer. */
export function enlarge(
  x: Tensor,
  factors: readonly number[],
  format: DataFormat,
  interpolation: Interpolation,
): Tensor {
  return spatialAxes(x.rank, format).reduce((enlarged, axis, index) => {
    const factor = factors[index] as number;
    if (factor === 1) return enlarged;
    if (interpolation === "nearest") return repeat(enlarged, factor, axis);
    return interpolate(enlarged, axis, factor, filters[interpolation]);
  }, x);
}
