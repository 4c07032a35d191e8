/**
 * An op is one record: what it does to shapes, what it means, how it is fast, how it is differentiated.
 * Here stand the types of such a record; `ops/op.ts` runs them.
 */
import type { Kernels } from "./device.ts";
import type { DType, TypedArray } from "./dtype.ts";
import type { Shape } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** Shape and dtype: all that is known of a tensor before it is computed. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A tensor as plain loops see it. */
export interface View extends Spec {
  readonly data: TypedArray;
  readonly size: number;
}

/** A tensor as a kernel sees it: an address in linear memory. */
export interface Pointer extends Spec {
  readonly at: number;
  readonly size: number;
}

/** The inputs of an op by name; those that may be absent are optional. */
export type Inputs = { readonly [name: string]: Tensor | undefined };

type Mapped<I extends Inputs, T> = { readonly [K in keyof I]: undefined extends I[K] ? T | undefined : T };

/**
 * A kernel call as data: the device decides on how many threads the pieces run.
 * A kernel takes its arguments, then `from` and `to`, the pieces it shall do.
 */
export interface KernelCall {
  readonly kernel: keyof Kernels;
  readonly args: readonly number[];
  /** How many independent pieces the work splits into. */
  readonly pieces: number;
}

/**
 * Compiled kernels as text, which `devices/wasm/binary.ts` reads: for engines with 128-bit SIMD, and the same with fused
 * multiply-add where that is another. The first digits stand for the most frequent bytes, the last ones begin pairs:
 * compressed on the way to a browser, this takes hardly more than the bytes would.
 */
export interface KernelBinary {
  /** The byte that says whether the memory is shared: 3 with, 1 without. */
  readonly memoryFlagsAt: number;
  readonly pieces: readonly (readonly [simd: string, relaxed?: string])[];
}

/** Memory that a kernel needs while it runs. */
export interface Workspace {
  /** The address of that many bytes, uninitialized. */
  temporary(byteLength: number): number;
  /** The address of these numbers as 32-bit integers: strides and the like. */
  int32(values: readonly number[]): number;
}

type Leading<T> = T extends (...args: infer P) => void
  ? P extends [...infer Head, number, number]
    ? Head
    : never
  : never;

/** Describes a kernel call; a wrong name or number of arguments does not compile. */
export function call<K extends keyof Kernels>(
  kernel: K,
  args: readonly [...Leading<Kernels[K]>],
  { pieces }: { pieces: number },
): KernelCall {
  return { kernel, args: args as readonly number[], pieces };
}

/** The gradient of one input: a thunk that is only run when it is needed, or "none" where none exists. */
export type Gradient = (() => Tensor) | "none";

/** What a gradient rule may use of the forward pass. */
export interface Saved<I extends Inputs, O extends string> {
  readonly inputs: I;
  readonly outputs: { readonly [K in O]: Tensor };
}

interface OpBase<I extends Inputs, O extends string, A> {
  /** The name, as `keras.ops` has it in camelCase. */
  readonly name: string;
  /** Checks the inputs and says what the outputs look like. Everything that can be wrong is refused here. */
  shape(inputs: Mapped<I, Spec>, attributes: A): { readonly [K in O]: Spec };
  /**
   * Whether an element of an output depends on the same elements of the inputs only, so that an output may lie where an
   * input of its shape lay.
   */
  readonly elementwise?: true;
  /**
   * How the op takes along an activation that follows it: any that can be fused, as attribute `activation`, or max(·, 0)
   * alone, as attribute `relu`; "backward" is said of the gradient of an op that takes any, which then takes it too.
   */
  readonly activation?: "any" | "relu" | "backward";
  /** The binary of its kernels, where they are not in the one that every program has. */
  readonly kernels?: KernelBinary;
  /** The kernel calls in order, or undefined where no kernel serves (then `reference` or `loops` do). */
  wasm?(
    inputs: Mapped<I, Pointer>,
    outputs: { readonly [K in O]: Pointer },
    attributes: A,
    workspace: Workspace,
  ): KernelCall | readonly KernelCall[] | undefined;
  /** Of an elementwise op: its formula (`ops/elementwise/formula.ts`), for those who say it in another language. */
  readonly formula?: () => unknown;
  /** A primitive's outputs in smaller ops, those that inference needs, for those who have no other word for it. */
  decompose?(inputs: I, attributes: A): { readonly [K in O]?: Tensor };
  /** The gradient of every input, from those of the outputs (absent where an output was not used); or "none" at all. */
  readonly gradient:
    | "none"
    | ((
        dy: { readonly [K in O]?: Tensor | undefined },
        saved: Saved<I, O>,
        attributes: A,
      ) => { readonly [K in keyof I]-?: Gradient });
}

/** An op whose meaning is said in smaller ops. */
export interface ComposedOp<I extends Inputs, O extends string, A> extends OpBase<I, O, A> {
  reference(inputs: I, attributes: A): { readonly [K in O]: Tensor };
}

/** An op whose meaning is a plain loop over the elements. Arithmetic is float64; storing rounds to the dtype. */
export interface PrimitiveOp<I extends Inputs, O extends string, A> extends OpBase<I, O, A> {
  loops(inputs: Mapped<I, View>, outputs: { readonly [K in O]: View }, attributes: A): void;
}

/** An op that only sees its input with another shape. */
export interface ViewOp<I extends Inputs, O extends string, A> extends OpBase<I, O, A> {
  /** The only output, `y`, is the input `x` seen with another shape: same memory, nothing to compute. */
  readonly view: true;
}

/** An op of any kind. Exactly one of `reference`, `loops` and `view` says what it means. */
export type Op<I extends Inputs, O extends string, A> = ComposedOp<I, O, A> | PrimitiveOp<I, O, A> | ViewOp<I, O, A>;

/** An op with its types forgotten, as devices and the tape handle it. */
export interface OpRecord {
  readonly name: string;
  readonly view?: true;
  readonly elementwise?: true;
  readonly activation?: "any" | "relu" | "backward";
  readonly formula?: () => unknown;
  readonly kernels?: KernelBinary;
  decompose?(
    inputs: Readonly<Record<string, Tensor | undefined>>,
    attributes: unknown,
  ): Readonly<Record<string, Tensor>>;
  shape(inputs: Readonly<Record<string, Spec | undefined>>, attributes: unknown): Readonly<Record<string, Spec>>;
  reference?(
    inputs: Readonly<Record<string, Tensor | undefined>>,
    attributes: unknown,
  ): Readonly<Record<string, Tensor>>;
  loops?(
    inputs: Readonly<Record<string, View | undefined>>,
    outputs: Readonly<Record<string, View>>,
    attributes: unknown,
  ): void;
  wasm?(
    inputs: Readonly<Record<string, Pointer | undefined>>,
    outputs: Readonly<Record<string, Pointer>>,
    attributes: unknown,
    workspace: Workspace,
  ): KernelCall | readonly KernelCall[] | undefined;
  readonly gradient:
    | "none"
    | ((
        dy: Readonly<Record<string, Tensor | undefined>>,
        saved: {
          readonly inputs: Readonly<Record<string, Tensor | undefined>>;
          readonly outputs: Readonly<Record<string, Tensor>>;
        },
        attributes: unknown,
      ) => Readonly<Record<string, Gradient>>);
}
