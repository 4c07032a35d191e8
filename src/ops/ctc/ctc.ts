/**
 * Connectionist temporal classification: how likely a label sequence is, when an output per frame may repeat labels
 * and put blanks between them (Graves et al. 2006). By the forward-backward algorithm, in logarithms and float64.
 * Class 0 is the blank, and 0 in the labels marks what is beyond their end.
 */
import { checkFloat } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import type { Spec, View } from "../../core/op.ts";
import { formatShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { multiply } from "../elementwise/binary.ts";
import { reshape } from "../movement/reshape.ts";
import { op } from "../op.ts";

function checkShapes({ shape: labels }: Spec, { shape: logits, dtype }: Spec): void {
  checkFloat(dtype, "ctc");
  if (labels.length !== 2 || logits.length !== 3 || labels[0] !== logits[0]) {
    throw new ShapeError(
      `ctc: needs labels [batch, length] and logits [batch, frames, classes], got ${formatShape(labels)} and ${formatShape(logits)}`,
    );
  }
}

const logAdd = (a: number, b: number): number => {
  const most = Math.max(a, b);
  return most === Number.NEGATIVE_INFINITY ? most : most + Math.log1p(Math.exp(-Math.abs(a - b)));
};

/** One sample: its logits as log-probabilities, and its labels with a blank before, between and after them. */
function sampleOf(labels: View, logits: View, index: number): { logs: Float64Array; path: number[] } {
  const [length] = labels.shape.slice(1) as [number];
  const [frames, classes] = logits.shape.slice(1) as [number, number];
  const logs = Float64Array.from(logits.data.subarray(index * frames * classes, (index + 1) * frames * classes));
  for (let row = 0; row < logs.length; row += classes) {
    const frame = logs.subarray(row, row + classes);
    const most = frame.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const total = most + Math.log(frame.reduce((sum, x) => sum + Math.exp(x - most), 0));
    for (let k = 0; k < classes; k++) frame[k] = (frame[k] as number) - total;
  }
  const path = [0];
  for (let k = 0; k < length; k++) {
    const label = labels.data[index * length + k] as number;
    if (label !== 0) path.push(label, 0);
  }
  return { logs, path };
}

/** Whether a path may skip the blank before place s: where the labels around it differ. */
const skips = (path: readonly number[], s: number) => s > 1 && path[s] !== 0 && path[s] !== path[s - 2];

/** Log-probabilities of all prefixes that end in frame t at place s of the path. */
function forward(logs: Float64Array, path: readonly number[], frames: number, classes: number): Float64Array {
  const width = path.length;
  const alpha = new Float64Array(frames * width).fill(Number.NEGATIVE_INFINITY);
  const at = (t: number, s: number) => logs[t * classes + (path[s] as number)] as number;
  if (frames > 0) for (let s = 0; s < Math.min(2, width); s++) alpha[s] = at(0, s);
  for (let t = 1; t < frames; t++) {
    const before = (t - 1) * width;
    for (let s = 0; s < width; s++) {
      let sum = alpha[before + s] as number;
      if (s > 0) sum = logAdd(sum, alpha[before + s - 1] as number);
      if (skips(path, s)) sum = logAdd(sum, alpha[before + s - 2] as number);
      alpha[t * width + s] = sum + at(t, s);
    }
  }
  return alpha;
}

/** The log-probability of all paths: those that end in the last label or in the blank after it. */
function totalOf(alpha: Float64Array, width: number): number {
  const last = alpha.length - 1;
  if (last < 0) return Number.NEGATIVE_INFINITY;
  return width > 1 ? logAdd(alpha[last] as number, alpha[last - 1] as number) : (alpha[last] as number);
}

/** −log of the probability of each sample's labels; infinite where there are too few frames for them. @internal */
export const ctc = op<{ labels: Tensor; logits: Tensor }, "loss">({
  name: "ctc",
  shape({ labels, logits }) {
    checkShapes(labels, logits);
    return { loss: { shape: logits.shape.slice(0, 1), dtype: logits.dtype } };
  },
  loops({ labels, logits }, { loss }) {
    const [batch, frames, classes] = logits.shape as [number, number, number];
    for (let index = 0; index < batch; index++) {
      const { logs, path } = sampleOf(labels, logits, index);
      loss.data[index] = -totalOf(forward(logs, path, frames, classes), path.length);
    }
  },
  gradient: ({ loss: dy }, { inputs: { labels, logits } }) => ({
    labels: "none",
    logits: () => multiply(ctcGradient({ labels, logits }, undefined).slope, reshape(dy as Tensor, [-1, 1, 1])),
  }),
});

/** softmax(logits) − the probability that each frame has each class on a path of the labels. */
const ctcGradient = op<{ labels: Tensor; logits: Tensor }, "slope">({
  name: "ctcGradient",
  shape: ({ logits }) => ({ slope: logits }),
  loops({ labels, logits }, { slope }) {
    const [batch, frames, classes] = logits.shape as [number, number, number];
    for (let index = 0; index < batch; index++) {
      const { logs, path } = sampleOf(labels, logits, index);
      const width = path.length;
      const alpha = forward(logs, path, frames, classes);
      const total = totalOf(alpha, width);
      // Suffixes are prefixes of everything reversed; the path of labels reversed keeps its blanks in place.
      const backwards = new Float64Array(logs.length);
      for (let t = 0; t < frames; t++) {
        backwards.set(logs.subarray((frames - 1 - t) * classes, (frames - t) * classes), t * classes);
      }
      const beta = forward(backwards, [...path].reverse(), frames, classes);
      for (let t = 0; t < frames; t++) {
        const row = t * classes;
        const posterior = new Float64Array(classes);
        for (let s = 0; s < width; s++) {
          const label = path[s] as number;
          const both = (alpha[t * width + s] as number) + (beta[(frames - t) * width - 1 - s] as number);
          posterior[label] = (posterior[label] as number) + Math.exp(both - (logs[row + label] as number) - total);
        }
        for (let k = 0; k < classes; k++) {
          const value = Math.exp(logs[row + k] as number) - (posterior[k] as number);
          slope.data[index * frames * classes + row + k] = Number.isFinite(total) ? value : 0;
        }
      }
    }
  },
  gradient: "none",
});
