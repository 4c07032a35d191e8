/**
 * No layer without its proof: every class of `layers` has a factory, a golden file, and a test that gives it the layer
 * contract.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import * as layers from "../../src/layers/index.ts";

/** InputLayer computes nothing, so it has a golden file of its own kind, which its own test reads. */
const withoutContract = new Set(["InputLayer"]);

const folder = fileURLToPath(new URL("../../src/layers", import.meta.url));
const tests = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".test.ts"))
  .map((path) => readFileSync(`${folder}/${path}`, "utf8"));

const classes = Object.entries(layers).filter(
  ([name, member]) => name !== "Layer" && (member as { prototype?: unknown }).prototype instanceof layers.Layer,
);

describe.each(classes)("%s", (name, member) => {
  test("has its Keras name", () => {
    expect((member as typeof layers.Layer).className).toBe(name);
  });

  test("has a factory", () => {
    const others = Object.keys(layers).filter((other) => other !== name);
    expect(others.some((other) => other.toLowerCase() === name.toLowerCase())).toBe(true);
  });

  test("has a golden file", () => {
    expect(existsSync(new URL(`../golden/layers/${name}.json`, import.meta.url))).toBe(true);
  });

  test.skipIf(withoutContract.has(name))("has a contract", () => {
    expect(tests.some((text) => new RegExp(`layerContract\\(\\s*${name}\\b`).test(text))).toBe(true);
  });
});
