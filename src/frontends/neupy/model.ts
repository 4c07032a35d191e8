/**
 * A network as a Keras model, which is what trains and predicts: every layer becomes a Keras layer that owns nothing,
 * whose weights are the variables and whose call is the computation of the layer it stands for.
 */
import { uniqueName } from "../../core/names.ts";
import type { PartialShape } from "../../core/shape.ts";
import type { SymbolicTensor } from "../../core/symbolic.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { input } from "../../layers/core/input-layer.ts";
import { type CallContext, type InputShape, Layer } from "../../layers/layer.ts";
import { Functional } from "../../models/functional.ts";
import { add } from "../../ops/elementwise/binary.ts";
import type { LayerShape } from "./shapes.ts";

/** What a layer here is to a Keras model. */
export interface ModelPart {
  readonly name: string;
  readonly className: string;
  readonly variables: Readonly<Record<string, Variable>>;
  /** Makes the variables, once. */
  createVariables(...inputShapes: LayerShape[]): void;
  /** The computation, on tensors as they come. @internal */
  run(inputs: readonly Tensor[], training: boolean): Tensor;
}

/** A Keras layer that stands for a layer here. Errors speak of that one. */
export function kerasLayer(part: ModelPart, name: string): Layer {
  return new (class extends Layer {
    static override readonly className = part.className;
    override readonly supportsMasking = true;
    protected override readonly autocast = false;

    protected override get ownWeights(): readonly Variable[] {
      return Object.values(part.variables);
    }

    override build(shape: InputShape): void {
      part.createVariables(...((Array.isArray(shape[0]) ? shape : [shape]) as PartialShape[]));
    }

    override call(inputs: Tensor | readonly Tensor[], { training }: CallContext): Tensor {
      return part.run(Array.isArray(inputs) ? inputs : [inputs as Tensor], training);
    }
  })({ name });
}

/** A penalty on the variables of a network, which training adds to the loss. */
export type Penalty = () => Tensor;

/** A functional model whose loss has one more term. */
class NetworkModel extends Functional {
  penalty: Penalty | undefined = undefined;

  protected override computeLoss(...given: Parameters<Functional["computeLoss"]>): Tensor {
    const loss = super.computeLoss(...given);
    return this.penalty ? add(loss, this.penalty()) : loss;
  }
}

/** A network, in an order in which every layer comes after those it takes its inputs from. */
export interface NetworkPlan {
  readonly layers: readonly ModelPart[];
  readonly outputs: readonly ModelPart[];
  /** Where the inputs of a layer come from; from outside for those that begin the network. */
  sources(part: ModelPart): readonly ModelPart[];
  /** What a layer that begins the network takes, batch included. */
  inputShape(part: ModelPart): PartialShape;
}

/** The model of a network. Its inputs have the names of the layers that begin it. */
export function kerasModel({ layers, outputs, sources, inputShape }: NetworkPlan, penalty?: Penalty): Functional {
  const taken = new Set<string>();
  const distinct = (name: string) => {
    let free = name;
    for (let count = 2; taken.has(free); count++) free = `${name} #${count}`;
    taken.add(free);
    return free;
  };
  const given = new Map<ModelPart, SymbolicTensor>();
  const computed = new Map<ModelPart, SymbolicTensor>();
  for (const part of layers) {
    if (sources(part).length > 0) continue;
    given.set(part, input({ batchShape: inputShape(part), name: distinct(part.name) }));
  }
  for (const part of layers) {
    const from = given.get(part);
    // What begins the network and computes nothing is the model's own input.
    if (from && part.className === "Input") {
      computed.set(part, from);
      continue;
    }
    const inputs = from ? [from] : sources(part).map((source) => computed.get(source) as SymbolicTensor);
    const made = kerasLayer(part, distinct(part.name));
    computed.set(part, made.apply(inputs.length === 1 ? (inputs[0] as SymbolicTensor) : inputs));
  }
  const results = outputs.map((part) => computed.get(part) as SymbolicTensor);
  const ends = [...given.values()];
  const model = new NetworkModel({
    inputs: ends.length === 1 ? (ends[0] as SymbolicTensor) : ends,
    outputs: results.length === 1 ? (results[0] as SymbolicTensor) : results,
    name: uniqueName("Network"),
  });
  model.penalty = penalty;
  return model;
}
