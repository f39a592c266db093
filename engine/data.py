"""The images of an experiment: read, resized, split, hashed, and shared by all who ask for the same ones.

torch is imported when the first images are asked for, torchvision when the first are resized.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import threading
import weakref
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.datasets import digits, sources
from engine.datasets.sources import DamagedData, DataError, MissingData, Status, default_data_dir, status
from engine.dataspec import Data

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["DATASETS", "SPLITS", "DamagedData", "DataError", "Dataset", "Images", "MissingData", "Split", "Status",
           "default_data_dir", "load", "status"]

Bytes = NDArray[np.uint8]
Order = NDArray[np.int64]

SPLITS = ("training", "validation", "test")

RESIZE_CHUNK = 500
"""Images resized at once, which bounds the memory needed beside the result."""


@dataclass(frozen=True, eq=False)
class Split:
    """Images uint8 (N, C, H, W) and labels int64 (N,) or None, on the CPU, contiguous; nobody writes to them."""

    images: Tensor
    labels: Tensor | None

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Three splits of one data set; where validation is the official test set, ``test`` is the same Split."""

    name: str
    training: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...]
    independent_test: bool
    fingerprint: str
    own: Split | None = None
    """The person's own images in the data set's shape, to be looked at only (:mod:`engine.ownimage`)."""
    own_names: tuple[str, ...] = ()

    def split(self, name: str) -> Split:
        """'training', 'validation', 'test' or 'own' -> that split. Raises KeyError for another name."""
        own = self.own or Split(self.test.images[:0], None)
        return {"training": self.training, "validation": self.validation, "test": self.test, "own": own}[name]


class Images(NamedTuple):
    """A data set as its publisher gives it: uint8 (N, C, H, W) and (N,), before any choice of an experiment."""

    training: Bytes
    training_labels: Bytes
    test: Bytes
    test_labels: Bytes
    class_names: tuple[str, ...]


TEN_DIGITS = tuple("0123456789")
CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
HIRAGANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def read_digits(_data_dir: Path) -> Images:
    """The built-in digits, drawn when first asked for; they take 11 MB and stay."""
    return _drawn_digits()


@functools.cache
def _drawn_digits() -> Images:
    """The same images for every experiment on them."""
    (training, training_labels), (test, test_labels) = digits.draw()
    return Images(training[:, None], training_labels, test[:, None], test_labels, TEN_DIGITS)


def read_mnist(data_dir: Path) -> Images:
    """MNIST. Raises MissingData or DamagedData."""
    return _read_idx("mnist", data_dir, TEN_DIGITS)


def read_fashion_mnist(data_dir: Path) -> Images:
    """Fashion-MNIST. Raises MissingData or DamagedData."""
    return _read_idx("fashion-mnist", data_dir, CLOTHES)


def read_kmnist(data_dir: Path) -> Images:
    """Kuzushiji-MNIST. Raises MissingData or DamagedData."""
    return _read_idx("kmnist", data_dir, HIRAGANA)


def read_cifar10(data_dir: Path) -> Images:
    """CIFAR-10 from its binary version: records of a label and 32 × 32 red, green, blue. Raises like the others."""
    sources.verify("cifar-10", data_dir)
    folder = sources.folder_of("cifar-10", data_dir)
    parts = [np.fromfile(folder / file.name, np.uint8).reshape(-1, 3_073) for file in sources.SOURCES["cifar-10"].files]
    for part, file in zip(parts, sources.SOURCES["cifar-10"].files, strict=True):
        _check_labels(part[:, 0], THINGS, folder / file.name)
    labels, pixels = [part[:, 0] for part in parts], [part[:, 1:].reshape(-1, 3, 32, 32) for part in parts]
    return Images(np.concatenate(pixels[:-1]), np.concatenate(labels[:-1]), pixels[-1], labels[-1], THINGS)


def _read_idx(name: str, data_dir: Path, class_names: tuple[str, ...]) -> Images:
    """A data set of four IDX files in MNIST's layout. Raises MissingData or DamagedData."""
    sources.verify(name, data_dir)
    folder = sources.folder_of(name, data_dir)
    training, training_labels, test, test_labels = (
        np.fromfile(folder / file.name, np.uint8, offset=len(file.head)) for file in sources.SOURCES[name].files)
    for labels, file in ((training_labels, "train-labels-idx1-ubyte"), (test_labels, "t10k-labels-idx1-ubyte")):
        _check_labels(labels, class_names, folder / file)
    shape = (-1, 1, 28, 28)
    return Images(training.reshape(shape), training_labels, test.reshape(shape), test_labels, class_names)


def _check_labels(labels: Bytes, class_names: tuple[str, ...], path: Path) -> None:
    """Refuse labels that name no class; files without a published checksum have been seen to hold such."""
    if labels.max() >= len(class_names):
        raise sources.damaged(path, f"label {labels.max()} is not one of its {len(class_names)} classes")


DATASETS: dict[str, Callable[[Path], Images]] = {
    "digits": read_digits,
    "mnist": read_mnist,
    "fashion-mnist": read_fashion_mnist,
    "kmnist": read_kmnist,
    "cifar-10": read_cifar10,
}
"""Name of a data set -> the function that reads it from the data folder."""

_Key = tuple[Data, Path | None]
_cache: weakref.WeakValueDictionary[_Key, Dataset] = weakref.WeakValueDictionary()
_building: defaultdict[_Key, threading.Lock] = defaultdict(threading.Lock)


def load(spec: Data, data_dir: Path) -> Dataset:
    """The splits an experiment asks for; the same object for all who ask while anybody holds it. Raises DataError."""
    key = (spec, None if spec.dataset in sources.BUILT_IN else data_dir.absolute())
    with _building[key]:
        dataset = _cache.get(key)
        if dataset is None:
            dataset = _cache[key] = _build(spec, data_dir)
        return dataset


