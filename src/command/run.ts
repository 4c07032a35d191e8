/// <reference types="node" />
/**
 * The command `varve`: looks into model files, converts them, predicts with them. Everything it does is a call or two
 * of what the library exports. `varve.ts` is the program around it.
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { VarveError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { leaves } from "../core/tree.ts";
import { begins } from "../keras/content.ts";
import { FileError, type LoadOptions, loadModel } from "../keras/index.ts";
import { startLoading } from "../keras/loading.ts";
import { contentOf, maxBytesAtFirst } from "../keras/source.ts";
import { openZip, zipMark } from "../keras/zip.ts";
import type { Waiting } from "../models/files.ts";
import type { Model } from "../models/model.ts";
import type { Bar } from "../platform/platform.ts";
import { platform } from "../platform/platform.ts";
import { arrayFrom } from "./arrays.ts";

const help = `Usage: varve <command> [options]

  varve inspect <model>            what is in a file: layers, weights, versions
      --json                       as JSON

  varve convert <model> <file>     writes the model as another kind of file, by the end of its name:
                                   .keras, .json (TensorFlow.js), .onnx, .weights.h5, .safetensors
      --opset <number>             for .onnx: the version of its operators, from 17 to 23 (17)

  varve predict <model> <input>    what a model gives for an array in a .npy, .json or .csv file
      --output <file>              writes it there, as JSON, instead of printing it

  -h, --help                       this
      --version                    the version of varve

Models are read from .keras and .h5 files of Keras, and from model.json of TensorFlow.js; paths and addresses.
In a terminal, a bar shows how far long work is. Exit codes: 0 done, 1 a file is at fault, 2 the call is.
`;

type Print = (text: string) => void;

/** The command line was wrong: the message says where help is, and the exit code is 2. */
class UsageError extends VarveError {}

/** The version of Keras that wrote a file, where it says so. */
async function versionOf(path: string): Promise<string | undefined> {
  const content = await contentOf(path, maxBytesAtFirst, path, startLoading({}));
  try {
    if (!begins(content, zipMark)) return undefined;
    const metadata = await openZip(content, maxBytesAtFirst, path).read("metadata.json");
    const version: unknown = metadata && JSON.parse(new TextDecoder().decode(metadata)).keras_version;
    return typeof version === "string" ? version : undefined;
  } finally {
    content.close();
  }
}

/** How long work goes on before a bar tells how far it is, in milliseconds. */
const patience = 500;

/** Runs work that says how far it is, from 0 to 1; a bar shows it where there is a terminal and the work takes long. */
async function watched<R>(what: string, work: (tell: (fraction: number) => void) => Promise<R>): Promise<R> {
  const begun = performance.now();
  const steps = 100;
  let bar: Promise<Bar | undefined> | undefined;
  try {
    return await work((fraction) => {
      if (performance.now() - begun < patience && !bar) return;
      bar ??= platform().then(({ openBar }) => openBar("", steps, "errors"));
      void bar.then((open) => open?.update(Math.round(steps * fraction), what));
    });
  } finally {
    (await bar)?.stop();
  }
}

const load = (path: string, options: LoadOptions = {}) =>
  watched(`reading ${path}`, (tell) => loadModel(path, { ...options, onProgress: ({ fraction }) => tell(fraction) }));

async function inspect(path: string, asJson: boolean, print: Print): Promise<void> {
  const keras = await versionOf(path);
  const model = await load(path).catch((error: unknown) => {
    // What is not here is worth knowing, too.
    const unknown = error instanceof FileError ? error.missing : undefined;
    if (asJson && unknown) print(JSON.stringify({ keras, unknown }, null, 2));
    throw error;
  });
  const { optimizer } = model;
  const bytes = model.weights.reduce((sum, { value }) => sum + value.storage.byteLength, 0);
  if (asJson) {
    const layers = model.layers.map((layer) => ({
      name: layer.name,
      class: (layer.constructor as unknown as { className: string }).className,
      parameters: layer.countParams(),
      trainable: layer.trainable,
    }));
    const facts = {
      name: model.name,
      keras,
      parameters: model.countParams(),
      bytes,
      inputs: model.graph?.inputs.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
      outputs: model.graph?.outputs.map(({ shape, dtype }) => ({ shape, dtype })),
      optimizer: optimizer && { class: optimizer.label.split(" ")[0], iterations: optimizer.iterations },
      layers,
    };
    print(JSON.stringify(facts, null, 2));
    return;
  }
  model.summary({ print });
  print(`Keras ${keras ?? "of unknown version"}; ${bytes} bytes of weights`);
  if (optimizer) print(`Compiled with ${optimizer.label} after ${optimizer.iterations} steps`);
}

