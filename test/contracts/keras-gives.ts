/**
 * Facts about `keras.ops`: calls with the values that Keras 3.15.1 was seen to give for them (backend JAX; for `split`
 * with indices that descend, NumPy, since JAX refuses them).
 */
import { expect, test } from "vitest";
import type { Tensor } from "../../src/core/tensor.ts";

/** A call, what Keras gives for it, as nested arrays, and the dtype where that is not float32. */
export type Fact = readonly [call: () => Tensor | readonly Tensor[], values: unknown, dtype?: string];

export function kerasGives(facts: readonly Fact[]): void {
  for (const [call, values, dtype = "float32"] of facts) {
    test(`Keras's value of ${call
      .toString()
      .replace(/^\(\) => /, "")
      .replace(/\s+/g, " ")}`, () => {
      const result = call();
      const [first] = [result].flat() as Tensor[];
      expect(first?.dtype).toBe(dtype);
      expect(Array.isArray(result) ? result.map((each) => each.arraySync()) : (result as Tensor).arraySync()).toEqual(
        values,
      );
    });
  }
}
