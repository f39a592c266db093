"""The forecast: a plausible time, without a draw from torch's global generator."""

import pytest
import torch

from engine import forecast
from engine.blocks import Convolution, Linear
from engine.data import split_indices
from engine.experiment import Experiment, Model, replaced

SMALL = replaced(Experiment(model=Model(encoder=(Convolution(channels=2, stride=2, dropout=0.5,
                                                             batch_normalization=True), Linear(size=4)))),
                 {"data.image_size": 8})


def test_an_epoch_takes_some_time_and_draws_nothing():
    state = torch.random.get_rng_state()
    assert 0 < forecast.epoch_s(SMALL, "cpu") < 60
    assert torch.equal(state, torch.random.get_rng_state())


def test_it_counts_the_images_of_an_epoch():
    assert forecast.training_images(SMALL) == 10_800
    assert forecast.training_images(replaced(SMALL, {"data.validation": "test"})) == 12_000
    assert forecast.training_images(replaced(SMALL, {"data.training_images": 100})) == 100
    least = replaced(SMALL, {"data.hold_out": 1e-5})  # of which at least one image is held out
    assert forecast.training_images(least) == 11_999 == len(split_indices(least.data, 12_000)[0])


@pytest.mark.parametrize("changes", [{"model.encoder.0.kernel": 200}, {"model.encoder": [Linear(size=1_000_000)]}])
def test_networks_that_do_not_fit_or_are_very_large_have_none(changes):
    assert forecast.epoch_s(replaced(SMALL, changes), "cpu") is None
