/**
 * Threads of the wasm device: workers that have the same memory and the same kernels, and take pieces of a call.
 * What it is not: it decides neither how work splits into pieces nor what they compute, so results are the same with
 * any number of threads.
 *
 * A job is described by plain numbers in shared memory. One word counts the shares of the job that nobody has taken
 * yet; whoever lowers it by compare-and-exchange owns a share. The description only changes when every share of the
 * job before is done, so the owner of a share may read it. Workers look at the word for a moment after each job, since
 * the next one usually follows at once, and then sleep.
 */
import { VarveError } from "../../core/errors.ts";
import { platform, type StartedWorker } from "../../platform/platform.ts";

/** The words of the control block; those that several threads write stand in cache lines of their own. */
const word = {
  /** Shares of the present job that nobody has taken. */
  open: 0,
  /** Shares of the present job that are done. */
  done: 16,
  /** Changes when sleepers shall wake. */
  wake: 32,
  /** Workers that sleep or are about to. */
  sleeping: 48,
  /** Workers that are there. */
  ready: 49,
  /** Whether a kernel threw in a worker. */
  failed: 50,
  /** The job: into how many shares its pieces fall, the kernel's number, its pieces, how many arguments. */
  shares: 64,
  kernel: 65,
  pieces: 66,
  count: 67,
} as const;
/** Where in the block the arguments stand, as float64, and how many there can be. */
const argumentsAt = 320;
const maximumArguments = 64;

/** Bytes of the control block. */
export const controlBytes = argumentsAt + maximumArguments * 8;

/** Shares of a job per thread: several, so that a thread that is held up does not hold up the others for long. */
const sharesPerThread = 4;

/** As many as are used without being asked for: beyond, memory is the limit of most kernels. */
const mostThreads = 8;

/** How often a worker looks for the next job before it sleeps: some tens of microseconds. */
const looksBeforeSleep = 20_000;

/** What a worker runs. It is text, since it starts from nothing and must not refer to anything around it. */
export const workerSource = `
function start({ module, memory, control, names, word, argumentsAt, looksBeforeSleep }) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort() { throw new Error("aborted"); } } });
  const kernels = names.map((name) => exports[name]);
  const words = new Int32Array(memory.buffer, control, argumentsAt / 4);
  const values = new Float64Array(memory.buffer, control + argumentsAt, ${maximumArguments});
  Atomics.add(words, word.ready, 1);
  for (let looks = 0; ; ) {
    const open = Atomics.load(words, word.open);
    if (open === 0) {
      if (++looks < looksBeforeSleep) continue;
      const seen = Atomics.load(words, word.wake);
      Atomics.add(words, word.sleeping, 1);
      if (Atomics.load(words, word.open) === 0) Atomics.wait(words, word.wake, seen);
      Atomics.sub(words, word.sleeping, 1);
      looks = 0;
      continue;
    }
    if (Atomics.compareExchange(words, word.open, open, open - 1) !== open) continue;
    const shares = words[word.shares];
    const pieces = words[word.pieces];
    const from = Math.floor(((open - 1) * pieces) / shares);
    const to = Math.floor((open * pieces) / shares);
    try {
      kernels[words[word.kernel]](...values.subarray(0, words[word.count]), from, to);
    } catch {
      Atomics.store(words, word.failed, 1);
    }
    Atomics.add(words, word.done, 1);
    looks = 0;
  }
}
`;

/** Whether memory can be shared between threads here, and if not, why. */
export function sharingAvailable(): { available: boolean; reason: string } {
  if (typeof SharedArrayBuffer === "undefined" || typeof Atomics === "undefined") {
    return { available: false, reason: "this page is not cross-origin isolated, so memory cannot be shared" };
  }
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  if (crossOriginIsolated === false) {
    return { available: false, reason: "this page is not cross-origin isolated, so memory cannot be shared" };
  }
  return { available: true, reason: "memory is shared" };
}

export interface ThreadsOptions {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Address of the control block in the memory. */
  readonly control: number;
  /** The kernels' names; their order numbers them. */
  readonly names: readonly string[];
}

