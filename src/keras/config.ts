/**
 * From a Keras config to a model: the config is checked as a whole first (every unknown class at once, nothing that
 * holds code), older names become today's, then layers are made. Nothing in a file is ever executed.
 * What is not here: where configs come from (`keras-file.ts`, `legacy.ts`, `tfjs.ts`) and the weights.
 */
import { didYouMean, show, VarveError } from "../core/errors.ts";
import { camelCase, type Json } from "../core/options.ts";
import { formatShape, type Shape, sizeOf } from "../core/shape.ts";
import { isPlainObject } from "../core/tree.ts";
import { warnOnce } from "../core/warn.ts";
import type { LambdaFunction } from "../layers/core/lambda.ts";
import { Layer, withWeightsToRead } from "../layers/layer.ts";
import type { LayerClasses } from "../layers/serialize.ts";
import { resolveLoss } from "../losses/resolve.ts";
import { rare } from "../metrics/rare.ts";
import { resolveMetric } from "../metrics/resolve.ts";
import { Functional } from "../models/functional.ts";
import { Model } from "../models/model.ts";
import type { CompileOptions } from "../models/run-options.ts";
import { Sequential } from "../models/sequential.ts";
import { resolveOptimizer } from "../optimizers/resolve.ts";
import { FileError } from "./file-error.ts";
import { hard_sigmoid_of_keras_2, today } from "./old-names.ts";
import { entryHere, operationModules } from "./operations.ts";
import { lossScales, policies } from "./policies.ts";
import { withoutFunctions } from "./tensorflow-functions.ts";

/** What a file may need that it cannot hold. */
export interface Objects {
  /**
   * Your own classes (layers, models, initializers, losses, …) and functions (activations, losses, metrics), by the
   * names that the file has for them.
   */
  readonly customObjects?: Readonly<Record<string, unknown>> | undefined;
  /** The function of a Lambda layer, by the name of the layer. Files hold them as Python code, which is never run. */
  readonly lambdas?: Readonly<Record<string, LambdaFunction>> | undefined;
}

type Node = Record<string, unknown>;
type Named = Node & { readonly class_name: string; readonly config: Node };

/** How deep configs may nest; models in models in models take about six levels each. */
const deepest = 256;

/** The JSON of a config; Python's NaN and infinities are no JSON. */
export function parseJson(text: string, where: string): Node {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const numbers = /[[:,]\s*-?(NaN|Infinity)\b/.exec(text);
    throw new FileError(
      numbers
        ? `${where}: the config holds ${numbers[1]} where a number should be; no option takes that`
        : `${where}: the config is no JSON: ${(error as Error).message}`,
    );
  }
  if (!isPlainObject(json)) throw new FileError(`${where}: the config is ${show(json)}, not an object`);
  // Level by level: what is too deep must not be gone into.
  let level: unknown[] = [json];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) throw new FileError(`${where}: the config nests deeper than ${deepest} levels`);
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  }
  return json;
}

function isNamed(value: unknown): value is Named {
  return isPlainObject(value) && typeof value.class_name === "string" && isPlainObject(value.config);
}

/** What reading looks names up in; given by whoever calls, so that programs without files do not carry it. */
export interface Kit {
  /** Everything under `layers.*`. */
  readonly layers: Readonly<Record<string, unknown>>;
  /** Everything under `ops.*`. */
  readonly ops: Readonly<Record<string, unknown>>;
}

/** The layer classes of a kit, by their Keras names. */
export function layerClasses({ layers, ops }: Kit): LayerClasses {
  const found = Object.entries(layers).filter(
    ([name, value]) => typeof value === "function" && value.prototype instanceof Layer && /^[A-Z]/.test(name),
  );
  return { ...Object.fromEntries(found), Sequential, Functional, ops };
}

const layerModules =
  /^(keras|tf_keras|tensorflow\.keras|tensorflow\.python\.keras)(\.src)?(\.engine|\.layers|\.models)/;
/** Where configs of layers hold other layers. */
const layerKeys = ["layer", "cell", "forward_layer", "backward_layer"];

/** Names of a class: with its package and without. */
function namesOf({ class_name: name, registered_name: registered }: Node): string[] {
  const both = [name, registered].filter((each) => typeof each === "string");
  return [...new Set([...both, ...both.map((each) => each.slice(each.indexOf(">") + 1))])];
}