async function convert(path: string, to: string, opset: string | undefined): Promise<void> {
  if (opset !== undefined && !to.endsWith(".onnx")) throw new UsageError("--opset is for files that end in .onnx");
  if (opset !== undefined && !/^\d+$/.test(opset)) throw new UsageError(`--opset takes a number, got "${opset}"`);
  const save = /\.(keras|json|onnx)$/.test(to)
    ? (model: Model, waiting: Waiting) => model.save(to, { ...waiting, ...(opset && { opset: Number(opset) }) })
    : /\.(weights\.h5|safetensors)$/.test(to)
      ? (model: Model, waiting: Waiting) => model.saveWeights(to, waiting)
      : undefined;
  if (!save) throw new UsageError(`${to}: files are written as .keras, .json, .onnx, .weights.h5 or .safetensors`);
  const model = await load(path);
  await watched(`writing ${to}`, (tell) => save(model, { onProgress: ({ fraction }) => tell(fraction) }));
}

/** How many samples are predicted at once. */
const batchSize = 32;

async function predict(path: string, input: string, output: string | undefined, print: Print): Promise<void> {
  const bytes = await readFile(input).catch((error: Error) => {
    throw new VarveError(`${input}: cannot be read: ${error.message}`);
  });
  const x = arrayFrom(input, bytes);
  const model = await load(path, { compile: false });
  const batches = Math.ceil((x.shape[0] ?? 1) / batchSize);
  const predicted = await watched("predicting", (tell) => {
    const onPredictBatchEnd = (batch: number) => tell((batch + 1) / batches);
    return model.predict<Tensor>(x, { batchSize, verbose: 0, callbacks: [{ onPredictBatchEnd }] });
  });
  const outputs = leaves(predicted) as Tensor[];
  const values = await Promise.all(outputs.map((each) => each.array()));
  const text = JSON.stringify(values.length === 1 ? values[0] : values);
  if (output === undefined) print(text);
  else await writeFile(output, `${text}\n`);
}

/** The options that commands take. */
const options: Readonly<Record<string, readonly string[]>> = {
  inspect: ["json"],
  convert: ["opset"],
  predict: ["output"],
};

async function execute(given: readonly string[], print: Print, complain: Print): Promise<number> {
  const { values, positionals } = parse(given);
  const [command, ...rest] = positionals;
  if (values.help) {
    print(help);
    return 0;
  }
  if (values.version) {
    const { producer } = await import("../keras/onnx/write-onnx.ts");
    print(producer.version);
    return 0;
  }
  if (command === undefined) {
    complain(help);
    return 2;
  }
  if (!Object.hasOwn(options, command)) throw new UsageError(`there is no command "${command}"`);
  const other = Object.keys(values).find((name) => !options[command]?.includes(name));
  if (other) throw new UsageError(`${command} takes no --${other}`);
  const files = (count: number): [string, string] => {
    if (rest.length === count) return rest as [string, string];
    throw new UsageError(`${command} takes ${count} file${count > 1 ? "s" : ""}, got ${rest.length}`);
  };
  if (command === "inspect") await inspect(files(1)[0], values.json ?? false, print);
  else if (command === "convert") await convert(...files(2), values.opset);
  else await predict(...files(2), values.output, print);
  return 0;
}

function parse(given: readonly string[]) {
  try {
    return parseArgs({
      args: [...given],
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h" },
        json: { type: "boolean" },
        opset: { type: "string" },
        output: { type: "string", short: "o" },
        version: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. To specify.*/s, ""));
  }
}

/** Runs the command with these arguments; gives its exit code: 1 where it failed, 2 where it was called wrongly. */
export async function run(given: readonly string[], print: Print, complain: Print): Promise<number> {
  try {
    return await execute(given, print, complain);
  } catch (error) {
    const usage = error instanceof UsageError;
    complain(
      `varve: ${error instanceof Error ? error.message : String(error)}${usage ? "; varve --help tells how it is called" : ""}`,
    );
    return usage ? 2 : 1;
  }
}
