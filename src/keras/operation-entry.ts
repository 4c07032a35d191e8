/**
 * The entry of an operation of Keras in the config of a model, from that of the layer that stands for it here.
 */
import { isPlainObject } from "../core/tree.ts";

type Node = Readonly<Record<string, unknown>>;

/** Marks where a tensor stands in the arguments of a call. */
export const place = "__tensor__";

/** The arguments with tensors in their places. */
export function fill(value: unknown, tensors: readonly unknown[]): unknown {
  if (Array.isArray(value)) return value.map((item) => fill(item, tensors));
  return isPlainObject(value) && typeof value[place] === "number" ? tensors[value[place]] : value;
}

/** The reverse: the entry that Keras has for what is a layer here. */
export function operationEntry(entry: Node): Node {
  const { config, inbound_nodes: calls } = entry as { config: Node; inbound_nodes: readonly { args: unknown[] }[] };
  const made = calls.map(({ args: [inputs] }) => ({
    args: fill(config.arguments, Array.isArray(inputs) ? inputs : [inputs]),
    kwargs: {},
  }));
  return { ...(config.entry as Node), inbound_nodes: made };
}
