/**
 * Reverse-mode differentiation: `grad`, `valueAndGrad`, and `differentiate`, on which both and `fit` stand.
 * While a function runs under one of them, every op on a tensor that depends on a target leaves a node behind; the
 * backward pass walks the nodes from the last to the first and asks each record for its gradients. Those are ops
 * again, so gradients of gradients work.
 */

import { onDevice } from "../core/device.ts";
import { checkFloat } from "../core/dtype.ts";
import { ShapeError, VarveError } from "../core/errors.ts";
import type { Gradient, Inputs, OpRecord, Spec } from "../core/op.ts";
import { currentScope, inScope } from "../core/scope.ts";
import { formatShape, sameShape } from "../core/shape.ts";
import { type TapeNode, Tensor } from "../core/tensor.ts";
import type { Variable } from "../core/variable.ts";
import { add, multiply } from "./elementwise/binary.ts";
import { nextOrder, type TensorLike } from "./op.ts";
import { sum } from "./reduce/sum.ts";
import { ones, toTensor, zeros } from "./tensor.ts";

/** A target as the recorded function sees it; to an enclosing recording it is the target itself. */
const leaf: OpRecord = {
  name: "leaf",
  view: true,
  shape: ({ x }) => ({ y: x as Spec }),
  gradient: ({ y }) => ({ x: () => y as Tensor }),
};

function makeLeaf(target: Tensor): Tensor {
  const alias = target.alias();
  alias.node = {
    record: leaf,
    inputs: { x: target },
    outputs: { y: alias },
    attributes: undefined,
    order: nextOrder(),
  };
  return alias;
}

/** The nodes on the ways from `end` to the leaves, latest first. */
function nodesBetween(end: TapeNode | undefined, starts: ReadonlySet<TapeNode>): TapeNode[] {
  const earliest = Math.min(...[...starts].map((node) => node.order));
  const reached = new Set<TapeNode>();
  const open = end ? [end] : [];
  for (let node = open.pop(); node; node = open.pop()) {
    if (node.order < earliest || reached.has(node)) continue;
    reached.add(node);
    for (const name in node.inputs) {
      const before = node.inputs[name]?.node;
      if (before) open.push(before);
    }
  }
  const ascending = [...reached].sort((a, b) => a.order - b.order);
  const needed = new Set<TapeNode>();
  for (const node of ascending) {
    const dependsOnTarget = Object.values(node.inputs).some((input) => input?.node && needed.has(input.node));
    if (starts.has(node) || dependsOnTarget) needed.add(node);
  }
  return ascending.filter((node) => needed.has(node)).reverse();
}

/** What one node passes on: the gradients of its inputs, added to those that came from elsewhere. */
function passBack(node: TapeNode, needed: ReadonlySet<TapeNode>, gradients: Map<Tensor, Tensor>): void {
  const dy: Record<string, Tensor | undefined> = {};
  for (const name in node.outputs) dy[name] = gradients.get(node.outputs[name] as Tensor);
  const received = Object.values(dy).filter((gradient) => gradient !== undefined);
  if (received.length === 0 || node.record.gradient === "none") return;
  const rules = node.record.gradient(dy, node, node.attributes);
  const passed: [Tensor, Tensor][] = [];
  inScope(() => {
    const made: Tensor[] = [];
    for (const [name, rule] of Object.entries(rules)) {
      const input = node.inputs[name];
      if (input?.node === undefined || !needed.has(input.node) || rule === "none") continue;
      let gradient = rule();
      if (!sameShape(gradient.shape, input.shape) || gradient.dtype !== input.dtype) {
        throw new VarveError(
          `${node.record.name}: its gradient rule gave ${gradient} for input "${name}", which is ${input}`,
        );
      }
      const index = passed.findIndex(([other]) => other === input);
      const before = index >= 0 ? passed[index]?.[1] : gradients.get(input);
      if (before) gradient = add(before, gradient);
      else if (received.includes(gradient)) gradient = gradient.node ? gradient : gradient.alias();
      if (index >= 0) (passed[index] as [Tensor, Tensor])[1] = gradient;
      else passed.push([input, gradient]);
      made.push(gradient);
    }
    return made;
  });
  for (const [input, gradient] of passed) {
    const before = gradients.get(input);
    if (before && before !== gradient) before.dispose();
    gradients.set(input, gradient);
  }
}

/**
 * Runs `run` and gives its result with the gradients of `lossOf(result)` at the targets. Everything else that is made
 * on the way is freed. @internal
 */
export function differentiate<R>(
  run: (leaves: readonly Tensor[]) => R,
  lossOf: (result: R) => Tensor,
  targets: readonly Tensor[],
): { result: R; gradients: Tensor[] } {
  const outer = currentScope()?.recording ?? false;
  for (const target of targets) checkFloat(target.dtype, "grad");
  return inScope(() => {
    const leaves = targets.map(makeLeaf);
    const result = run(leaves);
    const loss = lossOf(result);
    if (!(loss instanceof Tensor) || loss.size !== 1) {
      throw new ShapeError(
        `grad: the function must give a scalar, got ${loss instanceof Tensor ? `shape ${formatShape(loss.shape)}; sum or average it: ops.mean(y)` : String(loss)}`,
      );
    }
    const gradients = onDevice(loss.device, () =>
      inScope(() => {
        const starts = new Set(leaves.map((each) => each.node as TapeNode));
        const path = nodesBetween(loss.node, starts);
        const needed = new Set(path);
        const found = new Map<Tensor, Tensor>([[loss, ones(loss.shape, loss.dtype)]]);
        for (const node of path) {
          if (starts.has(node)) continue;
          passBack(node, needed, found);
          for (const name in node.outputs) {
            const output = node.outputs[name] as Tensor;
            const spent = found.get(output);
            found.delete(output);
            if (spent && !outer) spent.dispose();
          }
        }
        return leaves.map((each) => found.get(each) ?? zeros(each.shape, each.dtype));
      }, outer),
    );
    return { result, gradients };
  }, true);
}

