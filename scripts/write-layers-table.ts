// Writes docs/layers.md: every layer of Keras, and what there is of it here, read off the classes, the golden files and
// the tests. Nothing is entered by hand, so a hole shows. `npm run layers-table`; a test fails when the page is stale.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { snakeCase } from "../src/core/options.ts";
import * as layers from "../src/layers/index.ts";
import { baseOptions, Layer } from "../src/layers/layer.ts";
import type { Config, LayerClasses } from "../src/layers/serialize.ts";
import type { GoldenLayerCase } from "../test/golden/golden.ts";

const root = new URL("../", import.meta.url);
const page = new URL("docs/layers.md", root);

/** A layer as Keras has it. */
interface KerasLayer {
  readonly keras: string;
  readonly r: string | null;
  readonly factory: string | null;
  readonly family: string;
  readonly params: Readonly<Record<string, string>>;
}

const families = [
  "layer",
  "core",
  "activations",
  "convolutional",
  "pooling",
  "merging",
  "normalization",
  "reshaping",
  "regularization",
  "attention",
  "rnn",
  "preprocessing",
  "wrappers",
];

const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

/** Names of the classes whose tests give them the layer contract: on these devices, with these checks. */
function provedClasses(): ReadonlySet<string> {
  const folder = fileURLToPath(new URL("src/layers", root));
  const tests = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".test.ts"));
  const text = tests.map((path) => readFileSync(`${folder}/${path}`, "utf8")).join("\n");
  return new Set([...text.matchAll(/layerContract\(\s*(\w+)/g)].map(([, name]) => name as string));
}

function goldenCases(name: string): readonly GoldenLayerCase[] {
  const path = `test/golden/layers/${name}.json`;
  return existsSync(new URL(path, root)) ? JSON.parse(read(path)).cases : [];
}

/** How many of Keras's parameters are options here, and which are not. */
function optionsCell({ params }: KerasLayer, layerClass: typeof Layer): string {
  const { schema } = layerClass;
  const known = new Set(
    Object.entries({ ...baseOptions, ...schema }).map(([name, option]) => option.configKey ?? snakeCase(name)),
  );
  const names = Object.keys(params);
  const missing = names.filter((name) => !known.has(name));
  const count = `${names.length - missing.length} of ${names.length}`;
  return missing.length === 0 ? count : `${count}; not ${missing.map((name) => `\`${name}\``).join(", ")}`;
}

/** How many golden cases there are, and the options of which all of them have the same value. */
function casesCell({ params }: KerasLayer, cases: readonly GoldenLayerCase[]): string {
  if (cases.length === 0) return "–";
  const same = Object.keys(params).filter((name) => {
    if (Object.hasOwn(baseOptions, name)) return false;
    const values = cases.map(({ config }) => JSON.stringify((config as Config)[name]));
    return values[0] !== undefined && new Set(values).size === 1;
  });
  return same.length === 0
    ? String(cases.length)
    : `${cases.length}; all alike in ${same.map((name) => `\`${name}\``).join(", ")}`;
}

/** What the gradients of are compared with Keras's. */
function gradientCell(cases: readonly GoldenLayerCase[]): string {
  const ofInputs = cases.some(({ inputGradients }) => inputGradients?.some((each) => each !== null));
  const ofWeights = cases.some(({ weightGradients }) => weightGradients?.length > 0);
  return [ofInputs ? "inputs" : "", ofWeights ? "weights" : ""].filter((word) => word !== "").join(", ") || "none";
}

/** Whether masks are used or passed on, and in how many golden cases. */
function maskCell(cases: readonly GoldenLayerCase[], layerClass: typeof Layer): string {
  const [first] = cases;
  if (!first) return "";
  const make = layerClass.fromConfig as (config: Config, classes: LayerClasses) => Layer;
  const layer = make.call(layerClass as never, first.config as Config, layers as unknown as LayerClasses);
  const { supportsMasking } = layer;
  layer.dispose();
  const count = cases.filter(({ mask }) => mask !== null && mask !== undefined).length;
  const made = cases.filter(({ mask, outputMask }) => !mask && outputMask).length;
  const word = supportsMasking ? "yes" : made > 0 ? "makes one" : "ends here";
  const cells = supportsMasking || made === 0 ? count : made;
  return cells > 0 ? `${word}, ${cells} ${cells === 1 ? "case" : "cases"}` : word;
}

function row(entry: KerasLayer, proved: ReadonlySet<string>): readonly string[] {
  const { keras, r } = entry;
  const found = (layers as unknown as Record<string, typeof Layer | undefined>)[keras];
  const name = `\`${keras}\`${r === null || r === keras ? "" : ` (\`${r}\`)`}`;
  const isThere = found !== undefined && (found === Layer || found.prototype instanceof Layer);
  if (!isThere) return [name, "**missing**", "", "", "", "", ""];
  const cases = goldenCases(keras);
  const hasContract = proved.has(keras);
  return [
    name,
    "yes",
    optionsCell(entry, found),
    casesCell(entry, cases),
    hasContract ? gradientCell(cases) : "–",
    hasContract ? maskCell(cases, found) : "–",
    hasContract ? "reference, wasm" : "–",
  ];
}

const columns = ["layer", "there", "options", "golden cases", "gradients", "masks", "devices"];

function table(entries: readonly KerasLayer[], proved: ReadonlySet<string>): string {
  const lines = [columns, columns.map(() => "---"), ...entries.map((entry) => row(entry, proved))];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The page as it should be. */
export function layersTable(): string {
  const { rows, extra } = JSON.parse(read("test/golden/keras-layers.json")) as Record<"rows" | "extra", KerasLayer[]>;
  const proved = provedClasses();
  const isThere = ({ keras }: KerasLayer) => keras in layers;
  const parts = families.flatMap((family) => {
    const entries = rows.filter((entry) => entry.family === family);
    return entries.length === 0 ? [] : [`## ${family}\n\n${table(entries, proved)}\n`];
  });
  return `# Layers

Every layer of Keras 3 by its class and by its name in the R interface, and what there is of it here: ${rows.filter(isThere).length} of ${rows.length}.

- **options**: how many of the parameters of Keras's constructor there are, beside \`name\`, \`dtype\` and \`trainable\`.
- **golden cases**: configurations that real Keras computed, which config, weights, outputs, gradients and three training
  steps are compared with. Between them every option that configs name has several values, but for those said to be
  alike: of these there is one here (Keras's other backends, its quantization), or one in Keras's configs.
- **gradients**: what they are compared for.
- **masks**: whether the layer uses a mask, passes it on or makes one, and in how many of the golden cases; "ends here"
  where it does none of these.
- **devices**: where all that is checked, in float32 and float64. "–" where a layer computes nothing that a case could show.

Written by \`npm run layers-table\`.

${parts.join("\n")}
## beyond the R interface

${table(extra, proved)}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(page, layersTable());
  console.log(`docs/layers.md: ${layersTable().split("\n").length} lines`);
}
