/**
 * The kernels' binaries, from the text that they travel as. Node's build (`scripts/build.mjs`) has them in a form that
 * Node reads by itself, in place of this file.
 */
import type { KernelBinary } from "../../core/op.ts";
import { bytesByUse, digits, singles } from "./kernels.generated.ts";

/** The bytes of kernels, with or without relaxed SIMD. */
export function binaryOf({ pieces }: KernelBinary, relaxed: boolean): Uint8Array<ArrayBuffer> {
  const values = new Uint8Array(128);
  const single = new Uint8Array(128);
  for (let value = 0; value < digits.length; value++) {
    values[digits.charCodeAt(value)] = value;
    single[digits.charCodeAt(value)] = bytesByUse[value] as number;
  }
  const firstOfPairs = digits.charCodeAt(singles);
  const text = pieces.map(([simd, other]) => (relaxed ? (other ?? simd) : simd)).join("");
  const bytes = new Uint8Array(text.length);
  let length = 0;
  // This runs before any compiler has seen it: it does as little as it can for each character.
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < firstOfPairs) bytes[length++] = single[code] as number;
    else {
      const pair = ((values[code] as number) - singles) * digits.length + (values[text.charCodeAt(++at)] as number);
      bytes[length++] = bytesByUse[singles + pair] as number;
    }
  }
  return bytes.subarray(0, length);
}
