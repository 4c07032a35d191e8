/**
 * A recurrence over time: what SimpleRNN, LSTM and GRU compute once their input is projected for all steps, with the
 * activations that are theirs by default (logistic gates, tanh). Each step is one matrix product and one kernel for
 * everything that follows it; the whole sequence is one op, so that a step costs no bookkeeping, forwards or backwards.
 * What it is not: a layer. Other activations, and cells of one's own, are composed of smaller ops in `layers/rnn/`.
 */
import { ShapeError } from "../../core/errors.ts";
import { call, type KernelCall, type Pointer, type Workspace } from "../../core/op.ts";
import { currentScope } from "../../core/scope.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { sigmoid } from "../elementwise/activations.ts";
import { add, multiply, subtract } from "../elementwise/binary.ts";
import { where } from "../elementwise/compare.ts";
import { tanh } from "../elementwise/unary.ts";
import { differentiate, throughReference } from "../grad.ts";
import { affine, product } from "../matmul/matmul.ts";
import { panelsOf, productCall } from "../matmul/product.ts";
import { stack } from "../movement/concatenate.ts";
import { expandDims, reshape } from "../movement/reshape.ts";
import { sliceAlong, split } from "../movement/slice.ts";
import { op } from "../op.ts";
import { sum, sumTo } from "../reduce/sum.ts";
import { fill } from "../tensor.ts";
import { stepAt } from "./steps.ts";

/**
 * - `simple`: h = tanh(x + h·R)
 * - `lstm`: i, f, g, o = the four parts of x + h·R; c = σ(f) c + σ(i) tanh(g); h = σ(o) tanh(c)
 * - `gru`: with x and h·R + b in three parts, z = σ(x₀ + p₀), r = σ(x₁ + p₁), n = tanh(x₂ + r p₂); h = z h + (1 − z) n
 */
export type RecurrenceKind = "simple" | "lstm" | "gru";

/** For each kind its number in the kernel, the parts of the projected input, and how much a step remembers. */
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
  /** The projected input of all steps: [batch, steps, parts · units]. */
  readonly x: Tensor;
  /** R: [units, parts · units]. */
  readonly recurrent: Tensor;
  /** b, added to the recurrent product: [parts · units]. */
  readonly bias?: Tensor | undefined;
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

