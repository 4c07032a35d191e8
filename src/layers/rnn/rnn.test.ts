import { layerContract, tidied } from "../../../test/contracts/layer-contract.ts";
import { integer } from "../../core/options.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Variable } from "../../core/variable.ts";
import { glorotUniform } from "../../initializers.ts";
import { add, multiply } from "../../ops/elementwise/binary.ts";
import { tanh } from "../../ops/elementwise/unary.ts";
import { matmul } from "../../ops/matmul/matmul.ts";
import { ones, zeros } from "../../ops/tensor.ts";
import { dense } from "../core/dense.ts";
import { layer } from "../layer.ts";
import { RNN, rnn } from "./rnn.ts";

/** The cell of the golden script: its output is not its state, and it has two states of different sizes. */
class PeepCell extends layer("PeepCell", { units: integer() }) {
  readonly outputSize = 3;
  kernel: Variable | undefined = undefined;
  out: Variable | undefined = undefined;
  count: Variable | undefined = undefined;

  get stateSize(): readonly number[] {
    return [this.units, 2];
  }

  override build(shape: Shape): void {
    const make = (name: string, sizes: Shape) => this.addWeight({ name, shape: sizes, initializer: glorotUniform() });
    this.kernel = make("kernel", [shape.at(-1) as number, this.units]);
    this.out = make("out", [this.units, 3]);
    this.count = make("count", [this.units, 2]);
  }

  override call([x, h, n]: readonly Tensor[]): Tensor[] {
    const next = tanh(add(matmul(x as Tensor, this.kernel as Variable), multiply(0.5, h as Tensor)));
    return [
      matmul(next, this.out as Variable),
      next,
      add(multiply(0.9, n as Tensor), matmul(next, this.count as Variable)),
    ];
  }
}

await layerContract(RNN, rnn, {
  classes: { PeepCell },
  refuses: tidied({
    "states of another batch": () =>
      rnn({ cell: new PeepCell({ units: 2 }), name: "own" }).apply([zeros([1, 2, 2]), zeros([3, 2]), zeros([3, 2])]),
    "no cell": () => rnn({} as never),
    "a layer that is no cell": () => rnn({ cell: dense({ units: 2, name: "dense" }) as never }),
    "a list with a layer that is no cell": () => rnn({ cell: [dense({ units: 2, name: "dense" })] as never }),
    "a masked output that is no state": () =>
      rnn({ cell: new PeepCell({ units: 4 }), name: "rnn" }).apply(zeros([2, 5, 4]), { mask: ones([2, 5], "bool") }),
    "an input without steps": () => rnn({ cell: new PeepCell({ units: 4 }), name: "rnn" }).apply(zeros([2, 4])),
  }),
});
