/**
 * Threads of the wasm device: workers that have the same memory and the same kernels, and take pieces of a call.
 * What it is not: it decides neither how work splits into pieces nor what they compute, so results are the same with
 * any number of threads.
 *
 * A job is described by plain numbers in shared memory. One word has a bit for each share of the job; whoever sets it
 * owns that share. Every thread begins at its own part of the shares and goes on to those that others have not come to,
 * so that it meets the same memory in one job after another while nobody is held up. The description only changes when
 * every share of the job before is done, so the owner of a share may read it. Workers look at the word for a moment
 * after each job, since the next one usually follows at once, and then sleep.
 */
import { VarveError } from "../../core/errors.ts";
import { platform, type StartedWorker } from "../../platform/platform.ts";

/** The words of the control block; those that several threads write stand in cache lines of their own. */
const word = {
  /** A bit for each share of the present job that is taken; those that do not exist count as taken. */
  taken: 0,
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
  /** How many threads there are for it. */
  threads: 68,
  /** Binaries that were added: where each lies in the memory, and how many bytes it has. */
  binaries: 72,
} as const;
/** Where in the block the arguments stand, as float64, and how many there can be. */
const argumentsAt = 384;
const maximumArguments = 64;

/** Bytes of the control block. */
export const controlBytes = argumentsAt + maximumArguments * 8;

/** Shares of a job per thread: several, so that a thread that is held up does not hold up the others for long. */
const sharesPerThread = 4;
/** The most shares of a job: the bits of a word. */
const mostShares = 32;
/** When all shares are taken. */
const allTaken = -1;

/** As many as are used without being asked for: beyond, memory is the limit of most kernels. */
const mostThreads = 8;

/**
 * How often a worker looks for the next job before it sleeps: some hundreds of microseconds. Waking takes about fifty,
 * half of what makes a job worth sharing.
 */
const looksBeforeSleep = 300_000;

/**
 * Takes a share of the present job for a thread: its number, or −1 when all are taken. Workers have this as text too,
 * so it must not refer to anything around it.
 */
function take(words: Int32Array, at: typeof word, thread: number): number {
  let taken = Atomics.load(words, at.taken);
  while (taken !== -1) {
    const shares = words[at.shares] as number;
    let share = Math.floor((thread * shares) / (words[at.threads] as number));
    for (let tried = 0; tried < shares; tried++, share++) {
      if (share >= shares) share = 0;
      const bit = 1 << share;
      if (taken & bit) continue;
      taken = Atomics.or(words, at.taken, bit);
      if (!(taken & bit)) return share;
    }
    taken = Atomics.load(words, at.taken);
  }
  return -1;
}

