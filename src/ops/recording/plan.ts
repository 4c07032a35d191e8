/**
 * Where everything lies while a recorded step runs: each piece of memory gets a place in one range, and pieces that
 * are never needed at the same time may share it. What it is not: it knows no tensors and no ops, only lifetimes.
 */

/** Memory that is needed from one step to another, both included. */
export interface Lifetime {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

export interface Plan {
  /** Where each begins. */
  readonly offsets: readonly number[];
  /** How long the range is. */
  readonly bytes: number;
  /** The most that is needed at once: no plan is shorter. */
  readonly neededBytes: number;
}

/** Memory is handed out in such multiples, as kernels rely on. */
const alignment = 64;

/** So much is taken for so many bytes. */
export const alignedBytes = (bytes: number) => Math.ceil(bytes / alignment) * alignment;

/** In which order things find their places. None is best for all. */
const orders: readonly ((a: Lifetime, b: Lifetime) => number)[] = [
  (a, b) => b.bytes - a.bytes || a.from - b.from,
  (a, b) => b.bytes * (b.to - b.from + 1) - a.bytes * (a.to - a.from + 1) || a.from - b.from,
  (a, b) => b.to - b.from - (a.to - a.from) || b.bytes - a.bytes,
];

/**
 * Gives each its place: one after another, at the lowest offset where nothing lies that is needed at the same time. Of
 * several orders, the largest first among them, the one that takes least counts (greedy by size: Pisarchyk & Lee, 2020,
 * arXiv:2001.03288).
 */
export function plan(lifetimes: readonly Lifetime[]): Plan {
  const neededBytes = mostAtOnce(lifetimes);
  let best: { readonly offsets: readonly number[]; readonly bytes: number } | undefined;
  for (const order of orders) {
    const found = placed(lifetimes, order);
    if (!best || found.bytes < best.bytes) best = found;
    if (best.bytes === neededBytes) break;
  }
  return { ...(best as NonNullable<typeof best>), neededBytes };
}

function placed(lifetimes: readonly Lifetime[], inOrder: (a: Lifetime, b: Lifetime) => number) {
  const order = lifetimes.map((each, index) => ({ ...each, bytes: alignedBytes(each.bytes), index })).sort(inOrder);
  const offsets = new Array<number>(lifetimes.length).fill(0);
  /** By offset. */
  const there: { readonly offset: number; readonly end: number; readonly from: number; readonly to: number }[] = [];
  let total = 0;
  for (const { bytes, from, to, index } of order) {
    let offset = 0;
    for (const other of there) {
      if (other.to < from || other.from > to) continue;
      if (other.offset >= offset + bytes) break;
      if (other.end > offset) offset = other.end;
    }
    offsets[index] = offset;
    const end = offset + bytes;
    const at = there.findIndex((other) => other.offset > offset);
    there.splice(at < 0 ? there.length : at, 0, { offset, end, from, to });
    if (end > total) total = end;
  }
  return { offsets, bytes: total };
}

function mostAtOnce(lifetimes: readonly Lifetime[]): number {
  const changes = lifetimes.flatMap(({ bytes, from, to }) => [
    { at: from, bytes: alignedBytes(bytes) },
    { at: to + 0.5, bytes: -alignedBytes(bytes) },
  ]);
  changes.sort((a, b) => a.at - b.at);
  let now = 0;
  let most = 0;
  for (const { bytes } of changes) {
    now += bytes;
    if (now > most) most = now;
  }
  return most;
}
