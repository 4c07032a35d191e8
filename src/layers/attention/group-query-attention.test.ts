import { layerContract } from "../../../test/contracts/layer-contract.ts";
import { tidy } from "../../core/scope.ts";
import { ones } from "../../ops/tensor.ts";
import { GroupQueryAttention, groupQueryAttention } from "./group-query-attention.ts";

const options = { headDim: 3, numQueryHeads: 4, numKeyValueHeads: 2 };
const refused = (make: () => unknown, told: () => object = () => ({})) =>
  tidy(() => {
    using layer = groupQueryAttention(options);
    return layer.apply(make() as never, told());
  });

await layerContract(GroupQueryAttention, groupQueryAttention, {
  refuses: {
    "no size": () => groupQueryAttention({ numQueryHeads: 4, numKeyValueHeads: 2 } as never),
    "heads that cannot be shared evenly": () => groupQueryAttention({ ...options, numKeyValueHeads: 3 }),
    "flash attention with dropout": () => groupQueryAttention({ ...options, flashAttention: true, dropout: 0.1 }),
    "one tensor": () => refused(() => ones([2, 3, 4])),
    "inputs of rank 4": () => refused(() => [ones([2, 3, 1, 4]), ones([2, 3, 1, 4])]),
    "batches that differ": () => refused(() => [ones([2, 3, 4]), ones([1, 3, 4])]),
    "an attention mask of another shape": () =>
      refused(
        () => [ones([2, 3, 4]), ones([2, 3, 4])],
        () => ({ attentionMask: ones([2, 3, 3, 3]) }),
      ),
  },
});
