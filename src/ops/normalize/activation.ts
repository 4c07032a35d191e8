/**
 * Activations that normalization computes where it stores, and whose derivative its gradient computes where it reads.
 * They are those of `elementwise`, run by the same instructions: fused or not, the results are the same bits.
 */
import type { DType } from "../../core/dtype.ts";
import type { OpRecord, Workspace } from "../../core/op.ts";
import type { Tensor } from "../../core/tensor.ts";
import { fusable } from "../elementwise/activations.ts";
import { inlineProgram } from "../elementwise/program.ts";

/** `gelu` is the approximation by tanh, as in Keras; `exactGelu` the one by the normal distribution. */
export type FusableActivation = keyof typeof fusable;

/**
 * Which activation an op's record is, and whether it is the activation itself, of one operand, or its gradient, of the
 * activation's operand and dy; undefined for what cannot be fused.
 *
 * @internal
 */
export function fusableActivation(
  record: OpRecord,
): { readonly activation: FusableActivation; readonly role: "value" | "gradient" } | undefined {
  for (const name in fusable) {
    const activation = name as FusableActivation;
    if (fusable[activation].record === record) return { activation, role: "value" };
    if (fusable[activation].isDerivative(record)) return { activation, role: "gradient" };
  }
  return undefined;
}

/** activation(u), as an op of its own. */
export function activate(activation: FusableActivation, u: Tensor): Tensor {
  return fusable[activation]([u], []);
}

/** dz · activation′(u), as an op of its own. */
export function activateBackward(activation: FusableActivation, u: Tensor, dz: Tensor): Tensor {
  return fusable[activation].derivative(0).run(u.dtype)([u, dz], []);
}

/** Where the program stands that the kernels run, and the scratch memory that it takes. */
export interface Activating {
  readonly at: number;
  readonly bytes: number;
}

/** The program of an activation, or of its derivative; undefined where the kernels cannot run it for that dtype. */
export function activationProgram(
  activation: FusableActivation,
  role: "value" | "gradient",
  dtype: DType,
  workspace: Workspace,
): Activating | undefined {
  const run = fusable[activation];
  return inlineProgram((role === "value" ? run : run.derivative(0).run(dtype)).program(), dtype, workspace);
}

/** No activation: nothing to run. */
export const noActivation: Activating = { at: 0, bytes: 0 };
