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

/**
 * The errors, over the updates that were made and over epochs. Over epochs those of training are the mean of the epoch's
 * updates. Where every epoch is one update, there is one plot.
 */
export function errorsChart(entries: readonly ErrorEntry[], logx: boolean): Chart {
  const panel = (field: keyof ErrorEntry, title: string) => ({
    width: 600,
    mark: "line",
    encoding: {
      x: { field, type: "quantitative", title, scale: { type: logx ? "log" : "linear" } },
      y: { field: "value", aggregate: "mean", type: "quantitative", title: "Loss" },
      color: { field: "name", title: null },
    },
  });
  const isSame = entries.every(({ epoch, nUpdates }) => epoch === nUpdates);
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: "Training performance",
    data: { values: entries },
    vconcat: [...(isSame ? [] : [panel("nUpdates", "Updates")]), panel("epoch", "Epochs")],
  };
}