/** What a worker runs. It is text, since it starts from nothing and must not refer to anything around it. */
export const workerSource = `
const take = ${take};
function start({ module, memory, control, word, thread, argumentsAt, looksBeforeSleep }) {
  const env = { memory, abort() { throw new Error("aborted"); } };
  const kernelsOf = (module) => Object.values(new WebAssembly.Instance(module, { env }).exports);
  const kernels = kernelsOf(module);
  let added = word.binaries;
  const words = new Int32Array(memory.buffer, control, argumentsAt / 4);
  const values = new Float64Array(memory.buffer, control + argumentsAt, ${maximumArguments});
  Atomics.add(words, word.ready, 1);
  for (let looks = 0; ; ) {
    const share = take(words, word, thread);
    if (share < 0) {
      if (++looks < looksBeforeSleep) continue;
      const seen = Atomics.load(words, word.wake);
      Atomics.add(words, word.sleeping, 1);
      if (Atomics.load(words, word.taken) === ${allTaken}) Atomics.wait(words, word.wake, seen);
      Atomics.sub(words, word.sleeping, 1);
      looks = 0;
      continue;
    }
    const shares = words[word.shares];
    const pieces = words[word.pieces];
    const from = Math.floor((share * pieces) / shares);
    const to = Math.floor(((share + 1) * pieces) / shares);
    try {
      for (; words[word.kernel] >= kernels.length; added += 2) {
        const binary = new Uint8Array(memory.buffer, words[added] >>> 0, words[added + 1]).slice();
        kernels.push(...kernelsOf(new WebAssembly.Module(binary)));
      }
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
  /** The kernels' names, in the order of the module's exports, which numbers them. */
  readonly names: readonly string[];
}

/** The workers of one memory. They start when they are first of use and never keep a process alive. */
export class Threads {
  readonly #options: ThreadsOptions;
  readonly #words: Int32Array;
  readonly #values: Float64Array;
  readonly #numbers = new Map<string, number>();
  #exports = 0;
  /** The binaries that were added, as in the control block. */
  readonly #added: number[] = [];
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
    this.#wanted = wanted;
    this.#words[word.taken] = allTaken;
    this.#number(options.names);
  }

  /** Numbers go on from binary to binary; what several of them export, as all do their memory, has the last one. */
  #number(names: readonly string[]): void {
    for (const name of names) this.#numbers.set(name, this.#exports++);
  }

  /** More kernels, from a binary that stays where it lies in the memory. Workers read it when they first need it. */
  add(names: readonly string[], at: number, byteLength: number): void {
    this.#number(names);
    this.#added.push(at, byteLength);
    this.#words.set(this.#added, word.binaries);
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

  /** Why there are as many threads as there are, or how many there will be. */
  get because(): string {
    if (this.#wanted === 1) return "one thread was asked for";
    const howMany =
      this.#wanted === "auto"
        ? `one thread for each that the processor runs at once, ${mostThreads} at most`
        : `${this.#wanted} threads, as asked for`;
    const others = this.running > 1 ? "" : "; the others start with the first call that is large enough for them";
    return `memory is shared, and work is done by ${howMany}${others}`;
  }

  /** Asks for another number of threads. The present workers end; new ones start when they are first of use. */
  set(wanted: number | "auto"): void {
    for (const worker of this.#workers) worker.terminate();
    this.#workers = [];
    this.#starting = false;
    this.#team++;
    this.#words.fill(0);
    this.#words.set(this.#added, word.binaries);
    this.#words[word.taken] = allTaken;
    this.#wanted = wanted;
  }

  /** Starts the workers, if they are not there. They take some milliseconds; until then the caller works alone. */
  async start(): Promise<void> {
    if (this.#starting) return;
    this.#starting = true;
    const team = this.#team;
    const { processors, startWorker } = await platform();
    if (team !== this.#team) return;
    const { module, memory, control } = this.#options;
    const count = this.#wanted === "auto" ? Math.min(processors, mostThreads) : this.#wanted;
    for (let index = 1; index < count; index++) {
      const data = { module, memory, control, word, thread: index, argumentsAt, looksBeforeSleep };
      const worker = await startWorker(workerSource, data);
      if (!worker) return;
      if (team !== this.#team) {
        worker.terminate();
        return;
      }
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
    const shares = Math.min(pieces, (helpers + 1) * sharesPerThread, mostShares);
    words[word.kernel] = this.#numbers.get(name) as number;
    words[word.pieces] = pieces;
    words[word.shares] = shares;
    words[word.count] = args.length;
    words[word.threads] = helpers + 1;
    this.#values.set(args);
    Atomics.store(words, word.done, 0);
    Atomics.store(words, word.taken, shares === mostShares ? 0 : allTaken << shares);
    if (Atomics.load(words, word.sleeping) > 0) {
      Atomics.add(words, word.wake, 1);
      Atomics.notify(words, word.wake);
    }
    let failure: unknown;
    for (let share = take(words, word, 0); share >= 0; share = take(words, word, 0)) {
      try {
        kernel(...args, Math.floor((share * pieces) / shares), Math.floor(((share + 1) * pieces) / shares));
      } catch (error) {
        failure ??= error;
      }
      Atomics.add(words, word.done, 1);
    }
    while (Atomics.load(words, word.done) < shares);
    const failed = Atomics.exchange(words, word.failed, 0);
    if (failure) throw failure;
    if (failed) throw new VarveError(`wasm: the kernel "${name}" failed in a worker thread`);
    return true;
  }
}
