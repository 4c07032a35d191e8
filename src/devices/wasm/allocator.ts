/**
 * Hands out ranges of a linear memory. A freed range goes to the bin of its exact size, where the next request of
 * that size finds it at once: training repeats the same sizes, so after a few steps every bin has what it needs.
 * When a bin is empty, memory that was never used is taken, up to twice what was ever needed at once; beyond that,
 * neighbours are merged and the smallest range that fits is split. Merging empties the bins, so it must stay rare.
 */

/** Ranges start and end at multiples of this, so that vector loads are aligned and never cross into a neighbour. */
const granule = 64;
/** Up to here no memory is saved. */
const smallHeap = 16 << 20;

export class Allocator {
  /** Freed ranges: size → addresses. */
  readonly #bins = new Map<number, number[]>();
  #idleBytes = 0;
  /** The most bytes that were in use at once. */
  #peakBytes = 0;
  readonly #start: number;
  #end: number;
  readonly #grow: (end: number) => boolean;

  /** `grow(end)` makes addresses below `end` usable, or says that it cannot. */
  constructor(start: number, grow: (end: number) => boolean) {
    this.#start = Math.ceil(start / granule) * granule;
    this.#end = this.#start;
    this.#grow = grow;
  }

  static rounded(byteLength: number): number {
    return Math.max(granule, Math.ceil(byteLength / granule) * granule);
  }

  /** The address of a range, or undefined when there is no more memory. */
  allocate(byteLength: number): number | undefined {
    const size = Allocator.rounded(byteLength);
    const address = this.#bins.get(size)?.pop();
    if (address !== undefined) {
      this.#idleBytes -= size;
      return address;
    }
    const used = this.#end - this.#start;
    this.#peakBytes = Math.max(this.#peakBytes, used - this.#idleBytes + size);
    const mayExtend = used + size <= Math.max(2 * this.#peakBytes, smallHeap);
    return (mayExtend ? this.#fromEnd(size) : undefined) ?? this.#fromLarger(size) ?? this.#fromEnd(size);
  }

  free(address: number, byteLength: number): void {
    const size = Allocator.rounded(byteLength);
    this.#idleBytes += size;
    const bin = this.#bins.get(size);
    if (bin) bin.push(address);
    else this.#bins.set(size, [address]);
  }

  /** Bytes up to which the memory is in use or was. */
  get end(): number {
    return this.#end;
  }

  #fromEnd(size: number): number | undefined {
    if (!this.#grow(this.#end + size)) return undefined;
    const address = this.#end;
    this.#end += size;
    return address;
  }

  #fromLarger(size: number): number | undefined {
    this.#merge();
    let best: number | undefined;
    for (const [candidate, addresses] of this.#bins) {
      if (candidate >= size && addresses.length > 0 && (best === undefined || candidate < best)) best = candidate;
    }
    if (best === undefined) return undefined;
    const address = this.#bins.get(best)?.pop() as number;
    this.#idleBytes -= best;
    if (best > size) this.free(address + size, best - size);
    return address;
  }

  /** Joins neighbouring free ranges; one that touches the end goes back to it. */
  #merge(): void {
    const ranges = [...this.#bins].flatMap(([size, addresses]) => addresses.map((address) => ({ address, size })));
    ranges.sort((a, b) => a.address - b.address);
    this.#bins.clear();
    this.#idleBytes = 0;
    let open: { address: number; size: number } | undefined;
    for (const range of ranges) {
      if (open && open.address + open.size === range.address) open.size += range.size;
      else {
        if (open) this.free(open.address, open.size);
        open = range;
      }
    }
    if (open && open.address + open.size === this.#end) this.#end = open.address;
    else if (open) this.free(open.address, open.size);
  }
}
