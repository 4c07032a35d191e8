/**
 * Real files with a few bytes changed: each is refused with a FileError or opens, and leaves nothing behind. Where the
 * zip itself was changed, a file that opens has the weights it had. VARVE_FUZZ sets how many are tried (default 500).
 */
import fc from "fast-check";
import { unzipSync, zipSync } from "fflate";
import { FileError, info, loadModel, type Model } from "varve";
import { expect, it } from "vitest";
import { fileOf } from "./zoo.ts";

const runs = Number(process.env.VARVE_FUZZ ?? 500);
const names = ["deferred", "images", "frozen", "merging", "masks", "spectral", "optimizer-Adam"];

const mutation = fc.record({
  name: fc.constantFrom(...names),
  part: fc.constantFrom("zip", "config.json", "model.weights.h5"),
  how: fc.constantFrom("flip", "random", "cut", "repeat", "zero"),
  places: fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1, maxLength: 6 }),
  byte: fc.integer({ min: 0, max: 255 }),
});

function mutated(
  bytes: Uint8Array,
  { how, places, byte }: { how: string; places: number[]; byte: number },
): Uint8Array {
  const at = (place: number) => Math.floor(place * bytes.length);
  const first = at(places[0] as number);
  if (how === "cut") return bytes.slice(0, first);
  const copy = Uint8Array.from(bytes);
  if (how === "repeat") copy.copyWithin(first, at(places.at(-1) as number), at(places.at(-1) as number) + 64);
  else if (how === "zero") copy.fill(0, first, first + 16);
  else
    for (const place of places)
      copy[at(place)] = how === "random" ? byte : (copy[at(place)] as number) ^ (1 << (byte & 7));
  return copy;
}

const weightsOf = (model: Model) => model.weights.map(({ value }) => [...value.dataSync()]);

it(`${runs} changed files`, { timeout: 1_000_000 }, async () => {
  const originals = new Map<string, number[][]>();
  for (const name of names) {
    const model = await loadModel(fileOf(name));
    originals.set(name, weightsOf(model));
    model.dispose();
    model.optimizer?.dispose();
  }
  const before = info().memory.storages;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(mutation, async (change) => {
      const whole = fileOf(change.name);
      let file = mutated(whole, change);
      if (change.part !== "zip") {
        const entries: Record<string, Uint8Array> = unzipSync(whole);
        entries[change.part] = mutated(entries[change.part] as Uint8Array, change);
        file = zipSync(entries, { level: 0 });
      }
      const begun = performance.now();
      const model = await loadModel(file).catch((error: unknown) => {
        expect(error).toBeInstanceOf(FileError);
        refused++;
        return undefined;
      });
      expect(performance.now() - begun).toBeLessThan(5000);
      if (model && change.part === "zip") expect(weightsOf(model)).toEqual(originals.get(change.name));
      model?.dispose();
      model?.optimizer?.dispose();
      for (const metric of model?.metrics ?? []) metric.dispose();
      expect(info().memory.storages).toBe(before);
    }),
    { numRuns: runs, seed: 20261120, endOnFailure: true },
  );
  expect(refused).toBeGreaterThan(runs / 4);
  // The library that reads HDF5 lived through all of it.
  expect(weightsOf(await loadModel(fileOf("images")))).toEqual(originals.get("images"));
});
