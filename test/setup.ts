/**
 * Before every test file: one thread, since test files run side by side already. What threads do is tested with
 * devices of their own (`src/devices/wasm/threads.test.ts`).
 */

import { setThreads } from "../src/devices/current.ts";
import { isWasmAvailable } from "../src/devices/wasm/wasm.ts";

if (isWasmAvailable()) setThreads(1);