function ownOf(source: Readonly<Record<string, unknown>> | undefined, names: readonly string[]): unknown {
  const name = names.find((each) => source && Object.hasOwn(source, each));
  return name === undefined ? undefined : source?.[name];
}

interface Reading {
  readonly known: LayerClasses;
  readonly objects: Objects;
  readonly where: string;
  /** Classes that nobody knows, with the layers that are of them. */
  readonly unknown: Map<string, string[]>;
  readonly lambdas: string[];
  /** What is in the way of operations that nobody knows. */
  readonly operations: Map<string, string>;
  /** Layers that stand in several places of the file: which is which. */
  readonly shared: Map<unknown, number>;
  /** The dtype policies of layers that are not simply a dtype, as the file has them. */
  readonly policies: Map<unknown, Json>;
}

/** The config with today's names, and everything in it known. */
function translate(value: unknown, reading: Reading, isLayer = false): unknown {
  const { objects, where } = reading;
  if (Array.isArray(value)) return value.map((item) => translate(item, reading, isLayer));
  if (value === hard_sigmoid_of_keras_2.name) return ownOf(objects.customObjects, [value]) ?? hard_sigmoid_of_keras_2;
  if (!isPlainObject(value)) return value;
  const inner = (node: Node, layers = false) =>
    Object.fromEntries(
      Object.entries(node).map(([key, item]) => [
        key,
        translate(item, reading, (layers && key === "layers") || layerKeys.includes(key)),
      ]),
    );
  if (typeof value.class_name !== "string") return inner(value);
  if (typeof value.module === "string" && operationModules.test(value.module)) {
    const entry = entryHere(value);
    if (typeof entry !== "string") return entry;
    note(reading.unknown, `${value.class_name} of keras.ops`, String(value.name));
    reading.operations.set(`${value.class_name} of keras.ops`, entry);
    return undefined;
  }
  const names = namesOf(value);
  const own = ownOf(objects.customObjects, names);
  if (value.class_name === "function" && typeof value.config === "string") {
    return ownOf(objects.customObjects, [value.config]) ?? value.config;
  }
  if (!isPlainObject(value.config)) return inner(value);
  const node = value as Named;
  if (node.class_name === "__numpy__" || node.class_name === "__tensor__") return node.config.value;
  if (node.class_name === "__keras_tensor__") return node;
  if (/^(DType|FloatDType)?Policy$/.test(node.class_name)) return policyOf(node, where);
  const module = typeof node.module === "string" ? node.module : "";
  const name = typeof node.name === "string" ? node.name : String(node.config.name ?? node.class_name);
  const layer = isLayer || layerModules.test(module) || (typeof own === "function" && own.prototype instanceof Layer);
  if (!layer) {
    if (typeof own === "function") return makeOwn(own, inner(node.config));
    // tf.keras puts this in front of the names of its optimizers.
    const present = now(node.class_name.replace(/^Custom>/, ""), node.config, name, where);
    return { ...node, class_name: present.name, config: inner(present.config) };
  }
  const { name: className, config } = own
    ? {
        name: names.find((each) => objects.customObjects && Object.hasOwn(objects.customObjects, each)) as string,
        config: node.config,
      }
    : now(knownName(names, reading.known), node.config, name, where);
  const quantization = [config.quantization_config, config.dtype].find(
    (each) => isPlainObject(each) && /Quantiz(ed|ation)/.test(String(each.class_name)),
  );
  if (!own && quantization !== undefined) {
    throw new FileError(
      `${where}: ${className} "${name}" is quantized (${(quantization as Node).class_name}); quantized weights are not read, save the model before it is quantized`,
    );
  }
  if (!own && !Object.hasOwn(reading.known, className)) {
    note(reading.unknown, className, name);
    return node;
  }
  const options = className === "Lambda" && !own ? lambdaConfig(config, name, reading) : inner(config, true);
  if (options.dtype !== undefined && isPlainObject(config.dtype) && options.dtype !== dtypeNamed(config.dtype)) {
    reading.policies.set(options, config.dtype as Json);
  }
  if (typeof node.shared_object_id === "number") reading.shared.set(options, node.shared_object_id);
  return { ...inner({ ...node, config: null }), class_name: className, config: options };
}

/** The name that is known, of those a class goes by. */
function knownName(names: readonly string[], known: LayerClasses): string {
  const found = names.find((name) => today(name, {}).name !== name || Object.hasOwn(known, name));
  return found ?? (names[0] as string);
}

