/**
 * Saving is atomic: a process that is killed while it writes leaves the file as it was or as it was to be, never half of
 * it, and nothing that stands in the way of the next save.
 */
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel } from "varve";
import { afterAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "varve-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const root = new URL("../../", import.meta.url);

/** Saves a model of four million weights over and over, and says so before and after. */
const program = (path: string) => `
  import { layers, sequential } from "varve";
  const net = sequential([layers.dense({ units: 2000, inputShape: [2000] })]);
  await net.save(${JSON.stringify(path)});
  process.stdout.write("saved");
  for (;;) await net.save(${JSON.stringify(path)});
`;

it("survives being killed in the middle of it", { timeout: 120_000 }, async () => {
  const path = join(folder, "net.keras");
  const first = join(folder, "first.keras");
  for (const wait of [0, 7, 20, 45, 80]) {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program(path)], { cwd: root });
    await new Promise<void>((resolve, reject) => {
      child.stdout.once("data", () => resolve());
      child.once("exit", () => reject(new Error("the child ended by itself")));
    });
    copyFileSync(path, first);
    await new Promise((resolve) => setTimeout(resolve, wait));
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await ended;
    // Every save writes the same weights: whichever save the file is from, it is whole.
    expect(readFileSync(path).length).toBe(readFileSync(first).length);
    const net = await loadModel(path);
    // A draft may be left behind; the next save goes on all the same, and leaves none of its own.
    const left = readdirSync(folder).length;
    await net.save(path);
    expect(readdirSync(folder).length).toBe(left);
    net.dispose();
  }
});
