import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { platform } from "./node.ts";

/** What a terminal of 30 columns is sent. */
let sent: string;

beforeEach(() => {
  sent = "";
  for (const [name, value] of Object.entries({ isTTY: true, columns: 30 })) {
    Object.defineProperty(process.stdout, name, { value, configurable: true });
  }
  const write = (text: unknown) => {
    sent += String(text);
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(write as typeof process.stdout.write);
  vi.spyOn(console, "log").mockImplementation((text) => void write(`${text}\n`));
});

afterEach(() => {
  vi.restoreAllMocks();
  for (const name of ["isTTY", "columns"]) Reflect.deleteProperty(process.stdout, name);
});

test("the last state of a bar stays whole, however narrow the terminal is", async () => {
  const bar = await platform.openBar("Epoch 1/2", 4);
  expect(sent).toMatch(/^Epoch 1\/2\n/);
  bar?.update(1, "loss: 0.5");
  expect(sent.split("\u001b[?7l")).toHaveLength(2);
  bar?.update(4, "1ms/step - loss: 0.2500 - val_loss: 0.1250");
  bar?.stop();
  expect(sent.split("\u001b[?7h")).toHaveLength(2);
  expect(sent.endsWith(`4/4 ${"━".repeat(20)} 1ms/step - loss: 0.2500 - val_loss: 0.1250\n`)).toBe(true);
});

test("where nobody knows the end, it is known at the end", async () => {
  const bar = await platform.openBar("", undefined);
  bar?.update(3, "loss: 1");
  bar?.stop();
  expect(sent.endsWith(`3/3 ${"━".repeat(20)} loss: 1\n`)).toBe(true);
});

test("there is no bar where there is no terminal", async () => {
  Object.defineProperty(process.stdout, "isTTY", { value: false, configurable: true });
  expect(await platform.openBar("Epoch 1/2", 4)).toBeUndefined();
  expect(sent).toBe("");
});

test("workers start whatever flags the program runs with, those of the engine too", async () => {
  const shared = { words: new Int32Array(new SharedArrayBuffer(4)) };
  const { execArgv } = process;
  process.execArgv = ["--max-old-space-size=500", "--input-type=module"];
  try {
    const worker = await platform.startWorker("function start({ words }) { words[0] = 1; }", shared);
    for (let wait = 0; Atomics.load(shared.words, 0) === 0 && wait < 500; wait++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    worker?.terminate();
  } finally {
    process.execArgv = execArgv;
  }
  expect(shared.words[0]).toBe(1);
});
