/**
 * Scopes: what is made in one and not returned is freed at its end. `fit`, `predict`, `grad` and the optimizers open
 * their own, so only those who write loops by hand ever see one.
 */
import { VarveError } from "./errors.ts";
import type { Tensor } from "./tensor.ts";
import { isPlainObject, leaves } from "./tree.ts";

export interface Scope {
  readonly parent: Scope | undefined;
  /** Whether ops on tracked tensors are recorded for a gradient. */
  readonly recording: boolean;
  readonly tensors: Tensor[];
}

let current: Scope | undefined;

/** The innermost open scope. */
export function currentScope(): Scope | undefined {
  return current;
}

/**
 * Runs `fn` in a scope of its own and frees what it made, except tensors (in arrays and plain objects too) that it
 * returns. While a gradient is being recorded nothing is freed early: the backward pass will need it.
 */
export function inScope<R>(fn: () => R, recording = current?.recording ?? false): R {
  const scope: Scope = { parent: current, recording, tensors: [] };
  current = scope;
  let result: R;
  try {
    result = fn();
    if (result instanceof Promise) {
      throw new VarveError(
        "tidy: the function returned a promise; a scope cannot stay open across an await: read values after it",
      );
    }
  } catch (error) {
    current = scope.parent;
    for (const tensor of scope.tensors) tensor.release();
    throw error;
  }
  current = scope.parent;
  if (scope.parent?.recording && recording) {
    for (const tensor of scope.tensors) tensor.moveTo(scope.parent);
    return result;
  }
  // Most results are one tensor, and this runs around every op.
  const kept = Array.isArray(result) || isPlainObject(result) ? new Set(leaves(result)) : undefined;
  for (const tensor of scope.tensors) {
    if (kept ? kept.has(tensor) : tensor === result) tensor.moveTo(scope.parent);
    else tensor.release();
  }
  return result;
}

/**
 * Frees every tensor that `fn` makes and does not return.
 *
 * @example
 * ```ts
 * import { ops, tensor, tidy } from "varve";
 * const y = tidy(() => ops.add(ops.square(tensor([1, 2])), 1)); // the square is freed, the sum is kept
 * await y.array() // => [2, 5]
 * ```
 */
export function tidy<R>(fn: () => R): R {
  return inScope(fn);
}
