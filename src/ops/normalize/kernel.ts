/**
 * The call of the kernel that normalizes, for ops that measure statistics and for those that are given them.
 */
import { bytesOf, type DType } from "../../core/dtype.ts";
import { call, type KernelCall, type Pointer, type Workspace } from "../../core/op.ts";
import type { Activating } from "./activation.ts";
import type { Plan } from "./plan.ts";

/** What the kernels are told; the bits are those of `normalize.as.ts`. */
export const flags = { rms: 1, given: 2 } as const;
const phases = { measure: 4, merge: 8, apply: 16, split: 32, parameters: 64 } as const;

/** Blocks are shared out among at most so many pieces, each of which has its own scratch memory. */
const mostPieces = 64;
/** The most scratch memory for all pieces together, as long as there is more than one. */
const mostScratch = 2 ** 26;
/** Fewer blocks than this are split, where they have parts. */
const manyBlocks = 8;
/** Lines longer than this leave the gradients of their parameters to a pass of their own, in sections of this length. */
const longLine = 8192;
const section = 4096;

const wholeVectors = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** How many pieces the blocks are shared out among, each of which needs so much memory. */
function piecesOf(blocks: number, bytes: number): number {
  return Math.max(1, Math.min(blocks, mostPieces, Math.floor(mostScratch / Math.max(bytes, 1))));
}

/**
 * `places`: x, gamma, beta, y, mean, variance, rstd, residual; gamma and beta may be absent. What is stored is first
 * activated.
 */
export function normalizeCalls(
  { entries, blocks, statistics, parts, batch, scratchBytes }: Plan,
  dtype: DType,
  places: readonly ({ readonly at: number } | undefined)[],
  epsilon: number,
  flag: number,
  activating: Activating,
  workspace: Workspace,
): KernelCall[] {
  const bytes = wholeVectors(scratchBytes + activating.bytes);
  const isSplit = parts > 1 && blocks < manyBlocks;
  const whole = piecesOf(blocks, bytes);
  const most = isSplit ? blocks * parts : whole;
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
  const plan = workspace.int32(entries);
  const scratch = workspace.temporary(most * bytes);
  const slots = workspace.temporary((isSplit ? blocks : whole * batch) * parts * statistics * 24);
  const phase = (does: number, pieces: number) =>
    call(
      dtype === "float32" ? "normalizeFloat32" : "normalizeFloat64",
      [...addresses, plan, scratch, bytes, slots, epsilon, flag | does, activating.at, pieces],
      { pieces },
    );
  const { measure, merge, apply, split } = phases;
  const isGiven = (flag & flags.given) !== 0;
  if (!isSplit) return [phase((isGiven ? 0 : measure) | merge | apply, whole)];
  const measured = isGiven ? [] : [phase(measure | split, most)];
  return [...measured, phase(merge | split, blocks), phase(apply | split, most)];
}

/**
 * The calls that give dx, then dgamma and dbeta where there are parameters; undefined where no kernel serves. With an
 * activation, dy is the gradient behind it.
 */
export function gradientCalls(
  { entries, blocks, statistics, parts, stretches, line, gradientBytes }: Plan,
  dtype: DType,
  inputs: Readonly<Record<"x" | "dy" | "mean" | "rstd" | "residual", Pointer>> &
    Readonly<Record<"gamma" | "beta", Pointer | undefined>>,
  outputs: Readonly<Record<"dx" | "dgamma" | "dbeta", Pointer>>,
  flag: number,
  activating: Activating,
  workspace: Workspace,
): KernelCall[] | undefined {
  if (gradientBytes === undefined) return undefined;
  const { x, dy, gamma, beta, mean, rstd, residual } = inputs;
  const { dx, dgamma, dbeta } = outputs;
  const element = bytesOf(dtype);
  const parameters = dgamma.size + dbeta.size;
  const bySections = line !== undefined && line > longLine && parameters > 0;
  const isSplit = bySections || (parts > 1 && blocks < manyBlocks && stretches === 0);
  const runs = line === undefined || isSplit ? 0 : parameters * element;
  const bytes = wholeVectors(gradientBytes + Math.max(runs, bySections ? 2 * section * element : 0) + activating.bytes);
  const sumsBytes = wholeVectors(parameters * 8);
  const whole = piecesOf(blocks * Math.max(1, stretches), bytes + sumsBytes);
  const pieces = isSplit ? blocks * parts : whole;
  const sections = bySections ? Math.ceil(line / section) : 0;
  const shares = bySections ? 1 : pieces;
  const sums = workspace.temporary(shares * sumsBytes);
  const plan = workspace.int32(entries);
  const scratch = workspace.temporary(Math.max(pieces, sections) * bytes);
  const slots = workspace.temporary(((isSplit ? blocks : whole) * parts + pieces) * statistics * 16);
  const phase = (does: number, count: number) =>
    call(
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
        plan,
        sums,
        bySections ? 0 : sumsBytes,
        scratch,
        bytes,
        slots,
        flag | does,
        activating.at,
        count,
      ],
      { pieces: count },
    );
  const { measure, apply, split, parameters: ofParameters } = phases;
  const passes = isSplit
    ? [
        phase(measure | split, pieces),
        ...(bySections ? [phase(ofParameters, sections)] : []),
        phase(apply | split, pieces),
      ]
    : [phase(measure | apply, pieces)];
  if (parameters === 0) return passes;
  const total = call(
    "normalizeParameterGradients",
    [sums, sumsBytes, shares, dgamma.size, dgamma.at, dbeta.at, element],
    {
      pieces: parameters,
    },
  );
  return [...passes, total];
}