function now(className: string, config: Node, name: string, where: string) {
  try {
    return today(className, config as Record<string, Json>);
  } catch (error) {
    throw new FileError(`${where}: ${className} "${name}" cannot be read: ${(error as Error).message}`);
  }
}

function note(unknown: Map<string, string[]>, className: string, name: string): void {
  unknown.set(className, [...(unknown.get(className) ?? []), name]);
}

function dtypeNamed(policy: Node): unknown {
  return isPlainObject(policy.config) ? policy.config.name : undefined;
}

/** Everything is computed in the dtype of the weights, which mixed policies keep in float32. */
function policyOf({ config }: Named, where: string): unknown {
  const name = config.name;
  if (typeof name === "string" && /^(mixed_)?b?float16$/.test(name)) {
    warnOnce(`${where}: the file asks for ${name}; it is computed in float32`);
    return "float32";
  }
  return name;
}

function makeOwn(own: object, config: Node): unknown {
  const made = own as unknown as { fromConfig?: (config: Node) => unknown; new (options: Node): unknown };
  if (typeof made.fromConfig === "function") return made.fromConfig(config);
  return new made(Object.fromEntries(Object.entries(config).map(([key, value]) => [camelCase(key), value])));
}

function lambdaConfig(config: Node, name: string, reading: Reading): Node {
  const given = ownOf(reading.objects.lambdas, [name]);
  const held = config.function;
  if (given === undefined) {
    // A function that goes by a name may be registered here under that name.
    if (!(isPlainObject(held) && held.class_name === "function") && typeof held !== "string")
      reading.lambdas.push(name);
    return config;
  }
  const { output_shape, function_type: _function, output_shape_type: _shape, module: _module, ...rest } = config;
  const shape = Array.isArray(output_shape) ? { output_shape } : {};
  return { ...rest, ...shape, function: given };
}

function refuseUnknown({ known, unknown, lambdas, operations, where }: Reading): void {
  const problems = [...unknown].map(([className, names]) => {
    const who = names.slice(0, 3).map(show).join(", ");
    const inTheWay = operations.get(className);
    const hint = inTheWay
      ? `${inTheWay}; use a layer in its place before saving`
      : didYouMean(className, Object.keys(known)).replace(/^known are .*/, "no layer here has a name like it");
    return `${className} (${who}${names.length > 3 ? ", …" : ""}): ${hint}`;
  });
  if (problems.length > 0) {
    const first = [...unknown.keys()][0] as string;
    throw new FileError(
      `${where}: the file needs what is not here: ${problems.join("; ")}. Give your own classes by their names: loadModel(file, { customObjects: { ${/^\w+$/.test(first) ? first : "Name"} } })`,
      { missing: Object.fromEntries(unknown) },
    );
  }
  if (lambdas.length > 0) {
    throw new FileError(
      `${where}: Lambda ${lambdas.map(show).join(", ")} holds Python code, which is never run; give the function: loadModel(file, { lambdas: { ${lambdas[0]}: (x) => … } })`,
      { missing: { Lambda: lambdas } },
    );
  }
}

/** A reading that has found nothing yet. */
function readingOf(known: LayerClasses, objects: Objects, where: string): Reading {
  return {
    known,
    objects,
    where,
    unknown: new Map(),
    lambdas: [],
    operations: new Map(),
    shared: new Map(),
    policies: new Map(),
  };
}

/**
 * What weights may come to: a file that is packed may hold more numbers than bytes, but not many more. Asks whether each
 * is read from it, and refuses them before they take memory.
 */
function allowedFor(bytes: number): (shape: Shape, name: string) => boolean {
  const most = 1e6 + 4 * bytes;
  let sum = 0;
  return (shape, name) => {
    sum += sizeOf(shape);
    if (sum > most) {
      throw new VarveError(
        `"${name}" of shape ${formatShape(shape)} makes ${sum} numbers, far more than the ${bytes} bytes of the file hold`,
      );
    }
    // The thin matrices of an adaptation may be missing, and then begin as fresh ones do.
    return !name.startsWith("lora_");
  };
}

/**
 * The model that a config describes.
 *
 * @param bytes Where weights are read next, how large what holds them is; they are zeros until then.
 * @throws FileError where the config holds what is not known here, or does not describe a model.
 */
