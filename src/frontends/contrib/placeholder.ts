/**
 * Placeholders: where a graph of computations begins. One with a shape, however little of it is known, is a symbolic
 * tensor like those of `input()`; one without is only a name, since nothing here computes without knowing the rank.
 */
import { checkDType, type DType } from "../../core/dtype.ts";
import type { PartialShape } from "../../core/shape.ts";
import { SymbolicTensor } from "../../core/symbolic.ts";
import { input } from "../../layers/core/input-layer.ts";
import { below, type Graph, getDefaultGraph } from "./graph.ts";

/** A placeholder of which not even the rank is known. Whatever needs a shape refuses it. */
export class UnrankedPlaceholder {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: undefined = undefined;

  /** @internal */
  constructor(name: string, dtype: DType) {
    this.name = name;
    this.dtype = dtype;
  }

  toString(): string {
    return `Placeholder(${this.name}, unknown shape, ${this.dtype})`;
  }
}

/** The graphs of placeholders, and of what was seen to come from them. */
const homes = new WeakMap<object, Graph>();

/** The graph that a tensor belongs to: that of the placeholder it comes from, or else the default one. @internal */
export function graphOf(value: unknown): Graph {
  const seen = new Set<object>();
  const open = [value];
  while (open.length > 0) {
    const each = open.pop();
    if (!(each instanceof SymbolicTensor || each instanceof UnrankedPlaceholder) || seen.has(each)) continue;
    const home = homes.get(each);
    if (home) {
      for (const passed of seen) homes.set(passed, home);
      return home;
    }
    seen.add(each);
    if (each instanceof SymbolicTensor) open.push(...(each.node?.inputs ?? []));
  }
  return getDefaultGraph();
}

/**
 * A symbolic tensor that stands for data to come, in the default graph.
 *
 * @param shape With the batch; null for every size that is not known yet. Left out, not even the rank is known.
 * @param name Default "Placeholder", made different from the names that the graph has.
 * @throws DTypeError where the dtype is unknown; OptionError where a size is neither null nor a whole number ≥ 0.
 *
 * @example
 * ```ts
 * import { model } from "varve";
 * import { groupNorm, placeholder } from "varve/contrib";
 * const images = placeholder("float32", [null, 8, 8, 4]);
 * const net = model({ inputs: images, outputs: groupNorm(images, { groups: 2 }) });
 * net.computeOutputShape([5, 8, 8, 4]) // => [5, 8, 8, 4]
 * ```
 */
export function placeholder(dtype: DType, shape: PartialShape, name?: string): SymbolicTensor;
export function placeholder(dtype: DType, shape?: undefined | null, name?: string): UnrankedPlaceholder;
export function placeholder(
  dtype: DType,
  shape?: PartialShape | null,
  name?: string,
): SymbolicTensor | UnrankedPlaceholder;
export function placeholder(
  dtype: DType,
  shape?: PartialShape | null,
  name: string = "Placeholder",
): SymbolicTensor | UnrankedPlaceholder {
  checkDType(dtype, "placeholder");
  const graph = getDefaultGraph();
  const full = graph.uniqueName(below(graph.scope.nameScope, name));
  const made = shape ? input({ batchShape: shape, dtype, name: full }) : new UnrankedPlaceholder(full, dtype);
  homes.set(made, graph);
  return made;
}
