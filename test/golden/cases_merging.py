"""The merging layers' cases."""

from layer_cases import maker

MASKS = [[[True, False, True], [True, True, False]], [[True, True, False], [False, False, False]]]


def elementwise_cases(kind):
    make = maker(kind)
    cases = [
        make("two, rank 2", (3, 4), (3, 4)),
        make("two, rank 4", (2, 2, 3, 2), (2, 2, 3, 2)),
        make("an axis of one stretches", (2, 3, 4), (2, 1, 4)),
        make("both stretch", (2, 3, 1), (2, 1, 4)),
        make("ranks differ", (2, 3, 4), (2, 4), note="axes of one are put in right after the batch"),
        make("both masked", (2, 3, 2), (2, 3, 2), mask=MASKS, note="a step is masked where every input masks it"),
        make("one masked", (2, 3, 2), (2, 3, 2), mask=[MASKS[0], None], note="no mask comes out"),
    ]
    if kind != "Subtract":
        cases.append(make("three", (3, 4), (3, 4), (3, 4)))
        cases.append(make("four, stretching", (2, 3, 2), (2, 1, 2), (2, 3, 1), (2, 3, 2)))
    return cases


def concatenate_cases():
    make = maker("Concatenate")
    return [
        make("last axis", (2, 3), (2, 4)),
        make("axis 1, rank 3", (2, 1, 3), (2, 2, 3), axis=1),
        make("axis -2, rank 4", (2, 2, 1, 2), (2, 2, 3, 2), axis=-2),
        make("axis 0", (1, 3), (1, 3), axis=0),
        make("three", (2, 2), (2, 1), (2, 3)),
        make("rank 5, axis 2", (1, 2, 1, 2, 1), (1, 2, 2, 2, 1), axis=2),
        make("both masked, last axis", (2, 3, 1), (2, 3, 2), mask=MASKS),
        make("both masked, axis 1", (2, 3, 2), (2, 3, 2), axis=1, mask=MASKS),
        make("one masked, axis 1", (2, 3, 2), (2, 3, 2), axis=1, mask=[MASKS[0], None]),
    ]


def dot_cases():
    make = maker("Dot")
    return [
        make("axes 1, rank 2", (3, 4), (3, 4), axes=1, note="one number a sample: [batch, 1]"),
        make("axes -1, rank 2", (3, 4), (3, 4), axes=-1),
        make("axes 1, normalized", (3, 4), (3, 4), axes=1, normalize=True, note="the cosine of the two"),
        make("axes (1, 2), rank 3", (2, 3, 4), (2, 5, 3), axes=(1, 2)),
        make("axes (2, 1), rank 3", (2, 3, 4), (2, 4, 2), axes=(2, 1)),
        make("axes 2, rank 3", (2, 3, 4), (2, 2, 4), axes=2),
        make("axes (2, 2), normalized", (2, 3, 4), (2, 2, 4), axes=(2, 2), normalize=True),
        make("ranks 3 and 2", (2, 3, 4), (2, 4), axes=(2, 1)),
        make("ranks 2 and 3", (2, 3), (2, 3, 4), axes=1),
        make("axes (-1, -2)", (2, 3, 4), (2, 4, 2), axes=(-1, -2)),
    ]


LAYERS = {
    **{kind: elementwise_cases(kind) for kind in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")},
    "Concatenate": concatenate_cases(),
    "Dot": dot_cases(),
}
