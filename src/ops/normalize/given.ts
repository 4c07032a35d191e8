/**
 * Normalizing by a mean and a reciprocal standard deviation that are given, and keeping them: for those who keep the
 * reciprocal itself rather than the variance (`standardize.ts` takes that).
 */
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { add, multiply, subtract } from "../elementwise/binary.ts";

/** y = (x − mean) · rstd · gamma + beta, all of which broadcast to x. @internal */
export function normalizeBy(x: Tensor, mean: Tensor, rstd: Tensor, gamma: Tensor, beta: Tensor): Tensor {
  return add(multiply(multiply(subtract(x, mean), rstd), gamma), beta);
}

/**
 * average ← average · momentum + seen · (1 − momentum). Where only shapes are worked out, or the batch that was seen is
 * empty, nothing moves.
 *
 * @internal
 */
export function moveAverage(average: Variable, seen: Tensor, momentum: number, batch: Tensor): void {
  if (!batch.device.concrete || batch.size === 0) return;
  average.assign(add(multiply(average, momentum), multiply(seen, 1 - momentum)));
}
