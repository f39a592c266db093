"""The images of an experiment: read, resized, split, hashed, and shared by all who ask for the same ones.

torch is imported when the first images are asked for.
"""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine import inputs
from engine.datasets import folder, sources
from engine.datasets.readers import DATASETS, Bytes, Images, Labels
from engine.datasets.resizing import chunks, resized, room
from engine.datasets.sources import DamagedData, DataError, MissingData, Status, default_data_dir, status
from engine.dataspec import Data, Input

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["DATASETS", "SPLITS", "DamagedData", "DataError", "Dataset", "Images", "MissingData", "Split", "Status",
           "default_data_dir", "load", "status"]

Order = NDArray[np.int64]

SPLITS = ("training", "validation", "test")
UNCHANGED = Input()


@dataclass(frozen=True, eq=False)
class Split:
    """Images uint8 (N, C, H, W) and labels int64 (N,) or None, on the CPU, contiguous; nobody writes to them."""

    images: Tensor
    """What is to be drawn."""
    labels: Tensor | None
    changed: Tensor | None = None
    """uint8 (N, C, h, w): what the network is given where that differs from the images; fixed, noise included."""

    @property
    def inputs(self) -> Tensor:
        """uint8 (N, C, h, w): what the network is given."""
        return self.images if self.changed is None else self.changed

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
    input: Input = UNCHANGED
    """How the inputs differ from the images."""
    own: Split | None = None
    """The person's own images in the data set's shape, to be looked at only (:mod:`engine.ownimage`)."""
    own_names: tuple[str, ...] = ()

    def split(self, name: str) -> Split:
        """'training', 'validation', 'test' or 'own' -> that split. Raises KeyError for another name."""
        own = self.own or Split(self.test.images[:0], None, self.test.inputs[:0])
        return {"training": self.training, "validation": self.validation, "test": self.test, "own": own}[name]


_Key = tuple[Data, Path | str]
_cache: weakref.WeakValueDictionary[_Key, Dataset] = weakref.WeakValueDictionary()
_building: defaultdict[_Key, threading.Lock] = defaultdict(threading.Lock)


def load(spec: Data, data_dir: Path) -> Dataset:
    """The splits an experiment asks for; the same object for all who ask while anybody holds it. Raises DataError."""
    key = (spec, _place(spec, data_dir))
    with _building[key]:
        dataset = _cache.get(key)
        if dataset is None:
            dataset = _cache[key] = _build(spec, data_dir)
        return dataset


def _place(spec: Data, data_dir: Path) -> Path | str:
    """Where the images come from: a folder that is imported anew gives other ones. Raises DataError."""
    if spec.dataset == "folder":
        return folder.version(spec)
    return "" if spec.dataset in sources.BUILT_IN else data_dir.absolute()


def _build(spec: Data, data_dir: Path) -> Dataset:
    """Read, choose, resize, change and hash. Raises DataError."""
    raw = DATASETS[spec.dataset](spec, data_dir)
    kept, held_out, taken = split_indices(spec, len(raw.training))
    if raw.training_labels is not None:
        kept = per_class(spec, kept, raw.training_labels, raw.class_names)
    training = _split(spec, raw, kept, "training")
    test = _split(spec, raw, taken, "test") if raw.test is None else _official_test(spec, raw)
    validation = _split(spec, raw, held_out, "validation") if spec.validation == "hold-out" else test
    return Dataset(spec.dataset, training, validation, test, raw.class_names, spec.validation == "hold-out",
                   fingerprint((training, validation, test)), spec.input)


def split_counts(spec: Data, count: int) -> tuple[int, int, int]:
    """Number of images to divide -> how many are trained on, held out for validation, and kept for the test.

    Only a folder's images are divided in three; the others have official test images. Raises DataError.
    """
    own = spec.dataset == "folder"
    test = max(1, round(count * spec.test_share)) if own else 0
    share = spec.validation_share if own else spec.hold_out
    held_out = max(1, round(count * share)) if spec.validation == "hold-out" else 0
    kept = count - held_out - test
    if kept < 1 and own:
        raise DataError("data.few", f"{count} images are too few: at least one each is needed for training, validation "
                        "and testing. Add images to the folder.", count=count, field="data.folder", value=spec.folder)
    return min(kept, spec.training_images) if spec.training_images else kept, held_out, test


def split_indices(spec: Data, count: int) -> tuple[Order, Order, Order]:
    """Images to divide -> those to train on, those held out, those of the test, each in ascending order.

    Test and held-out ones depend on nothing but seed and shares; fewer training images are a subset of more.
    Raises DataError.
    """
    generator = np.random.Generator(np.random.PCG64(spec.seed))
    order = np.argsort(generator.random(count), kind="stable")
    kept, held_out, test = split_counts(spec, count)
    return (np.sort(order[test + held_out:][:kept]), np.sort(order[test:test + held_out]), np.sort(order[:test]))


def per_class(spec: Data, kept: Order, labels: Bytes | Labels, class_names: tuple[str, ...]) -> Order:
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


def _split(spec: Data, raw: Images, chosen: Order, name: str) -> Split:
    """The chosen images at the wanted side (0: their own), with what the network is given. Raises DataError."""
    import torch

    images = resized(_gathered(raw.training, chosen), spec.image_size)
    labels = None if raw.training_labels is None else torch.from_numpy(raw.training_labels[chosen].astype(np.int64))
    given = None if raw.inputs is None else _gathered(raw.inputs, chosen)
    return Split(images, labels, inputs.fixed(spec.input, images, name) if given is None else given)


def _official_test(spec: Data, raw: Images) -> Split:
    """All of the test images that the publisher gives. Raises DataError."""
    assert raw.test is not None
    everything = raw._replace(training=raw.test, training_labels=raw.test_labels)
    return _split(spec, everything, np.arange(len(raw.test)), "test")


def _gathered(images: Bytes, chosen: Order) -> Tensor:
    """uint8 (N, C, H, W) -> those of these indices, in a tensor of their own. Raises DataError."""
    import torch

    result = room((len(chosen), *images.shape[1:]))
    for part in chunks(result):
        result[part] = torch.from_numpy(np.ascontiguousarray(images[chosen[part]]))
    return result


def fingerprint(splits: tuple[Split, ...]) -> str:
    """SHA-256 over shapes, pixels, labels and changed inputs of the splits, in order."""
    digest = hashlib.sha256()
    for split in splits:
        for tensor in (split.images, split.labels, split.changed):
            if tensor is not None:
                digest.update(repr(tuple(tensor.shape)).encode())
                digest.update(tensor.numpy().data)
    return digest.hexdigest()
