/**
 * Before every test file: one thread, since test files run side by side already. What threads do is tested with
 * devices of their own (`src/devices/wasm/threads.test.ts`). Before every test: the same random numbers in every run,
 * so that a test that passed passes again.
 */

import { beforeEach } from "vitest";
import { setThreads } from "../src/devices/current.ts";
import { isWasmAvailable } from "../src/devices/wasm/wasm.ts";
import { setRandomSeed } from "../src/ops/random/seed.ts";

if (isWasmAvailable()) setThreads(1);
beforeEach(() => setRandomSeed(20261120));
