/**
 * docs/layers.md says what there is.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { layersTable } from "../../scripts/write-layers-table.ts";

test("docs/layers.md is up to date; if not: npm run layers-table", () => {
  expect(readFileSync(new URL("../../docs/layers.md", import.meta.url), "utf8")).toBe(layersTable());
});