export function modelFromConfig(
  json: Node,
  known: LayerClasses,
  objects: Objects,
  where: string,
  bytes?: number,
): Model {
  if (!isNamed(json))
    throw new FileError(`${where}: the config does not describe a model: it has no class_name and config`);
  const reading = readingOf(known, objects, where);
  const root = translate(withoutFunctions(json, reading.operations), reading, true) as Named;
  refuseUnknown(reading);
  const made: Layer[] = [];
  const shared = new Map<number, Layer>();
  const classes = Object.fromEntries(
    Object.entries({ ...known, ...objects.customObjects }).map(([name, found]) => [
      name,
      typeof found === "function" && found.prototype instanceof Layer
        ? making(found as unknown as LayerClass, made, shared, reading)
        : found,
    ]),
  );
  try {
    const make = () => {
      const model = (classes[root.class_name] as LayerClass).fromConfig(root.config, classes);
      if (!(model instanceof Model)) {
        throw new FileError(`${where}: the file holds ${model.label}, which is a layer and not a model`);
      }
      const { input_shape: shape } = (isPlainObject(root.build_config) ? root.build_config : {}) as Node;
      if (!model.graph && Array.isArray(shape)) model.computeOutputShape(shape as number[]);
      return model;
    };
    return bytes === undefined ? make() : withWeightsToRead(allowedFor(bytes), make);
  } catch (error) {
    for (const layer of made) layer.dispose();
    if (error instanceof FileError) throw error;
    const problem = (error as Error).message;
    const what = error instanceof VarveError ? problem : `the config does not describe a model: ${problem}`;
    throw new FileError(`${where}: ${what}`, { cause: error });
  }
}

interface LayerClass {
  fromConfig(config: Node, classes: LayerClasses): Layer;
}

/** A class that keeps what it makes, and makes a layer once that stands in several places. */
function making(found: LayerClass, made: Layer[], shared: Map<number, Layer>, reading: Reading): LayerClass {
  const make = () => {};
  make.fromConfig = (config: Node, classes: LayerClasses) => {
    const id = reading.shared.get(config);
    const before = id === undefined ? undefined : shared.get(id);
    if (before) return before;
    const layer = found.fromConfig(config, classes);
    made.push(layer);
    const policy = reading.policies.get(config);
    if (policy !== undefined) policies.set(layer, policy);
    if (id !== undefined) shared.set(id, layer);
    return layer;
  };
  return make;
}

/** Keras scales the loss so that gradients do not vanish in half precision; here they are computed in float32. */
function withoutLossScale(optimizer: unknown): { inner: unknown; scale?: Record<string, Json> } {
  if (!isNamed(optimizer) || optimizer.class_name !== "LossScaleOptimizer") return { inner: optimizer };
  const { inner_optimizer: inner, ...scale } = optimizer.config;
  return { inner, scale: scale as Record<string, Json> };
}

/** Compiles a model as its file says. */
export function compileFromConfig(
  model: Model,
  given: unknown,
  known: LayerClasses,
  objects: Objects,
  where: string,
): void {
  if (!isPlainObject(given) || given.optimizer === undefined || given.optimizer === null) return;
  const reading = readingOf(known, objects, where);
  const config = translate(given, reading) as Node;
  const each = (structure: unknown, make: (config: Named) => unknown): unknown => {
    if (isNamed(structure)) return make(structure);
    if (typeof structure === "string") return ownOf(objects.customObjects, [structure]) ?? structure;
    if (Array.isArray(structure)) return structure.map((item) => each(item, make));
    if (isPlainObject(structure)) {
      return Object.fromEntries(Object.entries(structure).map(([key, item]) => [key, each(item, make)]));
    }
    return structure;
  };
  const { inner, scale } = withoutLossScale(config.optimizer);
  try {
    model.compile({
      optimizer: each(inner, resolveOptimizer),
      loss: each(config.loss ?? null, (named) => resolveLoss(named)),
      lossWeights: config.loss_weights ?? null,
      metrics: each(config.metrics ?? null, (named) => resolveMetric(named, undefined, rare)),
      weightedMetrics: each(config.weighted_metrics ?? null, (named) => resolveMetric(named, undefined, rare)),
    } as CompileOptions);
    if (scale && model.optimizer)
      lossScales.set(model.optimizer, { config: scale, state: [0, 0, 0, Number(scale.initial_scale)] });
  } catch (error) {
    if (!(error instanceof VarveError)) throw error;
    throw new FileError(
      `${where}: the model cannot be compiled as the file says: ${error.message} (customObjects names your own; compile: false leaves this out)`,
      { cause: error },
    );
  }
}
