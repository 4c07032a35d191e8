/**
 * A recurrence over time: what SimpleRNN, LSTM and GRU compute with the activations that are theirs by default
 * (logistic gates, tanh). The whole sequence is one op and one kernel call, in
 * which rows of the batch go through all steps by themselves, forwards or backwards.
 * What it is not: a layer. Other activations, and cells of one's own, are composed of smaller ops in `layers/rnn/`.
 */
import { ShapeError } from "../../core/errors.ts";
import { call, type Pointer, type Workspace } from "../../core/op.ts";
import { currentScope } from "../../core/scope.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { sigmoid } from "../elementwise/activations.ts";
import { add, multiply, subtract } from "../elementwise/binary.ts";
import { where } from "../elementwise/compare.ts";
import { tanh } from "../elementwise/unary.ts";
import { differentiate, throughReference } from "../grad.ts";
import { affine, product } from "../matmul/matmul.ts";
import { panelsOf } from "../matmul/product.ts";
import { stack } from "../movement/concatenate.ts";
import { expandDims, reshape } from "../movement/reshape.ts";
import { sliceAlong, split } from "../movement/slice.ts";
import { op } from "../op.ts";
import { sum, sumTo } from "../reduce/sum.ts";
import { fill } from "../tensor.ts";
import { kernels } from "./kernels.generated.ts";
import { stepAt } from "./steps.ts";

/**
 * With p = x·K + b and q = h·R + b′,
 * - `simple`: h = tanh(p + q)
 * - `lstm`: i, f, g, o = the four parts of p + q; c = σ(f) c + σ(i) tanh(g); h = σ(o) tanh(c)
 * - `gru`: with p and q in three parts, z = σ(p₀ + q₀), r = σ(p₁ + q₁), n = tanh(p₂ + r q₂); h = z h + (1 − z) n
 */
export type RecurrenceKind = "simple" | "lstm" | "gru";

/** For each kind its number in the kernel, the parts of p and q, and how much a step remembers. */
const kinds = {
  simple: { code: 0, parts: 1, remembered: 0, states: 1 },
  lstm: { code: 1, parts: 4, remembered: 4, states: 2 },
  gru: { code: 2, parts: 3, remembered: 4, states: 1 },
} as const;

interface Attributes {
  readonly kind: RecurrenceKind;
  /** Whether the gates of all steps are kept for the way back. */
  readonly remember: boolean;
}

/** What a recurrence works on. */
export type RecurrenceInputs = {
  /** The input of all steps: [batch, steps, features]. */
  readonly x: Tensor;
  /** K: [features, parts · units]. */
  readonly kernel: Tensor;
  /** b: [parts · units]. */
  readonly bias?: Tensor | undefined;
  /** R: [units, parts · units]. */
  readonly recurrent: Tensor;
  /** b′: [parts · units]. */
  readonly recurrentBias?: Tensor | undefined;
  /** The state before the first step: [batch, units]. */
  readonly h: Tensor;
  /** That of the memory of an LSTM. */
  readonly c?: Tensor | undefined;
  /** Which steps count: [batch, steps]; over the others the state stays as it is. */
  readonly mask?: Tensor | undefined;
};

/** The sizes, and what each output looks like: states from before the first step to after the last. */
function sizesOf({ x, recurrent }: { readonly x: { shape: Shape }; readonly recurrent: { shape: Shape } }) {
  const [batch, steps] = x.shape as [number, number];
  return { batch, steps, units: recurrent.shape[0] as number };
}

/** The input of all steps times its kernel. */
function project({ x, kernel, bias }: Pick<RecurrenceInputs, "x" | "kernel" | "bias">): Tensor {
  return affine(x, kernel, bias);
}

/** What follows the projected input. */
type Stepped = Omit<RecurrenceInputs, "x" | "kernel" | "bias"> & { readonly projected: Tensor };

