/**
 * Tensors: immutable, contiguous, row-major arrays of numbers on a device.
 * A tensor knows its storage, its shape, its dtype and, when a gradient is being recorded, how it came to be.
 * The operations on tensors stand in `src/ops/`; here is only what every tensor can do by itself.
 */
import type { Device, Operand } from "./device.ts";
import { bytesOf, type DType, type TypedArray } from "./dtype.ts";
import { DisposedError, VarveError } from "./errors.ts";
import { currentObserver } from "./observer.ts";
import type { OpRecord } from "./op.ts";
import { currentScope, type Scope } from "./scope.ts";
import { formatShape, type Shape, sizeOf } from "./shape.ts";
import { Storage } from "./storage.ts";

/** How a tracked tensor came to be: the op with its operands, as the backward pass reads it. */
export interface TapeNode {
  readonly record: OpRecord;
  readonly inputs: Readonly<Record<string, Tensor | undefined>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly attributes: unknown;
  /** Nodes are numbered as they are made, so a larger number never feeds a smaller one. */
  readonly order: number;
}

/** Nested arrays of numbers or booleans, all rows of equal length; rows of numbers may be typed arrays. */
export type NestedArray = number | boolean | TypedArray | readonly NestedArray[];

/** Frees the storages of tensors that were dropped without `dispose`, whenever the engine notices. */
const dropped = new FinalizationRegistry<Storage>((storage) => storage.release());

export class Tensor implements Operand {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly storage: Storage;
  /** How many elements there are. */
  readonly size: number;
  /** Set while a gradient is recorded: the op that made this tensor. @internal */
  node: TapeNode | undefined = undefined;
  #mask: Tensor | undefined;
  #scope: Scope | undefined;
  #disposed = false;

  /** Takes over one reference to `storage`. Users make tensors with `tensor()`. @internal */
  constructor(storage: Storage, shape: Shape, dtype: DType) {
    this.storage = storage;
    this.shape = shape;
    this.dtype = dtype;
    this.size = sizeOf(shape);
    this.#scope = currentScope();
    if (this.#scope) this.#scope.tensors.push(this);
    else dropped.register(this, storage, this);
  }

  /** Uninitialized memory of that shape on `device`. @internal */
  static allocate(device: Device, shape: Shape, dtype: DType): Tensor {
    return new Tensor(new Storage(device, sizeOf(shape) * bytesOf(dtype)), shape, dtype);
  }

  /** These elements, copied to `device`. @internal */
  static from(device: Device, values: TypedArray, shape: Shape, dtype: DType): Tensor {
    const tensor = Tensor.allocate(device, shape, dtype);
    device.write(tensor.storage.handle, values);
    return tensor;
  }

  /** The same numbers in memory of their own. @internal */
  static copyOf(tensor: Tensor): Tensor {
    const { device, storage, shape, dtype } = tensor;
    const copy = Tensor.allocate(device, shape, dtype).#moved();
    device.copy(storage.handle, copy.storage.handle, storage.byteLength);
    return copy;
  }

  get device(): Device {
    return this.storage.device;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** What the device calls the memory; for ops. */
  get handle(): unknown {
    this.check();
    return this.storage.handle;
  }

  /**
   * Which steps of a padded sequence count; layers attach and read it, as `_keras_mask` in Keras. The tensor holds the
   * mask that is set for as long as it lives itself; who set it may dispose of theirs.
   */
  get mask(): Tensor | undefined {
    return this.#mask;
  }

  set mask(mask: Tensor | undefined) {
    const before = this.#mask;
    this.#mask = mask?.hold();
    before?.release();
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Refuses use after `dispose`. @internal */
  check(): void {
    if (this.#disposed) {
      throw new DisposedError(
        `A tensor of shape ${formatShape(this.shape)} was used after it was disposed, or after the tidy() that made it ended; return it from there to keep it`,
      );
    }
  }

  /** The elements in row-major order, copied out of the device. */
  async data(): Promise<TypedArray> {
    this.check();
    this.#needValues();
    return this.device.read(this.storage.handle, this.dtype, this.size);
  }

  /** As `data`, at once; on devices whose memory is the processor's own. */
  dataSync(): TypedArray {
    this.check();
    this.#needValues();
    if (!this.device.synchronous) {
      throw new VarveError(`dataSync: device "${this.device.name}" cannot be read synchronously; use await data()`);
    }
    return this.device.readSync(this.storage.handle, this.dtype, this.size);
  }

  /** The elements as nested arrays; a scalar gives a number. Elements of dtype bool are booleans. */
  // biome-ignore lint/suspicious/noExplicitAny: how deep the arrays nest is known at run time only
  async array(): Promise<any> {
    return nest(await this.data(), this.shape, this.dtype);
  }

  /** As `array`, at once; on devices whose memory is the processor's own. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  arraySync(): any {
    return nest(this.dataSync(), this.shape, this.dtype);
  }

  #needValues(): void {
    currentObserver()?.read?.(this);
    if (!this.device.concrete) {
      throw new VarveError(
        "A symbolic tensor has a shape but no values; a layer that needs them cannot be part of a graph",
      );
    }
  }

  /**
   * Gives the memory back. Disposing twice does nothing. While a gradient is recorded this waits for its end,
   * since the backward pass may still need the values.
   */
  dispose(): void {
    if (this.#scope?.recording) return;
    this.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Gives the memory back now, whoever asks; for scopes. @internal */
  release(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.node = undefined;
    this.mask = undefined;
    if (!this.#scope) dropped.unregister(this);
    this.storage.release();
  }

  /** Hands the tensor to another scope, or to nobody. @internal */
  moveTo(scope: Scope | undefined): void {
    if (this.#disposed) return;
    if (!this.#scope) dropped.unregister(this);
    this.#scope = scope;
    if (scope) scope.tensors.push(this);
    else dropped.register(this, this.storage, this);
    if (!scope?.recording) this.node = undefined;
  }

  /** Another tensor over the same memory, untracked, in the present scope. @internal */
  alias(shape: Shape = this.shape): Tensor {
    this.check();
    return new Tensor(this.storage.retain(), shape, this.dtype);
  }

  /** As `alias`, but in no scope: for those who outlive them, like variables. @internal */
  hold(): Tensor {
    return this.alias().#moved();
  }

  /** Just made, and taken out of its scope. */
  #moved(): this {
    if (this.#scope) {
      this.#scope.tensors.pop();
      this.moveTo(undefined);
    }
    return this;
  }

  toString(): string {
    return `Tensor(${formatShape(this.shape)}, ${this.dtype})`;
  }
}

/** Elements in row-major order as nested arrays; a scalar gives a number. @internal */
export function nest(values: TypedArray, shape: Shape, dtype: DType): NestedArray {
  const element = (index: number) => (dtype === "bool" ? values[index] !== 0 : (values[index] as number));
  const build = (axis: number, offset: number, stride: number): NestedArray => {
    if (axis === shape.length) return element(offset);
    const length = shape[axis] as number;
    const inner = length === 0 ? 0 : stride / length;
    return Array.from({ length }, (_, index) => build(axis + 1, offset + index * inner, inner));
  };
  return build(0, 0, values.length);
}
