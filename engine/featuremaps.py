"""What the layers of a network make of an image: feature maps, kernels, and units that never say anything.

The layers are found in the model itself, so that any model of blocks can be asked: an encoder with a decoder, or with
a classifier's last layer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine import asking
from engine.answers import Indices, Progress, QuestionError
from engine.data import Dataset
from engine.fixedcodes import FIXED_SPLIT, fixed_indices
from engine.inputs import unit
from engine.layeranswers import DeadUnits, Kernels, LayerList, LayerMaps, LayerPlace

FIRST_PARTS = {nn.Conv2d: "convolution", nn.ConvTranspose2d: "transposed-convolution", nn.Linear: "linear"}
"""Module -> kind of its block."""

SHAPING = ("flatten", "unflatten")
"""Parts of a block that only arrange numbers anew."""

STILL = 1e-6
"""A unit is dead where its outputs differ by less, relative to the largest where that is above 1."""


def layer_list(model: nn.Module, data: Dataset) -> LayerList:
    """The blocks of the model."""
    return LayerList(tuple(_places(model, data)))


def layer_maps(model: nn.Module, data: Dataset, split: str, index: int, layer: str, stage: str = "") -> LayerMaps:
    """The feature maps of one image at a layer; of its last stage where it has none of that name.

    Raises QuestionError for a layer that the model does not have.
    """
    place = _place(model, data, layer)
    stage = stage if stage in place.stages else place.stages[-1]
    source, _ = asking.chosen(data, split, [index])
    image, given = source.images[index:index + 1], source.inputs[index:index + 1]
    values = _passing(_whole(model, place), given, _part(model, place, stage))
    return LayerMaps(place, stage, asking.pictures(image)[0], asking.floats(values[0]), asking.label(source, index))


def kernels(model: nn.Module, data: Dataset, layer: str, first: int = 0, count: int = 50) -> Kernels:
    """``count`` pictures of a layer's weights. Raises QuestionError for a layer that the model does not have."""
    place = _place(model, data, layer)
    weights, units = _pictured(_weighing(_block(model, layer)), place)
    first = max(0, min(first, len(weights) - 1))
    limit = float(weights.abs().max()) if weights.numel() else 0.0
    return Kernels(place, first, asking.floats(weights[first:first + count]), units[first:first + count], limit)


def dead_units(model: nn.Module, data: Dataset, layer: str) -> Iterator[Progress | DeadUnits]:
    """Which units of a layer no image changes. Raises QuestionError for a layer that the model does not have."""
    place = _place(model, data, layer)
    part = _part(model, place, "activation" if "activation" in place.stages else place.stages[-1])
    images = data.split(FIXED_SPLIT).inputs[torch.from_numpy(fixed_indices(data))]
    low: Any = np.inf
    high: Any = -np.inf
    for piece in asking.pieces(len(images)):
        yield Progress(piece.start, len(images))
        values = _passing(_whole(model, place), images[piece], part)
        low, high = np.minimum(low, values.amin(0).numpy()), np.maximum(high, values.amax(0).numpy())
    still = (high - low <= STILL * np.maximum(1, np.abs(high))).reshape(place.output[0], -1).all(axis=1)
    yield DeadUnits(place, np.flatnonzero(still), place.output[0], len(images), FIXED_SPLIT)


def _blocks(model: nn.Module) -> Iterator[tuple[str, str, int, nn.Module]]:
    """(name, part, number from 1, block), in order."""
    for part, child in model.named_children():
        nested = isinstance(child, nn.Sequential) and all(isinstance(block, nn.Sequential) for block in child)
        blocks = list(child.named_children()) if nested else [("", child)]
        for number, (name, block) in enumerate(blocks, 1):
            yield f"{part}.{name}".rstrip("."), part, number, block


def _block(model: nn.Module, layer: str) -> nn.Module:
    return model.get_submodule(layer)


def _places(model: nn.Module, data: Dataset) -> Iterator[LayerPlace]:
    """Every block with the shapes that an image takes on its way."""
    blocks = list(_blocks(model))
    shapes = _shapes(model, data.test.inputs[:1], [block for *_, block in blocks])
    last = max((place for place, (_, part, _, _) in enumerate(blocks) if part == "encoder"), default=-1)
    for at, ((name, part, number, block), (before, after)) in enumerate(zip(blocks, shapes, strict=True)):
        kind = _kind(block)
        yield LayerPlace(name, part, number, kind, before, after, _stages(block, kind),
                         _kernel_count(_weighing(block), before, after), at == last)


