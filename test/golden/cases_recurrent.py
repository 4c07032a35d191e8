"""The recurrent layers' cases: cells, the layers around them, what wraps layers along time, and the convolutional ones."""

import keras
from keras import constraints, initializers, layers, ops, regularizers
from keras.src.backend import get_keras_mask
from layer_cases import Case

X = (2, 4, 3)
MASK = [[True, True, False, True], [False, True, True, False]]
ENDS = [[True, True, True, False], [True, False, False, False]]
NOTHING = [[True, True, True, True], [False, False, False, False]]

KERNELS = dict(
    kernel_initializer=initializers.HeNormal(seed=3),
    kernel_regularizer=regularizers.L2(0.02),
    kernel_constraint=constraints.MaxNorm(0.8, axis=0),
    recurrent_initializer=initializers.GlorotUniform(seed=4),
    recurrent_regularizer=regularizers.L2(0.01),
    recurrent_constraint=constraints.MaxNorm(0.9, axis=0),
    bias_initializer="ones",
    bias_regularizer=regularizers.L2(0.03),
    bias_constraint=constraints.MaxNorm(0.5),
)
DROPS = dict(dropout=0.3, recurrent_dropout=0.2, seed=7)


def with_states(layer, xs, **arguments):
    return layer(xs[0], list(xs[1:]), **arguments)


def with_initial_state(layer, xs, **arguments):
    """The mask is given: beside an initial state Keras forgets the one that comes with the input."""
    return layer(xs[0], initial_state=list(xs[1:]), mask=get_keras_mask(xs[0]), **arguments)


def cell_case(kind, case_name, /, units=2, states=1, batch=2, training=None, **options):
    make = lambda: getattr(layers, kind)(units, **options)
    return Case(case_name, make, (batch, 3), *[(batch, units)] * states, call=with_states, training=training)


def cell_cases(kind, states, gated, own):
    case = lambda case_name, /, **options: cell_case(kind, case_name, states=states, **options)
    return [
        case("defaults"),
        case("no bias", use_bias=False),
        case("one unit, batch of one", units=1, batch=1),
        case("nine units", units=9, batch=3),
        case("initializers, regularizers and constraints", **KERNELS),
        case("dropout at inference", training=False, **DROPS),
        case("dropout of rate 0 in training", training=True),
        case("relu", activation="relu"),
        case("linear, not trainable, named", activation=None, trainable=False, name="cell"),
        *([case("other gates", activation="softsign", recurrent_activation="hard_sigmoid")] if gated else []),
        *own(case),
    ]


def layer_cases(kind, states, gated, own):
    def case(case_name, /, *shapes, units=2, mask=None, training=None, **options):
        make = lambda: getattr(layers, kind)(units, **options)
        return Case(case_name, make, *(shapes or [X]), mask=mask, training=training)

    def stated(name, mask=None, **options):
        make = lambda: getattr(layers, kind)(2, **options)
        return Case(name, make, X, *[(2, 2)] * states, call=with_initial_state,
                    mask=None if mask is None else [mask] + [None] * states)

    def remembering(name, mask=None, **options):
        make = lambda: getattr(layers, kind)(2, stateful=True, **options)
        return Case(name, make, X, whole_batch=True, mask=mask)

    return [
        case("last output"),
        case("sequences", return_sequences=True),
        case("state", return_state=True),
        case("sequences and state", return_sequences=True, return_state=True),
        case("backwards", go_backwards=True),
        case("backwards, sequences and state", go_backwards=True, return_sequences=True, return_state=True),
        case("one step, one unit", (1, 1, 2), units=1, return_sequences=True),
        case("nine units", (3, 3, 5), units=9, return_sequences=True),
        case("no bias", use_bias=False, return_sequences=True),
        case("unrolled", unroll=True, return_sequences=True),
        case("unrolled, masked", unroll=True, return_sequences=True, mask=MASK),
        case("masked", mask=MASK),
        case("masked, sequences and state", mask=MASK, return_sequences=True, return_state=True),
        case("masked, backwards, sequences", mask=MASK, go_backwards=True, return_sequences=True),
        case("masked at the ends, backwards", mask=ENDS, go_backwards=True, return_state=True),
        case("a sample masked whole", mask=NOTHING, return_sequences=True),
        case("masked, other activation", mask=MASK, activation="relu", return_sequences=True, return_state=True),
        case("masked, zeros put out", mask=MASK, return_sequences=True, zero_output_for_mask=True),
        case("masked, zeros put out, other activation, last output", mask=MASK, activation="elu", zero_output_for_mask=True),
        stated("initial state", return_sequences=True, return_state=True),
        stated("initial state, masked", mask=MASK, return_sequences=True, return_state=True),
        stated("initial state, other activation, backwards", activation="elu", go_backwards=True),
        remembering("stateful", return_sequences=True),
        remembering("stateful, other activation, masked", mask=MASK, activation="relu", return_state=True),
        case("dropout at inference", training=False, return_sequences=True, **DROPS),
        case("dropout of rate 0 in training", training=True),
        case("relu", activation="relu", return_sequences=True),
        case("linear, not trainable, named", activation=None, trainable=False, name="memory"),
        case("initializers, regularizers and constraints", activity_regularizer=regularizers.L2(0.01), return_sequences=True,
             **KERNELS),
        *([case("other gates", activation="softsign", recurrent_activation="hard_sigmoid", return_sequences=True)] if gated else []),
        *own(case),
    ]


