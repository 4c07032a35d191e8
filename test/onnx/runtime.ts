/**
 * Runs ONNX files in ONNX Runtime (its WebAssembly build, which needs no native install), with arrays that go in and
 * out by name. Where VARVE_INTEROP names a folder, they are kept there: `../keras/interop.py` has ONNX's own checker look
 * at them.
 */
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as runtime from "onnxruntime-web";
import { expect } from "vitest";
import type { TypedArray } from "../../src/core/dtype.ts";

runtime.env.wasm.numThreads = 1;
runtime.env.logLevel = "error";

const folder = process.env.VARVE_INTEROP;

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
  if (folder) {
    const name = expect.getState().currentTestName?.replaceAll(/\W+/g, "-").slice(0, 60);
    writeFileSync(join(folder, `${name}-${randomUUID()}.onnx`), file);
  }
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
