/**
 * `callbacks.*`: every callback's class and factory.
 */
export { Callback, LambdaCallback, lambdaCallback } from "./callback.ts";
export { CSVLogger, csvLogger } from "./csv-logger.ts";
export { EarlyStopping, earlyStopping } from "./early-stopping.ts";
export { History } from "./history.ts";
export { LearningRateScheduler, learningRateScheduler, ReduceLROnPlateau, reduceLROnPlateau } from "./learning-rate.ts";
export { ModelCheckpoint, modelCheckpoint } from "./model-checkpoint.ts";
export { ProgbarLogger } from "./progbar-logger.ts";
export { TerminateOnNaN, terminateOnNaN } from "./terminate-on-nan.ts";
