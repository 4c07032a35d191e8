/**
 * Storages: counted buffers on a device. A storage lives while something holds it and is given back to its device
 * the moment nothing does. Tensors that only see the same numbers differently (a reshape) share one.
 */
import type { Device } from "./device.ts";
import { DisposedError } from "./errors.ts";

/** How much is alive right now, over all devices that hold values. */
export const live = { storages: 0, bytes: 0, peakBytes: 0 };

export class Storage {
  readonly device: Device;
  readonly byteLength: number;
  /** What the device calls this memory: an address, a buffer. */
  readonly handle: unknown;
  #references = 1;
  /** Whether the memory belongs to somebody else. */
  readonly #lent: boolean;

  /** Memory of its own, or that which is lent under a handle. */
  constructor(device: Device, byteLength: number, lent?: unknown) {
    this.#lent = lent !== undefined;
    this.handle = lent ?? device.allocate(byteLength);
    this.device = device;
    this.byteLength = byteLength;
    if (!device.concrete || this.#lent) return;
    live.storages++;
    live.bytes += byteLength;
    if (live.bytes > live.peakBytes) live.peakBytes = live.bytes;
  }

  get disposed(): boolean {
    return this.#references === 0;
  }

  /** Whether more than one tensor sees it. */
  get shared(): boolean {
    return this.#references > 1;
  }

  retain(): this {
    if (this.#references === 0) throw new DisposedError("This memory was already given back");
    this.#references++;
    return this;
  }

  release(): void {
    if (this.#references === 0) return;
    if (--this.#references > 0) return;
    if (!this.device.concrete || this.#lent) return;
    live.storages--;
    live.bytes -= this.byteLength;
    this.device.free(this.handle, this.byteLength);
  }
}
