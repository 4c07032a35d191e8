/**
 * Writing a model: to bytes anywhere, and in Node to a file, which is replaced in one piece.
 */
import { OptionError, show } from "../core/errors.ts";
import type { Files } from "../models/files.ts";
import { platform } from "../platform/platform.ts";
import { loadWeights, weightsOf } from "./weights.ts";
import { writeKeras } from "./write-keras.ts";

export const files: Files = {
  toKeras: writeKeras,

  async save(model, path) {
    if (typeof path !== "string" || !path.endsWith(".keras")) {
      throw new OptionError(`${model.label}: save: the path of a model ends in ".keras", got ${show(path)}`);
    }
    const bytes = await writeKeras(model);
    await (await platform()).replaceFile(path, bytes);
  },

  async saveWeights(model, path) {
    const format = [".weights.h5", ".safetensors"].find((end) => typeof path === "string" && path.endsWith(end));
    if (!format) {
      throw new OptionError(
        `${model.label}: saveWeights: the path ends in ".weights.h5" or ".safetensors", got ${show(path)}`,
      );
    }
    const bytes = await weightsOf(model, format === ".safetensors" ? "safetensors" : "h5");
    await (await platform()).replaceFile(path, bytes);
  },

  loadWeights,
};
