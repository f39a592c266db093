"""The questions one can ask a snapshot: pure functions (model, data, ...) -> arrays.

Every answer is a frozen value of copies (:mod:`engine.answers`). The model runs in eval mode without gradients and
nothing draws from torch's global generator, so that a question never changes a run. Whatever may take more than 50 ms
is a generator: it yields Progress between pieces of work, and its answer last.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine import figures, latent
from engine.answers import (
    Axes,
    Blend,
    Code,
    Contents,
    Image,
    Indices,
    Numbers,
    Path,
    Pictures,
    Plane,
    Progress,
    QuestionError,
    Ranking,
    Reconstructions,
    Strip,
)
from engine.data import SPLITS, Dataset, Split
from engine.model import Autoencoder

PIECE = 50
"""Images per piece of a long question: a few milliseconds, so that a shorter question hardly waits."""

FIXED_IMAGES = 1000
"""How many codes span the plane of the latent space; always those of the same images."""

FIXED_SPLIT = "validation"


def _asked(compute: Callable[..., Any]) -> Callable[..., Any]:
    """Run a computation on a model in eval mode, without gradients, and leave the model as it was."""

    @functools.wraps(compute)
    @torch.inference_mode()
    def asked(model: Autoencoder, *arguments: Any) -> Any:
        training = model.training
        if training:
            model.eval()
        try:
            return compute(model, *arguments)
        finally:
            if training:
                model.train()

    return asked


@_asked
def _encode(model: Autoencoder, images: Tensor) -> Tensor:
    """uint8 (B, C, H, W) -> (B, *code)."""
    return model.encode(_unit(images))


@_asked
def _decode(model: Autoencoder, codes: Tensor) -> Tensor:
    """(B, *code) -> (B, C, H, W), not clipped."""
    return model.decode(codes)


@_asked
def _forward(model: Autoencoder, images: Tensor) -> Tensor:
    """uint8 (B, C, H, W) -> its reconstruction, not clipped."""
    return model(_unit(images))


@_asked
def _squared_errors(model: Autoencoder, images: Tensor) -> Tensor:
    """uint8 (B, C, H, W) -> (B,) mean squared error of each image."""
    unit = _unit(images)
    return (model(unit) - unit).square().flatten(1).mean(1)


def _unit(images: Tensor) -> Tensor:
    """uint8 0 ... 255 -> float32 in [0, 1]."""
    return images.to(torch.float32) / 255


def _pictures(images: Tensor) -> Pictures:
    """(B, C, H, W), uint8 or float in [0, 1] (clipped) -> (B, H, W) or (B, H, W, 3) of one's own."""
    if images.dtype != torch.uint8:
        images = (images.nan_to_num().clamp(0, 1) * 255).round().to(torch.uint8)
    ordered = images[:, 0] if images.shape[1] == 1 else images.permute(0, 2, 3, 1)
    return np.array(ordered.numpy(), order="C")


def _floats(values: Tensor) -> Numbers:
    return np.array(values.numpy(), dtype=np.float32)


def _chosen(data: Dataset, split: str, indices: Sequence[int] | Indices) -> tuple[Split, Indices]:
    """The split and the indices in it. Raises QuestionError for an index that the split does not have."""
    images, chosen = data.split(split), np.array(indices, dtype=np.int64).reshape(-1)
    wrong = chosen[(chosen < 0) | (chosen >= len(images))]
    if len(wrong):
        raise QuestionError("question.index", f"Image {wrong[0]} is not among the {split} images. Choose 0 to "
                            f"{len(images) - 1}.", index=int(wrong[0]), split=split, last=len(images) - 1)
    return images, chosen


def _single(values: latent.Vectors) -> Numbers:
    return values.astype(np.float32)


def _label(split: Split, index: int) -> int | None:
    return None if split.labels is None else int(split.labels[index])


def contents(model: Autoencoder, data: Dataset) -> Contents:
    """Sizes, labels and class names of the splits, and the shape of the model's code."""
    splits = {name: data.split(name) for name in SPLITS}
    labels = {name: None if split.labels is None else np.array(split.labels.numpy()) for name, split in splits.items()}
    return Contents({name: len(split) for name, split in splits.items()}, labels, data.class_names, model.plan.code)


