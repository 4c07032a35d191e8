/** The command: what it prints, what it writes, and how it ends. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it, vi } from "vitest";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "varve-"));
afterAll(() => rmSync(folder, { recursive: true }));
const zoo = (name: string) => fileURLToPath(new URL(`../../test/keras/zoo/${name}`, import.meta.url));
const at = (name: string) => join(folder, name);

async function varve(...given: string[]): Promise<{ code: number; out: string; problem: string }> {
  const [out, problem]: [string[], string[]] = [[], []];
  const code = await run(
    given,
    (text) => out.push(text),
    (text) => problem.push(text),
  );
  return { code, out: out.join("\n"), problem: problem.join("\n") };
}

it("inspects a file, for people and as JSON", async () => {
  const { code, out } = await varve("inspect", zoo("images.keras"));
  expect(code).toBe(0);
  expect(out).toMatch(/GroupNormalization.*Keras 3\.15\.1; 380 bytes of weights\nCompiled with Adam.* after 2 steps/s);
  const facts = JSON.parse((await varve("inspect", "--json", zoo("images.keras"))).out);
  expect(facts).toMatchObject({ keras: "3.15.1", parameters: 95, optimizer: { class: "Adam", iterations: 2 } });
  expect(facts.layers[1]).toEqual({
    name: "group_normalization",
    class: "GroupNormalization",
    parameters: 8,
    trainable: true,
  });
});

it("predicts from JSON, CSV and npy, before and after converting", async () => {
  writeFileSync(at("x.json"), "[[1, 2, 3]]");
  writeFileSync(at("x.csv"), "1,2,3\n");
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }".padEnd(117).concat("\n");
  const head = Buffer.concat([Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]), Buffer.from(header)]);
  writeFileSync(at("x.npy"), Buffer.concat([head, Buffer.from(Float32Array.of(1, 2, 3).buffer)]));
  const { out } = await varve("predict", zoo("deferred.keras"), at("x.json"));
  expect(JSON.parse(out)[0].length).toBe(2);
  expect((await varve("convert", zoo("deferred.h5"), at("new.keras"))).code).toBe(0);
  for (const name of ["x.csv", "x.npy"]) expect((await varve("predict", at("new.keras"), at(name))).out).toBe(out);
  expect((await varve("convert", at("new.keras"), at("new.safetensors"))).code).toBe(0);
  expect((await varve("convert", at("new.keras"), at("model.json"))).code).toBe(0);
  expect((await varve("predict", at("model.json"), at("x.json"))).out).toBe(out);
  expect((await varve("convert", at("new.keras"), at("new.onnx"), "--opset", "21")).code).toBe(0);
  expect(readFileSync(at("new.onnx"), "latin1")).toContain("varve");
});

it("shows how far long work is where there is a terminal, and never among what it prints", async () => {
  let [drawn, time] = ["", 0];
  vi.spyOn(performance, "now").mockImplementation(() => (time += 1000));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    drawn += String(text);
    return true;
  });
  writeFileSync(at("many.json"), JSON.stringify(Array.from({ length: 70 }, () => [1, 2, 3])));
  const isTTY = Object.getOwnPropertyDescriptor(process.stderr, "isTTY");
  try {
    Object.defineProperty(process.stderr, "isTTY", { value: true, configurable: true });
    const { out } = await varve("predict", zoo("deferred.keras"), at("many.json"));
    expect(JSON.parse(out).length).toBe(70);
    expect(drawn).toMatch(/100\/100 ━+ reading .*deferred\.keras\n.*100\/100 ━+ predicting\n/s);
    drawn = "";
    expect((await varve("convert", zoo("deferred.keras"), at("shown.weights.h5"))).code).toBe(0);
    expect(drawn).toMatch(/100\/100 ━+ reading .*deferred\.keras\n.*100\/100 ━+ writing .*shown\.weights\.h5\n/s);
    drawn = "";
    Object.defineProperty(process.stderr, "isTTY", { value: false, configurable: true });
    expect((await varve("predict", zoo("deferred.keras"), at("many.json"))).out).toBe(out);
    expect(drawn).toBe("");
  } finally {
    if (isTTY) Object.defineProperty(process.stderr, "isTTY", isTTY);
    else Reflect.deleteProperty(process.stderr, "isTTY");
    vi.restoreAllMocks();
  }
});

it("says what is wrong: 1 for a file, 2 for the call", async () => {
  writeFileSync(at("bad.keras"), "nothing");
  expect(await varve("inspect", at("bad.keras"))).toMatchObject({ code: 1, problem: expect.stringMatching(/no zip/) });
  expect((await varve("inspect", at("none.keras"))).code).toBe(1);
  expect(await varve("look")).toMatchObject({
    code: 2,
    problem: expect.stringMatching(/no command "look"; varve --help/),
  });
  expect((await varve("inspect")).code).toBe(2);
  expect((await varve("inspect", "--what")).code).toBe(2);
  expect((await varve("convert", zoo("deferred.keras"), at("x.pb"))).problem).toMatch(/\.safetensors/);
  expect(await varve("convert", zoo("deferred.keras"), at("x.onnx"), "--opset", "5")).toMatchObject({
    code: 1,
    problem: expect.stringMatching(/opset must be a whole number from 17 to 23/),
  });
  expect((await varve("convert", zoo("deferred.keras"), at("x.keras"), "--opset", "17")).code).toBe(2);
  expect(await varve("--help")).toMatchObject({ code: 0, out: expect.stringMatching(/^Usage: varve/) });
  expect(await varve()).toMatchObject({ code: 2, out: "", problem: expect.stringMatching(/^Usage: varve/) });
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(await varve("--version")).toEqual({ code: 0, out: version, problem: "" });
});

it("names what is wrong with a file, an array, an option", async () => {
  const problemOf = async (...given: string[]) => {
    const { code, problem } = await varve(...given);
    return `${code} ${problem}`;
  };
  const model = zoo("deferred.keras");
  writeFileSync(at("half.json"), "[[1, 2");
  writeFileSync(at("ragged.csv"), "1,2,3\n1,2\n");
  writeFileSync(at("headed.csv"), "a,b,c\n1,2,3\n");
  writeFileSync(at("gaps.csv"), "1,,3\n");
  expect(await problemOf("predict", model, at("none.npy"))).toMatch(/^1 varve: .*none\.npy: cannot be read: ENOENT/);
  expect(await problemOf("predict", model, at("half.json"))).toMatch(/^1 varve: .*half\.json: is no JSON/);
  expect(await problemOf("predict", model, at("ragged.csv"))).toMatch(/^1 varve: .*ragged\.csv: holds no array/);
  expect(await problemOf("predict", model, at("headed.csv"))).toMatch(
    /headed\.csv: line 1 holds "a", which is no number/,
  );
  expect(await problemOf("predict", model, at("gaps.csv"))).toMatch(/gaps\.csv: line 1 holds "", which is no number/);
  expect(await problemOf("convert", model, at("none/x.keras"))).toMatch(
    /^1 varve: ".*none\/x\.keras" cannot be written: there is no such folder$/,
  );
  expect(await problemOf("convert", model, at("x.onnx"), "--opset", "new")).toMatch(
    /^2 .*--opset takes a number, got "new"/,
  );
  expect(await problemOf("inspect", model, "--opset", "17")).toMatch(/^2 .*inspect takes no --opset/);
  expect(await problemOf("inspect", "http://127.0.0.1:1/x.keras")).toMatch(/^1 .*x\.keras: cannot be fetched: /);
  const { code, out, problem } = await varve("inspect", "--json", zoo("subclassed.keras"));
  expect([code, JSON.parse(out)]).toEqual([1, { keras: "3.15.1", unknown: { Twin: ["twin"] } }]);
  expect(problem).toMatch(/Twin \("twin"\): no layer here has a name like it/);
});