/** The workers of one memory. They start when they are first of use and never keep a process alive. */
export class Threads {
  readonly #options: ThreadsOptions;
  readonly #words: Int32Array;
  readonly #values: Float64Array;
  readonly #numbers: ReadonlyMap<string, number>;
  #workers: StartedWorker[] = [];
  #starting = false;
  /** Counts the teams, so that one that is no longer wanted does not start. */
  #team = 0;
  #wanted: number | "auto";

  /** `wanted`: how many threads work at once, the calling one included. */
  constructor(options: ThreadsOptions, wanted: number | "auto") {
    this.#options = options;
    this.#words = new Int32Array(options.memory.buffer, options.control, argumentsAt / 4);
    this.#values = new Float64Array(options.memory.buffer, options.control + argumentsAt, maximumArguments);
    this.#numbers = new Map(options.names.map((name, index) => [name, index]));
    this.#wanted = wanted;
  }

  /** How many threads work at once, as asked for. */
  get wanted(): number | "auto" {
    return this.#wanted;
  }

  /** How many threads there will be once all that were started are there. */
  get expected(): number {
    return 1 + this.#workers.length;
  }

  /** How many threads are there now, the calling one included. */
  get running(): number {
    return 1 + Atomics.load(this.#words, word.ready);
  }

  /** Asks for another number of threads. The present workers end; new ones start when they are first of use. */
  set(wanted: number | "auto"): void {
    for (const worker of this.#workers) worker.terminate();
    this.#workers = [];
    this.#starting = false;
    this.#team++;
    this.#words.fill(0);
    this.#wanted = wanted;
  }

  /** Starts the workers, if they are not there. They take some milliseconds; until then the caller works alone. */
  async start(): Promise<void> {
    if (this.#starting) return;
    this.#starting = true;
    const team = this.#team;
    const { processors, startWorker } = await platform();
    if (team !== this.#team) return;
    const { module, memory, control, names } = this.#options;
    const count = this.#wanted === "auto" ? Math.min(processors, mostThreads) : this.#wanted;
    for (let index = 1; index < count; index++) {
      const data = { module, memory, control, names, word, argumentsAt, looksBeforeSleep };
      const worker = startWorker(workerSource, data);
      if (!worker) return;
      this.#workers.push(worker);
    }
  }

  /**
   * Runs a kernel's pieces on all threads that are there, the calling one included, and waits for the last.
   * False where there is no other thread yet, and nothing was done.
   */
  run(name: string, kernel: (...args: number[]) => void, args: readonly number[], pieces: number): boolean {
    const words = this.#words;
    const helpers = Atomics.load(words, word.ready);
    if (helpers === 0 || args.length > maximumArguments) {
      if (this.#wanted !== 1) void this.start();
      return false;
    }
    const shares = Math.min(pieces, (helpers + 1) * sharesPerThread);
    words[word.kernel] = this.#numbers.get(name) as number;
    words[word.pieces] = pieces;
    words[word.shares] = shares;
    words[word.count] = args.length;
    this.#values.set(args);
    Atomics.store(words, word.done, 0);
    Atomics.store(words, word.open, shares);
    if (Atomics.load(words, word.sleeping) > 0) {
      Atomics.add(words, word.wake, 1);
      Atomics.notify(words, word.wake);
    }
    let failure: unknown;
    for (let open = shares; open > 0; ) {
      const found = Atomics.compareExchange(words, word.open, open, open - 1);
      if (found !== open) {
        open = found;
        continue;
      }
      try {
        kernel(...args, Math.floor(((open - 1) * pieces) / shares), Math.floor((open * pieces) / shares));
      } catch (error) {
        failure ??= error;
      }
      Atomics.add(words, word.done, 1);
      open = Atomics.load(words, word.open);
    }
    while (Atomics.load(words, word.done) < shares);
    const failed = Atomics.exchange(words, word.failed, 0);
    if (failure) throw failure;
    if (failed) throw new VarveError(`wasm: the kernel "${name}" failed in a worker thread`);
    return true;
  }
}