def reconstruct(model: Autoencoder, data: Dataset, split: str, indices: Sequence[int] | Indices) -> Reconstructions:
    """These images, their reconstructions, error maps and errors."""
    source, chosen = _chosen(data, split, indices)
    images = source.images[torch.from_numpy(chosen)]
    outputs = _forward(model, images)
    difference = outputs - _unit(images)
    labels = None if source.labels is None else np.array(source.labels.numpy()[chosen])
    return Reconstructions(chosen, _pictures(images), _pictures(outputs), _floats(difference.abs().mean(1)),
                           _floats(difference.square().flatten(1).mean(1)), labels)


def gallery(model: Autoencoder, data: Dataset, split: str,
            indices: Sequence[int] | Indices) -> Iterator[Progress | Reconstructions]:
    """``reconstruct`` for a whole page, piece by piece."""
    _, chosen = _chosen(data, split, indices)
    pieces = []
    for start in range(0, len(chosen), PIECE):
        if start:
            yield Progress(start, len(chosen))
        pieces.append(reconstruct(model, data, split, chosen[start:start + PIECE]))
    yield _joined(pieces) if pieces else reconstruct(model, data, split, ())


def _joined(pieces: Sequence[Reconstructions]) -> Reconstructions:
    """Several answers as one."""
    if len(pieces) == 1:
        return pieces[0]

    def together(name: str) -> Any:
        return np.concatenate([getattr(piece, name) for piece in pieces])

    labels = None if pieces[0].labels is None else together("labels")
    return Reconstructions(together("indices"), together("images"), together("outputs"), together("errors"),
                           together("mse"), labels)


def worst_first(model: Autoencoder, data: Dataset, split: str) -> Iterator[Progress | Ranking]:
    """All images of a split by falling error."""
    images = data.split(split).images
    errors = np.empty(len(images), dtype=np.float32)
    for start in range(0, len(images), PIECE):
        yield Progress(start, len(images))
        errors[start:start + PIECE] = _squared_errors(model, images[start:start + PIECE]).numpy()
    # an error that is no number is the worst of all
    yield Ranking(split, np.argsort(-np.nan_to_num(errors, nan=np.inf), kind="stable"), errors)


def code_of(model: Autoencoder, data: Dataset, split: str, index: int) -> Code:
    """One image, its code in its own shape, and its reconstruction."""
    source, _ = _chosen(data, split, [index])
    images = source.images[index:index + 1]
    codes = _encode(model, images)
    outputs = _decode(model, codes)
    error = float((outputs - _unit(images)).square().mean())
    return Code(_pictures(images)[0], _floats(codes[0]), _pictures(outputs)[0], error, _label(source, index))


_known_codes: weakref.WeakKeyDictionary[Autoencoder, tuple[str, latent.Vectors]] = weakref.WeakKeyDictionary()
"""Codes of the fixed images by model: a snapshot's model never changes, and the plane's controls ask often."""


def _fixed_codes(model: Autoencoder, data: Dataset) -> Generator[Progress, None, latent.Vectors]:
    """(n, d) codes of the fixed images."""
    known = _known_codes.get(model)
    if known is None or known[0] != data.fingerprint:
        images = data.split(FIXED_SPLIT).images[torch.from_numpy(fixed_indices(data))]
        pieces = []
        for start in range(0, len(images), PIECE):
            yield Progress(start, len(images))
            pieces.append(_encode(model, images[start:start + PIECE]).flatten(1).double().numpy())
        known = _known_codes[model] = data.fingerprint, np.concatenate(pieces)
    return known[1]


def fixed_indices(data: Dataset) -> Indices:
    """Which images span the plane: evenly spaced over their split, and always the same."""
    size = len(data.split(FIXED_SPLIT))
    return np.linspace(0, size - 1, min(FIXED_IMAGES, size)).round().astype(np.int64)


