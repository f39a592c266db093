"""Random experiments for hypothesis: every field within its range; whether the layers fit is left to chance."""

from typing import get_args

from hypothesis import strategies as st

from engine import blocks, dataspec
from engine import experiment as ex

activations = st.sampled_from(get_args(blocks.Activation))
names = st.text(max_size=20)


def convolutions(largest_kernel: int = 7) -> st.SearchStrategy[blocks.Convolution]:
    """Convolutions of moderate size, with and without pooling."""
    return st.builds(
        blocks.Convolution, channels=st.integers(1, 6), kernel=st.integers(1, largest_kernel), stride=st.integers(1, 4),
        padding=st.integers(0, 3), batch_normalization=st.booleans(), activation=activations,
        dropout=st.floats(0, 0.9), pool_kernel=st.integers(0, 4), pool_stride=st.integers(0, 4))


linears = st.builds(blocks.Linear, size=st.integers(1, 40), batch_normalization=st.booleans(), activation=activations,
                    dropout=st.floats(0, 0.9))
encoders = st.tuples(st.lists(convolutions(), max_size=4), st.lists(linears, max_size=2)).map(
    lambda parts: tuple(parts[0] + parts[1]))
sides = st.integers(8, 256)


def experiments() -> st.SearchStrategy[ex.Experiment]:
    """Well-typed experiments with a mirrored decoder."""
    data = st.builds(dataspec.Data, dataset=st.sampled_from(get_args(dataspec.DatasetName)),
                     image_size=sides | st.just(0), validation=st.sampled_from(get_args(dataspec.Validation)),
                     hold_out=st.floats(0.01, 0.5))
    model = st.builds(ex.Model, encoder=encoders, decoder=st.just("mirror"),
                      output=st.sampled_from(get_args(ex.OutputActivation)))
    train = st.builds(ex.Train, loss=st.sampled_from(get_args(ex.LossName)), epochs=st.integers(0, 5),
                      optimizer=st.sampled_from(get_args(ex.OptimizerName)), learning_rate=st.floats(1e-6, 10),
                      keep=st.lists(st.integers(0, 9), max_size=3).map(tuple))
    return st.builds(ex.Experiment, name=names, note=names, data=data, model=model, train=train)
