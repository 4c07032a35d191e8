/**
 * Runs every example of the documentation: the ts blocks after `@example` in the sources, and those of README.md and
 * docs/ that import from "varve" or a front end of it. A line `expression // => value` is checked; an example must have
 * one.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { transformSync } from "esbuild";
import { afterEach, describe, expect, test } from "vitest";
import * as contrib from "../../src/frontends/contrib/index.ts";
import * as neupy from "../../src/frontends/neupy/index.ts";
import * as varve from "../../src/index.ts";

/** What examples import from. */
const modules = { varve, "varve/contrib": contrib, "varve/neupy": neupy };

interface Example {
  readonly file: string;
  readonly line: number;
  readonly code: string;
}

function blocks(file: string, text: string, isSource: boolean): Example[] {
  const found: Example[] = [];
  const pattern = isSource ? /@example[^\n]*\n\s*\*\s*```ts\n([\s\S]*?)```/g : /^```ts\n([\s\S]*?)^```/gm;
  for (const match of text.matchAll(pattern)) {
    const line = text.slice(0, match.index).split("\n").length;
    const code = isSource ? (match[1] as string).replace(/^\s*\* ?/gm, "") : (match[1] as string);
    if (/from "varve/.test(code)) found.push({ file, line, code });
  }
  return found;
}

/** Every number equal to six digits, as documentation prints them. */
function round(value: unknown): unknown {
  if (typeof value === "number" && Number.isFinite(value)) return Number(value.toPrecision(6)) + 0;
  if (Array.isArray(value)) return value.map(round);
  return value;
}

async function run({ code }: Example): Promise<number> {
  let checks = 0;
  const checked = code
    .replace(
      /^import\s+\{([^}]*)\}\s+from\s+("varve[^"]*");?$/gm,
      (_, names, module) => `const {${names.replace(/ as /g, ": ")}} = modules[${module}];`,
    )
    .replace(/^(?!\s*(?:const|let|for|if)\b)(.*?);?\s*\/\/ => (.+)$/gm, "await check($1, $2);");
  const body = transformSync(checked.replace(/^export /gm, ""), {
    loader: "ts",
    target: "es2022",
    supported: { using: false },
  }).code;
  const check = async (actual: unknown, expected: unknown) => {
    checks++;
    expect(round(await actual)).toEqual(round(expected));
  };
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  await new AsyncFunction("modules", "check", body)(modules, check);
  return checks;
}

const filesIn = (folder: string) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" })
        .map((file) => `${folder}/${file}`)
        .sort()
    : [];
const sources = filesIn("src").filter((file) => file.endsWith(".ts") && !/\.(test|as|generated)\.ts$/.test(file));
const pages = ["README.md", ...filesIn("docs")].filter((file) => file.endsWith(".md") && existsSync(file));
const examples = [
  ...sources.flatMap((file) => blocks(file, readFileSync(file, "utf8"), true)),
  ...pages.flatMap((file) => blocks(file, readFileSync(file, "utf8"), false)),
];

afterEach(() => {
  varve.setDevice("wasm");
  contrib.resetDefaultGraph();
  neupy.resetNames();
});

describe("examples of the documentation", () => {
  test.each(examples)("$file:$line", async (example) => {
    expect(await run(example), "the example checks nothing: end it with `expression // => value`").toBeGreaterThan(0);
  });
});
