"""New images from random codes: drawn from what was fitted to the codes of real ones, compared, and the best chosen."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from engine import asking, inputs, sampling
from engine.answers import Image, Pictures, Progress, QuestionError
from engine.data import Dataset
from engine.generated import Generated, Neighbours, Recipe
from engine.inputs import to_bytes, unit
from engine.model import Autoencoder
from engine.sampling import Codes, Distribution

MOST_CODES = 2_000
"""Codes that a distribution is fitted to; of more images an even selection is taken."""
MOST_NUMBERS = 2**24
"""Numbers of the codes that are kept at once (128 MiB): of large codes fewer are taken."""
NEIGHBOURS = 2_000
"""Training codes among which the nearest to a drawn code is looked for."""
KEPT = 6
"""Sets of codes that are kept: drawing again is to be quick."""


_Key = tuple[int, str, tuple[str, ...]]
_codes: OrderedDict[_Key, tuple[Autoencoder, Codes, NDArray[np.int64] | None]] = OrderedDict()
_fits: OrderedDict[tuple[object, ...], Distribution] = OrderedDict()


def generate(model: Autoencoder, data: Dataset, recipe: Recipe) -> Iterator[Progress | Generated]:
    """Fit a distribution to codes, draw from it with a generator of its own, decode. Raises QuestionError."""
    drawn, distribution, fitted = yield from _drawn(model, data, recipe, recipe.count)
    shown = yield from _pictures(model, data, drawn, recipe.image)
    yield Generated(recipe, shown, drawn, distribution.log_density(drawn), fitted, distribution.note)


def ten_best(model: Autoencoder, data: Dataset, recipe: Recipe, draws: int = 500,
             keep: int = 10) -> Iterator[Progress | Generated]:
    """The best of many draws: first by the sum of two ranks, that of their density and that of their round trip.

    The round trip encodes what was decoded, seen through the run's fixed change of the input: a code that comes back as
    it was lies where the network knows its way about.
    """
    drawn, distribution, fitted = yield from _drawn(model, data, recipe, draws)
    density, base = distribution.log_density(drawn), _base(data, recipe.image)
    error = np.zeros(len(drawn), np.float32)
    for piece in asking.pieces(len(drawn)):
        yield Progress(piece.start, len(drawn))
        pictures = _decoded(model, drawn[piece], base)
        seen = inputs.fixed(data.input, to_bytes(pictures), "test")
        back = asking.encode(model, to_bytes(pictures) if seen is None else seen).flatten(1).double().numpy()
        error[piece] = np.sqrt(((back - drawn[piece])**2).mean(axis=1))
    score = _rank(-density) + _rank(error.astype(np.float64))
    best = np.argsort(score, kind="stable")[:keep]
    shown = yield from _pictures(model, data, drawn[best], recipe.image)
    yield Generated(replace(recipe, count=keep), shown, drawn[best], density[best], fitted, distribution.note,
                    error[best], len(drawn))


def neighbours(model: Autoencoder, data: Dataset, codes: NDArray[np.float64],
               image: Image) -> Iterator[Progress | Neighbours]:
    """For each code: the nearest training image to what it decodes to, of all of them, and how far off the code is."""
    training, base = data.training.images, _base(data, image)
    pieces = [_decoded(model, codes[start:start + 16], base) for start in range(0, len(codes), 16)]
    drawn = torch.cat(pieces).clamp(0, 1)
    flat = drawn.flatten(1)
    lengths, nearest = flat.square().sum(1), torch.full((len(flat),), float("inf"))
    found = torch.zeros(len(flat), dtype=torch.int64)
    step = max(1, 2**21 // flat.shape[1])
    for start in range(0, len(training), step):
        yield Progress(start, len(training))
        some = unit(training[start:start + step]).flatten(1)
        squares = lengths[:, None] - 2 * flat @ some.T + some.square().sum(1)[None]
        least, place = squares.min(1)
        closer = least < nearest
        nearest, found = torch.where(closer, least, nearest), torch.where(closer, place + start, found)
    real, _ = yield from _encoded(model, data, ("training",), NEIGHBOURS)
    distance = np.sqrt(np.maximum(nearest.numpy(), 0) / flat.shape[1])
    off = yield from _nearest(codes, real)
    apart = yield from _nearest(real, real, True)
    yield Neighbours(found.numpy(), asking.pictures(training[found]), distance.astype(np.float32),
                     off.astype(np.float32), float(np.median(apart)))


def _drawn(model: Autoencoder, data: Dataset, recipe: Recipe,
           count: int) -> Generator[Progress, None, tuple[Codes, Distribution, int]]:
    """Codes drawn by a recipe, from which distribution, fitted to how many codes."""
    if not recipe.splits and recipe.kind != "standard":
        raise QuestionError("question.no_splits", "No images are chosen to fit. Choose at least one split.")
    size = model.plan.code_numbers
    codes, labels = np.zeros((0, size)), None
    if recipe.kind != "standard":
        codes, labels = yield from _encoded(model, data, recipe.splits, MOST_CODES)
    distribution = yield from _fitted(model, data, recipe, codes, labels)
    return distribution.draw(count, np.random.default_rng(recipe.seed), recipe.temperature), distribution, len(codes)


def _fitted(model: Autoencoder, data: Dataset, recipe: Recipe, codes: Codes,
            labels: NDArray[np.int64] | None) -> Generator[Progress, None, Distribution]:
    """The distribution of a recipe; one that takes long to fit is kept."""
    key = (id(model), data.fingerprint, recipe.splits, recipe.kind, recipe.label, recipe.components,
           recipe.seed if recipe.kind == "mixture" else 0)
    if recipe.kind == "standard":
        return sampling.standard(model.plan.code_numbers)
    if recipe.kind == "around":
        spread = yield from _fitted(model, data, replace(recipe, kind="diagonal"), codes, labels)
        return sampling.around(spread, _code(model, data, recipe.image))
    if key in _fits:
        return _fits[key]
    if recipe.kind == "classes":
        if labels is None:
            raise QuestionError("question.no_labels", "These images have no classes. Choose another distribution.")
        made: Distribution = sampling.classes(codes, labels, recipe.label, data.class_names)
    elif recipe.kind == "mixture":
        made = sampling.mixture(codes, recipe.components, recipe.seed)
    elif recipe.kind == "full":
        enough = codes.shape[1] < len(codes) and codes.shape[1] <= sampling.MOST_NUMBERS
        known = (yield from asking.reporting(sampling.covariance(codes), Progress(0, 0))) if enough else None
        made = sampling.full(codes, known)
    else:
        made = sampling.diagonal(codes)
    _fits[key] = made
    while len(_fits) > KEPT:
        _fits.popitem(last=False)
    return made


def _code(model: Autoencoder, data: Dataset, image: Image) -> NDArray[np.float64]:
    """(d,): the code of one image; an own image may be another by now, so that it is never kept."""
    return asking.encode(model, _base(data, image)).flatten(1).double().numpy()[0]


def _encoded(model: Autoencoder, data: Dataset, splits: Sequence[str],
             most: int) -> Generator[Progress, None, tuple[Codes, NDArray[np.int64] | None]]:
    """(n, d) codes of the splits' images, at most so many, evenly spaced; and their classes, where all have one."""
    key = (id(model), data.fingerprint, (*splits, str(most)))
    if key in _codes:
        _codes.move_to_end(key)
        return _codes[key][1:]
    sources = [data.split(name) for name in dict.fromkeys(splits)]
    total, most = sum(map(len, sources)), max(2, min(most, MOST_NUMBERS // model.plan.code_numbers))
    chosen = np.unique(np.linspace(0, total - 1, min(total, most)).round().astype(int))
    codes, labels, before = [], [], 0
    for source in sources:
        places = torch.from_numpy(chosen[(chosen >= before) & (chosen < before + len(source))] - before)
        for piece in asking.pieces(len(places)):
            yield Progress(before + piece.start, total)
            codes.append(asking.encode(model, source.inputs[places[piece]]).flatten(1).double().numpy())
        labels.append(None if source.labels is None else source.labels[places].numpy())
        before += len(source)
    known = [part for part in labels if part is not None]
    found = np.concatenate(codes), np.concatenate(known) if len(known) == len(labels) else None
    _codes[key] = (model, *found)  # the model stays with its codes: an id() names nothing else while its object lives
    while len(_codes) > KEPT or (len(_codes) > 1 and sum(kept.size for _, kept, _ in _codes.values()) > MOST_NUMBERS):
        gone = _codes.popitem(last=False)[0]
        for fit in [fit for fit in _fits if fit[0] == gone[0]]:
            del _fits[fit]
    return found


def _base(data: Dataset, image: Image) -> torch.Tensor:
    """The input that a residual network draws on, uint8 (1, C, h, w)."""
    split, index = image
    source, _ = asking.chosen(data, split, [index])
    return source.inputs[index:index + 1]


def _decoded(model: Autoencoder, codes: Codes, base: torch.Tensor) -> torch.Tensor:
    """(n, d) -> (n, C, H, W), not clipped."""
    return asking.decode(model, torch.from_numpy(asking.single(codes)).unflatten(1, model.plan.code), base)


def _pictures(model: Autoencoder, data: Dataset, codes: Codes, image: Image) -> Generator[Progress, None, Pictures]:
    """What codes decode to, piece by piece."""
    base, pieces = _base(data, image), []
    for piece in asking.pieces(len(codes)):
        yield Progress(piece.start, len(codes))
        pieces.append(asking.pictures(_decoded(model, codes[piece], base)))
    return np.concatenate(pieces)


def _rank(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The place of each among all, the smallest 0; what is no number comes last."""
    ranks = np.empty(len(values))
    ranks[np.argsort(np.nan_to_num(values, nan=np.inf), kind="stable")] = np.arange(len(values))
    return ranks


def _nearest(codes: Codes, others: Codes, same: bool = False) -> Generator[Progress, None, NDArray[np.float64]]:
    """(n, d), (m, d) -> (n,): distance to the nearest; with ``same`` to the nearest other."""
    found = []
    for start in range(0, len(codes), 100):
        yield Progress(start, len(codes))
        some = codes[start:start + 100]
        squares = (some**2).sum(1)[:, None] - 2 * some @ others.T + (others**2).sum(1)[None]
        if same:
            squares[np.arange(len(some)), start + np.arange(len(some))] = np.inf
        found.append(squares.min(1))
    return np.sqrt(np.maximum(np.concatenate(found), 0))
