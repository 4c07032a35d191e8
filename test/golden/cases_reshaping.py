"""The reshaping layers' cases."""

from layer_cases import maker


def flatten_cases():
    make = maker("Flatten")
    return [
        make("rank 4", (2, 2, 3, 2)),
        make("rank 3", (2, 3, 4)),
        make("rank 2", (3, 4)),
        make("rank 1", (3,), note="a column: [3, 1]"),
        make("rank 5", (1, 2, 2, 2, 2)),
        make("channels_first, rank 4", (2, 3, 2, 2), data_format="channels_first",
             note="channels go last before flattening"),
        make("channels_first, rank 3", (2, 3, 4), data_format="channels_first"),
        make("channels_first, rank 2", (3, 4), data_format="channels_first"),
    ]


def reshape_cases():
    make = maker("Reshape")
    return [
        make("rank 2 to 3", (2, 12), target_shape=(3, 4)),
        make("rank 3 to 2", (2, 3, 4), target_shape=(12,)),
        make("unknown size first", (2, 12), target_shape=(-1, 4)),
        make("unknown size last", (2, 3, 4), target_shape=(2, -1)),
        make("only an unknown size", (2, 3, 4), target_shape=(-1,)),
        make("ones inserted", (2, 6), target_shape=(1, 6, 1)),
        make("a list", (2, 6), target_shape=[2, 3]),
    ]


def permute_cases():
    make = maker("Permute")
    return [
        make("swap", (2, 3, 4), dims=(2, 1)),
        make("rank 4, turned", (2, 2, 3, 4), dims=(3, 1, 2)),
        make("rank 4, reversed", (2, 2, 3, 4), dims=(3, 2, 1)),
        make("unchanged", (2, 2, 3), dims=(1, 2)),
        make("rank 2", (2, 3), dims=(1,)),
        make("rank 5, a list", (1, 2, 3, 2, 2), dims=[2, 4, 1, 3]),
    ]


def repeat_cases():
    make = maker("RepeatVector")
    return [make(f"{n} times", (2, 3), n=n) for n in (1, 2, 3, 5)] + [
        make("one feature", (3, 1), n=2), make("batch of one", (1, 4), n=4)]


def padding_cases(rank):
    make = maker(f"ZeroPadding{rank}D")
    size = (4, 3, 2)[:rank]
    uneven = {1: (1, 2), 2: ((1, 2), (0, 3)), 3: ((1, 0), (0, 2), (2, 1))}[rank]
    cases = [
        make("defaults", (2, *size, 2)),
        make("a number", (1, *size, 2), padding=2),
        make("uneven", (1, *size, 2), padding=uneven),
        make("zero", (1, *size, 2), padding=0),
        make("channels_first", (1, 2, *size), padding=1, data_format="channels_first"),
        make("channels_first, uneven", (1, 2, *size), padding=uneven, data_format="channels_first"),
    ]
    if rank > 1:
        cases.append(make("one number an axis", (1, *size, 2), padding=(1, 2, 0)[:rank]))
    return cases


def cropping_cases(rank):
    make = maker(f"Cropping{rank}D")
    size = (5, 4, 4)[:rank]
    uneven = {1: (1, 2), 2: ((1, 2), (0, 3)), 3: ((1, 0), (0, 2), (2, 1))}[rank]
    cases = [
        make("defaults", (2, *size, 2)),
        make("a number", (1, *size, 2), cropping=1),
        make("uneven", (1, *size, 2), cropping=uneven),
        make("zero", (1, *size, 2), cropping=0),
    ]
    if rank > 1:
        cases += [
            make("one number an axis", (1, *size, 2), cropping=(2, 1, 0)[:rank]),
            make("channels_first", (1, 2, *size), cropping=1, data_format="channels_first"),
            make("channels_first, uneven", (1, 2, *size), cropping=uneven, data_format="channels_first"),
        ]
    else:
        cases += [make("all but one", (1, 5, 2), cropping=(2, 2)), make("only the front", (1, 5, 2), cropping=(3, 0))]
    return cases


def upsampling_cases(rank):
    make = maker(f"UpSampling{rank}D")
    size = (3, 2, 2)[:rank]
    cases = [
        make("defaults", (2, *size, 2)),
        make("3 times", (1, *size, 2), size=3),
        make("once", (1, *size, 2), size=1),
        make("one channel", (1, *size, 1), size=2),
    ]
    if rank > 1:
        cases += [
            make("one number an axis", (1, *size, 2), size=(1, 3, 2)[:rank]),
            make("channels_first", (1, 2, *size), size=2, data_format="channels_first"),
            make("channels_first, one number an axis", (1, 2, *size), size=(3, 1, 2)[:rank], data_format="channels_first"),
        ]
    else:
        cases += [make("5 times", (1, 2, 3), size=5), make("batch of three", (3, 2, 1), size=2)]
    if rank == 2:
        cases += [make(kind, (1, 3, 3, 2), size=2, interpolation=kind) for kind in ("bilinear", "bicubic", "lanczos3", "lanczos5")]
        cases.append(make("bilinear, 3 by 2", (1, 3, 4, 1), size=(3, 2), interpolation="bilinear"))
        cases.append(make("bilinear, channels_first", (1, 2, 3, 3), size=2, interpolation="bilinear", data_format="channels_first"))
    return cases


LAYERS = {
    "Flatten": flatten_cases(),
    "Reshape": reshape_cases(),
    "Permute": permute_cases(),
    "RepeatVector": repeat_cases(),
    **{f"ZeroPadding{rank}D": padding_cases(rank) for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": cropping_cases(rank) for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": upsampling_cases(rank) for rank in (1, 2, 3)},
}
