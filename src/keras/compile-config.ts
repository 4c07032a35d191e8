/**
 * What `compile` was given, as Keras writes it; and the marks by which Keras finds classes that are not its own.
 */

import * as constraints from "../constraints.ts";
import { Configurable, serialize } from "../core/configurable.ts";
import { VarveError } from "../core/errors.ts";
import { type Json, type Schema, snakeCase } from "../core/options.ts";
import { isPlainObject } from "../core/tree.ts";
import * as initializers from "../initializers.ts";
import * as losses from "../losses/index.ts";
import * as metrics from "../metrics/index.ts";
import type { Model } from "../models/model.ts";
import * as optimizers from "../optimizers/index.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import * as regularizers from "../regularizers.ts";
import { knownLayers } from "./config.ts";

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
  return {
    optimizer: { module, class_name: className, config: (optimizer as Optimizer).getConfig(), registered_name: null },
    loss: named(given?.loss, model),
    loss_weights: named(given?.lossWeights, model),
    metrics: named(given?.metrics, model),
    weighted_metrics: named(given?.weightedMetrics, model),
    run_eagerly: false,
    steps_per_execution: 1,
    jit_compile: "auto",
  };
}

/** Where Keras keeps classes, and which there are here: any other class is the user's own. */
const homes: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "keras.layers": knownLayers,
  "keras.losses": losses,
  "keras.metrics": metrics,
  "keras.optimizers": optimizers,
  "keras.optimizers.schedules": optimizers.schedules,
  "keras.initializers": initializers,
  "keras.regularizers": regularizers,
  "keras.constraints": constraints,
};

function homeOf({ module }: Readonly<Record<string, unknown>>) {
  return typeof module === "string" && Object.hasOwn(homes, module) ? homes[module] : undefined;
}

/** The same config, where classes of the user's own are found by their names rather than in Keras. */
export function withOwnClasses(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOwnClasses);
  if (!isPlainObject(value)) return value;
  const node = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withOwnClasses(item)]));
  const { class_name: name } = node;
  const home = homeOf(node);
  if (!home || typeof name !== "string" || Object.hasOwn(home, name)) return node;
  return { ...node, module: null, registered_name: name };
}

/** Options whose numbers are real although they are no plain number options. */
const realKeys = ["learning_rate"];
const mark = "\u0000";

/** Numbers that are real as texts with a mark in front. */
function marked(value: unknown, isReal = false): unknown {
  if (typeof value === "number") return isReal && Number.isInteger(value) ? `${mark}${value}` : value;
  if (Array.isArray(value)) return value.map((item) => marked(item, isReal));
  if (!isPlainObject(value)) return value;
  const found = homeOf(value)?.[String(value.class_name)] as { schema?: Schema } | undefined;
  const real = new Set(realKeys);
  for (const [name, { real: isReal, configKey }] of Object.entries(found?.schema ?? {})) {
    if (isReal) real.add(configKey ?? snakeCase(name));
  }
  const config = isPlainObject(value.config)
    ? Object.fromEntries(Object.entries(value.config).map(([key, item]) => [key, marked(item, real.has(key))]))
    : value.config;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === "config" ? config : marked(item)]),
  );
}

/** JSON as Python writes it: real numbers have a point, since Keras refuses `momentum: 0` where it takes `0.0`. */
export function pythonJson(value: unknown): string {
  const text = JSON.stringify(marked(value));
  return text.replace(/"\\u0000(-?\d+(?:e[+-]?\d+)?)"/g, (_, digits: string) =>
    digits.includes("e") ? digits : `${digits}.0`,
  );
}