/** The meaning, step by step in small ops. `extra` is added to the recurrent products of all steps. */
function compose({ projected, recurrent, recurrentBias, h, c, mask }: Stepped, kind: RecurrenceKind, extra?: Tensor) {
  const { steps } = sizesOf({ x: projected, recurrent });
  const hs = [h];
  const cs = c ? [c] : [];
  const gates: Tensor[] = [];
  for (let step = 0; step < steps; step++) {
    const [before, memory] = [hs[step] as Tensor, cs[step]];
    const given = stepAt(projected, step);
    const plain = affine(before, recurrent, recurrentBias);
    const fed = extra ? add(plain, stepAt(extra, step)) : plain;
    const keep = (next: Tensor, old: Tensor) => (mask ? where(expandDims(stepAt(mask, step), -1), next, old) : next);
    if (kind === "simple") {
      hs.push(keep(tanh(add(given, fed)), before));
      continue;
    }
    if (kind === "lstm") {
      const [i, f, g, o] = split(add(given, fed), 4, -1).map((part, index) =>
        index === 2 ? tanh(part) : sigmoid(part),
      );
      const next = add(multiply(f as Tensor, memory as Tensor), multiply(i as Tensor, g as Tensor));
      hs.push(keep(multiply(o as Tensor, tanh(next)), before));
      cs.push(keep(next, memory as Tensor));
      gates.push(...([i, f, g, o] as Tensor[]));
      continue;
    }
    const [x0, x1, x2] = split(given, 3, -1) as [Tensor, Tensor, Tensor];
    const [p0, p1, p2] = split(fed, 3, -1) as [Tensor, Tensor, Tensor];
    const z = sigmoid(add(x0, p0));
    const r = sigmoid(add(x1, p1));
    const n = tanh(add(x2, multiply(r, p2)));
    hs.push(keep(add(multiply(z, before), multiply(subtract(1, z), n)), before));
    gates.push(z, r, n, p2);
  }
  return { hs, cs, gates };
}

/** Whether the kernels serve, which are for float32. */
function inFloat32(...operands: readonly (Pointer | undefined)[]): boolean {
  return operands.every((operand) => operand === undefined || operand.dtype === "float32");
}

/** Rows that the kernel takes through a step side by side. */
const rowsSideBySide = 4;
/** The most bytes of matrices that are read anew for every four rows, since they stay in the second cache. */
const nearBytes = 1 << 20;
/** Rows that share what is read of larger ones. */
const rowsOfLarge = 32;

/** How rows become pieces, and the memory each has to multiply its rows with matrices [run, columns]. */
function piecesOf(batch: number, matrices: readonly (readonly [number, number])[], workspace: Workspace) {
  const whole = (count: number, multiple: number) => Math.ceil(count / multiple) * multiple;
  const elements = matrices.reduce((sum, [run, columns]) => sum + run * columns, 0);
  const rows = Math.min(
    elements * 4 > nearBytes ? rowsOfLarge : rowsSideBySide,
    Math.max(whole(batch, rowsSideBySide), rowsSideBySide),
  );
  const pieces = Math.ceil(batch / rows);
  const longest = Math.max(...matrices.map(([run]) => run));
  const width = matrices.reduce((sum, [, columns]) => sum + whole(columns, 8), 0);
  const bytes = whole(32 + rows * 4 * (longest + width), 64);
  return { pieces, args: [rows, workspace.temporary(bytes * pieces), bytes] as const };
}

/** A matrix in panels, or its transpose, to be read by every row at every step. */
function panelsOfMatrix(matrix: Pointer, transposed: boolean, reads: number, workspace: Workspace) {
  const [rows, columns] = matrix.shape as [number, number];
  const [run, across] = transposed ? [columns, rows] : [rows, columns];
  const [step, columnStep] = transposed ? [4, columns * 4] : [columns * 4, 4];
  const source = { at: matrix.at, columns: across, run, step, columnStep, taps: [0], jobs: [0] };
  const panels = panelsOf(source, reads, "float32", workspace);
  return {
    calls: panels.calls,
    args: [panels.at + (panels.jobs[0] as number), panels.step, panels.panelStep] as const,
    matrix: [run, across] as const,
  };
}

