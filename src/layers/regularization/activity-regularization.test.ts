import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { ActivityRegularization, activityRegularization } from "./activity-regularization.ts";

await layerContract(ActivityRegularization, activityRegularization, {
  refuses: {
    "a negative factor": () => activityRegularization({ l1: -1 }),
  },
});
