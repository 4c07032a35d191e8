/**
 * What is written, as it goes out: bytes in order, a piece at a time, so that a file is never in memory as a whole; and
 * the values of a model at one moment, which they are taken from.
 */
import { bytesOf, type DType } from "../core/dtype.ts";
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import { pieceBytes } from "./stored-array.ts";

/** A file, or a part of one, before it is written. */
export interface Outgoing {
  readonly size: number;
  /** All bytes in order. A piece belongs to whoever takes it. */
  pieces(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** Values before they are written. */
export interface OutgoingArray extends Outgoing {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** The values of variables as they were at one moment: nothing is copied, and training may go on meanwhile. */
export class Snapshot {
  readonly #held: Tensor[] = [];

  /** The present value of a variable. */
  of(variable: Variable): OutgoingArray {
    return this.keep(variable.snapshot());
  }

  /** A tensor that is released together with the others. */
  keep(tensor: Tensor): OutgoingArray {
    this.#held.push(tensor);
    const { device, dtype, shape, size } = tensor;
    const each = bytesOf(dtype);
    const step = pieceBytes / each;
    return {
      shape,
      dtype,
      size: size * each,
      async *pieces() {
        for (let at = 0; at < size; at += step) {
          yield asBytes(await device.read(tensor.handle, dtype, Math.min(step, size - at), at));
        }
      },
    };
  }

  release(): void {
    for (const tensor of this.#held) tensor.dispose();
    this.#held.length = 0;
  }
}

/** Runs `fn` on what it takes a snapshot of, which is let go of afterwards. */
export async function withSnapshot<R>(fn: (snapshot: Snapshot) => Promise<R>): Promise<R> {
  const snapshot = new Snapshot();
  try {
    return await fn(snapshot);
  } finally {
    snapshot.release();
  }
}

/** What was read of a device is in memory of its own. */
const asBytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/** Bytes that are there already. */
export function ready(bytes: Uint8Array<ArrayBuffer>): Outgoing {
  return {
    size: bytes.length,
    async *pieces() {
      yield bytes;
    },
  };
}

/** All of a file in memory. */
export async function collect({ size, pieces }: Outgoing): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(size);
  let at = 0;
  for await (const piece of pieces()) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