def forget_cases(case):
    return [case("forget bias as the others", unit_forget_bias=False)]


def reset_cases(case):
    return [
        case("reset before the product", reset_after=False),
        case("reset before the product, no bias", reset_after=False, use_bias=False, activation="relu"),
    ]


def none(case):
    return []


class PeepCell(keras.layers.Layer):
    """A cell of our own: its output is not its state, and it has two states of different sizes."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = [units, 2]
        self.output_size = 3

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.out = self.add_weight(shape=(self.units, 3), name="out")
        self.count = self.add_weight(shape=(self.units, 2), name="count")

    def call(self, inputs, states):
        h, n = states
        new = ops.tanh(ops.matmul(inputs, self.kernel) + 0.5 * h)
        return ops.matmul(new, self.out), [new, 0.9 * n + ops.matmul(new, self.count)]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def unnamed(config):
    """The config with the cell of our own named as if it were Keras's."""
    cell = config["cell"]
    if cell["class_name"] == "PeepCell":
        config["cell"] = {**cell, "module": "keras.layers", "registered_name": None}
        config["cell"].pop("build_config", None)
    return config


def rnn_case(case_name, cell, /, *shapes, mask=None, call=None, training=None, whole_batch=False, note=None, **options):
    masks = mask if call is None or mask is None else [mask] + [None] * (len(shapes) - 1)
    return Case(case_name, lambda: layers.RNN(cell(), **options), *(shapes or [X]), mask=masks, call=call, training=training,
                whole_batch=whole_batch, configured=unnamed, note=note)


def simple():
    return layers.SimpleRNNCell(2)


def lstm(units=2, **options):
    return lambda: layers.LSTMCell(units, **options)


def gru():
    return layers.GRUCell(3, name="gated")


def stack():
    return layers.StackedRNNCells([layers.LSTMCell(2), layers.GRUCell(3), layers.SimpleRNNCell(2)])


RNN = [
    rnn_case("simple cell", simple),
    rnn_case("simple cell, not trainable", simple, trainable=False, name="frozen"),
    rnn_case("simple cell, sequences, backwards", simple, return_sequences=True, go_backwards=True),
    rnn_case("LSTM cell, sequences and state", lstm(), return_sequences=True, return_state=True),
    rnn_case("LSTM cell, masked", lstm(), mask=MASK, return_sequences=True, return_state=True),
    rnn_case("LSTM cell with options", lstm(3, use_bias=False, recurrent_activation="hard_sigmoid"), return_sequences=True),
    rnn_case("GRU cell, unrolled", gru, return_sequences=True, unroll=True),
    rnn_case("GRU cell, initial state", gru, X, (2, 3), call=with_initial_state, return_state=True),
    rnn_case("GRU cell, stateful", gru, return_sequences=True, stateful=True, whole_batch=True),
    rnn_case("LSTM cell, zeros put out where masked", lstm(), mask=MASK, return_sequences=True, zero_output_for_mask=True),
    rnn_case("LSTM cell, the last output masked, zeros put out", lstm(), mask=ENDS, zero_output_for_mask=True),
    rnn_case("stacked cells", stack),
    rnn_case("stacked cells, sequences and states", stack, return_sequences=True, return_state=True),
    rnn_case("a list of cells", lambda: [layers.GRUCell(2), layers.LSTMCell(3)], return_sequences=True),
    rnn_case("stacked cells, masked", lambda: [layers.GRUCell(2), layers.LSTMCell(3)], mask=MASK, return_sequences=True),
    rnn_case("stacked cells, stateful", lambda: [layers.GRUCell(2), layers.LSTMCell(3)], stateful=True, whole_batch=True),
    rnn_case("stacked cells with dropout, at inference", lambda: [layers.GRUCell(2, dropout=0.2), layers.LSTMCell(3, recurrent_dropout=0.3)], training=False),
    rnn_case("a cell of one's own", lambda: PeepCell(4), return_sequences=True, return_state=True),
    rnn_case("a cell of one's own, zeros put out where masked", lambda: PeepCell(4), mask=MASK, return_sequences=True, return_state=True,
             zero_output_for_mask=True),
    rnn_case("a cell of one's own, initial state", lambda: PeepCell(4), X, (2, 4), (2, 2), call=with_initial_state, go_backwards=True),
]


