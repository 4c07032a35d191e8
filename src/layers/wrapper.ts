/**
 * What layers that hold another layer share: the option for it, and how it comes back from a config.
 */
import { option } from "../core/options.ts";
import { Layer } from "./layer.ts";
import { type Config, describeLayer, deserializeLayer, type LayerClasses } from "./serialize.ts";

/** The option that holds the inner layer. */
export const innerLayer = option<Layer, Layer, Record<never, never>>(
  {},
  {
    expected: "a layer",
    parse: (given, refuse) => (given instanceof Layer ? given : refuse()),
    toConfig: describeLayer,
    fromConfig: (json) => json as unknown as Layer,
  },
);

/** A wrapper's config with its inner layer made; the class is looked up among `classes`. */
export function withInnerLayer(config: Config, classes: LayerClasses): Config {
  return { ...config, layer: deserializeLayer(config.layer, classes) as never };
}
