"""The questions one can ask a snapshot: pure functions (model, data, ...) -> arrays.

Every answer is a frozen value of copies (:mod:`engine.answers`). The model runs in eval mode without gradients and
nothing draws from torch's global generator, so that a question never changes a run. Whatever may take more than 50 ms
is a generator: it yields Progress between pieces of work, and its answer last.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from engine import asking, figures, latent, ownimage
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
    Ranking,
    Reconstructions,
    Strip,
)
from engine.baselines import baselines as baselines
from engine.baselines import substitutes as substitutes
from engine.confusions import confusion as confusion
from engine.data import SPLITS, Dataset
from engine.featuremaps import dead_units as dead_units
from engine.featuremaps import kernels as kernels
from engine.featuremaps import layer_list as layer_list
from engine.featuremaps import layer_maps as layer_maps
from engine.fixedcodes import fixed_cloud, fixed_labels, within
from engine.fixedcodes import fixed_indices as fixed_indices
from engine.generation import generate as generate
from engine.generation import neighbours as neighbours
from engine.generation import ten_best as ten_best
from engine.inputs import unit
from engine.latentmap import code_alone as code_alone
from engine.latentmap import codes_map as codes_map
from engine.latentmap import map_place as map_place
from engine.latentmap import thumbnails as thumbnails
from engine.latentmap import tsne_map as tsne_map
from engine.metrics import mse_per_image, psnr, ssim
from engine.model import Autoencoder
from engine.quality import quality as quality


def contents(model: Autoencoder, data: Dataset) -> Contents:
    """Sizes, labels and class names of the splits, those of the own images too, and the shape of the model's code."""
    splits = {name: data.split(name) for name in (*SPLITS, *(("own",) if data.own else ()))}
    labels = {name: None if split.labels is None else np.array(split.labels.numpy()) for name, split in splits.items()}
    images = data.training.images
    return Contents({name: len(split) for name, split in splits.items()}, labels, data.class_names, model.plan.code,
                    tuple(images.shape[1:]), ownimage.white_on_black(images[:1000].numpy()), data.own_names,
                    model.plan.residual)


def reconstruct(model: Autoencoder, data: Dataset, split: str, indices: Sequence[int] | Indices) -> Reconstructions:
    """These images, their reconstructions, error maps and errors."""
    source, chosen = asking.chosen(data, split, indices)
    places = torch.from_numpy(chosen)
    images, given = source.images[places], source.inputs[places]
    outputs, wanted = asking.forward(model, given), unit(images)
    labels = None if source.labels is None else np.array(source.labels.numpy()[chosen])
    return Reconstructions(chosen, asking.pictures(images), asking.pictures(outputs),
                           asking.floats((outputs - wanted).abs().mean(1)),
                           asking.floats(mse_per_image(outputs, wanted)), labels,
                           None if source.changed is None else asking.pictures(given),
                           asking.floats(psnr(outputs, wanted)), asking.floats(ssim(outputs, wanted)))


def reconstruct_from(model: Autoencoder, data: Dataset, split: str, first: int, count: int) -> Reconstructions:
    """So many images from one on; the last ones where there are not so many after it."""
    size = len(data.split(split))
    start = max(0, min(first, size - count))
    return reconstruct(model, data, split, range(start, min(size, start + count)))


def gallery(model: Autoencoder, data: Dataset, split: str,
            indices: Sequence[int] | Indices) -> Iterator[Progress | Reconstructions]:
    """``reconstruct`` for a whole page, piece by piece."""
    _, chosen = asking.chosen(data, split, indices)
    pieces = []
    for piece in asking.pieces(len(chosen)):
        if piece.start:
            yield Progress(piece.start, len(chosen))
        pieces.append(reconstruct(model, data, split, chosen[piece]))
    yield _joined(pieces) if pieces else reconstruct(model, data, split, ())


def _joined(pieces: Sequence[Reconstructions]) -> Reconstructions:
    """Several answers as one."""
    if len(pieces) == 1:
        return pieces[0]

    def together(name: str) -> Any:
        return np.concatenate([getattr(piece, name) for piece in pieces])

    labels = None if pieces[0].labels is None else together("labels")
    inputs = None if pieces[0].inputs is None else together("inputs")
    return Reconstructions(together("indices"), together("images"), together("outputs"), together("errors"),
                           together("mse"), labels, inputs, together("psnr"), together("ssim"))


