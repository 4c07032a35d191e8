/**
 * How a kernel lies over images, in numbers. What becomes of them stands in `correlation.ts`.
 */

/** How a kernel lies over images: everything but the batch and the channels. One number for each spatial axis. */
export interface Correlation {
  /** The sizes of x. */
  readonly size: readonly number[];
  /** The sizes of the kernel. */
  readonly window: readonly number[];
  /** The sizes of y. */
  readonly count: readonly number[];
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  /** How far the first window reaches over the front edge. */
  readonly before: readonly number[];
  readonly groups: number;
  /** Whether negative results become 0. Default false. */
  readonly relu?: boolean | undefined;
}

/** The same in three dimensions: the missing axes have size 1. */
export function inThreeDimensions({ groups, relu: _relu, ...lists }: Correlation): Omit<Correlation, "relu"> {
  const missing = new Array<number>(3 - lists.size.length).fill(1);
  const lifted = (list: readonly number[]) => [...missing, ...list];
  return {
    size: lifted(lists.size),
    window: lifted(lists.window),
    count: lifted(lists.count),
    strides: lifted(lists.strides),
    dilation: lifted(lists.dilation),
    before: [...missing.map(() => 0), ...lists.before],
    groups,
  };
}
