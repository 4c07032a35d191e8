/**
 * Which optimizer is meant, where one is given by name, by config or as an object.
 */
import { type Registry, resolve } from "../core/configurable.ts";
import type { KnownName } from "../core/names.ts";
import { Adadelta } from "./adadelta.ts";
import { Adafactor } from "./adafactor.ts";
import { Adagrad } from "./adagrad.ts";
import { Adam, AdamW } from "./adam.ts";
import { Adamax } from "./adamax.ts";
import { Ftrl } from "./ftrl.ts";
import { Lamb } from "./lamb.ts";
import { Lion } from "./lion.ts";
import { Muon } from "./muon.ts";
import { Nadam } from "./nadam.ts";
import { Optimizer } from "./optimizer.ts";
import { RMSprop } from "./rmsprop.ts";
import { ScheduleFreeAdamW } from "./schedule-free-adamw.ts";
import { SGD } from "./sgd.ts";

const registry = {
  SGD,
  Adam,
  AdamW,
  Adamax,
  Nadam,
  RMSprop,
  Adagrad,
  Adadelta,
  Lion,
  Ftrl,
  ScheduleFreeAdamW,
  Lamb,
  Adafactor,
  Muon,
};

/** An optimizer by name. */
export type OptimizerName = KnownName<Lowercase<keyof typeof registry>>;

/**
 * The optimizer that is meant: `"adam"`, `"RMSprop"`, a Keras config `{ class_name, config }`, or the object itself.
 *
 * @throws OptionError where nothing has that name.
 */
export function resolveOptimizer(given: unknown): Optimizer {
  return resolve(
    "optimizer",
    registry as unknown as Registry<Optimizer>,
    given,
    (value): value is Optimizer => value instanceof Optimizer,
  );
}