/** @internal */
export const recurrenceOp = op<RecurrenceInputs, "h" | "c" | "gates", Attributes>({
  name: "recurrence",
  shape({ x, kernel, bias, recurrent, recurrentBias, h, c, mask }, { kind, remember }) {
    const { parts, remembered, states } = kinds[kind];
    const { batch, steps, units } = sizesOf({ x, recurrent });
    const demand = (what: string, found: Shape | undefined, wanted: Shape) => {
      if (found && (found.length !== wanted.length || found.some((size, axis) => size !== wanted[axis]))) {
        throw new ShapeError(`recurrence: ${what} must have shape ${formatShape(wanted)}, got ${formatShape(found)}`);
      }
    };
    demand("the input", x.shape, [batch, steps, kernel.shape[0] as number]);
    demand("the kernel", kernel.shape, [x.shape[2] as number, parts * units]);
    demand("the bias", bias?.shape, [parts * units]);
    demand("the recurrent kernel", recurrent.shape, [units, parts * units]);
    demand("the recurrent bias", recurrentBias?.shape, [parts * units]);
    demand("the initial state", h.shape, [batch, units]);
    demand("the initial memory", c?.shape, [batch, units]);
    demand("the mask", mask?.shape, [batch, steps]);
    const { dtype } = x;
    return {
      h: { shape: [batch, steps + 1, units], dtype },
      c: { shape: [batch, states === 2 ? steps + 1 : 0, units], dtype },
      gates: { shape: [batch, remember ? steps : 0, remembered * units], dtype },
    };
  },
  reference(inputs, { kind, remember }) {
    const { hs, cs, gates } = compose({ ...inputs, projected: project(inputs) }, kind);
    const { batch, steps, units } = sizesOf(inputs);
    const { dtype } = inputs.x;
    const nothing = (shape: Shape) => fill({}, { shape, dtype, value: 0 }).y;
    const { remembered } = kinds[kind];
    return {
      h: stack(hs, 1),
      c: cs.length > 0 ? stack(cs, 1) : nothing([batch, 0, units]),
      gates:
        remember && gates.length > 0
          ? reshape(stack(gates, 1), [batch, steps, remembered * units])
          : nothing([batch, remember ? steps : 0, remembered * units]),
    };
  },
  kernels,
  wasm(
    { x, kernel, bias, recurrent, recurrentBias, h: h0, c: c0, mask },
    { h, c, gates },
    { kind, remember },
    workspace,
  ) {
    if (!inFloat32(x, kernel, bias, recurrent, recurrentBias, h0, c0)) return undefined;
    const { batch, steps, units } = sizesOf({ x, recurrent });
    if (units === 0) return [];
    const ofInput = panelsOfMatrix(kernel, false, batch * steps, workspace);
    const ofState = panelsOfMatrix(recurrent, false, batch * steps, workspace);
    const pieces = piecesOf(batch, [ofInput.matrix, ofState.matrix], workspace);
    return [
      ...ofInput.calls,
      ...ofState.calls,
      call(
        "recurrence32",
        [
          kinds[kind].code,
          batch,
          steps,
          x.shape[2] as number,
          units,
          x.at,
          ...ofInput.args,
          bias?.at ?? 0,
          ...ofState.args,
          recurrentBias?.at ?? 0,
          h0.at,
          c0?.at ?? 0,
          mask?.at ?? 0,
          h.at,
          c.at,
          remember ? gates.at : 0,
          ...pieces.args,
        ],
        pieces,
      ),
    ];
  },
  gradient({ h: dh, c: dc }, { inputs, outputs: { h, c, gates } }, attributes) {
    const { kind } = attributes;
    const { x, kernel, bias, recurrent, recurrentBias, h: h0, c: c0, mask } = inputs;
    let solved: ReturnType<typeof recurrenceBack> | undefined;
    const back = () => {
      const memory = c0 ? dc : undefined;
      const operands = { x, kernel, bias, recurrent, recurrentBias, h0, c0, mask, dh, dc: memory, h, c, gates };
      solved ??= recurrenceBack(operands, attributes);
      return solved;
    };
    // What came from the product is, but in a GRU, what came from the input.
    const ofProduct = () => (kind === "gru" ? back().dproduct : back().dprojected);
    const flat = (sequence: Tensor) => reshape(sequence, [-1, sequence.shape.at(-1) as number]);
    /** The gradient of a matrix that all steps were multiplied with. */
    const ofMatrix = (sequence: Tensor, gradient: Tensor) =>
      product({ a: flat(sequence), b: flat(gradient) }, { transposeA: true, transposeB: false }).c;
    return {
      x: (): Tensor =>
        reshape(product({ a: flat(back().dprojected), b: kernel }, { transposeA: false, transposeB: true }).c, x.shape),
      kernel: (): Tensor => ofMatrix(x, back().dprojected),
      bias: bias ? (): Tensor => sumTo(back().dprojected, bias.shape) : "none",
      recurrent: (): Tensor => ofMatrix(sliceAlong(h, 1, 0, x.shape[1] as number), ofProduct()),
      recurrentBias: recurrentBias ? (): Tensor => sumTo(ofProduct(), recurrentBias.shape) : "none",
      h: (): Tensor => back().dh0,
      c: c0 ? (): Tensor => back().dc0 : "none",
      mask: "none",
    };
  },
});

