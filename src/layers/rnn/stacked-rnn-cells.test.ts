import { layerContract, tidied } from "../../../test/contracts/layer-contract.ts";
import { zeros } from "../../ops/tensor.ts";
import { lstmCell } from "./lstm-cell.ts";
import { StackedRNNCells, stackedRNNCells } from "./stacked-rnn-cells.ts";

await layerContract(StackedRNNCells, stackedRNNCells, {
  refuses: tidied({
    "states of another batch": () =>
      stackedRNNCells({ cells: [lstmCell({ units: 2 })], name: "tower" }).apply([
        zeros([1, 2]),
        zeros([3, 2]),
        zeros([3, 2]),
      ]),
    "no cells": () => stackedRNNCells({ cells: [] }),
    "one cell twice": () => {
      const cell = lstmCell({ units: 2 });
      stackedRNNCells({ cells: [cell, cell], name: "tower" });
    },
    "something else than cells": () => stackedRNNCells({ cells: [2] as never }),
    "states that are too few": () =>
      stackedRNNCells({ cells: [lstmCell({ units: 2 }), lstmCell({ units: 3 })], name: "tower" }).apply([
        zeros([1, 2]),
        zeros([1, 2]),
      ]),
  }),
});
