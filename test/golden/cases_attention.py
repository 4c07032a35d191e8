"""The attention layers' cases, and EinsumDense's, which the many-headed ones are made of."""

import numpy as np
from keras import constraints, initializers, regularizers
from layer_cases import maker
from writing import generator

QUERY, VALUE = (2, 3, 4), (2, 5, 4)
QUERY_MASK = [[True, True, False], [False, True, True]]
VALUE_MASK = [[True, True, True, False, True], [True, False, True, False, False]]
# Of the second sample nothing is seen.
BLIND_MASK = [[True, True, False, False, True], [False] * 5]
# With a causal mask the first queries of both samples see nothing.
LATE_MASK = [[False, True, True, False, True], [False, False, True, True, False]]
# 1 where a query may see a key; each query sees some.
SEEN = generator("attention mask").integers(0, 2, (2, 3, 5)).astype(bool) | np.eye(3, 5, dtype=bool)


def extras(**more):
    """Initializers, regularizers and constraints, none at its default."""
    return dict(
        kernel_initializer=initializers.HeNormal(seed=3),
        bias_initializer=initializers.Constant(0.1),
        kernel_regularizer=regularizers.L2(0.02),
        bias_regularizer=regularizers.L2(0.03),
        activity_regularizer=regularizers.L2(0.01),
        kernel_constraint=constraints.MaxNorm(0.8),
        bias_constraint=constraints.MinMaxNorm(0.3, 0.6, rate=0.7),
        **more,
    )


def attention_cases(kind):
    """What Attention and AdditiveAttention have in common."""
    make = maker(kind)
    return [
        make("query and value", QUERY, VALUE),
        make("query, value and key", QUERY, (2, 5, 6), VALUE),
        make("more queries than values", (2, 6, 3), (2, 2, 3)),
        make("one query, one value", (1, 1, 2), (1, 1, 2)),
        make("scaled", QUERY, VALUE, use_scale=True),
        make("not scaled", QUERY, VALUE, use_scale=False),
        make("masks", QUERY, VALUE, mask=[QUERY_MASK, VALUE_MASK]),
        make("value mask, and a key", QUERY, VALUE, VALUE, mask=[None, VALUE_MASK, None]),
        make("causal", (2, 4, 3), (2, 4, 3), arguments=dict(use_causal_mask=True)),
        make("causal, more values than queries", QUERY, VALUE, arguments=dict(use_causal_mask=True)),
        make("causal, with masks", QUERY, VALUE, mask=[QUERY_MASK, VALUE_MASK], arguments=dict(use_causal_mask=True)),
        make("scores", QUERY, VALUE, arguments=dict(return_attention_scores=True)),
        make("scores, causal, with masks", QUERY, VALUE, mask=[QUERY_MASK, VALUE_MASK],
             arguments=dict(return_attention_scores=True, use_causal_mask=True)),
        make("nothing to see in a sample", QUERY, VALUE, use_scale=True, mask=[None, BLIND_MASK]),
        make("nothing to see in a sample, masked queries and a key", QUERY, (2, 5, 6), VALUE, mask=[QUERY_MASK, BLIND_MASK, None]),
        make("nothing to see for the first queries", (2, 6, 4), VALUE, mask=[None, LATE_MASK], arguments=dict(use_causal_mask=True)),
        make("nothing to see for the first queries, scores", QUERY, VALUE, mask=[None, LATE_MASK],
             arguments=dict(return_attention_scores=True, use_causal_mask=True)),
        make("dropout at inference", QUERY, VALUE, dropout=0.4, training=False),
        make("dropout of nothing in training", QUERY, VALUE, training=True),
        make("not trainable", QUERY, VALUE, use_scale=True, trainable=False, name="frozen"),
    ]


def dot_attention_cases():
    make = maker("Attention")
    return [
        *attention_cases("Attention"),
        make("concat", QUERY, VALUE, score_mode="concat"),
        make("concat, scaled", QUERY, VALUE, score_mode="concat", use_scale=True),
        make("concat, masks, scores", QUERY, VALUE, score_mode="concat", mask=[QUERY_MASK, VALUE_MASK],
             arguments=dict(return_attention_scores=True)),
        make("concat, nothing to see in a sample", QUERY, VALUE, score_mode="concat", use_scale=True, mask=[QUERY_MASK, BLIND_MASK]),
        make("dropout with a seed at inference", QUERY, VALUE, dropout=0.2, seed=5, training=False),
    ]


