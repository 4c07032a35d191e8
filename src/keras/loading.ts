/**
 * What long reading and writing of files tells of itself, and how it ends early.
 */
import { breathe } from "../models/breathe.ts";
import type { FileProgress, Waiting } from "../models/files.ts";

/** How long it is silent at least between two reports, in milliseconds. */
const silence = 40;

export type Stage = FileProgress["stage"];

/** The way of one file through its stages. */
export interface Loading {
  readonly signal: AbortSignal | undefined;
  /** Says that a stage begins, of so many bytes. */
  begin(stage: Stage, total: number | undefined): void;
  /** Says that so many bytes more are done; leaves the rest of the program its turn, and fails where it was ended. */
  advance(bytes: number): Promise<void>;
  /** Says that all is done. */
  end(): void;
}

export function startLoading({ onProgress, signal }: Waiting): Loading {
  let stage: Stage = "fetch";
  let total: number | undefined;
  let [done, fraction, told] = [0, 0, 0];
  /** The part of the way that the stage is: what comes before the weights themselves takes half of what is left. */
  let [from, to] = [0, 0];
  const tell = () => {
    told = performance.now();
    onProgress?.({ fraction, stage, done, total });
  };
  signal?.throwIfAborted();
  return {
    signal,
    begin(next, size) {
      from = total === undefined ? fraction : to;
      to = next === "read" || next === "write" ? 1 : (1 + from) / 2;
      [stage, done, total, fraction] = [next, 0, size, from];
      tell();
    },
    async advance(bytes) {
      done += bytes;
      if (total) fraction = from + Math.min(1, done / total) * (to - from);
      if (performance.now() - told > silence) tell();
      await breathe();
      signal?.throwIfAborted();
    },
    end() {
      fraction = 1;
      done = total ?? done;
      tell();
    },
  };
}
