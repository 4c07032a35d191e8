/**
 * The summary of a model: a table of its layers with what they give and how many weights they have, as Keras prints it.
 */
import { bytesOf } from "../core/dtype.ts";
import { OptionError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import { type GraphNode, type Operation, SymbolicTensor } from "../core/symbolic.ts";
import { isPlainObject, leaves } from "../core/tree.ts";
import type { Variable } from "../core/variable.ts";
import { InputLayer } from "../layers/core/input-layer.ts";
import { Layer } from "../layers/layer.ts";
import type { Graph } from "./graph.ts";
import { renderTable, type TableColumn } from "./table.ts";

/** What a summary is made of. */
export interface Summarized {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly graph: Graph | undefined;
  /** Whether the graph's inputs are shown as layers. */
  readonly showsInputs: boolean;
  readonly trainableWeights: readonly Variable[];
  readonly nonTrainableWeights: readonly Variable[];
  /** The state of the optimizer, once it is built. */
  readonly optimizerVariables: readonly Variable[] | undefined;
}

/** How a summary looks. */
export interface SummaryLayout {
  /** The width in characters. Default: what fits the terminal, at most 88 (108 with connections). */
  readonly lineLength?: number | undefined;
  /** Adds a column that says which layers train. Default false. */
  readonly showTrainable?: boolean | undefined;
  /** Shows the layers of models inside, too. Default false. */
  readonly expandNested?: boolean | undefined;
}

const thousands = (count: number) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");

function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(2)} ${units[unit]}`;
}

function formatCount(variables: readonly Variable[]): string {
  const count = variables.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const bytes = variables.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * bytesOf(dtype), 0);
  return `${thousands(count)} (${formatBytes(bytes)})`;
}

/** Shapes as Keras writes them: `(None, 8)`, several in a list or by name. */
function formatShapes(structure: unknown): string {
  const several = leaves(structure).length > 1;
  const format = (item: unknown): string => {
    if (item instanceof SymbolicTensor) return formatShapes(item.shape);
    if (isPlainObject(item)) {
      const entries = Object.entries(item).map(([key, value]) =>
        several ? `${key}: ${format(value)}` : format(value),
      );
      return several ? `{${entries.join(", ")}}` : (entries[0] ?? "?");
    }
    const list = item as readonly unknown[];
    if (list.every((size) => size === null || typeof size === "number")) {
      return `(${list.map((size) => size ?? "None").join(", ")})`;
    }
    return several ? `[${list.map(format).join(", ")}]` : format(list[0]);
  };
  return format(structure);
}

function shapeGiven(operation: Operation, node: GraphNode | undefined): string {
  if (operation instanceof InputLayer) return formatShapes(operation.batchShape);
  if (node) return formatShapes(node.outputs);
  if (!(operation instanceof Layer) || !operation.buildShape) return "?";
  try {
    return formatShapes(operation.computeOutputShape(operation.buildShape));
  } catch {
    // A layer that cannot be tried for its shape alone; the summary is no place to fail.
    return "?";
  }
}

function typeOf(operation: Operation): string {
  if (operation instanceof Layer) return (operation.constructor as typeof Layer).className;
  const name = operation.op ?? operation.name;
  return `${name[0]?.toUpperCase()}${name.slice(1)}`;
}

/** Where a call's inputs come from: `dense[0][0]`, the layer with its call and the place of the tensor. */
function connections(nodes: readonly GraphNode[], graph: Graph): string {
  const from = nodes.flatMap((node) =>
    node.inputs.map((tensor) => {
      const source = graph.inputs.indexOf(tensor);
      if (source >= 0) return `${graph.inputLayers[source]?.name}[0][0]`;
      const origin = tensor.node as GraphNode;
      return `${origin.operation.name}[${origin.index}][${leaves(origin.outputs).indexOf(tensor)}]`;
    }),
  );
  return from.length > 0 ? from.join(", ") : "-";
}

function terminalWidth(): number {
  const { process } = globalThis as { process?: { stdout?: { columns?: number } } };
  return process?.stdout?.columns ?? 80;
}

/** The summary as text. */
export function summaryOf(model: Summarized, layout: SummaryLayout = {}): string {
  const { showTrainable = false, expandNested = false } = layout;
  const { graph } = model;
  const chain = !graph || !model.showsInputs || graph.isChain;
  const shown: readonly Operation[] = graph && model.showsInputs ? graph.operations : model.layers;

  const fieldsOf = (operation: Operation, prefix: string, within: Graph | undefined): string[] => {
    const nodes = within?.nodes.filter((node) => node.operation === operation) ?? [];
    const isLayer = operation instanceof Layer;
    let params = "0";
    if (isLayer) params = operation.built ? thousands(operation.countParams()) : "0 (unbuilt)";
    const fields = [`${prefix}${operation.name} (${typeOf(operation)})`, shapeGiven(operation, nodes.at(-1)), params];
    if (!chain) fields.push(within === graph && graph ? connections(nodes, graph) : "-");
    if (showTrainable) {
      const trains = isLayer && operation.weights.length > 0 ? (operation.trainable ? "Y" : "N") : "-";
      fields.push(trains);
    }
    return fields;
  };
  const rowsOf = (operation: Operation, depth: number, within: Graph | undefined): string[][] => {
    const rows = [fieldsOf(operation, depth > 0 ? `${"   ".repeat(depth)}└ ` : "", within)];
    if (expandNested && isModel(operation)) {
      for (const inner of operation.layers) rows.push(...rowsOf(inner, depth + 1, operation.graph));
    }
    return rows;
  };

  const titles: [string, TableColumn["align"]][] = [
    ["Layer (type)", "left"],
    ["Output Shape", "left"],
    ["Param #", "right"],
    ...(chain ? [] : [["Connected to", "left"] as [string, "left"]]),
    ...(showTrainable ? [["Trainable", "center"] as [string, "center"]] : []),
  ];
  const wished = (chain ? 88 : 108) + (showTrainable ? 12 : 0);
  const { lineLength = Math.min(wished, terminalWidth() - 4) } = layout;
  const ends = chain ? [0.45, 0.8, 1] : [0.3, 0.56, 0.74, 1];
  const positions = showTrainable ? [...ends.map((end) => end * 0.9), 1] : ends;
  let used = 0;
  const columns = titles.map(([title, align], index): TableColumn => {
    const width = Math.floor((positions[index] as number) * lineLength) - used;
    used += width;
    if (!(width >= 4))
      throw new OptionError(`summary: lineLength ${lineLength} leaves no room for ${titles.length} columns`);
    return { title, align, width };
  });

  const { trainableWeights, nonTrainableWeights, optimizerVariables } = model;
  const all = [...trainableWeights, ...nonTrainableWeights, ...(optimizerVariables ?? [])];
  return [
    `Model: "${model.name}"`,
    ...renderTable(
      columns,
      shown.flatMap((operation) => rowsOf(operation, 0, graph)),
      lineLength,
    ),
    ` Total params: ${formatCount(all)}`,
    ` Trainable params: ${formatCount(trainableWeights)}`,
    ` Non-trainable params: ${formatCount(nonTrainableWeights)}`,
    ...(optimizerVariables ? [` Optimizer params: ${formatCount(optimizerVariables)}`] : []),
  ].join("\n");
}

function isModel(operation: Operation): operation is Operation & Summarized {
  return operation instanceof Layer && "layers" in operation;
}
