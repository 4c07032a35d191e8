/**
 * What callbacks have in common that watch one number: which it is, and whether it has become better.
 */
import { OptionError } from "../core/errors.ts";
import { choice, number, type Schema, string } from "../core/options.ts";
import { warnOnce } from "../core/warn.ts";
import type { CallbackModel, Logs } from "./callback.ts";

/** The options of callbacks that watch a number. */
export const monitorOptions = {
  /** Which number, as the logs name it: "loss", "val_loss", "accuracy", "val_accuracy", … */
  monitor: string({ default: "val_loss" }),
  /** How much better counts as better. */
  minDelta: number({ default: 0 }),
  /** Whether less or more is better; "auto" knows it of losses and metrics. */
  mode: choice(["auto", "min", "max"], { default: "auto" }),
} satisfies Schema;

/** Compares values of one number. */
export class Monitor {
  readonly name: string;
  readonly #sign: number;
  readonly #minDelta: number;

  /** Refuses a number of which nobody knows whether less or more is better. */
  constructor(
    { monitor, mode, minDelta }: { monitor: string; mode: "auto" | "min" | "max"; minDelta: number },
    model: CallbackModel,
    owner: string,
  ) {
    this.name = monitor;
    const metric = monitor.replace(/^val_/, "");
    const better = mode === "auto" ? (metric === "loss" ? "min" : model.betterIs(metric)) : mode;
    if (!better) {
      throw new OptionError(
        `${owner}: whether less or more of "${monitor}" is better is not known; give mode: "min" or "max"`,
      );
    }
    this.#sign = better === "min" ? 1 : -1;
    this.#minDelta = Math.abs(minDelta);
  }

  /** The number in these logs; says once what there is where it is missing. */
  read(logs: Logs, owner: string): number | undefined {
    const value = logs[this.name];
    if (value === undefined) {
      warnOnce(`${owner} watches "${this.name}", which is not there; there are ${Object.keys(logs).join(", ")}`);
    }
    return value;
  }

  isBetter(value: number, than: number | undefined): boolean {
    return than === undefined || this.#sign * (than - value) > this.#minDelta;
  }
}
