"""The data sets as their publishers give them: name -> the function that reads its images."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.datasets import digits, folder, scenes, sources
from engine.dataspec import Data

Bytes = NDArray[np.uint8]
Labels = NDArray[np.int64]


class Images(NamedTuple):
    """A data set as its publisher gives it: uint8 (N, C, H, W) and (N,), before any choice of an experiment.

    Without official test images ``test`` is None, and the experiment's share of ``training`` takes their place.
    """

    training: Bytes
    training_labels: Bytes | Labels | None
    test: Bytes | None
    test_labels: Bytes | None
    class_names: tuple[str, ...]
    inputs: Bytes | None = None
    """(N, C, h, w): what the network is to see of ``training``, where it lies in files of its own."""


TEN_DIGITS = tuple("0123456789")
CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
HIRAGANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def read_digits(spec: Data, data_dir: Path) -> Images:
    """The built-in digits, drawn when first asked for; they take 11 MB and stay."""
    return _drawn_digits()


@functools.cache
def _drawn_digits() -> Images:
    """The same images for every experiment on them."""
    (training, training_labels), (test, test_labels) = digits.draw()
    return Images(training[:, None], training_labels, test[:, None], test_labels, TEN_DIGITS)


def read_shapes(spec: Data, data_dir: Path) -> Images:
    """The built-in colour images, drawn when first asked for; they take 69 MB and stay."""
    return _drawn_shapes()


@functools.cache
def _drawn_shapes() -> Images:
    """The same images for every experiment on them."""
    (training, training_labels), (test, test_labels) = scenes.draw()
    return Images(training, training_labels, test, test_labels, scenes.NAMES)


def read_mnist(spec: Data, data_dir: Path) -> Images:
    """MNIST. Raises MissingData or DamagedData."""
    return _read_idx("mnist", data_dir, TEN_DIGITS)


def read_fashion_mnist(spec: Data, data_dir: Path) -> Images:
    """Fashion-MNIST. Raises MissingData or DamagedData."""
    return _read_idx("fashion-mnist", data_dir, CLOTHES)


def read_kmnist(spec: Data, data_dir: Path) -> Images:
    """Kuzushiji-MNIST. Raises MissingData or DamagedData."""
    return _read_idx("kmnist", data_dir, HIRAGANA)


def read_cifar10(spec: Data, data_dir: Path) -> Images:
    """CIFAR-10 from its binary version: records of a label and 32 × 32 red, green, blue. Raises like the others."""
    sources.verify("cifar-10", data_dir)
    files = sources.folder_of("cifar-10", data_dir)
    parts = [np.fromfile(files / file.name, np.uint8).reshape(-1, 3_073) for file in sources.SOURCES["cifar-10"].files]
    for part, file in zip(parts, sources.SOURCES["cifar-10"].files, strict=True):
        _check_labels(part[:, 0], THINGS, files / file.name)
    labels, pixels = [part[:, 0] for part in parts], [part[:, 1:].reshape(-1, 3, 32, 32) for part in parts]
    return Images(np.concatenate(pixels[:-1]), np.concatenate(labels[:-1]), pixels[-1], labels[-1], THINGS)


def _read_idx(name: str, data_dir: Path, class_names: tuple[str, ...]) -> Images:
    """A data set of four IDX files in MNIST's layout. Raises MissingData or DamagedData."""
    sources.verify(name, data_dir)
    files = sources.folder_of(name, data_dir)
    training, training_labels, test, test_labels = (
        np.fromfile(files / file.name, np.uint8, offset=len(file.head)) for file in sources.SOURCES[name].files)
    for labels, file in ((training_labels, "train-labels-idx1-ubyte"), (test_labels, "t10k-labels-idx1-ubyte")):
        _check_labels(labels, class_names, files / file)
    shape = (-1, 1, 28, 28)
    return Images(training.reshape(shape), training_labels, test.reshape(shape), test_labels, class_names)


def _check_labels(labels: Bytes, class_names: tuple[str, ...], path: Path) -> None:
    """Refuse labels that name no class; files without a published checksum have been seen to hold such."""
    if labels.max() >= len(class_names):
        raise sources.damaged(path, f"label {labels.max()} is not one of its {len(class_names)} classes")


def read_folder(spec: Data, data_dir: Path) -> Images:
    """The person's own images, and the inputs that belong to them where they lie in a second folder."""
    images, labels, names, inputs = folder.read(spec)
    return Images(images, labels, None, None, names, inputs)


DATASETS: dict[str, Callable[[Data, Path], Images]] = {
    "digits": read_digits,
    "mnist": read_mnist,
    "fashion-mnist": read_fashion_mnist,
    "kmnist": read_kmnist,
    "cifar-10": read_cifar10,
    "shapes": read_shapes,
    "folder": read_folder,
}
"""Name of a data set -> the function that reads it for a data spec from the data folder. Each raises DataError."""
