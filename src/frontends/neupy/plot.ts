/**
 * The plot of a training, as data: a Vega-Lite chart, which that library, and whatever shows its charts, draws.
 */

/** One error, as it was measured. */
export interface ErrorEntry {
  readonly name: "train" | "valid";
  readonly value: number;
  /** Counted from 1. */
  readonly epoch: number;
  /** How many updates were made, this one among them. */
  readonly nUpdates: number;
}

/** A chart in the language of Vega-Lite. */
export interface Chart {
  readonly $schema: string;
  readonly [property: string]: unknown;
}

const names = { train: "Training", valid: "Validation" } as const;

function panel(values: readonly { x: number; error: number; of: string }[], along: string, logx: boolean) {
  return {
    width: 600,
    height: 240,
    data: { values },
    mark: { type: "line", point: values.length <= 100 },
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        title: `Number of ${along} passed`,
        scale: { type: logx ? "symlog" : "linear" },
      },
      y: { field: "error", type: "quantitative", title: "Loss", scale: { zero: false } },
      color: { field: "of", type: "nominal", title: null, scale: { domain: Object.values(names) } },
    },
  };
}

/**
 * The errors over updates and over epochs. An error of training is that before its update, so it stands one earlier than
 * one of validation, which is measured behind it.
 */
export function errorsChart(entries: readonly ErrorEntry[], logx: boolean): Chart {
  const place = ({ name }: ErrorEntry, count: number) => (name === "train" ? count - 1 : count);
  const perUpdate = entries.map((entry) => ({
    x: place(entry, entry.nUpdates),
    error: entry.value,
    of: names[entry.name],
  }));
  const first = new Map<string, ErrorEntry>();
  for (const entry of entries) {
    const key = `${entry.name} ${entry.epoch}`;
    if (!first.has(key)) first.set(key, entry);
  }
  const perEpoch = [...first.values()].map((entry) => ({
    x: place(entry, entry.epoch),
    error: entry.value,
    of: names[entry.name],
  }));
  const last = entries.at(-1);
  const same = last !== undefined && last.epoch === last.nUpdates;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: "Training performance",
    vconcat: [...(same ? [] : [panel(perUpdate, "updates", logx)]), panel(perEpoch, "training epochs", logx)],
  };
}