/** The meaning, step by step in small ops. `extra` is added to the recurrent products of all steps. */
function compose({ x, recurrent, bias, h, c, mask }: RecurrenceInputs, kind: RecurrenceKind, extra?: Tensor) {
  const { steps } = sizesOf({ x, recurrent });
  const hs = [h];
  const cs = c ? [c] : [];
  const gates: Tensor[] = [];
  for (let step = 0; step < steps; step++) {
    const [before, memory] = [hs[step] as Tensor, cs[step]];
    const given = stepAt(x, step);
    const plain = affine(before, recurrent, bias);
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

/** The rows of a matrix or of one step of a sequence: where they begin, and how far apart they are. */
interface Rows {
  readonly at: number;
  readonly step: number;
}

/** The calls of `product(from, to)`: rows of a times one matrix, whose panels are made once for all steps. */
function productOf(
  matrix: Pointer,
  transposed: boolean,
  batch: number,
  bias: number | undefined,
  workspace: Workspace,
) {
  const [rows, columns] = matrix.shape as [number, number];
  const [inner, outer] = transposed ? [columns, rows] : [rows, columns];
  const [along, across] = transposed ? [4, columns * 4] : [columns * 4, 4];
  const panels = panelsOf(
    { at: matrix.at, columns: outer, run: inner, step: along, columnStep: across, taps: [0], jobs: [0] },
    batch,
    "float32",
    workspace,
  );
  const target = workspace.temporary(batch * outer * 4);
  // Rows of two kinds at most: those of a state, and those of a step.
  const templates = new Map<number, KernelCall>();
  const times = ({ at: from, step }: Rows): KernelCall => {
    const template =
      templates.get(step) ??
      productCall(
        {
          a: from,
          c: target,
          bias,
          rows: [1, 1, 1, batch],
          aSteps: [0, 0, 0, step],
          cSteps: [0, 0, 0, outer * 4],
          run: inner,
          step: 4,
          taps: [0],
          jobs: [{ a: 0, b: panels.jobs[0] as number, c: 0, taps: 1 }],
        },
        panels,
        "float32",
        workspace,
      );
    templates.set(step, template);
    return { ...template, args: template.args.with(0, from) };
  };
  return { calls: panels.calls, target, times };
}

const recurrenceOp = op<RecurrenceInputs, "h" | "c" | "gates", Attributes>({
  name: "recurrence",
  shape({ x, recurrent, bias, h, c, mask }, { kind, remember }) {
    const { parts, remembered, states } = kinds[kind];
    const { batch, steps, units } = sizesOf({ x, recurrent });
    const demand = (what: string, found: Shape | undefined, wanted: Shape) => {
      if (found && (found.length !== wanted.length || found.some((size, axis) => size !== wanted[axis]))) {
        throw new ShapeError(`recurrence: ${what} must have shape ${formatShape(wanted)}, got ${formatShape(found)}`);
      }
    };
    demand("the projected input", x.shape, [batch, steps, parts * units]);
    demand("the recurrent kernel", recurrent.shape, [units, parts * units]);
    demand("the recurrent bias", bias?.shape, [parts * units]);
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
    const { hs, cs, gates } = compose(inputs, kind);
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
  wasm({ x, recurrent, bias, h: h0, c: c0, mask }, { h, c, gates }, { kind, remember }, workspace) {
    if (!inFloat32(x, recurrent, bias, h0, c0)) return undefined;
    const { code, parts, remembered } = kinds[kind];
    const { batch, steps, units } = sizesOf({ x, recurrent });
    if (units === 0) return [];
    const fed = productOf(recurrent, false, batch, bias?.at, workspace);
    const width = units * 4;
    const [xStep, stateStep, gatesStep] = [steps * parts * width, (steps + 1) * width, steps * remembered * width];
    const first = call(
      "recurrenceStep32",
      [code, units, 0, 0, 0, h0.at, c0?.at ?? 0, width, 0, 0, h.at, c.at, stateStep, 0, 0],
      { pieces: batch },
    );
    const calls: KernelCall[] = [...fed.calls, first];
    for (let step = 0; step < steps; step++) {
      const before = step * width;
      calls.push(
        fed.times({ at: h.at + before, step: stateStep }),
        call(
          "recurrenceStep32",
          [
            code,
            units,
            x.at + step * parts * width,
            xStep,
            fed.target,
            h.at + before,
            c.at + before,
            stateStep,
            mask ? mask.at + step : 0,
            steps,
            h.at + before + width,
            c.at + before + width,
            stateStep,
            remember ? gates.at + step * remembered * width : 0,
            gatesStep,
          ],
          { pieces: batch },
        ),
      );
    }
    return calls;
  },
  gradient({ h: dh, c: dc }, { inputs, outputs: { h, c, gates } }, attributes) {
    const { kind } = attributes;
    const { x, recurrent, bias, h: h0, c: c0, mask } = inputs;
    let solved: { dx: Tensor; dproduct: Tensor; dh0: Tensor; dc0: Tensor } | undefined;
    const back = () => {
      const memory = c0 ? dc : undefined;
      solved ??= recurrenceBack({ x, recurrent, bias, h0, c0, mask, dh, dc: memory, h, c, gates }, attributes);
      return solved;
    };
    // What came from the product is, but in a GRU, what came from the input.
    const ofProduct = () => (kind === "gru" ? back().dproduct : back().dx);
    const flat = (sequence: Tensor) => reshape(sequence, [-1, sequence.shape.at(-1) as number]);
    return {
      x: (): Tensor => back().dx,
      recurrent: (): Tensor =>
        product(
          { a: flat(sliceAlong(h, 1, 0, x.shape[1] as number)), b: flat(ofProduct()) },
          { transposeA: true, transposeB: false },
        ).c,
      bias: bias ? (): Tensor => sumTo(ofProduct(), bias.shape) : "none",
      h: (): Tensor => back().dh0,
      c: c0 ? (): Tensor => back().dc0 : "none",
      mask: "none",
    };
  },
});

type BackInputs = {
  readonly x: Tensor;
  readonly recurrent: Tensor;
  readonly bias?: Tensor | undefined;
  readonly h0: Tensor;
  readonly c0?: Tensor | undefined;
  readonly mask?: Tensor | undefined;
  /** The gradients of the states, of which the kernel needs what the forward pass left behind. */
  readonly dh?: Tensor | undefined;
  readonly dc?: Tensor | undefined;
  readonly h: Tensor;
  readonly c: Tensor;
  readonly gates: Tensor;
};

/** The gradients of a recurrence, by their definition. */
function composeBack(inputs: Omit<BackInputs, "h" | "c" | "gates">, { kind }: Attributes) {
  const { x, recurrent, bias, h0, c0, mask, dh, dc } = inputs;
  const { batch, units } = sizesOf({ x, recurrent });
  const { dtype } = x;
  const extra = fill({}, { shape: kind === "gru" ? x.shape : [batch, 0, units], dtype, value: 0 }).y;
  const memory = c0 ?? fill({}, { shape: [batch, 0], dtype, value: 0 }).y;
  const { gradients } = differentiate(
    ([projected, added, h, c]) =>
      compose(
        { x: projected as Tensor, recurrent, bias, h: h as Tensor, c: c0 ? c : undefined, mask },
        kind,
        kind === "gru" ? added : undefined,
      ),
    ({ hs, cs }) => {
      const weighed = (states: readonly Tensor[], by: Tensor | undefined) =>
        by ? [sum(multiply(stack(states, 1), by))] : [];
      const terms = [...weighed(hs, dh), ...weighed(cs, dc)];
      return terms.reduce((total, term) => add(total, term));
    },
    [x, extra, h0, memory],
  );
  const [dx, dproduct, dh0, dc0] = gradients as [Tensor, Tensor, Tensor, Tensor];
  return { dx, dproduct, dh0, dc0 };
}

const recurrenceBack = op<BackInputs, "dx" | "dproduct" | "dh0" | "dc0", Attributes>({
  name: "recurrenceGradient",
  shape({ x, recurrent, h0, c0 }, { kind }) {
    const { batch, units } = sizesOf({ x, recurrent });
    const { dtype } = x;
    return {
      dx: { shape: x.shape, dtype },
      dproduct: { shape: kind === "gru" ? x.shape : [batch, 0, units], dtype },
      dh0: { shape: h0.shape, dtype },
      dc0: { shape: c0?.shape ?? [batch, 0], dtype },
    };
  },
  reference: (inputs, attributes) => composeBack(inputs, attributes),
  wasm({ x, recurrent, mask, c0, dh, dc, h, c, gates }, { dx, dproduct, dh0, dc0 }, { kind }, workspace) {
    if (!inFloat32(x, recurrent, dh, dc)) return undefined;
    const { code, parts, remembered } = kinds[kind];
    const { batch, steps, units } = sizesOf({ x, recurrent });
    if (units === 0) return [];
    const fed = productOf(recurrent, true, batch, undefined, workspace);
    const width = units * 4;
    const [xStep, stateStep, gatesStep] = [steps * parts * width, (steps + 1) * width, steps * remembered * width];
    const carriedC = c0 ? dc0.at : 0;
    /** What a step passes back to the state before it; -1 is before the first. */
    const back = (step: number): KernelCall =>
      call(
        "recurrenceBack32",
        [
          code,
          units,
          dh ? dh.at + (step + 1) * width : 0,
          dc ? dc.at + (step + 1) * width : 0,
          fed.target,
          dh0.at,
          carriedC,
          step === steps - 1 ? 1 : 0,
          mask ? mask.at + step : 0,
          steps,
          h.at + step * width,
          c.at + step * width,
          stateStep,
          gates.at + step * remembered * width,
          gatesStep,
          step < 0 ? 0 : dx.at + step * parts * width,
          step < 0 || kind !== "gru" ? 0 : dproduct.at + step * parts * width,
          xStep,
        ],
        { pieces: batch },
      );
    const calls: KernelCall[] = [...fed.calls];
    const passed = kind === "gru" ? dproduct : dx;
    for (let step = steps - 1; step >= 0; step--) {
      calls.push(back(step), fed.times({ at: passed.at + step * parts * width, step: xStep }));
    }
    return [...calls, back(-1)];
  },
  gradient: (dy, { inputs }, attributes) => ({
    ...throughReference(composeBack, ["x", "recurrent", "bias", "h0", "c0", "dh", "dc"])(dy, { inputs }, attributes),
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
