/**
 * The call of the kernel that normalizes, for ops that measure statistics and for those that are given them.
 */
import { bytesOf, type DType } from "../../core/dtype.ts";
import { call, type KernelCall, type Pointer, type Workspace } from "../../core/op.ts";
import type { Activating } from "./activation.ts";
import type { Plan } from "./plan.ts";

/** What the kernel is to do besides; the bits are those of `normalize.as.ts`. */
export const flags = { rms: 1, given: 2 } as const;

/** Blocks are shared out among at most so many pieces, each of which has its own scratch memory. */
const mostPieces = 64;
/** The most scratch memory for all pieces together, as long as there is more than one. */
const mostScratch = 2 ** 26;

/** How many pieces the blocks are shared out among, and how much memory each gets: whole vectors. */
function share(blocks: number, bytes: number): { pieces: number; scratchBytes: number } {
  const scratchBytes = Math.ceil(bytes / 64) * 64;
  return { pieces: Math.max(1, Math.min(blocks, mostPieces, Math.floor(mostScratch / scratchBytes))), scratchBytes };
}

/**
 * `places`: x, gamma, beta, y, mean, variance, rstd, residual; gamma and beta may be absent. What is stored is first
 * activated.
 */
export function normalizeCall(
  plan: Plan,
  dtype: DType,
  places: readonly ({ readonly at: number } | undefined)[],
  epsilon: number,
  flag: number,
  activating: Activating,
  workspace: Workspace,
): KernelCall {
  const { pieces, scratchBytes } = share(plan.blocks, plan.scratchBytes + activating.bytes);
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
      workspace.temporary(pieces * scratchBytes),
      scratchBytes,
      epsilon,
      flag,
      activating.at,
      pieces,
    ],
    { pieces },
  );
}

/**
 * The calls that give dx, then dgamma and dbeta where there are parameters; undefined where no kernel serves. With an
 * activation, dy is the gradient behind it.
 */
export function gradientCalls(
  plan: Plan,
  dtype: DType,
  inputs: Readonly<Record<"x" | "dy" | "mean" | "rstd" | "residual", Pointer>> &
    Readonly<Record<"gamma" | "beta", Pointer | undefined>>,
  outputs: Readonly<Record<"dx" | "dgamma" | "dbeta", Pointer>>,
  flag: number,
  activating: Activating,
  workspace: Workspace,
): KernelCall[] | undefined {
  if (plan.gradientBytes === undefined) return undefined;
  const { x, dy, gamma, beta, mean, rstd, residual } = inputs;
  const { dx, dgamma, dbeta } = outputs;
  const parameters = dgamma.size + dbeta.size;
  const { pieces, scratchBytes } = share(plan.blocks, plan.gradientBytes + parameters * 8 + activating.bytes);
  const scratch = workspace.temporary(pieces * scratchBytes);
  const pass = call(
    dtype === "float32" ? "normalizeGradientFloat32" : "normalizeGradientFloat64",
    [
      x.at,
      dy.at,
      gamma?.at ?? 0,
      beta?.at ?? 0,
      dx.at,
      mean.at,
      rstd.at,
      residual.at,
      dgamma.size,
      dbeta.size,
      workspace.int32(plan.entries),
      scratch,
      scratchBytes,
      flag,
      activating.at,
      pieces,
    ],
    { pieces },
  );
  const sums = call(
    "normalizeParameterGradients",
    [scratch, scratchBytes, pieces, dgamma.size, dgamma.at, dbeta.at, bytesOf(dtype)],
    { pieces: parameters },
  );
  return [pass, sums];
}
