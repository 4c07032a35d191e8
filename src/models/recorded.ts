/**
 * Steps that a model repeats: the first time a step is done plainly, then recorded twice, and if both recordings are
 * the same it is repeated from them (`ops/recording/`). There is one program for each kind of step: what it is for, the
 * shapes of the batch, and which weights train. Now and then the step's code is gone through without computing, to see
 * whether it still does the same; where numbers in it have changed, it is recorded anew.
 */
import { OutOfMemoryError } from "../core/errors.ts";
import { observed } from "../core/observer.ts";
import { inScope } from "../core/scope.ts";
import type { Tensor } from "../core/tensor.ts";
import { Arena } from "../ops/recording/arena.ts";
import { DryRecording, Undecided } from "../ops/recording/dry.ts";
import { Program } from "../ops/recording/program.ts";
import { Recording } from "../ops/recording/recording.ts";

/** What a step gives. */
export interface Outcome {
  /** What is read afterwards: tensors that are the caller's. Without any, those of the program are to be read. */
  readonly results?: readonly Tensor[] | undefined;
  /** How they are to be put together. */
  readonly structure?: unknown;
  /** What did the step, if a program did. */
  readonly program?: Program | undefined;
  /** Whether steps like it are always done plainly. */
  readonly refused?: boolean;
}

/** What a step done plainly leaves for a recording to keep. */
export interface Done extends Outcome {
  /** What the retold part was given. */
  readonly retoldInputs?: readonly Tensor[];
}

/** A step, in the parts that a program needs. */
export interface Recordable {
  /** Tells kinds of steps apart. */
  readonly key: string;
  /** Changes when something may have changed that the step's code takes from outside. */
  readonly era: number;
  /** The tensors of the batch, no two over the same memory. */
  readonly given: readonly Tensor[];
  /** Does all of it; `retell` runs what a program shall go through again. */
  eager(retell: (fn: () => void) => void): Done;
  /** That again, with stand-ins for what it gets. */
  retold(inputs: readonly Tensor[]): void;
}

interface Kind {
  seen: number;
  /** The era in which the program was last known to do what the step's code does. */
  era: number;
  structure?: unknown;
  first?: Recording | undefined;
  program?: Program | undefined;
  /** Why it is always done plainly. */
  refused?: string | undefined;
}

/** So often a step is recorded, to find two in a row that are the same. */
const mostRecordings = 8;

/** So many kinds of steps are kept. */
const mostKinds = 8;

export class RecordedSteps {
  readonly #kinds = new Map<string, Kind>();
  /** Their memory: one step runs at a time, so they share it. */
  readonly #arena = new Arena();

  run(step: Recordable): Outcome {
    const { given, eager } = step;
    const { device } = given[0] as Tensor;
    const plainly = (refused: boolean) =>
      withoutInputs(
        eager((fn) => fn()),
        refused,
      );
    if (!device.prepare) return plainly(false);
    const kind = this.#kindOf(step);
    if (kind.program && kind.era !== step.era) {
      const still = isStill(kind.program.recording, step);
      if (still !== undefined) kind.era = step.era;
      if (still === false) this.#startAnew(kind);
    }
    const { program, structure } = kind;
    if (program?.run(given, step.retold)) return { program, structure };
    if (kind.seen++ === 0 || program || kind.refused !== undefined) {
      return plainly(kind.refused !== undefined);
    }
    const recording = new Recording(device, given);
    let done: Done;
    try {
      done = observed(recording, () => eager((fn) => recording.retell(fn)));
    } catch (error) {
      recording.dispose();
      throw error;
    }
    kind.structure = done.structure;
    kind.era = step.era;
    this.#compare(kind, recording, done);
    return withoutInputs(done, false);
  }

  /** Makes a program of a recording that is like the one before. */
  #compare(kind: Kind, recording: Recording, done: Done): void {
    const { first } = kind;
    const difference = recording.refusal ?? first?.difference(recording);
    first?.dispose();
    kind.first = recording;
    if (first && difference === undefined) {
      kind.first = undefined;
      try {
        kind.program = new Program(recording, done.results ?? [], done.retoldInputs ?? [], this.#arena);
      } catch (error) {
        // The step is done, and will be done again without the memory that a program wants.
        if (!(error instanceof OutOfMemoryError)) throw error;
        kind.refused = error.message;
      }
    } else if (difference !== undefined && kind.seen > mostRecordings) kind.refused = difference;
    // A step that differs from the one before may be one that comes every so often.
    if (kind.program || (recording.refusal === undefined && kind.refused === undefined)) return;
    recording.dispose();
    kind.first = undefined;
  }

  /** Forgets what was recorded of a kind; the next steps are. */
  #startAnew(kind: Kind): void {
    kind.program?.dispose();
    kind.program = undefined;
    kind.seen = 1;
  }

  #kindOf({ key, era }: Recordable): Kind {
    const kind = this.#kinds.get(key) ?? { seen: 0, era };
    // The one that was used last is the last to go.
    this.#kinds.delete(key);
    this.#kinds.set(key, kind);
    if (this.#kinds.size > mostKinds) {
      const [oldest] = this.#kinds.keys();
      this.#drop(oldest as string);
    }
    return kind;
  }

  #drop(key: string): void {
    const { first, program } = this.#kinds.get(key) as Kind;
    first?.dispose();
    program?.dispose();
    this.#kinds.delete(key);
  }

  /** Forgets what was recorded. */
  dispose(): void {
    for (const key of [...this.#kinds.keys()]) this.#drop(key);
  }
}

/** Whether a step does what was recorded of it, but for values; undefined where only another one can tell. */
function isStill(recording: Recording, { given, eager }: Recordable): boolean | undefined {
  const dry = new DryRecording(recording, given);
  try {
    inScope(() => {
      const { results } = observed(dry, () => eager((fn) => dry.retell(fn)));
      for (const result of results ?? []) result.release();
    }, false);
    return dry.refusal === undefined && recording.difference(dry) === undefined;
  } catch (error) {
    // Whatever is wrong with it, the step will say when it is done.
    return error instanceof Undecided ? undefined : false;
  } finally {
    dry.takeBack();
    dry.dispose();
  }
}

/** The retold part's inputs belong to the step, not to who asked for it. */
function withoutInputs({ results, structure }: Done, refused: boolean): Outcome {
  return { results, structure, refused };
}