type Arguments = readonly TensorLike[];
type Tensors<A extends Arguments> = { [K in keyof A]: Tensor };

/** One for one argument, a list for several. Functions that leave the number open are taken to have one. */
type Gradients<A extends readonly Tensor[]> = A extends readonly [Tensor]
  ? Tensor
  : number extends A["length"]
    ? Tensor
    : Tensor[];

/**
 * The gradient of a scalar-valued function at its arguments: a function of the same arguments.
 * With one argument it gives one tensor, with several a list of them.
 *
 * @throws ShapeError where the function does not give a scalar; DTypeError where an argument has no gradient.
 *
 * @example
 * ```ts
 * import { grad, ops, tensor } from "varve";
 * const cube = (x) => ops.sum(ops.power(x, 3));
 * await grad(cube)(tensor([1, 2])).array() // => [3, 12]
 * ```
 */
export function grad<A extends readonly Tensor[]>(
  f: (...args: A) => Tensor,
): (...args: { [K in keyof A]: TensorLike }) => Gradients<A>;
export function grad(f: (...args: Tensor[]) => Tensor): (...args: TensorLike[]) => Tensor | Tensor[] {
  return (...args) => {
    const gradients = inScope(() => valueAndGradOf(f, args).gradients);
    return args.length === 1 ? (gradients[0] as Tensor) : gradients;
  };
}

function valueAndGradOf(f: (...args: Tensor[]) => Tensor, args: readonly TensorLike[]) {
  return inScope(() => {
    const targets = args.map((arg) => toTensor(arg));
    const { result, gradients } = differentiate(
      (leaves) => f(...leaves),
      (value) => value,
      targets,
    );
    return { value: result, gradients };
  });
}

/**
 * A function that gives the value of `f` together with its gradients: at its arguments, or, when `variables` are
 * named, at those (the arguments then are passed through).
 *
 * @returns `{ value, gradients }`, the gradients in the order of the arguments or of the variables.
 *
 * @example
 * ```ts
 * import { ops, tensor, valueAndGrad, Variable } from "varve";
 * const w = new Variable(tensor([3]));
 * const { value, gradients } = valueAndGrad(() => ops.sum(ops.square(w)), [w])();
 * [await value.array(), await gradients[0].array()] // => [9, [6]]
 * ```
 */
export function valueAndGrad<A extends readonly unknown[]>(
  f: (...args: A) => Tensor,
  variables: readonly Variable[],
): (...args: A) => { value: Tensor; gradients: Tensor[] };
export function valueAndGrad<A extends Arguments>(
  f: (...args: Tensors<A>) => Tensor,
): (...args: A) => { value: Tensor; gradients: Tensor[] };
export function valueAndGrad(f: (...args: never[]) => Tensor, variables?: readonly Variable[]) {
  return (...args: unknown[]) => {
    if (!variables) return valueAndGradOf(f as (...tensors: Tensor[]) => Tensor, args as TensorLike[]);
    const { result, gradients } = differentiateVariables(
      () => f(...(args as never[])),
      (value) => value,
      variables,
    );
    return { value: result, gradients };
  };
}

/** As `differentiate`, at variables. @internal */
export function differentiateVariables<R>(
  run: () => R,
  lossOf: (result: R) => Tensor,
  variables: readonly Variable[],
): { result: R; gradients: Tensor[] } {
  const targets = variables.map((variable) => variable.value);
  return differentiate(
    (leaves) => {
      variables.forEach((variable, index) => {
        variable.track(leaves[index]);
      });
      try {
        return run();
      } finally {
        variables.forEach((variable, index) => {
          const target = targets[index] as Tensor;
          variable.track(target.node ? target : undefined);
        });
      }
    },
    lossOf,
    targets,
  );
}

/**
 * The gradient rule of an op by differentiating its `reference`: for ops that are seldom differentiated, as the
 * gradients of others are. It serves the inputs that are named. @internal
 */
/* @__NO_SIDE_EFFECTS__ */
export function throughReference<I extends Inputs, N extends keyof I & string, A>(
  reference: (inputs: I, attributes: A) => Readonly<Record<string, Tensor>>,
  names: readonly N[],
) {
  return (
    dy: Readonly<Record<string, Tensor | undefined>>,
    { inputs }: { readonly inputs: I },
    attributes: A,
  ): Record<N, Gradient> => {
    const present = names.filter((name) => inputs[name] !== undefined);
    const solve = () => {
      const { gradients } = differentiate(
        (leaves) => {
          const replaced = Object.fromEntries(present.map((name, index) => [name, leaves[index]]));
          return reference({ ...inputs, ...replaced }, attributes);
        },
        (outputs) =>
          Object.entries(dy)
            .flatMap(([name, gradient]) => (gradient ? [sum(multiply(outputs[name] as Tensor, gradient))] : []))
            .reduce((total, part) => add(total, part)),
        present.map((name) => inputs[name] as Tensor),
      );
      return gradients;
    };
    let solved: Tensor[] | undefined;
    const rule = (name: N) => () => {
      solved ??= solve();
      return solved[present.indexOf(name)] as Tensor;
    };
    return Object.fromEntries(names.map((name) => [name, rule(name)])) as Record<N, Gradient>;
  };
}
