/**
 * Layers in the configs of others, as Keras writes them, and back by class name; for models, and for layers that hold
 * layers.
 */
import { nearNames, OptionError, show } from "../core/errors.ts";
import type { Classes, Json } from "../core/options.ts";
import { isPlainObject } from "../core/tree.ts";
import type { Layer } from "./layer.ts";

export type Config = Readonly<Record<string, Json>>;

/** Layer classes by their Keras names: an object like the module of all layers, or one with your own. */
export type LayerClasses = Classes;

interface LayerClass {
  readonly className: string;
  readonly module?: string;
  fromConfig(config: Config, classes: LayerClasses): Layer;
}

/** A layer as the config of another has it. */
export function describeLayer(layer: Layer): Record<string, Json> {
  const { className, module = "keras.layers" } = layer.constructor as unknown as LayerClass;
  return { module, class_name: className, config: layer.getConfig(), registered_name: null };
}

/** The layer that a config describes. Its class is looked up among `classes`. */
export function deserializeLayer(config: unknown, classes: LayerClasses = {}): Layer {
  const { class_name: name, config: options } = (isPlainObject(config) ? config : {}) as Record<string, unknown>;
  if (typeof name !== "string" || !isPlainObject(options)) {
    throw new OptionError(`a layer's config has class_name and config, got ${show(config)}`);
  }
  const found = classes[name];
  if (typeof found !== "function") {
    const known = Object.keys(classes).filter((key) => typeof classes[key] === "function" && /^[A-Z]/.test(key));
    const near = nearNames(name, known).map((other) => `"${other}"`);
    throw new OptionError(
      `layer class "${name}" is not among the classes given${near.length > 0 ? `, though ${near.join(" and ")} ${near.length > 1 ? "are" : "is"}` : ""}; give it along, as in fromConfig(config, { ${name} }), or all of them: fromConfig(config, layers)`,
    );
  }
  return (found as unknown as LayerClass).fromConfig(options as Config, classes);
}
