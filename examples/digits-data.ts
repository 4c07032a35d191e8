/**
 * The handwritten digits of data/digits.csv.gz as tensors, split into what is trained on and what is held out.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { random, type Tensor, tensor, tidy } from "varve";

export interface Digits {
  /** Pixels in [0, 1], shape [n, 8, 8, 1]. */
  readonly images: Tensor;
  /** Classes 0…9, shape [n]. */
  readonly labels: Tensor;
}

const pixels = 64;

/** A random 80 % to train on and the other 20 %, the same ones for the same seed. */
export function loadDigits(seed: number): { train: Digits; test: Digits } {
  const rows = gunzipSync(readFileSync(new URL("../data/digits.csv.gz", import.meta.url)))
    .toString()
    .trim()
    .split("\n")
    .map((line) => line.split(",").map(Number));
  const order = tidy(() => random.shuffle(tensor(Int32Array.from(rows.keys())), { seed }).dataSync());
  const shuffled = [...order].map((index) => rows[index] as number[]);
  const part = (chosen: number[][]): Digits => ({
    images: tensor(Float32Array.from(chosen.flatMap((row) => row.slice(0, pixels).map((value) => value / 16))), [
      chosen.length,
      8,
      8,
      1,
    ]),
    labels: tensor(Int32Array.from(chosen.map((row) => row[pixels] as number))),
  });
  const count = Math.floor(rows.length * 0.8);
  return { train: part(shuffled.slice(0, count)), test: part(shuffled.slice(count)) };
}
