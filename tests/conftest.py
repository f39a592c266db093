"""Fixtures for every test: a few small images that can be learnt, and an experiment for them. No Qt here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import data as datasets
from engine.blocks import Convolution, Linear
from engine.data import Dataset, Split
from engine.datasets import importcache, readers
from engine.dataspec import Data
from engine.experiment import Experiment, Model, Train


def small_dataset(training: int = 64, validation: int = 16, test: int = 16, side: int = 8, channels: int = 1,
                  seed: int = 0, independent_test: bool = True) -> Dataset:
    """Images that mix four smooth patterns at random: a code of four numbers can hold them."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    patterns = torch.nn.functional.interpolate(torch.randn(4, channels, 3, 3, generator=generator), size=(side, side),
                                               mode="bilinear").flatten(1)

    def split(count: int) -> Split:
        mixed = torch.randn(count, 4, generator=generator) @ patterns
        pixels = (mixed.sigmoid() * 255).to(torch.uint8).reshape(count, channels, side, side)
        return Split(pixels, torch.arange(count) % 10)

    parts = split(training), split(validation), split(test)
    last = parts[2] if independent_test else parts[1]
    return Dataset("digits", *parts[:2], last, readers.TEN_DIGITS, independent_test, datasets.fingerprint(parts))


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache for imported images that is nobody's; made when something is imported."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(importcache.CACHE_VARIABLE, str(folder))
        yield folder


@pytest.fixture(scope="session")
def tiny_data() -> Dataset:
    """64 training, 16 validation and 16 test images of 8×8 in one channel."""
    return small_dataset()


@pytest.fixture(scope="session")
def tiny() -> Experiment:
    """A network for tiny_data that learns within a few epochs of four batches each."""
    encoder = (Convolution(channels=4, stride=2, padding=1), Linear(size=8))
    return Experiment(name="tiny", data=Data(image_size=8), model=Model(encoder=encoder),
                      train=Train(batch_size=16, epochs=3, learning_rate=0.01))