def _build(spec: Data, data_dir: Path) -> Dataset:
    """Read, choose, resize and hash. Raises DataError."""
    raw = DATASETS[spec.dataset](data_dir)
    kept, held_out = split_indices(spec, len(raw.training))
    kept = per_class(spec, kept, raw.training_labels, raw.class_names)
    independent = spec.validation == "hold-out"
    _check_memory(spec, len(kept) + len(held_out) + len(raw.test), raw.training.shape[1])
    training = _split(raw.training, raw.training_labels, kept, spec.image_size)
    test = _split(raw.test, raw.test_labels, np.arange(len(raw.test)), spec.image_size)
    validation = _split(raw.training, raw.training_labels, held_out, spec.image_size) if independent else test
    return Dataset(spec.dataset, training, validation, test, raw.class_names, independent,
                   fingerprint((training, validation, test)))


def split_counts(spec: Data, count: int) -> tuple[int, int]:
    """Number of official training images -> (how many are trained on, how many held out)."""
    held_out = max(1, round(count * spec.hold_out)) if spec.validation == "hold-out" else 0
    kept = count - held_out
    return min(kept, spec.training_images) if spec.training_images else kept, held_out


def split_indices(spec: Data, count: int) -> tuple[Order, Order]:
    """Official training images -> (those to train on, those held out), both in ascending order.

    The held-out ones depend on nothing but seed and share; fewer training images are a subset of more.
    """
    generator = np.random.Generator(np.random.PCG64(spec.seed))
    order = np.argsort(generator.random(count), kind="stable")
    kept, held_out = split_counts(spec, count)
    return np.sort(order[held_out:][:kept]), np.sort(order[:held_out])


def per_class(spec: Data, kept: Order, labels: Bytes, class_names: tuple[str, ...]) -> Order:
    """The images to train on -> as many of each class as are asked for, in ascending order. Raises DataError.

    Fewer per class are a subset of more, and no draw touches the images that are held out.
    """
    wanted = spec.images_per_class
    if not wanted:
        return kept
    shuffled = kept[np.argsort(np.random.Generator(np.random.PCG64((spec.seed, spec.class_seed))).random(len(kept)))]
    chosen = [shuffled[labels[shuffled] == number][:wanted] for number in range(len(class_names))]
    for name, found in zip(class_names, chosen, strict=True):
        if len(found) < wanted:
            raise DataError("data.images_per_class", f"{name} has only {len(found)} training images; {wanted} per "
                            f"class are asked for. Use {len(found)} or fewer per class, or more training images.",
                            field="data.images_per_class", value=wanted, name=name, found=len(found))
    return np.sort(np.concatenate(chosen))


def _split(images: Bytes, labels: Bytes, chosen: Order, size: int) -> Split:
    """The chosen images at the wanted side (0: their own) with their labels. Raises DataError."""
    import torch

    pixels = torch.from_numpy(np.ascontiguousarray(images[chosen]))
    return Split(_resized(pixels, size), torch.from_numpy(labels[chosen].astype(np.int64)))


def _resized(images: Tensor, size: int) -> Tensor:
    """uint8 (N, C, H, W) -> uint8 (N, C, size, size), smoothed where it shrinks; size 0 keeps. Raises DataError."""
    import torch

    if size in (0, images.shape[-1]):
        return images
    resize = _torchvision_resize()
    result = torch.empty((*images.shape[:2], size, size), dtype=torch.uint8)
    for start in range(0, len(images), RESIZE_CHUNK):
        part = slice(start, start + RESIZE_CHUNK)
        result[part] = resize(images[part], [size, size], antialias=True)
    return result


def _torchvision_resize() -> Callable[..., Tensor]:
    """``resize`` of torchvision's transforms. Raises DataError where torchvision does not go with torch.

    A mismatched pair fails with RuntimeError ("operator torchvision::nms does not exist"), not ImportError.
    """
    try:
        from torchvision.transforms.v2.functional import resize
    except (ImportError, RuntimeError, AttributeError, OSError) as error:
        torch_version, torchvision_version = (_version(name) for name in ("torch", "torchvision"))
        found = f"found torch {torch_version} with torchvision {torchvision_version}"
        raise DataError("data.torchvision", f"Built-in data sets need a matching torchvision ({found}).",
                        torch=torch_version, torchvision=torchvision_version) from error
    return resize


def _version(package: str) -> str:
    """The installed version of a package, or 'missing'."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _check_memory(spec: Data, count: int, channels: int) -> None:
    """Refuse images that would take more than the free memory. Raises DataError."""
    needed, free = count * channels * spec.image_size**2, free_memory()
    if free is not None and needed > free:
        text = (f"{count:,} images of {spec.image_size}×{spec.image_size} need {needed / 1e9:.1f} GB of memory; "
                f"{free / 1e9:.1f} GB are free. Choose a smaller image size or fewer training images.")
        raise DataError("data.memory", text, needed=needed, free=free, field="data.image_size", value=spec.image_size)


def free_memory() -> int | None:
    """Bytes that can be had without swapping, on Linux; None where the standard library does not know."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, ValueError, StopIteration):
        return None


def fingerprint(splits: tuple[Split, ...]) -> str:
    """SHA-256 over shapes, pixels and labels of the splits, in order."""
    digest = hashlib.sha256()
    for split in splits:
        for tensor in (split.images, split.labels):
            if tensor is not None:
                digest.update(repr(tuple(tensor.shape)).encode())
                digest.update(tensor.numpy().data)
    return digest.hexdigest()