def code_plane(model: Autoencoder, data: Dataset, split: str, index: int, axes: Axes = "pca", size: int = 12,
               quantile: float = 0.02, through_image: bool = False,
               previous: Numbers | None = None) -> Iterator[Progress | Plane]:
    """A plane of the latent space, decoded on a grid of size × size cells.

    It runs through the mean code, or through the chosen image's, over the codes' range from ``quantile`` to its
    opposite. Given the scores of the ``previous`` plane, the principal directions keep their order and sign.
    """
    codes = yield from _fixed_codes(model, data)
    frame = latent.frame_of(codes, _within(axes, codes.shape[1]), previous)
    image = code_of(model, data, split, index).code.reshape(-1).astype(np.float64)
    scores, position = frame.coordinates(codes), frame.coordinates(image)
    x, y = frame.steps(scores, quantile, size)
    grid = np.stack(np.meshgrid(x, y[::-1]), axis=-1).reshape(-1, 2)
    points = frame.points(grid, image if through_image else codes.mean(axis=0))
    pictures = yield from _decoded(model, points, len(codes))
    constant = np.ptp(scores, axis=0) == 0
    yield Plane(pictures, _single(x), _single(y[::-1]), axes, frame.explained, _single(scores),
                (float(position[0]), float(position[1])), (bool(constant[0]), bool(constant[1])), _fixed_labels(data))


def _within(axes: Axes, numbers: int) -> Axes:
    """The axes. Raises QuestionError where the code has no such dimension."""
    for dimension in () if axes == "pca" else axes:
        if not 0 <= dimension < numbers:
            raise QuestionError("question.dimension", f"The code has no dimension {dimension}. Choose 0 to "
                                f"{numbers - 1}.", dimension=dimension, last=numbers - 1)
    return axes


def _decoded(model: Autoencoder, points: latent.Vectors, done: int) -> Generator[Progress, None, Pictures]:
    """(n, d) flat codes -> their pictures, piece by piece; ``done`` images came before."""
    pieces = []
    for start in range(0, len(points), PIECE):
        yield Progress(done + start, done + len(points))
        pieces.append(_at(model, points[start:start + PIECE]))
    return np.concatenate(pieces)


def _at(model: Autoencoder, points: latent.Vectors) -> Pictures:
    """(n, d) flat codes -> their pictures."""
    return _pictures(_decode(model, torch.from_numpy(_single(points)).unflatten(1, model.plan.code)))


def _fixed_labels(data: Dataset) -> Indices | None:
    labels = data.split(FIXED_SPLIT).labels
    return None if labels is None else np.array(labels.numpy()[fixed_indices(data)])


def interpolation(model: Autoencoder, data: Dataset, a: Image, b: Image, path: Path, t: float) -> Blend:
    """The point ``t`` of the way from image a (at 0) to image b (at 1), in the latent space and in pixels."""
    between = _between(model, data, a, b, path, np.array([t]))
    return Blend(t, between.pictures[0], between.crossfades[0], between.ends, between.labels)


def strip(model: Autoencoder, data: Dataset, a: Image, b: Image, path: Path, steps: int = 10) -> Strip:
    """Points i/steps of the way, i = 1 ... steps: on the straight path the code (i/steps)·b + ((steps − i)/steps)·a."""
    return _between(model, data, a, b, path, np.arange(1, steps + 1) / steps)


def animation(model: Autoencoder, data: Dataset, a: Image, b: Image, path: Path, frames: int = 25) -> bytes:
    """A GIF that goes from a to b and back, enlarged without smoothing."""
    between = _between(model, data, a, b, path, np.linspace(0, 1, frames))
    return figures.gif([*between.pictures, *between.pictures[-2:0:-1]])


def strip_figure(model: Autoencoder, data: Dataset, a: Image, b: Image, path: Path, steps: int = 10) -> bytes:
    """A PNG of the strip: the two images above, the decoded row, the cross-fade of the pixels below."""
    between = strip(model, data, a, b, path, steps)
    originals = [between.ends[0], *[None] * (steps - 2), between.ends[1]]
    return figures.png(figures.tiled([originals, list(between.pictures), list(between.crossfades)]))


def _between(model: Autoencoder, data: Dataset, a: Image, b: Image, path: Path, t: latent.Vectors) -> Strip:
    """The points ``t`` (k,) of the way from a to b."""
    sources = [_chosen(data, split, [index])[0] for split, index in (a, b)]
    images = torch.stack([source.images[index] for source, (_, index) in zip(sources, (a, b), strict=True)])
    codes = _encode(model, images).flatten(1).double().numpy()
    pixels = _unit(images).flatten(1).double().numpy()
    faded = torch.from_numpy(latent.straight(pixels[0], pixels[1], t)).unflatten(1, images.shape[1:])
    return Strip(_pictures(images), (_label(sources[0], a[1]), _label(sources[1], b[1])), _single(t),
                 _at(model, latent.PATHS[path](codes[0], codes[1], t)), _pictures(faded))