def worst_first(model: Autoencoder, data: Dataset, split: str) -> Iterator[Progress | Ranking]:
    """All images of a split by falling error."""
    source = data.split(split)
    errors = np.empty(len(source), dtype=np.float32)
    for piece in asking.pieces(len(source)):
        yield Progress(piece.start, len(source))
        errors[piece] = asking.squared_errors(model, source.inputs[piece], source.images[piece]).numpy()
    # an error that is no number is the worst of all
    yield Ranking(split, np.argsort(-np.nan_to_num(errors, nan=np.inf), kind="stable"), errors)


def code_of(model: Autoencoder, data: Dataset, split: str, index: int) -> Code:
    """One image, its code in its own shape, and its reconstruction."""
    source, _ = asking.chosen(data, split, [index])
    images, given = source.images[index:index + 1], source.inputs[index:index + 1]
    codes = asking.encode(model, given)
    outputs = asking.decode(model, codes, given)
    error = float(mse_per_image(outputs, unit(images)))
    return Code(asking.pictures(images)[0], asking.floats(codes[0]), asking.pictures(outputs)[0], error,
                asking.label(source, index), None if source.changed is None else asking.pictures(given)[0])


def code_plane(model: Autoencoder, data: Dataset, split: str, index: int, axes: Axes = "pca", size: int = 12,
               quantile: float = 0.02, through_image: bool = False,
               previous: Numbers | None = None) -> Iterator[Progress | Plane]:
    """A plane of the latent space, decoded on a grid of size × size cells.

    It runs through the mean code, or through the chosen image's, over the codes' range from ``quantile`` to its
    opposite. Given the scores of the ``previous`` plane, the principal directions keep their order and sign.
    """
    cloud = yield from fixed_cloud(model, data)
    codes = cloud.codes
    frame = latent.frame_of(cloud, within(axes, codes.shape[1]), previous)
    image = code_of(model, data, split, index).code.reshape(-1).astype(np.float64)
    scores, position = frame.coordinates(codes), frame.coordinates(image)
    x, y = frame.steps(scores, quantile, size)
    grid = np.stack(np.meshgrid(x, y[::-1]), axis=-1).reshape(-1, 2)
    points = frame.points(grid, image if through_image else codes.mean(axis=0))
    base = data.split(split).inputs[index:index + 1]
    pictures = yield from _decoded(model, points, base, len(codes))
    constant = np.ptp(scores, axis=0) == 0
    yield Plane(pictures, asking.single(x), asking.single(y[::-1]), axes, frame.explained, asking.single(scores),
                (float(position[0]), float(position[1])), (bool(constant[0]), bool(constant[1])), fixed_labels(data))


def _decoded(model: Autoencoder, points: latent.Vectors, base: torch.Tensor,
             done: int) -> Generator[Progress, None, Pictures]:
    """(n, d) flat codes -> their pictures, piece by piece; ``done`` images came before."""
    pieces = []
    for piece in asking.pieces(len(points)):
        yield Progress(done + piece.start, done + len(points))
        pieces.append(_at(model, points[piece], base))
    return np.concatenate(pieces)


def _at(model: Autoencoder, points: latent.Vectors, base: torch.Tensor) -> Pictures:
    """(n, d) flat codes -> their pictures, which a residual network draws on ``base`` uint8 (1, C, H, W)."""
    codes = torch.from_numpy(asking.single(points)).unflatten(1, model.plan.code)
    return asking.pictures(asking.decode(model, codes, base))


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
    sources = [asking.chosen(data, split, [index])[0] for split, index in (a, b)]
    images = torch.stack([source.images[index] for source, (_, index) in zip(sources, (a, b), strict=True)])
    given = torch.stack([source.inputs[index] for source, (_, index) in zip(sources, (a, b), strict=True)])
    codes = asking.encode(model, given).flatten(1).double().numpy()
    pixels = unit(images).flatten(1).double().numpy()
    faded = torch.from_numpy(latent.straight(pixels[0], pixels[1], t)).unflatten(1, images.shape[1:])
    labels = asking.label(sources[0], a[1]), asking.label(sources[1], b[1])
    return Strip(asking.pictures(images), labels, asking.single(t),
                 _at(model, latent.PATHS[path](codes[0], codes[1], t), given[:1]), asking.pictures(faded))
