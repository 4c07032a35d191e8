/**
 * Variables: the named, assignable state of layers, optimizers and metrics.
 * A variable holds one tensor at a time, and assigning exchanges it: values are never changed in place.
 */
import type { DType } from "./dtype.ts";
import { DisposedError, DTypeError, ShapeError, show } from "./errors.ts";
import { currentObserver } from "./observer.ts";
import { checkNames } from "./options.ts";
import { currentScope } from "./scope.ts";
import { formatShape, type Shape, sameShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

export interface VariableOptions {
  /** Default "variable". */
  name?: string;
  /** Whether training changes it. Default true. */
  trainable?: boolean;
}

/** Refuses numbers and arrays: which device and dtype they would have is for `tensor()` to say. */
function checkTensor(value: unknown, where: string): void {
  if (value instanceof Tensor) return;
  throw new DTypeError(`${where}: takes a tensor, got ${show(value)}; make one: tensor(…)`);
}

/**
 * @example
 * ```ts
 * import { tensor, Variable } from "varve";
 * const steps = new Variable(tensor([0, 0]), { name: "steps", trainable: false });
 * steps.assign(tensor([1, 2]));
 * await steps.value.array() // => [1, 2]
 * ```
 */
export class Variable {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  trainable: boolean;
  /** What holds the variable, as in "conv2d/kernel"; set by the layer that owns it. */
  path: string;
  /** Applied by optimizers after each update (Keras: `constraint`). */
  constraint: ((value: Tensor) => Tensor) | undefined = undefined;
  /** A penalty that training adds to the loss (Keras: `regularizer`). */
  regularizer: ((value: Tensor) => Tensor) | undefined = undefined;
  #tensor: Tensor;
  #tracked: Tensor | undefined = undefined;
  /** Whether somebody may hold the present tensor without having said so. */
  #seen = false;

  /** Copies nothing: shares the memory of `value`, which stays usable on its own. */
  constructor(value: Tensor, options: VariableOptions = {}) {
    const { name = "variable", trainable = true } = checkNames(options, ["name", "trainable"], "new Variable");
    checkTensor(value, "new Variable");
    this.name = name;
    this.path = name;
    this.trainable = trainable;
    this.shape = value.shape;
    this.dtype = value.dtype;
    this.#tensor = value.hold();
  }

  /** The present value. Valid until the next `assign`; use it in ops, do not dispose it. */
  get value(): Tensor {
    if (this.#tensor.disposed) {
      throw new DisposedError(`Variable "${this.path}" was used after it was disposed`);
    }
    const observer = currentObserver();
    if (observer) observer.used?.(this, this.#tensor);
    else this.#seen = true;
    return this.#tracked ?? this.#tensor;
  }

  get disposed(): boolean {
    return this.#tensor.disposed;
  }

  /** Takes the values of a tensor of the same shape and dtype. While only shapes are worked out, nothing changes. */
  assign(value: Tensor): void {
    if (this.disposed) throw new DisposedError(`Variable "${this.path}" was assigned after it was disposed`);
    checkTensor(value, `Variable "${this.path}": assign`);
    if (!sameShape(value.shape, this.shape) || value.dtype !== this.dtype) {
      throw new ShapeError(
        `Variable "${this.path}" holds ${formatShape(this.shape)} ${this.dtype}, cannot take ${formatShape(value.shape)} ${value.dtype}`,
      );
    }
    if (!value.device.concrete || currentObserver()?.assigned?.(this, value)) return;
    const old = this.#tensor;
    this.#tensor = value.hold();
    const scope = currentScope();
    if (scope?.recording) old.moveTo(scope);
    else old.release();
  }

  /**
   * Where the value lies, for those who write it in place, which is only right where no other tensor sees that
   * memory: otherwise, and with `apart`, the value moves to memory of its own first. @internal
   */
  place(apart: boolean): Tensor {
    if (apart && this.#tensor.storage.shared) {
      const old = this.#tensor;
      this.#tensor = Tensor.copyOf(old);
      old.release();
    }
    return this.#tensor;
  }

  /** After writing in place: whoever still holds the tensor of before shall notice. @internal */
  renew(): void {
    if (!this.#seen) return;
    this.#seen = false;
    const old = this.#tensor;
    this.#tensor = old.hold();
    old.release();
  }

  /** Reads as `tracked` until `undefined` is set; for the recording of gradients. @internal */
  track(tracked: Tensor | undefined): void {
    this.#tracked = tracked;
  }

  /** A second hold on the present value, to put back with `assign`; release it afterwards. @internal */
  snapshot(): Tensor {
    return this.#tensor.hold();
  }

  dispose(): void {
    this.#tensor.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Variable(${this.path}, ${formatShape(this.shape)}, ${this.dtype})`;
  }
}

/**
 * Runs `fn`; if it throws, every variable has its old value again. Costs no copy: the old tensors are only held on to.
 */
export function transaction<R>(variables: readonly Variable[], fn: () => R): R {
  const before = variables.map((variable) => variable.snapshot());
  try {
    return fn();
  } catch (error) {
    variables.forEach((variable, index) => {
      if (!variable.disposed) variable.assign(before[index] as Tensor);
    });
    throw error;
  } finally {
    for (const tensor of before) tensor.release();
  }
}
