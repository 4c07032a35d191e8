/** Models that TensorFlow.js itself wrote (`tfjs/write.mjs`) open here from disk and from a server, and predict the same. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FileError, info, loadModel } from "varve";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { differenceOf, given, type Recorded } from "./zoo.ts";

const folder = new URL("tfjs/models/", import.meta.url);
const names = readdirSync(folder);
const recordOf = (name: string): Recorded => JSON.parse(readFileSync(new URL(`${name}/expected.json`, folder), "utf8"));
const pathOf = (name: string) => fileURLToPath(new URL(`${name}/model.json`, folder));

describe.each(names)("%s", (name) => {
  it("predicts as TensorFlow.js, and goes on training", async () => {
    const { inputs, predictions, targets, losses, after } = recordOf(name);
    const model = await loadModel(pathOf(name));
    expect(await differenceOf(model, inputs, predictions)).toBeLessThan(1e-5);
    expect(model.compiled).toBe(losses !== undefined);
    for (const wanted of losses ?? []) {
      const { loss } = await model.trainOnBatch(given(inputs), given(targets as never), { returnDict: true });
      expect(Math.abs((loss as number) - wanted)).toBeLessThan(2e-5);
    }
    if (after) expect(await differenceOf(model, inputs, after)).toBeLessThan(1e-4);
    model.dispose();
  });
});

it.each(["recurrent", "nested"])("%s keeps its older hard sigmoid in every kind of file", async (name) => {
  const { inputs, predictions } = recordOf(name);
  const model = await loadModel(pathOf(name));
  const at = mkdtempSync(join(tmpdir(), "varve-"));
  await model.save(join(at, "model.keras"));
  await model.save(join(at, "model.json"));
  expect(readFileSync(join(at, "model.json"), "utf8")).toContain('"recurrent_activation":"hard_sigmoid"');
  for (const kind of ["keras", "json"]) {
    const copy = await loadModel(join(at, `model.${kind}`));
    expect(await differenceOf(copy, inputs, predictions)).toBeLessThan(1e-5);
    copy.dispose();
  }
  model.dispose();
  rmSync(at, { recursive: true });
});

it("leaves out what it was compiled with, where that is asked for", async () => {
  const model = await loadModel(pathOf("trained-adam"), { compile: false });
  expect(model.compiled).toBe(false);
  model.dispose();
});

describe("from a server", () => {
  let server: Server;
  let address: string;
  /** What was asked for. */
  let asked: string[] = [];

  beforeAll(async () => {
    server = createServer(({ url = "" }, answer) => {
      asked.push(url);
      const { pathname, searchParams } = new URL(url, "http://localhost");
      const moved = /^\/moved\/(.*)/.exec(pathname);
      if (moved) return answer.writeHead(302, { location: `/${moved[1]}` }).end();
      if (/^\/closed/.test(pathname) && searchParams.get("key") !== "a b") return answer.writeHead(403).end();
      const path = pathname.replace(/^\/(closed|incomplete|cut)/, "");
      if (/^\/incomplete.*shard2/.test(pathname)) return answer.writeHead(404).end("not here");
      try {
        const bytes = readFileSync(new URL(`.${path}`, folder));
        return answer.end(/^\/cut.*shard2/.test(pathname) ? bytes.subarray(0, -4) : bytes);
      } catch {
        return answer.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://localhost:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => void server.close());

  async function opened(source: string | URL, name: string): Promise<string[]> {
    asked = [];
    const { inputs, predictions } = recordOf(name);
    const model = await loadModel(source);
    expect(await differenceOf(model, inputs, predictions)).toBeLessThan(1e-5);
    model.dispose();
    return asked;
  }

  async function refused(source: string): Promise<string> {
    const before = info().memory.storages;
    const error = await loadModel(source).then(
      () => expect.unreachable("loaded"),
      (each: Error) => each,
    );
    expect(error).toBeInstanceOf(FileError);
    expect(info().memory.storages).toBe(before);
    return error.message;
  }

  it("finds the shards beside the model, each once", async () => {
    const wanted = ["model.json", "group1-shard1of3.bin", "group1-shard2of3.bin", "group1-shard3of3.bin"];
    expect(await opened(`${address}/sequential/model.json`, "sequential")).toEqual(
      wanted.map((each) => `/sequential/${each}`),
    );
    expect((await opened(new URL(`${address}/functional/model.json`), "functional")).length).toBe(7);
  });

  it("asks for them with the same query, and only with it", async () => {
    const found = await opened(`${address}/closed/sequential/model.json?key=a%20b`, "sequential");
    expect(found.at(-1)).toBe("/closed/sequential/group1-shard3of3.bin?key=a%20b");
    expect(await refused(`${address}/closed/sequential/model.json`)).toMatch(/model\.json: the server answered 403/);
  });

  it("follows where they have moved", async () => {
    const found = await opened(`${address}/moved/sequential/model.json`, "sequential");
    expect(found).toContain("/moved/sequential/group1-shard2of3.bin");
    expect(found).toContain("/sequential/group1-shard2of3.bin");
  });

  it("names the shard that is missing or cut off", async () => {
    expect(await refused(`${address}/incomplete/sequential/model.json`)).toMatch(
      /\/incomplete\/sequential\/group1-shard2of3\.bin: the server answered 404/,
    );
    expect(await refused(`${address}/cut/sequential/model.json`)).toMatch(/model\.json: .*the shards end before/);
  });
});

describe("refused", () => {
  const bytes = (json: object) => new TextEncoder().encode(JSON.stringify(json));

  it.each([
    ["by its format", { format: "graph-model", modelTopology: { node: [] }, weightsManifest: [] }],
    [
      "by its nodes",
      { modelTopology: { node: [{ name: "x", op: "Placeholder" }], versions: {} }, weightsManifest: [] },
    ],
  ])("a graph model, %s", async (_, json) => {
    await expect(loadModel(bytes(json))).rejects.toThrow(FileError);
    await expect(loadModel(bytes(json))).rejects.toThrow(
      /this is a TensorFlow\.js graph model: .*without the layers.*--output_format tfjs_layers_model/,
    );
  });

  it("bytes without the files beside them", async () => {
    await expect(loadModel(readFileSync(pathOf("sequential")))).rejects.toThrow(/give its path or address/);
  });
});
