/**
 * What becomes one op in a program that was several when it was recorded: an activation joins the normalization before
 * it, forward and backward, max(·, 0) the product or convolution before it, and elementwise ops that follow one another
 * become one formula. Less memory is gone through; the results are the same bits, since every element goes through the
 * same instructions. Which ops take an activation along, their records say. What nobody reads is left out.
 *
 * Only what nobody else reads can vanish between two ops.
 */
import { isFloat } from "../../core/dtype.ts";
import { sameShape } from "../../core/shape.ts";
import { compose, formulaOf } from "../elementwise/elementwise.ts";
import { fusableActivation } from "../normalize/activation.ts";
import type { Normalization } from "../normalize/normalize.ts";
import { Operand, type OpStep, operandsOf, type ProgramStep, present, StepWorkspace } from "./steps.ts";

/** Who makes and who reads each place. */
class Links {
  readonly #makers = new Map<number, OpStep>();
  readonly #readers = new Map<number, ProgramStep[]>();

  constructor(steps: readonly ProgramStep[]) {
    for (const step of steps) this.add(step);
  }

  add(step: ProgramStep): void {
    for (const { place } of new Set(step.kind === "look" ? [step.operand] : present(step.inputs))) {
      const readers = this.#readers.get(place) ?? [];
      if (!readers.includes(step)) readers.push(step);
      this.#readers.set(place, readers);
    }
    if (step.kind === "op") for (const { place } of present(step.outputs)) this.#makers.set(place, step);
  }

  remove(step: ProgramStep): void {
    for (const { place } of operandsOf(step)) {
      const readers = this.#readers.get(place);
      if (readers?.includes(step)) readers.splice(readers.indexOf(step), 1);
    }
    if (step.kind === "op") {
      for (const { place } of present(step.outputs)) {
        if (this.#makers.get(place) === step) this.#makers.delete(place);
      }
    }
  }

  makerOf(place: number): OpStep | undefined {
    return this.#makers.get(place);
  }

  readersOf(place: number): readonly ProgramStep[] {
    return this.#readers.get(place) ?? [];
  }
}

/** The steps with those in place of others; what a step turns into stands where it stood. */
class Rewriting {
  readonly links: Links;
  readonly #steps: (ProgramStep | undefined)[];
  readonly #at: Map<ProgramStep, number>;

  constructor(steps: readonly ProgramStep[]) {
    this.#steps = [...steps];
    this.#at = new Map(steps.map((step, index) => [step, index]));
    this.links = new Links(steps);
  }

  has(step: ProgramStep): boolean {
    return this.#at.has(step);
  }

