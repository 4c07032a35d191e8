/**
 * Convolution as three records: the correlation of images with a kernel, and its two gradients. All are linear in each
 * operand and each is a gradient of the others, so derivatives of any order are these same three. Images are
 * [batch, …spatial, channels] in one to three dimensions; other layouts, paddings by name and the transposed and
 * depthwise forms stand in `convolution.ts`, how it is fast in `kernels.ts`.
 *
 * With o an output position, t a position in the kernel, and along each axis i = o · stride + t · dilation − before:
 * y[n, o, q] = Σ over t, c of x[n, i, c] · w[t, c, q], where c runs through the channels of q's group and x is 0
 * outside. Operands are checked by those functions, which know what the user calls them.
 */
import { isFloat, promote } from "../../core/dtype.ts";
import type { Spec } from "../../core/op.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { behindRelu } from "../elementwise/activations.ts";
import { op } from "../op.ts";
import { sumTo } from "../reduce/sum.ts";
import { type Correlation, inThreeDimensions } from "./geometry.ts";
import { kernels } from "./kernels.generated.ts";
import { correlateCalls, correlateInputGradientCalls, correlateKernelGradientCalls } from "./kernels.ts";

/** Calls `visit` with the indices of every x, kernel element and y that meet: `y += x · kernel` says it all. */
function eachProduct(
  correlation: Correlation,
  [x, kernel, y]: readonly [Shape, Shape, Shape],
  visit: (x: number, kernel: number, y: number) => void,
): void {
  const { size, window, count, strides, dilation, before, groups } = inThreeDimensions(correlation);
  const batch = x[0] as number;
  const channels = x.at(-1) as number;
  const [groupChannels, filters] = kernel.slice(-2) as [number, number];
  const groupFilters = filters / groups;
  const columns = (y.at(-1) as number) / groups;
  const positions = sizeOf(count);
  const taps = sizeOf(window);
  const along = (axis: number, position: number, tap: number) =>
    position * (strides[axis] as number) + tap * (dilation[axis] as number) - (before[axis] as number);
  const [depth, height, width] = size as [number, number, number];
  const [, rowsOfY, columnsOfY] = count as [number, number, number];
  const [, rowsOfKernel, columnsOfKernel] = window as [number, number, number];
  for (let o = 0; o < positions; o++) {
    for (let t = 0; t < taps; t++) {
      const w = along(2, o % columnsOfY, t % columnsOfKernel);
      const h = along(1, Math.floor(o / columnsOfY) % rowsOfY, Math.floor(t / columnsOfKernel) % rowsOfKernel);
      const d = along(0, Math.floor(o / columnsOfY / rowsOfY), Math.floor(t / columnsOfKernel / rowsOfKernel));
      if (d < 0 || d >= depth || h < 0 || h >= height || w < 0 || w >= width) continue;
      const pixel = (d * height + h) * width + w;
      for (let n = 0; n < batch; n++) {
        for (let c = 0; c < channels; c++) {
          const xIndex = (n * depth * height * width + pixel) * channels + c;
          const group = Math.floor(c / groupChannels);
          const kernelIndex = (t * groupChannels + (c % groupChannels)) * filters + group * groupFilters;
          const yIndex = (n * positions + o) * filters + group * groupFilters;
          for (let q = 0; q < columns; q++) visit(xIndex, kernelIndex + q, yIndex + q);
        }
      }
    }
  }
}

const spec = (shape: Shape, a: Spec, b: Spec): Spec => ({ shape, dtype: promote(a.dtype, b.dtype) });

/** y = x correlated with the kernel, plus bias, of which with `relu` max(·, 0). x [batch, …size, c], kernel [...window, c / groups, q], bias [q]. */
export const correlate = op<{ x: Tensor; kernel: Tensor; bias?: Tensor | undefined }, "y", Correlation>({
  name: "conv",
  activation: "relu",
  shape({ x, kernel }, { count }) {
    return { y: spec([x.shape[0] as number, ...count, kernel.shape.at(-1) as number], x, kernel) };
  },
  loops({ x, kernel, bias }, { y }, correlation) {
    const sums = startingWith(bias?.data, y.size);
    eachProduct(correlation, [x.shape, kernel.shape, y.shape], (i, k, o) => {
      (sums[o] as number) += (x.data[i] as number) * (kernel.data[k] as number);
    });
    y.data.set(correlation.relu ? sums.map((sum) => Math.max(sum, 0)) : sums);
  },
  kernels,
  wasm({ x, kernel, bias }, { y }, correlation, workspace) {
    if (!isFloat(y.dtype)) return undefined;
    return correlateCalls(x, kernel, bias, y, correlation, y.dtype, workspace);
  },
  gradient({ y }, { inputs: { x, kernel, bias }, outputs }, { relu, ...correlation }) {
    const dy = relu ? behindRelu(outputs.y, y as Tensor) : (y as Tensor);
    return {
      x: (): Tensor => correlateInputGradient({ dy, kernel }, correlation).dx,
      kernel: (): Tensor => correlateKernelGradient({ x, dy }, correlation).dkernel,
      bias: bias ? () => sumTo(dy, bias.shape) : "none",
    };
  },
});

