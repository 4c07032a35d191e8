"""The pooling layers' cases."""

import numpy as np
from layer_cases import maker


def sizes(rank, *wanted):
    return tuple(wanted[-rank:])


def pooling_cases(kind, rank):
    make = maker(f"{kind}Pooling{rank}D")
    small, wide = sizes(rank, 3, 4, 5), sizes(rank, 4, 5, 6)
    uneven = {1: 3, 2: (2, 3), 3: (1, 2, 3)}[rank]
    steps = {1: 1, 2: (1, 2), 3: (2, 1, 2)}[rank]
    cases = [
        make("pool 2", (2, *wide, 2), pool_size=2),
        make("pool 2, same", (2, *small, 2), pool_size=2, padding="same"),
        make("uneven pool", (2, *wide, 2), pool_size=uneven),
        make("uneven pool and strides", (2, *wide, 2), pool_size=uneven, strides=steps),
        make("overlapping, same", (2, *small, 2), pool_size=3, strides=2, padding="same",
             **({"note": "what lies outside is not counted in the average"} if kind == "Average" else {})),
        make("strides 1, same", (1, *small, 2), pool_size=2, strides=1, padding="same"),
        make("strides wider than the pool", (1, *wide, 2), pool_size=1, strides=2),
        make("pool of one, named", (1, *small, 1), pool_size=1, strides=1, name="unchanged"),
        make("channels_first", (2, 2, *wide), pool_size=2, data_format="channels_first"),
        make("channels_first, same, strides 2", (1, 3, *small), pool_size=3, strides=2, padding="same", data_format="channels_first"),
        make("negative inputs, same", (1, *small, 1), pool_size=2, padding="same", shift=-10.0),
    ]
    if kind == "Max":
        ties = np.tile(np.array([1.0, 1.0, 0.0, 1.0], "float32").reshape(4, 1), (1, 2)).reshape(1, 4, *(1,) * (rank - 1), 2)
        pool = 2 if rank == 1 else (2, *(1,) * (rank - 1))
        cases.append(make("ties", inputs=[np.ascontiguousarray(ties)], pool_size=pool, note="the first of equal values gets the gradient"))
        cases.append(make("defaults", (1, *wide, 1)))
    return cases


def global_cases(kind, rank):
    make = maker(f"Global{kind}Pooling{rank}D")
    small = sizes(rank, 2, 3, 4)
    cases = [
        make("defaults", (2, *small, 3)),
        make("keepdims", (2, *small, 3), keepdims=True),
        make("channels_first", (2, 3, *small), data_format="channels_first"),
        make("channels_first, keepdims", (2, 3, *small), data_format="channels_first", keepdims=True),
        make("batch of one, one channel", (1, *small, 1)),
        make("single element", (2, *(1,) * rank, 3)),
    ]
    if kind == "Max":
        same = np.ones((1, *small, 2), "float32")
        cases.append(make("ties share the gradient", inputs=[same], note="unlike the pooling windows, a reduction splits it evenly"))
    if kind == "Average" and rank == 1:
        mask = [[True, True, False, True], [True, False, False, False]]
        cases += [
            make("mask", (2, 4, 3), mask=mask),
            make("mask, keepdims", (2, 4, 3), mask=mask, keepdims=True),
            make("mask, channels_first", (2, 3, 4), mask=mask, data_format="channels_first"),
            make("mask, channels_first, keepdims", (2, 3, 4), mask=mask, data_format="channels_first", keepdims=True),
            make("a sample masked whole", (2, 2, 3), mask=[[True, True], [False, False]], note="0/0: the sample comes out as NaN"),
        ]
    return cases


def adaptive_cases(kind, rank):
    make = maker(f"Adaptive{kind}Pooling{rank}D")
    small, wide = sizes(rank, 3, 4, 5), sizes(rank, 4, 6, 7)
    uneven = {1: 4, 2: (2, 5), 3: (1, 2, 3)}[rank]
    # On JAX Keras finds where windows end in float32; of 7 the sixth would end too late.
    same = {1: 4, 2: 6, 3: 4}[rank]
    return [
        make("one result", (2, *small, 3), output_size=1),
        make("two results", (2, *wide, 2), output_size=2),
        make("three results", (2, *wide, 2), output_size=3),
        make("results of different number", (2, *wide, 2), output_size=uneven),
        make("as many as there are", (1, *(same,) * rank, 2), output_size=same),
        make("more than there are", (1, *small, 1), output_size=6),
        make("channels_first", (2, 3, *wide), output_size=uneven, data_format="channels_first"),
        make("named", (1, *small, 1), output_size=2, name="to_two"),
    ]


LAYERS = {
    **{f"Adaptive{kind}Pooling{rank}D": adaptive_cases(kind, rank) for kind in ("Max", "Average") for rank in (1, 2, 3)},
    **{f"{kind}Pooling{rank}D": pooling_cases(kind, rank) for kind in ("Max", "Average") for rank in (1, 2, 3)},
    **{f"Global{kind}Pooling{rank}D": global_cases(kind, rank) for kind in ("Max", "Average") for rank in (1, 2, 3)},
}
