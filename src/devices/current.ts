/**
 * Which device new tensors go to, and the choice between devices. Ops run where their inputs are.
 */
import { chooseDevice, chosenConcreteDevice, chosenDevice, type Device } from "../core/device.ts";
import { didYouMean, OptionError, show } from "../core/errors.ts";
import { recorded } from "../core/observer.ts";
import { live } from "../core/storage.ts";
import { referenceDevice } from "./reference/reference.ts";
import { isWasmAvailable, wasmDevice } from "./wasm/wasm.ts";

/** The devices by name. */
const devices = {
  /** Plain loops in float64 arithmetic: the meaning of every op, slow. */
  reference: () => referenceDevice,
  /** WebAssembly SIMD kernels. */
  wasm: () => wasmDevice(),
} as const satisfies Record<string, () => Device>;

export type DeviceName = keyof typeof devices;

/** The device that new tensors go to: the one chosen with `setDevice`, else "wasm" where it runs, else "reference". */
export function currentDevice(): Device {
  const chosen = chosenDevice();
  if (chosen) return chosen;
  const device = defaultDevice();
  chooseDevice(device);
  return device;
}

function defaultDevice(): Device {
  return isWasmAvailable() ? wasmDevice() : referenceDevice;
}

/** As `currentDevice`, but one with values even while a layer is only tried for its shapes: weights live there. */
export function concreteDevice(): Device {
  return chosenConcreteDevice() ?? defaultDevice();
}

/**
 * Chooses the device for tensors made from now on. Existing tensors stay where they are.
 *
 * @throws OptionError where the name is unknown or the device does not run here.
 *
 * @example
 * ```ts
 * import { info, setDevice } from "varve";
 * setDevice("reference");
 * const { device } = info();
 * setDevice("wasm");
 * device // => "reference"
 * ```
 */
export function setDevice(device: DeviceName | Device): void {
  if (typeof device !== "string") {
    chooseDevice(device);
    return;
  }
  if (!Object.hasOwn(devices, device)) {
    throw new OptionError(`setDevice: "${device}" is unknown; ${didYouMean(device, Object.keys(devices))}`);
  }
  if (device === "wasm" && !isWasmAvailable()) {
    throw new OptionError('setDevice: this JavaScript engine has no WebAssembly SIMD; use "reference"');
  }
  chooseDevice(devices[device]());
}

/**
 * How many threads the "wasm" device works with, the calling one included; results are the same with any number.
 * Default "auto": as many as the processor runs at once. Threads start when they are first of use and never keep a
 * program alive. Where memory cannot be shared (pages that are not cross-origin isolated) one thread does all the work;
 * `info()` says so.
 *
 * @throws OptionError for anything but a whole number ≥ 1 or "auto".
 *
 * @example
 * ```ts
 * import { info, setThreads } from "varve";
 * setThreads(1);
 * info().details.threads // => 1
 * ```
 */
export function setThreads(count: number | "auto"): void {
  if (count !== "auto" && !(Number.isSafeInteger(count) && count >= 1)) {
    throw new OptionError(`setThreads: needs a whole number ≥ 1 or "auto", got ${show(count)}`);
  }
  wasmDevice().threads?.set(count);
}

/** What runs where, and how much memory is held. */
export interface Info {
  /** The current device. */
  readonly device: string;
  /** What that device says of itself. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly memory: {
    /** Buffers held now, over all devices. */
    readonly storages: number;
    /** Bytes in them. */
    readonly bytes: number;
    /** The most bytes that were ever held at once. */
    readonly peakBytes: number;
  };
  /** Training and prediction steps that are recorded, to be repeated without working anything out. */
  readonly recorded: {
    readonly steps: number;
    /** The memory they keep for what they make on the way; the steps of a model share it. */
    readonly bytes: number;
    /** What of that is in use at the moment of a step that needs most. */
    readonly neededBytes: number;
  };
}

/**
 * What is on and how much is held.
 *
 * @example
 * ```ts
 * import { info, tensor } from "varve";
 * const before = info().memory.bytes;
 * const x = tensor([1, 2, 3]);
 * const held = info().memory.bytes - before;
 * x.dispose();
 * held // => 12
 * ```
 */
export function info(): Info {
  const device = currentDevice();
  return { device: device.name, details: device.describe(), memory: { ...live }, recorded: { ...recorded } };
}