def _place(model: nn.Module, data: Dataset, layer: str) -> LayerPlace:
    places = {place.name: place for place in _places(model, data)}
    if layer not in places:
        raise QuestionError("question.layer", f"This network has no layer {layer}. Choose one of its {len(places)}.",
                            layer=layer)
    return places[layer]


@asking.asked
def _shapes(model: nn.Module, image: Tensor, blocks: list[nn.Module]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Shapes of what goes into each block and comes out of it, without the batch."""
    found: dict[nn.Module, tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def note(block: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        found[block] = tuple(inputs[0].shape[1:]), tuple(output.shape[1:])

    handles = [block.register_forward_hook(note) for block in blocks]
    try:
        _run(model, image)
    finally:
        for handle in handles:
            handle.remove()
    return [found[block] for block in blocks]


@asking.asked
def _passing(model: nn.Module, images: Tensor, part: nn.Module) -> Tensor:
    """uint8 (B, C, H, W) -> what comes out of a part of the model, of one's own."""
    found: list[Tensor] = []

    def take(_: nn.Module, __: Any, output: Tensor) -> None:
        found.append(output.clone())

    handle = part.register_forward_hook(take)
    try:
        _run(model, images)
    finally:
        handle.remove()
    return found[0]


def _whole(model: nn.Module, place: LayerPlace) -> nn.Module:
    """As much of the model as an image has to pass to come to a layer and through it."""
    return model.get_submodule("encoder") if place.part == "encoder" else model


def _run(model: Any, images: Tensor) -> Tensor:
    """The images through the whole network."""
    classify = getattr(model, "classify", None)
    return classify(unit(images)) if classify else model(unit(images))


def _weighing(block: nn.Module) -> nn.Module | None:
    """The part of a block that has the weights of its layer."""
    return next((part for part in block.modules() if type(part) in FIRST_PARTS), None)


def _kind(block: nn.Module) -> str:
    weighing = _weighing(block)
    return "reshape" if weighing is None else FIRST_PARTS[type(weighing)]


def _stages(block: nn.Module, kind: str) -> tuple[str, ...]:
    """The steps inside a block; what arranges numbers anew belongs to the step before it, dropout does nothing here."""
    names = [name for name, _ in block.named_children() if name not in (*SHAPING, "dropout")]
    return tuple(names) or (kind,)


def _part(model: nn.Module, place: LayerPlace, stage: str) -> nn.Module:
    """The module whose output a stage is."""
    block = _block(model, place.name)
    names = [name for name, _ in block.named_children()]
    if stage == place.stages[-1] or stage not in names:
        return block
    after = names[names.index(stage) + 1]
    return block.get_submodule(after if after in SHAPING else stage)


def _kernel_count(weighing: Any, before: tuple[int, ...], after: tuple[int, ...]) -> int:
    """How many pictures ``_pictured`` makes."""
    if weighing is None:
        return 0
    if not isinstance(weighing, nn.Linear):
        return weighing.in_channels * weighing.out_channels
    if len(before) > 1:
        return weighing.out_features * before[0]
    return weighing.in_features * after[0] if len(after) > 1 else 1


def _pictured(weighing: Any, place: LayerPlace) -> tuple[Tensor, Indices]:
    """The weights of a layer as pictures (n, height, width), and whose they are (n, 2).

    Of a linear layer: what each unit looks for in its feature maps; else what each number of a vector draws; between
    two vectors all weights as one picture, a row for each of whichever are fewer, units or inputs.
    """
    if weighing is None:
        return torch.zeros(0, 1, 1), np.zeros((0, 2), np.int64)
    weight = weighing.weight.detach()
    if isinstance(weighing, nn.Linear):
        if len(place.input) > 1:
            weight = weight.unflatten(1, place.input)
        elif len(place.output) > 1:
            weight = weight.T.unflatten(1, place.output)
        else:
            return (weight if len(weight) <= weight.shape[1] else weight.T)[None], np.array([[-1, -1]])
    elif isinstance(weighing, nn.ConvTranspose2d):
        weight = weight.transpose(0, 1)
    units = np.stack([index.ravel() for index in np.indices(tuple(weight.shape[:2]))], axis=1)
    return weight.flatten(0, 1), units
