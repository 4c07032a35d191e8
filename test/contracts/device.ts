/**
 * The wasm devices that contracts are proved on: their memory is poisoned with NaN. VARVE_TEST_THREADS (like "2,4") names
 * numbers of threads to prove them on; then every call with more than one piece is shared, however small it is.
 */
import { createWasmDevice, type WasmDevice } from "../../src/devices/wasm/wasm.ts";

const { process } = globalThis as { process?: { env?: Readonly<Record<string, string | undefined>> } };

/** On how many threads contracts are proved; none: on one, as users' small calls are. */
export const testThreads: readonly number[] = (process?.env?.VARVE_TEST_THREADS ?? "")
  .split(",")
  .filter(Boolean)
  .map(Number);

/** A device on so many threads, all of them there. */
export async function contractDevice({
  relaxed = true,
  threads: count = testThreads.at(-1) ?? 1,
}: {
  relaxed?: boolean;
  threads?: number;
} = {}): Promise<WasmDevice> {
  const device = createWasmDevice({ relaxed, threads: count, poison: true, ...(count > 1 ? { sharedFrom: 0 } : {}) });
  const { threads } = device;
  await threads?.start();
  while (threads && threads.running < threads.expected) await new Promise((resolve) => setTimeout(resolve, 1));
  return device;
}
