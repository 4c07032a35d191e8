/**
 * Every layer has a contract in a test file beside it, a class under its Keras name, and a factory that makes it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as varve from "../../src/index.ts";
import { Layer } from "../../src/layers/layer.ts";

const folder = fileURLToPath(new URL("../../src/layers", import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => join(folder, path));

/** The layers of `layers.*` by the names of their classes. */
const classes = Object.entries(varve.layers).filter(
  ([name, member]) => name !== "Layer" && typeof member === "function" && member.prototype instanceof Layer,
) as [string, typeof Layer][];

/** These compute nothing of their own that a golden call could show; their own tests prove them. */
const withoutContract = ["InputLayer", "Lambda"];

test("every layer keeps the layer contract", () => {
  const text = files
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
  const proved = new Set([...text.matchAll(/layerContract\(\s*(\w+)/g)].map(([, name]) => name));
  expect(classes.map(([name]) => name).filter((name) => !proved.has(name) && !withoutContract.includes(name))).toEqual(
    [],
  );
});

test.each(classes)("%s is found by its Keras name, and public", (name, layerClass) => {
  expect(layerClass.className).toBe(name);
  expect((varve as Record<string, unknown>)[name]).toBe(layerClass);
});

test("every class has a factory", () => {
  const text = files
    .filter((path) => path.endsWith(".ts"))
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
  const factories = new Map(
    [...text.matchAll(/export const (\w+) = factory(?:<[^>]*>)?\((\w+)\)/g)].map(([, made, of]) => [of, made]),
  );
  for (const [name] of classes) {
    expect(Object.keys(varve.layers), `the factory of ${name}`).toContain(factories.get(name));
  }
});
