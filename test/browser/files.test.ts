/**
 * Files on a page: downloads, the page's own file system (OPFS), file handles; and reading again what was written.
 */
import { FileError, info, layers, loadModel, type Model, resetNames, sequential, type Tensor, tensor } from "varve";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const x = tensor([[0.5, -1, 2]]);

function make(units = 4): Model {
  resetNames();
  return sequential([layers.dense({ units, inputShape: [3] }), layers.groupNormalization({ groups: 2 })]);
}

const valuesOf = async (model: Model) => (model.apply(x) as Tensor).array();

/** The names of everything in a folder of the page's own file system. */
async function namesIn(folder: FileSystemDirectoryHandle): Promise<string[]> {
  const names: string[] = [];
  for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name);
  return names.sort();
}

let root: FileSystemDirectoryHandle;

beforeEach(async () => {
  root = await navigator.storage.getDirectory();
  for (const name of await namesIn(root)) await root.removeEntry(name, { recursive: true });
});

afterEach(() => void vi.restoreAllMocks());

/** What a page would download: the bytes behind each link that is followed, by the name it is to have. */
function downloads(): Map<string, Promise<Uint8Array>> {
  const found = new Map<string, Promise<Uint8Array>>();
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    found.set(
      this.download,
      fetch(this.href).then(async (answer) => new Uint8Array(await answer.arrayBuffer())),
    );
  });
  return found;
}

test("save offers a download under a name", async () => {
  const found = downloads();
  const model = make();
  await model.save("out/net.keras");
  await model.saveWeights("net.safetensors");
  expect([...found.keys()]).toEqual(["net.keras", "net.safetensors"]);
  const copy = await loadModel((await found.get("net.keras")) as Uint8Array);
  expect(await valuesOf(copy)).toEqual(await valuesOf(model));
  const other = make();
  await other.loadWeights(new Blob([(await found.get("net.safetensors")) as BlobPart]), { maxBytes: 1e6 });
  expect(await valuesOf(other)).toEqual(await valuesOf(model));
});

test("a TensorFlow.js model is several downloads", async () => {
  const found = downloads();
  vi.spyOn(console, "warn").mockImplementation(() => {});
  await make().save("model.json");
  expect([...found.keys()]).toEqual([expect.stringMatching(/^group1-shard1of1-/), "model.json"]);
});

test("the page's own file system: written by path and handle, read by path, handle and File", async () => {
  const model = make();
  await model.save("opfs:/models/net.keras");
  const folder = await root.getDirectoryHandle("models");
  const handle = await folder.getFileHandle("net.keras");
  for (const source of ["opfs:/models/net.keras", handle, await handle.getFile()]) {
    const copy = await loadModel(source);
    expect(await valuesOf(copy)).toEqual(await valuesOf(model));
    copy.dispose();
  }
  const next = make();
  await next.save(handle as never);
  expect(await valuesOf(await loadModel(handle))).toEqual(await valuesOf(next));
  expect(await namesIn(folder)).toEqual(["net.keras"]);
  const weights = await folder.getFileHandle("net.weights.h5", { create: true });
  await next.saveWeights(weights as never);
  await model.loadWeights(weights);
  expect(await valuesOf(model)).toEqual(await valuesOf(next));
});

test("a TensorFlow.js model in the page's own file system comes back with its shards, and replaces them", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const [first, second] = [make(), make(8)];
  for (const model of [first, second]) {
    await model.save("opfs:net/model.json");
    expect(await valuesOf(await loadModel("opfs:net/model.json"))).toEqual(await valuesOf(model));
    expect((await namesIn(await root.getDirectoryHandle("net"))).length).toBe(2);
  }
});

test("a write that fails leaves the old file whole, and nothing beside it", async () => {
  const model = make();
  await model.save("opfs:net.keras");
  const handle = await root.getFileHandle("net.keras");
  const before = await (await handle.getFile()).arrayBuffer();
  const failing = {
    name: "net.keras",
    async createWritable() {
      const writable = await handle.createWritable();
      const write = async (content: string | Uint8Array) => {
        await writable.write((content as Uint8Array).slice(0, 100) as never);
        throw new Error("the disk is full");
      };
      return { write, close: () => writable.close(), abort: () => writable.abort() };
    },
  };
  await expect(make(8).save(failing)).rejects.toThrow("the disk is full");
  expect(new Uint8Array(await (await handle.getFile()).arrayBuffer())).toEqual(new Uint8Array(before));
  expect(await namesIn(root)).toEqual(["net.keras"]);
});

test("says what is not there and what cannot be, and leaves nothing in memory", async () => {
  const model = make();
  const { storages } = info().memory;
  await expect(loadModel("opfs:none/net.keras")).rejects.toThrow(FileError);
  await expect(loadModel("opfs:none.keras")).rejects.toThrow(/opfs:none\.keras: cannot be read/);
  await expect(model.save("opfs:../net.keras")).rejects.toThrow(/is no path of a file/);
  const handle = await root.getFileHandle("model.json", { create: true });
  await expect(model.save(handle as never)).rejects.toThrow(/several files.*opfs:\/model\.json/);
  await expect(model.save({ name: "net.keras" } as never)).rejects.toThrow(/ends in "\.keras"/);
  expect(info().memory.storages).toBe(storages);
});

test("a file that is fetched tells how far it is, and can be ended", async () => {
  const bytes = await make().toKeras();
  const url = URL.createObjectURL(new Blob([bytes as BlobPart]));
  const fractions: number[] = [];
  const loaded = await loadModel(url, { onProgress: ({ fraction }) => void fractions.push(fraction) });
  expect(loaded.layers.length).toBe(2);
  expect([fractions[0], fractions.at(-1)]).toEqual([0, 1]);
  const { storages } = info().memory;
  const controller = new AbortController();
  const ended = loadModel(url, { signal: controller.signal, onProgress: () => controller.abort(new Error("enough")) });
  await expect(ended).rejects.toThrow("enough");
  // What earlier tests dropped may go meanwhile.
  expect(info().memory.storages).toBeLessThanOrEqual(storages);
  URL.revokeObjectURL(url);
});

test("a model of TensorFlow.js opens from its address, with its shards", async () => {
  const address = new URL("../keras/tfjs/models/functional/model.json", import.meta.url);
  const { inputs, predictions } = await (await fetch(new URL("expected.json", address))).json();
  const model = await loadModel(address);
  const given = [inputs[0], inputs[1]].map(({ values, shape }) => tensor(values, shape));
  const outputs = (await model.predict<never>(given as never, { verbose: 0 })) as Tensor[];
  for (const [index, output] of outputs.entries()) {
    const values = [...(await output.data())];
    values.forEach((value, place) => {
      expect(Math.abs(value - predictions[index].values[place])).toBeLessThan(1e-5);
    });
  }
  model.dispose();
});