def stacked_case(case_name, /, *cells, states, batch=2, training=None, **options):
    """States go in one after the other, and come out so."""

    def call(layer, xs, **arguments):
        left = list(xs[1:])
        nested = [[left.pop(0) for _ in range(count)] for count, _ in states]
        return layer(xs[0], nested, **arguments)

    shapes = [(batch, units) for count, units in states for _ in range(count)]
    return Case(case_name, lambda: layers.StackedRNNCells([cell() for cell in cells], **options), (batch, 3), *shapes, call=call,
                training=training)


def lstm_of(units, **options):
    return lambda: layers.LSTMCell(units, **options)


def gru_of(units, **options):
    return lambda: layers.GRUCell(units, **options)


def simple_of(units, **options):
    return lambda: layers.SimpleRNNCell(units, **options)


STACKED = [
    stacked_case("two simple cells", simple_of(2), simple_of(3), states=[(1, 2), (1, 3)]),
    stacked_case("LSTM and GRU", lstm_of(2), gru_of(3), states=[(2, 2), (1, 3)]),
    stacked_case("three cells", simple_of(2), lstm_of(3), gru_of(1), states=[(1, 2), (2, 3), (1, 1)]),
    stacked_case("batch of one", gru_of(2), gru_of(2), states=[(1, 2), (1, 2)], batch=1),
    stacked_case("regularized, named", lstm_of(2, **KERNELS), simple_of(2, use_bias=False), states=[(2, 2), (1, 2)], name="tower"),
    stacked_case("dropout at inference", lstm_of(2, **DROPS), gru_of(2, **DROPS), states=[(2, 2), (1, 2)], training=False),
    stacked_case("not trainable", simple_of(2), simple_of(2), states=[(1, 2), (1, 2)], trainable=False),
]


def both_case(case_name, layer, /, *shapes, backward=None, mask=None, call=None, whole_batch=False, training=None, note=None, **options):
    def make():
        given = {} if backward is None else {"backward_layer": backward()}
        return layers.Bidirectional(layer(), **given, **options)

    masks = mask if call is None or mask is None else [mask] + [None] * (len(shapes) - 1)
    return Case(case_name, make, *(shapes or [X]), mask=masks, call=call, whole_batch=whole_batch, training=training, note=note)


def of(kind, units=2, **options):
    return lambda: getattr(layers, kind)(units, **options)


BOTH = [
    both_case("LSTM", of("LSTM")),
    both_case("LSTM, sequences", of("LSTM", return_sequences=True)),
    both_case("GRU, sum", of("GRU", return_sequences=True), merge_mode="sum"),
    both_case("GRU, mul", of("GRU"), merge_mode="mul"),
    both_case("simple, ave", of("SimpleRNN", return_sequences=True), merge_mode="ave"),
    both_case("LSTM, both apart", of("LSTM", return_sequences=True), merge_mode=None),
    both_case("LSTM, last outputs apart", of("LSTM"), merge_mode=None),
    both_case("masked, sequences", of("LSTM", return_sequences=True), mask=MASK),
    both_case("masked, last output", of("GRU"), mask=ENDS),
    both_case("masked, apart", of("SimpleRNN", return_sequences=True), mask=MASK, merge_mode=None),
    both_case("another layer backwards", of("LSTM", return_sequences=True),
              backward=of("GRU", 2, return_sequences=True, go_backwards=True, activation="relu", name="back")),
    both_case("backwards first", of("SimpleRNN", go_backwards=True), backward=of("SimpleRNN", name="forth")),
    both_case("state", of("LSTM", return_state=True, return_sequences=True)),
    both_case("state, apart", of("GRU", return_state=True), merge_mode=None),
    both_case("initial state", of("LSTM", return_sequences=True), X, *[(2, 2)] * 4, call=with_initial_state),
    both_case("stateful", of("GRU", stateful=True, return_sequences=True), whole_batch=True),
    both_case("around RNN", lambda: layers.RNN(layers.LSTMCell(2), return_sequences=True), name="both"),
    both_case("regularized, not trainable", of("LSTM", **KERNELS), trainable=False),
    both_case("regularized", of("LSTM", **KERNELS), activity_regularizer=regularizers.L2(0.01)),
]


