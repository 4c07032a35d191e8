/**
 * Runs ONNX files in ONNX Runtime (its WebAssembly build, which needs no native install), with arrays that go in and
 * out by name.
 */
import * as runtime from "onnxruntime-web";
import type { TypedArray } from "../../src/core/dtype.ts";

runtime.env.wasm.numThreads = 1;
runtime.env.logLevel = "error";

/** An array with its shape and dtype. */
export interface Plain {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: ArrayLike<number>;
}

/** What ONNX Runtime computes with a file, by the names of its outputs. */
export async function runOnnx(
  file: Uint8Array,
  inputs: Readonly<Record<string, Plain>>,
): Promise<Readonly<Record<string, Plain>>> {
  const session = await runtime.InferenceSession.create(file);
  try {
    const given = Object.fromEntries(Object.entries(inputs).map(([name, plain]) => [name, toRuntime(plain)]));
    const found = await session.run(given);
    return Object.fromEntries(
      Object.entries(found).map(([name, { type, dims, data }]) => [
        name,
        { shape: dims, dtype: type, data: data as TypedArray },
      ]),
    );
  } finally {
    await session.release();
  }
}

function toRuntime({ shape, dtype, data }: Plain): runtime.Tensor {
  if (dtype === "float32") return new runtime.Tensor("float32", Float32Array.from(data), shape);
  if (dtype === "float64") return new runtime.Tensor("float64", Float64Array.from(data), shape);
  if (dtype === "int32") return new runtime.Tensor("int32", Int32Array.from(data), shape);
  return new runtime.Tensor(dtype === "bool" ? "bool" : "uint8", Uint8Array.from(data), shape);
}
