/**
 * What `compile` was given, as Keras writes it; and how configs become JSON that Python reads as it would its own.
 */
import { Configurable, serialize } from "../core/configurable.ts";
import { VarveError } from "../core/errors.ts";
import { type Json, type Schema, snakeCase } from "../core/options.ts";
import { isPlainObject, leaves } from "../core/tree.ts";
import type { Layer } from "../layers/layer.ts";
import type { Model } from "../models/model.ts";
import { Optimizer } from "../optimizers/optimizer.ts";
import { isOfKeras } from "./keras-names.ts";
import { lossScales } from "./policies.ts";

/** A loss or a metric that is a function is named; whoever loads the file gives it by that name. */
function named(value: unknown, model: Model): Json {
  if (value instanceof Configurable) return serialize(value);
  if (typeof value === "function") {
    if (value.name !== "") {
      return { module: "builtins", class_name: "function", config: value.name, registered_name: value.name };
    }
    throw new VarveError(
      `${model.label}: a loss or metric is a function without a name, which no file can hold; name it`,
    );
  }
  if (Array.isArray(value)) return value.map((item) => named(item, model));
  if (isPlainObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, named(item, model)]));
  }
  return (value ?? null) as Json;
}

/** Keras's `compile_config`. */
export function compileConfigOf(model: Model): Record<string, Json> {
  const { optimizer, compileOptions: given } = model;
  const { className, module } = (optimizer as Optimizer).constructor as typeof Optimizer;
  const config = { module, class_name: className, config: (optimizer as Optimizer).getConfig(), registered_name: null };
  const scale = lossScales.get(optimizer as Optimizer)?.config;
  return {
    optimizer: scale
      ? { ...config, class_name: "LossScaleOptimizer", config: { ...scale, inner_optimizer: config } }
      : config,
    loss: named(given?.loss, model),
    loss_weights: named(given?.lossWeights, model),
    metrics: named(given?.metrics, model),
    weighted_metrics: named(given?.weightedMetrics, model),
    run_eagerly: false,
    steps_per_execution: 1,
    jit_compile: "auto",
  };
}

/** The same config, where classes of the user's own are found by their names rather than in Keras. */
export function withOwnClasses(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOwnClasses);
  if (!isPlainObject(value)) return value;
  const node = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withOwnClasses(item)]));
  const { module, class_name: name } = node;
  if (typeof module !== "string" || typeof name !== "string" || isOfKeras(module, name)) return node;
  return { ...node, module: null, registered_name: name };
}

/** Options whose numbers are real although they are no plain number options. */
const realKeys = ["learning_rate"];

/** The keys that hold real numbers, by the class names of everything a model has options of. */
function realKeysOf(layers: readonly Layer[], model: Model): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  const seen = new Set<unknown>();
  const visit = (object: unknown): void => {
    if (typeof object !== "object" || object === null || seen.has(object)) return;
    seen.add(object);
    const { className, schema } = object.constructor as { className?: string; schema?: Schema };
    if (!className || !schema) return;
    const keys = found.get(className) ?? new Set(realKeys);
    for (const [name, { real, configKey }] of Object.entries(schema)) {
      if (real) keys.add(configKey ?? snakeCase(name));
      visit((object as Record<string, unknown>)[name]);
    }
    found.set(className, keys);
    if (object instanceof Optimizer) visit(object.schedule);
  };
  layers.forEach(visit);
  visit(model.optimizer);
  const { loss, metrics, weightedMetrics } = model.compileOptions ?? {};
  leaves([loss, metrics, weightedMetrics]).forEach(visit);
  return found;
}

const mark = "\u0000";

/** JSON as Python writes it: real numbers have a point, since Keras refuses `momentum: 0` where it takes `0.0`. */
export function pythonJson(config: unknown, layers: readonly Layer[], model: Model): string {
  const real = realKeysOf(layers, model);
  const marked = (value: unknown, isReal = false): unknown => {
    if (typeof value === "number") return isReal && Number.isInteger(value) ? `${mark}${value}` : value;
    if (Array.isArray(value)) return value.map((item) => marked(item, isReal));
    if (!isPlainObject(value)) return value;
    const keys = real.get(String(value.class_name));
    const own = (config: unknown) =>
      isPlainObject(config)
        ? Object.fromEntries(Object.entries(config).map(([key, item]) => [key, marked(item, keys?.has(key))]))
        : marked(config);
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, key === "config" ? own(item) : marked(item)]),
    );
  };
  return JSON.stringify(marked(config)).replace(/"\\u0000(-?\d+(?:e[+-]?\d+)?)"/g, (_, digits: string) =>
    digits.includes("e") ? digits : `${digits}.0`,
  );
}