def each_case(case_name, layer, /, *shapes, mask=None, training=None, **options):
    return Case(case_name, lambda: layers.TimeDistributed(layer(), **options), *shapes, mask=mask, training=training)


EACH = [
    each_case("Dense", lambda: layers.Dense(3), X),
    each_case("Dense with options", lambda: layers.Dense(3, activation="tanh", kernel_regularizer="l2", name="inner"), X, name="each"),
    each_case("Dense, masked", lambda: layers.Dense(3), X, mask=MASK),
    each_case("Conv2D", lambda: layers.Conv2D(2, 2), (2, 3, 4, 4, 2)),
    each_case("Conv2D, channels_first", lambda: layers.Conv2D(2, 2, strides=2, padding="same", data_format="channels_first"), (1, 2, 2, 4, 4)),
    each_case("Flatten", lambda: layers.Flatten(), (2, 3, 2, 2)),
    each_case("BatchNormalization in training", lambda: layers.BatchNormalization(), (4, 3, 2), training=True),
    each_case("BatchNormalization at inference", lambda: layers.BatchNormalization(), (4, 3, 2), training=False),
    each_case("LayerNormalization, not trainable", lambda: layers.LayerNormalization(), X, trainable=False),
    each_case("LSTM", lambda: layers.LSTM(2), (2, 3, 4, 2)),
    each_case("within another", lambda: layers.TimeDistributed(layers.Dense(2)), (2, 2, 3, 2)),
    each_case("penalized", lambda: layers.Dense(2), X, activity_regularizer=regularizers.L2(0.01)),
]


def conv_cases(rank):
    kind = f"ConvLSTM{rank}D"
    space = (4, 3, 2)[:rank]
    window = {1: 2, 2: (2, 3), 3: (2, 1, 2)}[rank]

    def case(case_name, /, shape=None, states=None, training=None, whole_batch=False, channels_first=False, filters=2, **options):
        shape = shape or ((2, 3, 2, *space) if channels_first else (2, 3, *space, 2))
        if channels_first:
            options["data_format"] = "channels_first"
        options = {"kernel_size": window, **options}
        return Case(case_name, lambda: getattr(layers, kind)(filters, **options), shape, *([states] * 2 if states else []),
                    call=with_initial_state if states else None, training=training, whole_batch=whole_batch)

    kept = (2, *space, 2)
    return [
        case("last output"),
        case("same, sequences", padding="same", return_sequences=True),
        case("same, sequences and state", padding="same", return_sequences=True, return_state=True),
        case("backwards", go_backwards=True, return_sequences=True),
        case("strides 2", strides=2, padding="same", kernel_size=1),
        case("dilation 2", (1, 2, *(4, 4, 3)[:rank], 2), dilation_rate=2, kernel_size=2),
        case("no bias, other gates", use_bias=False, activation="relu", recurrent_activation="hard_sigmoid"),
        case("initial state", padding="same", states=kept, return_state=True),
        case("stateful", padding="same", stateful=True, whole_batch=True, return_sequences=True),
        case("forget bias as the others", unit_forget_bias=False, padding="same"),
        case("dropout at inference", training=False, **DROPS),
        case("initializers, regularizers and constraints", filters=1, activity_regularizer=regularizers.L2(0.01), **KERNELS),
        case("channels_first", channels_first=True, padding="same", return_sequences=True),
        case("channels_first, valid, state", channels_first=True, return_state=True),
        case("not trainable", trainable=False, name="frozen"),
    ]


LAYERS = {
    "SimpleRNNCell": cell_cases("SimpleRNNCell", 1, False, none),
    "LSTMCell": cell_cases("LSTMCell", 2, True, forget_cases),
    "GRUCell": cell_cases("GRUCell", 1, True, reset_cases),
    "StackedRNNCells": STACKED,
    "RNN": RNN,
    "SimpleRNN": layer_cases("SimpleRNN", 1, False, none),
    "LSTM": layer_cases("LSTM", 2, True, lambda case: [*forget_cases(case), case("no cuDNN", use_cudnn=False)]),
    "GRU": layer_cases("GRU", 1, True, lambda case: [*reset_cases(case), case("no cuDNN", use_cudnn=False)]),
    "Bidirectional": BOTH,
    "TimeDistributed": EACH,
    **{f"ConvLSTM{rank}D": conv_cases(rank) for rank in (1, 2, 3)},
}