type BackInputs = Omit<RecurrenceInputs, "h" | "c"> & {
  readonly h0: Tensor;
  readonly c0?: Tensor | undefined;
  /** The gradients of the states, of which the kernel needs what the forward pass left behind. */
  readonly dh?: Tensor | undefined;
  readonly dc?: Tensor | undefined;
  readonly h: Tensor;
  readonly c: Tensor;
  readonly gates: Tensor;
};

/** The gradients of a recurrence, by their definition. */
function composeBack(inputs: Omit<BackInputs, "h" | "c" | "gates">, { kind }: Attributes) {
  const { x, recurrent, recurrentBias, h0, c0, mask, dh, dc } = inputs;
  const { batch, units } = sizesOf({ x, recurrent });
  const { dtype } = x;
  const projected = project(inputs);
  const extra = fill({}, { shape: kind === "gru" ? projected.shape : [batch, 0, units], dtype, value: 0 }).y;
  const memory = c0 ?? fill({}, { shape: [batch, 0], dtype, value: 0 }).y;
  const { gradients } = differentiate(
    ([projected, added, h, c]) =>
      compose(
        { projected: projected as Tensor, recurrent, recurrentBias, h: h as Tensor, c: c0 ? c : undefined, mask },
        kind,
        kind === "gru" ? added : undefined,
      ),
    ({ hs, cs }) => {
      const weighed = (states: readonly Tensor[], by: Tensor | undefined) =>
        by ? [sum(multiply(stack(states, 1), by))] : [];
      const terms = [...weighed(hs, dh), ...weighed(cs, dc)];
      return terms.reduce((total, term) => add(total, term));
    },
    [projected, extra, h0, memory],
  );
  const [dprojected, dproduct, dh0, dc0] = gradients as [Tensor, Tensor, Tensor, Tensor];
  return { dprojected, dproduct, dh0, dc0 };
}

/** The gradients of the projected input, of a GRU's recurrent products, and of the states before the first step. */
const recurrenceBack = op<BackInputs, "dprojected" | "dproduct" | "dh0" | "dc0", Attributes>({
  name: "recurrenceGradient",
  shape({ x, recurrent, h0, c0 }, { kind }) {
    const { batch, steps, units } = sizesOf({ x, recurrent });
    const { dtype } = x;
    const projected = { shape: [batch, steps, kinds[kind].parts * units], dtype };
    return {
      dprojected: projected,
      dproduct: kind === "gru" ? projected : { shape: [batch, 0, units], dtype },
      dh0: { shape: h0.shape, dtype },
      dc0: { shape: c0?.shape ?? [batch, 0], dtype },
    };
  },
  reference: (inputs, attributes) => composeBack(inputs, attributes),
  kernels,
  wasm({ x, recurrent, mask, dh, dc, h, c, gates }, { dprojected, dproduct, dh0, dc0 }, { kind }, workspace) {
    if (!inFloat32(x, recurrent, dh, dc)) return undefined;
    const { batch, steps, units } = sizesOf({ x, recurrent });
    if (units === 0) return [];
    const { calls, args, matrix } = panelsOfMatrix(recurrent, true, batch * steps, workspace);
    const pieces = piecesOf(batch, [matrix], workspace);
    return [
      ...calls,
      call(
        "recurrenceGradient32",
        [
          kinds[kind].code,
          batch,
          steps,
          units,
          dh?.at ?? 0,
          dc?.at ?? 0,
          ...args,
          mask?.at ?? 0,
          h.at,
          c.at,
          gates.at,
          dprojected.at,
          kind === "gru" ? dproduct.at : 0,
          dh0.at,
          dc0.at,
          ...pieces.args,
        ],
        pieces,
      ),
    ];
  },
  gradient: (dy, { inputs }, attributes) => ({
    ...throughReference(composeBack, ["x", "kernel", "bias", "recurrent", "recurrentBias", "h0", "c0", "dh", "dc"])(
      dy,
      { inputs },
      attributes,
    ),
    mask: "none",
    // These follow from the others.
    h: "none",
    c: "none",
    gates: "none",
  }),
});

/**
 * The states of a recurrence from before the first step to after the last: h [batch, steps + 1, units], and for an LSTM
 * c likewise. @internal
 */
export function recurrence(kind: RecurrenceKind, inputs: RecurrenceInputs): { h: Tensor; c: Tensor | undefined } {
  const remember = currentScope()?.recording ?? false;
  const { h, c } = recurrenceOp(inputs, { kind, remember });
  return { h, c: kind === "lstm" ? c : undefined };
}
