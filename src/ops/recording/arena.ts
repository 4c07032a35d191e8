/**
 * One range of memory for several programs, of which one runs at a time: as long as the longest of them needs. When a
 * longer one comes, the range moves, and the programs are told.
 */
import type { Device } from "../../core/device.ts";
import { recorded } from "../../core/observer.ts";
import { Storage } from "../../core/storage.ts";

/** Who lies in the range. */
export interface Tenant {
  readonly bytes: number;
  /** The most of it that is in use at once. */
  readonly neededBytes: number;
  /** The range begins there from now on. */
  moved(to: number): void;
}

const none = { bytes: 0, neededBytes: 0 };

export class Arena {
  #storage: Storage | undefined;
  #counted = none;
  readonly #tenants = new Set<Tenant>();

  /** Takes in a program, which is told where the range begins. */
  add(tenant: Tenant, device: Device): void {
    if (!this.#storage || this.#storage.byteLength < tenant.bytes || this.#storage.device !== device) {
      const larger = new Storage(device, tenant.bytes);
      this.#storage?.release();
      this.#storage = larger;
      for (const each of this.#tenants) each.moved(larger.handle as number);
    }
    this.#tenants.add(tenant);
    tenant.moved(this.#storage.handle as number);
    recorded.steps++;
    this.#count();
  }

  /** Lets go of a program; with the last one, of the memory. */
  delete(tenant: Tenant): void {
    if (!this.#tenants.delete(tenant)) return;
    recorded.steps--;
    if (this.#tenants.size === 0) {
      this.#storage?.release();
      this.#storage = undefined;
    }
    this.#count();
  }

  #count(): void {
    const needed = [...this.#tenants].map(({ neededBytes }) => neededBytes);
    const now = this.#storage ? { bytes: this.#storage.byteLength, neededBytes: Math.max(...needed) } : none;
    recorded.bytes += now.bytes - this.#counted.bytes;
    recorded.neededBytes += now.neededBytes - this.#counted.neededBytes;
    this.#counted = now;
  }
}