def many_headed_cases(kind, plain, named):
    """
    What MultiHeadAttention and GroupedQueryAttention have in common. `plain` are the options that say how many heads
    there are and how large they are.
    """
    make = maker(kind)

    def case(name, /, *shapes, **options):
        return make(name, *(shapes or (QUERY, VALUE)), positional=True, **plain, **options)

    return [
        case("query and value"),
        case("query, value and key", QUERY, VALUE, (2, 5, 3)),
        case("no bias", use_bias=False),
        case("gate", use_gate=True),
        case("gate, no bias", use_gate=True, use_bias=False),
        case("initializers, regularizers and constraints", **extras()),
        case("initializers, regularizers and constraints, gate", **extras(use_gate=True)),
        case("value mask", mask=[None, VALUE_MASK]),
        case("query, value and key masks", QUERY, VALUE, (2, 5, 3),
             mask=[QUERY_MASK, VALUE_MASK, [[True, True, True, True, True], [True, True, True, False, False]]]),
        case("attention mask", arguments=dict(attention_mask=SEEN)),
        case("attention mask for all samples", arguments=dict(attention_mask=SEEN[:1])),
        case("attention mask by head", arguments=dict(
            attention_mask=np.stack([SEEN, np.ones_like(SEEN)] * (named["heads"] // 2), axis=1))),
        case("causal", (2, 4, 3), (2, 4, 3), arguments=dict(use_causal_mask=True)),
        case("causal, more values than queries", arguments=dict(use_causal_mask=True)),
        case("causal, masks", mask=[QUERY_MASK, VALUE_MASK], arguments=dict(use_causal_mask=True)),
        case("nothing to see in a sample", mask=[None, BLIND_MASK]),
        case("nothing to see in a sample, masked queries and keys", QUERY, VALUE, (2, 5, 3), mask=[QUERY_MASK, VALUE_MASK, BLIND_MASK]),
        case("nothing to see for the first queries", mask=[None, LATE_MASK], arguments=dict(use_causal_mask=True)),
        case("nothing to see by the attention mask", arguments=dict(attention_mask=SEEN & np.array([[[True]], [[False]]]))),
        case("nothing to see, scores", mask=[None, LATE_MASK],
             arguments=dict(return_attention_scores=True, use_causal_mask=True)),
        case("nothing to see, dropout at inference", dropout=0.3, training=False, mask=[QUERY_MASK, BLIND_MASK]),
        case("sliding window", (2, 6, 3), (2, 6, 3), sliding_window=2),
        case("sliding window, causal", (2, 6, 3), (2, 6, 3), sliding_window=3, arguments=dict(use_causal_mask=True)),
        case("scores", arguments=dict(return_attention_scores=True)),
        case("scores, everything that masks", QUERY, VALUE, mask=[QUERY_MASK, VALUE_MASK], sliding_window=3,
             arguments=dict(return_attention_scores=True, use_causal_mask=True, attention_mask=SEEN)),
        case("dropout at inference", dropout=0.4, training=False),
        case("dropout with a seed at inference, masks", dropout=0.2, seed=5, training=False, mask=[QUERY_MASK, VALUE_MASK],
             arguments=dict(use_causal_mask=True)),
        case("no flash attention", flash_attention=False),
        case("not trainable", trainable=False, name="frozen"),
    ]


def multi_head_cases():
    make = maker("MultiHeadAttention")

    def case(name, /, *shapes, **options):
        return make(name, *shapes, positional=True, **options)

    return [
        *many_headed_cases("MultiHeadAttention", dict(num_heads=2, key_dim=3), dict(heads=2)),
        case("one head", QUERY, VALUE, num_heads=1, key_dim=2),
        case("value_dim", QUERY, (2, 5, 3), num_heads=2, key_dim=3, value_dim=5, dropout=0.1, training=False,
             note="dropout, because JAX's own attention has no values of another size than the keys"),
        case("output_shape", QUERY, VALUE, num_heads=2, key_dim=2, output_shape=6),
        case("output_shape of two axes", QUERY, VALUE, num_heads=2, key_dim=2, output_shape=(3, 2)),
        case("attention_axes of rank 3", QUERY, VALUE, num_heads=2, key_dim=2, attention_axes=1),
        case("attention over the first of two axes", (2, 3, 2, 4), (2, 4, 2, 4), num_heads=2, key_dim=2,
             attention_axes=1),
        case("attention over the last of two axes", (2, 2, 3, 4), (2, 2, 4, 4), num_heads=2, key_dim=2,
             attention_axes=(2,)),
        case("attention over both axes", (2, 3, 2, 4), (2, 2, 2, 4), num_heads=2, key_dim=2, value_dim=3),
        case("attention over both axes, mask, scores", (1, 3, 2, 4), (1, 2, 2, 4), num_heads=2, key_dim=2,
             attention_axes=(1, 2), arguments=dict(
                 return_attention_scores=True,
                 attention_mask=np.arange(24).reshape(1, 3, 2, 2, 2) % 3 > 0)),
        case("many keys", (1, 9, 4), (1, 150, 4), num_heads=1, key_dim=9),
    ]


def grouped_query_cases():
    make = maker("GroupQueryAttention")

    def case(name, /, *shapes, **options):
        return make(name, *(shapes or (QUERY, VALUE)), positional=True, **options)

    return [
        *many_headed_cases("GroupQueryAttention", dict(head_dim=3, num_query_heads=4, num_key_value_heads=2), dict(heads=4)),
        case("one key for all heads", head_dim=2, num_query_heads=3, num_key_value_heads=1),
        case("a key for every head", head_dim=2, num_query_heads=2, num_key_value_heads=2),
        case("one head", head_dim=5, num_query_heads=1, num_key_value_heads=1),
    ]


def einsum_dense_cases():
    make = maker("EinsumDense")
    matrix = dict(equation="ab,bc->ac", output_shape=3)
    return [
        make("a dense layer", (4, 5), **matrix),
        make("a dense layer with a bias", (4, 5), bias_axes="c", **matrix),
        make("steps of known size", (2, 3, 4), equation="abc,cd->abd", output_shape=(3, 2), bias_axes="d"),
        make("steps of unknown size", (2, 3, 4), equation="abc,cd->abd", output_shape=(None, 2), bias_axes="d"),
        make("a bias over two axes", (2, 3, 4), equation="abc,cd->abd", output_shape=(3, 2), bias_axes="bd"),
        make("a bias over a middle axis", (2, 3, 4), equation="abc,cd->abd", output_shape=(3, 2), bias_axes="b"),
        make("ellipsis in front", (2, 3, 3, 4), equation="...x,xy->...y", output_shape=3, bias_axes="y",
             note="Keras reverses the sizes under the ellipsis in compute_output_shape, so these are equal"),
        make("ellipsis behind", (2, 4, 3, 2), equation="ab...,bc->ac...", output_shape=3, bias_axes="c"),
        make("heads", (2, 3, 4), equation="abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de"),
        make("heads back", (2, 3, 2, 3), equation="abcd,cde->abe", output_shape=(None, 4), bias_axes="e"),
        make("an axis moves", (2, 3, 4), equation="abc,cd->adb", output_shape=(2, 3), bias_axes="db"),
        make("a kernel for each step", (2, 3, 4), equation="abc,bcd->abd", output_shape=(3, 2), bias_axes="d"),
        make("relu", (4, 5), activation="relu", bias_axes="c", **matrix),
        make("initializers, regularizers and constraints", (4, 5), bias_axes="c", **extras(activation="tanh"), **matrix),
        make("mask is not passed on", (2, 3, 4), equation="abc,cd->abd", output_shape=(None, 2),
             mask=[[True, False, True], [True, True, False]]),
        make("not trainable", (4, 5), trainable=False, name="frozen", **matrix),
        make("low-rank adaptation", (2, 3, 4), equation="abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de",
             lora_rank=2, lora_alpha=3),
    ]


LAYERS = {
    "EinsumDense": einsum_dense_cases(),
    "Attention": dot_attention_cases(),
    "AdditiveAttention": attention_cases("AdditiveAttention"),
    "MultiHeadAttention": multi_head_cases(),
    "GroupQueryAttention": grouped_query_cases(),
}
