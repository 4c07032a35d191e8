/**
 * Every function of `ops.*` has a contract in a test file beside it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as ops from "../../src/ops/index.ts";

test("every member of ops.* has an opContract", () => {
  const folder = fileURLToPath(new URL("../../src/ops", import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".test.ts"));
  const text = files.map((path) => readFileSync(join(folder, path), "utf8")).join("\n");
  const proved = new Set([...text.matchAll(/opContract\(\s*"(\w+)"/g)].map(([, name]) => name));
  const members = Object.entries(ops).flatMap(([name, member]) => (typeof member === "function" ? [name] : []));
  expect(members.filter((name) => !proved.has(name))).toEqual([]);
});