/**
 * What a correlation passes back to x: dx[n, i, c] = Σ over t, q of dy[n, o, q] · w[t, c, q] wherever o has window t
 * at i. It is also the transposed convolution of dy, and so takes a bias.
 */
export const correlateInputGradient = op<{ dy: Tensor; kernel: Tensor; bias?: Tensor | undefined }, "dx", Correlation>({
  name: "convInputGradient",
  activation: "relu",
  shape({ dy, kernel }, { size, groups }) {
    return { dx: spec([dy.shape[0] as number, ...size, (kernel.shape.at(-2) as number) * groups], dy, kernel) };
  },
  loops({ dy, kernel, bias }, { dx }, correlation) {
    const sums = startingWith(bias?.data, dx.size);
    eachProduct(correlation, [dx.shape, kernel.shape, dy.shape], (i, k, o) => {
      (sums[i] as number) += (dy.data[o] as number) * (kernel.data[k] as number);
    });
    dx.data.set(correlation.relu ? sums.map((sum) => Math.max(sum, 0)) : sums);
  },
  kernels,
  wasm({ dy, kernel, bias }, { dx }, correlation, workspace) {
    if (!isFloat(dx.dtype)) return undefined;
    return correlateInputGradientCalls(dy, kernel, bias, dx, correlation, dx.dtype, workspace);
  },
  gradient({ dx }, { inputs: { dy, kernel, bias }, outputs }, { relu, ...correlation }) {
    const ddx = relu ? behindRelu(outputs.dx, dx as Tensor) : (dx as Tensor);
    return {
      dy: (): Tensor => correlate({ x: ddx, kernel }, correlation).y,
      kernel: (): Tensor => correlateKernelGradient({ x: ddx, dy }, correlation).dkernel,
      bias: bias ? () => sumTo(ddx, bias.shape) : "none",
    };
  },
});

/** What a correlation passes back to its kernel: dw[t, c, q] = Σ over n, o of x[n, i, c] · dy[n, o, q]. */
export const correlateKernelGradient = op<{ x: Tensor; dy: Tensor }, "dkernel", Correlation>({
  name: "convKernelGradient",
  shape({ x, dy }, { window, groups }) {
    return { dkernel: spec([...window, (x.shape.at(-1) as number) / groups, dy.shape.at(-1) as number], x, dy) };
  },
  loops({ x, dy }, { dkernel }, correlation) {
    const sums = new Float64Array(dkernel.size);
    eachProduct(correlation, [x.shape, dkernel.shape, dy.shape], (i, k, o) => {
      (sums[k] as number) += (x.data[i] as number) * (dy.data[o] as number);
    });
    dkernel.data.set(sums);
  },
  kernels,
  wasm({ x, dy }, { dkernel }, correlation, workspace) {
    if (!isFloat(dkernel.dtype)) return undefined;
    return correlateKernelGradientCalls(x, dy, dkernel, correlation, dkernel.dtype, workspace);
  },
  gradient: ({ dkernel }, { inputs: { x, dy } }, correlation) => ({
    x: (): Tensor => correlateInputGradient({ dy, kernel: dkernel as Tensor }, correlation).dx,
    dy: (): Tensor => correlate({ x, kernel: dkernel as Tensor }, correlation).y,
  }),
});

/** As many sums as that, which start with the bias, repeated. */
function startingWith(bias: ArrayLike<number> | undefined, length: number): Float64Array {
  const sums = new Float64Array(length);
  if (bias) for (let i = 0; i < length; i++) sums[i] = bias[i % bias.length] as number;
  return sums;
}
