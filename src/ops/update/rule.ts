/**
 * What every optimizer's update is: one op that takes a variable, its gradient and the optimizer's slots for it, and
 * gives the new values of all of them, element by element, in one pass. A rule says what happens to one element; here
 * stands what all of them share. Which rule runs when, and with which numbers, is the business of `optimizers/`.
 */

import { checkFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError } from "../../core/errors.ts";
import type { KernelCall, Pointer, Spec, View } from "../../core/op.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type OpFunction, op } from "../op.ts";

/** What every rule is told. */
export interface RuleAttributes {
  /** What is left of x before the update: 1 − learning rate · weight decay. */
  readonly keep: number;
}

/** A variable x, its gradient g, and whichever slots the rule keeps. */
export type RuleInputs<S extends string> = { readonly x: Tensor; readonly g: Tensor } & {
  readonly [K in S]?: Tensor | undefined;
};

/** The new values of x and of every slot that was given. */
export type RuleOutputs<S extends string> = { readonly x: Tensor } & { readonly [K in S]: Tensor };

export type Rule<S extends string, A> = (inputs: RuleInputs<S>, attributes: A) => RuleOutputs<S>;

export interface RuleRecord<S extends string, A extends RuleAttributes> {
  readonly name: string;
  readonly slots: readonly S[];
  /** Changes one element in place: `state` is x, then the slots in their order; `has` says which of them are kept. */
  element(state: Float64Array, g: number, attributes: A, has: { readonly [K in S]?: boolean }): void;
  /** The kernel for float32. Addresses of absent slots are 0. */
  kernel?(
    at: { readonly [K in "x" | "g" | S]: number },
    to: { readonly [K in "x" | S]: number },
    attributes: A,
    size: number,
    split: { pieces: number },
  ): KernelCall | undefined;
}

/** Elements that one piece of a kernel's work holds; the kernels have the same number. */
const block = 4096;

/** Refuses gradients and slots that do not fit the variable, and gives the shapes of the new values. */
export function updateShape(
  name: string,
  inputs: Readonly<Record<string, Spec | undefined>>,
  slots: readonly string[],
): Record<string, Spec> {
  const { x } = inputs as { x: Spec };
  checkFloat(x.dtype, name);
  const outputs: Record<string, Spec> = { x: { shape: x.shape, dtype: x.dtype } };
  for (const key of ["g", ...slots]) {
    const input = inputs[key];
    if (input === undefined) continue;
    if (!sameShape(input.shape, x.shape)) {
      throw new ShapeError(
        `${name}: the variable has shape ${formatShape(x.shape)}, but ${key} has ${formatShape(input.shape)}`,
      );
    }
    if (input.dtype !== x.dtype) {
      throw new DTypeError(`${name}: the variable is ${x.dtype}, but ${key} is ${input.dtype}; cast it first`);
    }
    if (key !== "g") outputs[key] = outputs.x as Spec;
  }
  return outputs;
}

/** Makes the op of a rule. */
/* @__NO_SIDE_EFFECTS__ */
export function rule<A extends RuleAttributes, S extends string = never>(record: RuleRecord<S, A>): Rule<S, A> {
  const { name, slots, element, kernel } = record;
  const kept = ["x", ...slots];
  const sources = [...kept, "g"];
  const made = op<Record<string, Tensor | undefined>, string, A>({
    name,
    elementwise: true,
    shape: (inputs) => updateShape(name, inputs, slots),
    loops(inputs, outputs, attributes) {
      const from = kept.map((key) => inputs[key]?.data);
      const to = kept.map((key) => outputs[key]?.data);
      const { data: gradient, size } = inputs.g as View;
      const state = new Float64Array(from.length);
      const has = Object.fromEntries(slots.map((key) => [key, inputs[key] !== undefined]));
      for (let index = 0; index < size; index++) {
        for (let slot = 0; slot < from.length; slot++) state[slot] = from[slot]?.[index] ?? 0;
        state[0] = (state[0] as number) * attributes.keep;
        element(state, gradient[index] as number, attributes, has as { readonly [K in S]?: boolean });
        for (let slot = 0; slot < to.length; slot++) {
          const target = to[slot];
          if (target) target[index] = state[slot] as number;
        }
      }
    },
    wasm(inputs, outputs, attributes) {
      const { dtype, size } = inputs.x as Pointer;
      if (dtype !== "float32" || !kernel) return undefined;
      // Recorded steps ask for this anew each time, since its numbers change.
      const at: Record<string, number> = {};
      for (const key of sources) at[key] = inputs[key]?.at ?? 0;
      const to: Record<string, number> = {};
      for (const key of kept) to[key] = outputs[key]?.at ?? 0;
      return kernel(at as never, to as never, attributes, size, { pieces: Math.ceil(size / block) });
    },
    gradient: "none",
  }) as unknown as OpFunction<Record<string, Tensor | undefined>, string, A>;
  return (inputs, attributes) => made(inputs, attributes) as RuleOutputs<S>;
}
