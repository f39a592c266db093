"""The map of the latent space: where the codes of many images fall in two dimensions, and those images, small."""

from __future__ import annotations

import weakref
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from engine import asking, latent, tsne
from engine.answers import Axes, Code, Indices, Numbers, Pictures, Progress
from engine.data import Dataset
from engine.fixedcodes import fixed_cloud, within
from engine.model import Autoencoder

KEPT_MAPS = 24
"""Maps of snapshots that are kept: going back on the timeline is quick; 60,000 points take half a megabyte."""

LARGEST_TSNE = 10_000


@dataclass(frozen=True, slots=True)
class CodesMap:
    """Where codes fall, as far as they are known: the first ``len(points)`` of the map's images."""

    split: str
    indices: Indices
    """(n,): the images in the order of the map, which is the same for all snapshots; drawn at random, all of them where
    the split has no more."""
    points: Numbers
    """(m, 2), m ≤ n: coordinates of the first m images; nothing writes to them any more."""
    labels: Indices | None
    """(n,)"""
    axes: Axes | None
    """None for t-SNE."""
    explained: tuple[float, float] | None
    """Share of the variance along each principal direction."""
    anchors: Numbers
    """(k, 2): coordinates of the fixed images, which keep the directions of the next snapshot in order."""
    done: float
    """How much of the work is done, 0 to 1."""

    @property
    def complete(self) -> bool:
        """Whether nothing more comes."""
        return self.done >= 1


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Some images of a split."""

    split: str
    indices: Indices
    images: Pictures
    """(n, H, W[, 3])"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one image falls on the map."""

    split: str
    index: int
    x: float
    y: float


_maps: weakref.WeakKeyDictionary[Autoencoder, tuple[tuple[object, ...], Numbers]] = weakref.WeakKeyDictionary()
"""The last complete map of a model: what it was asked, and its points."""


def map_indices(data: Dataset, split: str, count: int) -> Indices:
    """(n,): up to ``count`` images of a split in a random order that never changes; fewer are the first of more."""
    return np.random.default_rng(0).permutation(len(data.split(split)))[:count].astype(np.int64)


def codes_map(model: Autoencoder, data: Dataset, split: str, count: int, axes: Axes = "pca",
              previous: Numbers | None = None) -> Iterator[Progress | CodesMap]:
    """The codes of ``count`` images of a split on two dimensions, or on the principal directions of the fixed images.

    More and more of them come with every answer. Given the ``previous`` anchors, directions keep their order and sign.
    """
    frame, empty = yield from _framed(model, data, split, count, axes, previous)
    asked = data.fingerprint, split, len(empty.indices), frame.directions.tobytes()
    known = _maps.get(model)
    if known is not None and known[0] == asked:
        yield replace(empty, points=known[1], done=1.0)
        return
    inputs, points = data.split(split).inputs, np.zeros((len(empty.indices), 2), np.float32)
    chosen = torch.from_numpy(empty.indices)
    for piece in asking.pieces(len(points)):
        codes = asking.encode(model, inputs[chosen[piece]]).flatten(1).double().numpy()
        points[piece] = frame.coordinates(codes)
        end = min(piece.stop, len(points))
        if end == len(points):
            _keep(model, asked, points)
        yield replace(empty, points=points[:end], done=end / len(points))


def _keep(model: Autoencoder, asked: tuple[object, ...], points: Numbers) -> None:
    """Remember a complete map; of the models asked longest ago none."""
    points.setflags(write=False)
    _maps.pop(model, None)
    _maps[model] = asked, points
    while len(_maps) > KEPT_MAPS:
        del _maps[next(iter(_maps))]


def _framed(model: Autoencoder, data: Dataset, split: str, count: int, axes: Axes,
            previous: Numbers | None) -> Generator[Progress, None, tuple[latent.Frame, CodesMap]]:
    """The two directions, and a map on them without points."""
    cloud = yield from fixed_cloud(model, data)
    frame = latent.frame_of(cloud, within(axes, cloud.codes.shape[1]), previous)
    indices, labels = map_indices(data, split, count), data.split(split).labels
    chosen = None if labels is None else np.array(labels.numpy()[indices])
    anchors = asking.single(frame.coordinates(cloud.codes))
    return frame, CodesMap(split, indices, np.zeros((0, 2), np.float32), chosen, axes, frame.explained, anchors, 0.0)


def map_place(model: Autoencoder, data: Dataset, split: str, index: int, axes: Axes = "pca",
              previous: Numbers | None = None) -> Iterator[Progress | Place]:
    """Where one image falls on that map, also one that is not among its images."""
    cloud = yield from fixed_cloud(model, data)
    frame = latent.frame_of(cloud, within(axes, cloud.codes.shape[1]), previous)
    source, _ = asking.chosen(data, split, [index])
    code = asking.encode(model, source.inputs[index:index + 1]).flatten().double().numpy()
    x, y = frame.coordinates(code)
    yield Place(split, index, float(x), float(y))


def thumbnails(model: Autoencoder, data: Dataset, split: str, indices: Sequence[int] | Indices) -> Thumbnails:
    """These images as they are; the model is not asked."""
    source, chosen = asking.chosen(data, split, indices)
    return Thumbnails(split, chosen, asking.pictures(source.images[torch.from_numpy(chosen)]))


def code_alone(model: Autoencoder, data: Dataset, split: str, index: int) -> Code:
    """One image and its code, of a model that decodes nothing; the output is empty and its error no number."""
    source, _ = asking.chosen(data, split, [index])
    inputs = source.inputs[index:index + 1]
    code = asking.floats(asking.encode(model, inputs)[0])
    given = None if source.changed is None else asking.pictures(inputs)[0]
    return Code(asking.pictures(source.images[index:index + 1])[0], code, np.zeros((0, 0), np.uint8), float("nan"),
                asking.label(source, index), given)


def tsne_map(model: Autoencoder, data: Dataset, split: str, count: int,
             perplexity: float = 30.0) -> Iterator[Progress | CodesMap]:
    """t-SNE of up to 10,000 codes of a split, unfolding from the principal directions. Raises QuestionError."""
    tsne.check(min(count, len(data.split(split))), perplexity, LARGEST_TSNE)
    frame, empty = yield from _framed(model, data, split, count, "pca", None)
    inputs, chosen, pieces = data.split(split).inputs, torch.from_numpy(empty.indices), []
    total = len(empty.indices)
    for piece in asking.pieces(total):
        pieces.append(asking.encode(model, inputs[chosen[piece]]).flatten(1).double().numpy())
        yield Progress(piece.start, 10 * total)
    codes = np.concatenate(pieces)
    for points, done in tsne.embedded(codes, frame.coordinates(codes), perplexity):
        if points is None:
            yield Progress(round((0.1 + 0.9 * done) * total), total)
        else:
            yield replace(empty, points=points, axes=None, explained=None, done=0.1 + 0.9 * done if done < 1 else 1.0)