  /** How many of these places nobody needs any more once the step has run. */
  endingAt(step: ProgramStep, places: ReadonlySet<number>): number {
    const index = this.#at.get(step) as number;
    const isRead = (place: number) =>
      this.links.readersOf(place).some((each) => (this.#at.get(each) as number) > index);
    return [...places].filter((place) => !isRead(place)).length;
  }

  replace(step: ProgramStep, by: OpStep | undefined): void {
    const index = this.#at.get(step) as number;
    this.#at.delete(step);
    this.links.remove(step);
    this.#steps[index] = by;
    if (!by) return;
    this.#at.set(by, index);
    this.links.add(by);
  }

  get steps(): ProgramStep[] {
    return this.#steps.filter((step) => step !== undefined);
  }
}

/** Whether there is a kernel for a step. */
function hasKernel(step: OpStep): boolean {
  return (
    step.record.wasm?.(step.inputs, step.outputs, step.attributes, new StepWorkspace(step, undefined)) !== undefined
  );
}

/** The same memory, seen in the shape of another operand. */
function seenAs(shape: Operand, memory: Operand): Operand {
  return new Operand(shape, memory.place);
}

/** The one activation that reads u and its gradients, if nobody else does. */
function activationOf(u: Operand, links: Links, kept: ReadonlySet<number>) {
  if (kept.has(u.place)) return undefined;
  let value: OpStep | undefined;
  const gradients: OpStep[] = [];
  for (const reader of links.readersOf(u.place)) {
    const found = reader.kind === "op" ? fusableActivation(reader.record) : undefined;
    if (!found || present((reader as OpStep).inputs)[0]?.place !== u.place) return undefined;
    if (found.role === "gradient") gradients.push(reader as OpStep);
    else if (value) return undefined;
    else value = reader as OpStep;
  }
  const activation = value && fusableActivation(value.record)?.activation;
  return value && activation ? { value, activation, gradients } : undefined;
}

/**
 * max(·, 0) goes into the product or convolution before it. Its gradient asks only whether its operand is positive,
 * which is seen from the result as well.
 */
function joinRelu(step: OpStep, rewriting: Rewriting, kept: ReadonlySet<number>): void {
  const settings = step.attributes as { readonly relu?: boolean };
  const [name] = Object.keys(step.outputs) as [string];
  const u = step.outputs[name] as Operand;
  const found = settings.relu ? undefined : activationOf(u, rewriting.links, kept);
  if (found?.activation !== "relu") return;
  const y = seenAs(u, found.value.outputs.y as Operand);
  const joined: OpStep = { ...step, outputs: { [name]: y }, attributes: { ...settings, relu: true } };
  if (!hasKernel(joined)) return;
  rewriting.replace(step, joined);
  rewriting.replace(found.value, undefined);
  for (const gradient of found.gradients) {
    const [from] = present(gradient.inputs) as [Operand];
    rewriting.replace(gradient, { ...gradient, inputs: { ...gradient.inputs, "0": seenAs(from, y) } });
  }
}

/** An activation goes into the normalization before it, and its gradient into that of the normalization. */
function joinActivation(step: OpStep, rewriting: Rewriting, kept: ReadonlySet<number>): void {
  const { links } = rewriting;
  const settings = step.attributes as Normalization;
  const u = step.outputs.y as Operand;
  const found = settings.activation === undefined ? activationOf(u, links, kept) : undefined;
  if (!found || found.gradients.length > 1) return;
  const { value, activation, gradients } = found;
  const y = seenAs(u, value.outputs.y as Operand);
  const joined: OpStep = {
    ...step,
    outputs: { ...step.outputs, y },
    attributes: { ...settings, activation },
  };
  if (!hasKernel(joined)) return;
  const [gradient] = gradients;
  let behind: { readonly from: OpStep; readonly to: OpStep } | undefined;
  if (gradient) {
    const dy = gradient.outputs.y as Operand;
    const [from, ...others] = links.readersOf(dy.place);
    const isOwn =
      from?.kind === "op" &&
      from.record.activation === "backward" &&
      from.inputs.dy?.place === dy.place &&
      from.inputs.mean?.place === step.outputs.mean?.place &&
      !kept.has(dy.place);
    if (!isOwn || others.length > 0 || fusableActivation(gradient.record)?.activation !== activation) return;
    const dz = seenAs(from.inputs.dy as Operand, gradient.inputs["1"] as Operand);
    const to: OpStep = {
      ...from,
      inputs: { ...from.inputs, dy: dz, beta: step.inputs.beta },
      attributes: { ...(from.attributes as object), activation },
    };
    if (!hasKernel(to)) return;
    behind = { from, to };
  }
  rewriting.replace(step, joined);
  rewriting.replace(value, undefined);
  if (!gradient || !behind) return;
  rewriting.replace(gradient, undefined);
  rewriting.replace(behind.from, behind.to);
}

/** So many operands and instructions a formula may come to have. */
const mostInputs = 8;
const mostInstructions = 64;

const isPlain = (step: ProgramStep | undefined): step is OpStep =>
  step?.kind === "op" && !step.retold && step.draw === undefined;

/** What is computed element by element for this step alone goes into it. */
function absorb(step: OpStep, rewriting: Rewriting, kept: ReadonlySet<number>): OpStep | undefined {
  const y = step.outputs.y as Operand;
  const consumer = formulaOf(step.record);
  if (!consumer || !isPlain(step) || !isFloat(y.dtype)) return undefined;
  const operands = present(step.inputs);
  for (const [slot, operand] of operands.entries()) {
    const maker = rewriting.links.makerOf(operand.place);
    const producer = isPlain(maker) && rewriting.has(maker) ? formulaOf(maker.record) : undefined;
    if (!maker || !producer || kept.has(operand.place)) continue;
    const made = maker.outputs.y as Operand;
    const sameKind = [...present(maker.inputs), ...operands, y].every(({ dtype }) => dtype === y.dtype);
    const fits = sameShape(made.shape, y.shape) && sameShape(operand.shape, y.shape);
    const [reader, ...others] = rewriting.links.readersOf(operand.place);
    if (!sameKind || !fits || reader !== step || others.length > 0) continue;
    if (operands.some((each, index) => index !== slot && each.place === operand.place)) continue;
    const composed = compose(consumer, slot, producer, y.dtype);
    // What the maker alone needed would have to stay until here: no more than what it made.
    const large = present(maker.inputs).filter(({ size }) => size === made.size);
    if (rewriting.endingAt(maker, new Set(large.map(({ place }) => place))) > 1) continue;
    if (composed.inputs > mostInputs || composed.program().instructions.length > mostInstructions) continue;
    const inputs = [...operands.toSpliced(slot, 1), ...present(maker.inputs)];
    const joined: OpStep = {
      ...step,
      record: composed.record,
      inputs: { ...inputs } as unknown as OpStep["inputs"],
      attributes: [...(step.attributes as number[]), ...(maker.attributes as number[])],
    };
    if (!hasKernel(joined)) continue;
    rewriting.replace(maker, undefined);
    rewriting.replace(step, joined);
    return joined;
  }
  return undefined;
}

/** The steps without those whose results nobody reads. What is retold is counted by those who retell it, and stays. */
function withoutUnread(steps: readonly ProgramStep[], kept: ReadonlySet<number>): ProgramStep[] {
  const read = new Set(kept);
  return steps
    .toReversed()
    .filter((step) => {
      if (step.kind === "op" && !step.retold && !present(step.outputs).some(({ place }) => read.has(place)))
        return false;
      for (const { place } of operandsOf(step)) read.add(place);
      return true;
    })
    .reverse();
}

/**
 * The steps, with fewer and larger ops.
 *
 * @param kept The places that are read afterwards.
 */
export function fuse(recorded: readonly ProgramStep[], kept: ReadonlySet<number>): ProgramStep[] {
  const steps = withoutUnread(recorded, kept);
  const rewriting = new Rewriting(steps);
  for (const step of steps) {
    if (step.kind === "look") continue;
    if (step.record.activation === "any") joinActivation(step, rewriting, kept);
    else if (step.record.activation === "relu") joinRelu(step, rewriting, kept);
  }
  for (const step of rewriting.steps) {
    let grown: OpStep | undefined = step.kind === "op" ? step : undefined;
    while (grown) grown = absorb(grown, rewriting, kept);
  }
  return rewriting.steps;
}
