/**
 * Which results of a recorded step may lie where something else lay: the new value of a variable where the old one is,
 * the result of an elementwise op where an operand was that nobody needs any more.
 */
import { sameShape } from "../../core/shape.ts";
import type { Origin } from "./recording.ts";
import { type Operand, operandsOf, type ProgramStep, present } from "./steps.ts";

/** The steps at which a place is first and last in use. */
export interface Use {
  readonly from: number;
  readonly to: number;
}

export function usesOf(steps: readonly ProgramStep[], places: number): Use[] {
  const uses = Array.from({ length: places }, () => ({ from: Number.POSITIVE_INFINITY, to: -1 }));
  steps.forEach((step, index) => {
    for (const { place } of operandsOf(step)) {
      const use = uses[place] as { from: number; to: number };
      use.from = Math.min(use.from, index);
      use.to = index;
    }
  });
  return uses;
}

const alike = (a: Operand, b: Operand) => a.dtype === b.dtype && sameShape(a.shape, b.shape);

/**
 * Whether a variable's new value can be made where the old one lies: when nobody reads the old one afterwards, and
 * nothing can go wrong afterwards either, since then the variable would have to be what it was.
 */
export function fitsInPlace(
  next: Operand,
  variable: number,
  steps: readonly ProgramStep[],
  uses: readonly Use[],
  origins: readonly Origin[],
): boolean {
  if (origins[next.place]?.kind !== "made") return false;
  const { from } = uses[next.place] as Use;
  const maker = steps[from] as ProgramStep;
  if (maker.kind !== "op") return false;
  const lastRead = (uses[variable] as Use).to;
  if (lastRead > from) return false;
  if (lastRead === from) {
    const old = present(maker.inputs).filter(({ place }) => place === variable);
    const made = present(maker.outputs).find(({ place }) => place === next.place) as Operand;
    if (!maker.record.elementwise || !old.every((each) => alike(each, made))) return false;
  }
  return !steps.some(
    (step, index) => index >= from && step.kind === "look" && origins[step.operand.place]?.kind !== "given",
  );
}

/**
 * For each place the one where it lies: its own, that of a variable which it is the new value of, or that of an operand
 * whose memory it takes over.
 */
export function sharedPlaces(
  steps: readonly ProgramStep[],
  uses: readonly Use[],
  origins: readonly Origin[],
  kept: ReadonlySet<number>,
  inPlace: ReadonlyMap<number, number>,
): number[] {
  const homes = origins.map((_, place) => inPlace.get(place) ?? place);
  /** Who lies in a home that was taken over is the last one there. */
  steps.forEach((step, index) => {
    if (step.kind === "look" || !step.record.elementwise) return;
    for (const output of present(step.outputs)) {
      if (homes[output.place] !== output.place || (uses[output.place] as Use).from !== index) continue;
      const free = present(step.inputs).find(
        (input) =>
          alike(input, output) &&
          origins[input.place]?.kind === "made" &&
          !inPlace.has(input.place) &&
          !kept.has(input.place) &&
          (uses[input.place] as Use).to === index &&
          present(step.outputs).every(({ place }) => homes[place] !== homes[input.place]),
      );
      if (free) homes[output.place] = homes[free.place] as number;
    }
  });
  return homes;
}
