/**
 * The call of the kernel that normalizes, for ops that measure statistics and for those that are given them.
 */
import type { DType } from "../../core/dtype.ts";
import { call, type KernelCall, type Workspace } from "../../core/op.ts";
import type { Plan } from "./plan.ts";

/** What the kernel is to do besides; the bits are those of `normalize.as.ts`. */
export const flags = { rms: 1, given: 2 } as const;

/** Blocks are shared out among at most so many pieces, each of which has its own scratch memory. */
export const mostPieces = 64;

/** `places`: x, gamma, beta, y, mean, variance, rstd, residual; gamma and beta may be absent. */
export function normalizeCall(
  plan: Plan,
  dtype: DType,
  places: readonly ({ readonly at: number } | undefined)[],
  epsilon: number,
  flag: number,
  workspace: Workspace,
): KernelCall {
  const pieces = Math.min(plan.blocks, mostPieces);
  const addresses = places.map((place) => place?.at ?? 0) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return call(
    dtype === "float32" ? "normalizeFloat32" : "normalizeFloat64",
    [
      ...addresses,
      workspace.int32(plan.entries),
      workspace.temporary(pieces * plan.scratchBytes),
      plan.scratchBytes,
      epsilon,
      flag,
      pieces,
    ],
    { pieces },
  );
}
