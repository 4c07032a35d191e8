/**
 * `optimizers.*`: every optimizer's class and factory, and `schedules`. Names in configs are looked up here.
 */
export { Adadelta, adadelta } from "./adadelta.ts";
export { Adafactor, adafactor } from "./adafactor.ts";
export { Adagrad, adagrad } from "./adagrad.ts";
export { Adam, AdamW, adam, adamW } from "./adam.ts";
export { Adamax, adamax } from "./adamax.ts";
export { Ftrl, ftrl } from "./ftrl.ts";
export { Lamb, lamb } from "./lamb.ts";
export { Lion, lion } from "./lion.ts";
export { Muon, muon } from "./muon.ts";
export { Nadam, nadam } from "./nadam.ts";
export { Optimizer, type OptimizerOptions, optimizer } from "./optimizer.ts";
export { RMSprop, rmsprop } from "./rmsprop.ts";
export { ScheduleFreeAdamW, scheduleFreeAdamW } from "./schedule-free-adamw.ts";
export * as schedules from "./schedules.ts";
export { SGD, sgd } from "./sgd.ts";
