/**
 * The source of all random numbers: Philox4x32-10, a counter-based generator (Salmon, Moraes, Dror & Shaw, "Parallel
 * random numbers: as easy as 1, 2, 3", SC 2011). A key and a counter give four 32-bit words, and nothing is kept from
 * one to the next: element `i` of a draw depends on (seed, counter of the draw, i) alone, on every device.
 * What is not here: what the bits become (`portable.ts`, `random.ts`) and where seeds come from (`seed.ts`).
 */

/** What makes one draw differ from others: the seed, and how many draws it has served before. */
export type Seed = readonly [seed: number, draw: number];

/** The upper 32 bits of the product of two unsigned 32-bit numbers, of which the second is a constant of the generator. */
function high(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  return aHigh * bHigh + (middle >>> 16) + ((aLow * bHigh + (middle & 0xffff)) >>> 16);
}

/** Writes the four words of a counter under a key into `words`. */
export function philox(words: Uint32Array, counter: readonly number[], key: readonly number[]): void {
  let [a, b, c, d] = counter as [number, number, number, number];
  let [k0, k1] = key as [number, number];
  for (let round = 0; round < 10; round++) {
    const lowA = Math.imul(a, 0xd2511f53);
    const lowC = Math.imul(c, 0xcd9e8d57);
    const nextA = high(c >>> 0, 0xcd9e8d57) ^ b ^ k0;
    const nextC = high(a >>> 0, 0xd2511f53) ^ d ^ k1;
    [a, b, c, d] = [nextA, lowC, nextC, lowA];
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  words[0] = a;
  words[1] = b;
  words[2] = c;
  words[3] = d;
}

/** Reads the words of a draw one by one, in any order, making each block of four once. */
export function wordsOf([seed, draw]: Seed): (index: number, lane?: number) => number {
  const words = new Uint32Array(4);
  let madeBlock = -1;
  let madeLane = -1;
  return (index, lane = 0) => {
    const block = Math.floor(index / 4);
    if (block !== madeBlock || lane !== madeLane) {
      philox(words, [block | 0, Math.floor(block / 2 ** 32), lane, 0], [seed, draw]);
      madeBlock = block;
      madeLane = lane;
    }
    return words[index % 4] as number;
  };
}

/**
 * Reads a draw as numbers strictly between 0 and 1: the middles of 2³² equal parts from one word, or, `wide`, of 2⁵²
 * from two. `lane` gives further numbers for the same element.
 */
export function fractionsOf(seed: Seed, wide: boolean): (index: number, lane?: number) => number {
  const word = wordsOf(seed);
  if (!wide) return (index, lane) => (word(index, lane) + 0.5) * 2 ** -32;
  return (index, lane) => {
    const upper = word(2 * index, lane);
    return (upper * 2 ** 20 + (word(2 * index + 1, lane) >>> 12) + 0.5) * 2 ** -52;
  };
}
