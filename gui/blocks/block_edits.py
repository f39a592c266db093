"""Edits of a list of blocks: each takes blocks and gives new ones; nothing is changed in place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from engine.blocks import Convolution, Linear, Reshape, TransposedConvolution
from engine.experiment import Model
from engine.fields import Frozen
from engine.shapes import Layer, Plan
from gui.widgets import fields

Block = Convolution | Linear | Reshape | TransposedConvolution
Blocks = tuple[Block, ...]

KINDS: dict[str, type[Block]] = {"convolution": Convolution, "linear": Linear, "reshape": Reshape,
                                 "transposed-convolution": TransposedConvolution}

PARTS: dict[str, tuple[str, ...]] = {"encoder": ("convolution", "linear"),
                                     "decoder": ("linear", "reshape", "transposed-convolution", "convolution")}
"""Part of the network -> the kinds of blocks it may have."""

LARGEST_SUGGESTION = 512


def most(part: str) -> int | None:
    """How many blocks a part may have; None where that is not limited."""
    limits = (getattr(limit, "max_length", None) for limit in Model.model_fields[part].metadata)
    return next((limit for limit in limits if limit is not None), None)


def inserted(blocks: Sequence[Block], at: int, block: Block) -> Blocks:
    """With a block more, which will be number ``at``."""
    return (*blocks[:at], block, *blocks[at:])


def removed(blocks: Sequence[Block], at: int) -> Blocks:
    """Without block number ``at``."""
    return (*blocks[:at], *blocks[at + 1:])


def moved(blocks: Sequence[Block], at: int, to: int) -> Blocks:
    """With block ``at`` at place ``to``."""
    return inserted(removed(blocks, at), to, blocks[at])


def converted(block: Block, kind: str) -> Block:
    """A block of another kind with everything that both kinds have; channels become the size and vice versa.

    A number beyond what the other kind allows becomes the nearest that it does.
    """
    values: dict[str, Any] = block.model_dump(exclude={"kind"})
    number = values.get("channels", values.get("size"))
    target = KINDS[kind]
    values.update({name: number for name in ("channels", "size") if number is not None})
    return target(**{name: _legal(target, name, value) for name, value in values.items()
                     if name in target.model_fields})


def _legal(kind: type[Frozen], name: str, value: Any) -> Any:
    """The value of a field, or the nearest number that this kind of block allows."""
    if isinstance(value, bool | str):
        return value
    low, high = _limits(kind, name)
    return min(max(value, low), high)


def suggested(part: str, blocks: Sequence[Block], at: int, kind: str = "") -> Block:
    """A block that fits in at this place; without ``kind`` the next step of what stands before it."""
    before = [block for block in blocks[:at] if not isinstance(block, Reshape)]
    last = before[-1] if before else None
    if not kind:
        flat = isinstance(last, Linear)
        kind = "linear" if flat else "convolution" if part == "encoder" else "transposed-convolution"
    if kind == "linear":
        return Linear(size=max(2, last.size // 2) if isinstance(last, Linear) else 32)
    if kind == "reshape":
        return Reshape()
    channels = last.channels if last is not None and not isinstance(last, Linear) else 8
    if kind == "transposed-convolution":
        return TransposedConvolution(channels=channels, padding=1)
    return Convolution(channels=min(LARGEST_SUGGESTION, 2 * channels if before else 8), stride=2, padding=1)


def explicit(plan: Plan) -> Blocks:
    """The decoder of a plan as blocks; a linear layer that ends in feature maps becomes linear and reshape."""
    blocks: list[Block] = []
    for layer in plan.decoder:
        blocks.append(_block(layer, last=layer is plan.decoder[-1]))
        if layer.kind == "linear" and len(layer.output) == 3 and layer is not plan.decoder[-1]:
            blocks.append(Reshape(channels=layer.output[0], side=layer.output[1]))
    return tuple(blocks)


def _block(layer: Layer, last: bool) -> Block:
    """One solved layer as a block; the output activation is a field of its own."""
    common: dict[str, Any] = {"batch_normalization": layer.batch_normalization, "dropout": layer.dropout,
                              "activation": "none" if last else layer.activation}
    if layer.kind == "linear":
        return Linear(size=math.prod(layer.output), **common)
    return TransposedConvolution(channels=layer.output[0], kernel=layer.kernel, stride=layer.stride,
                                 padding=layer.padding, output_padding=layer.output_padding, **common)


def limits(block: Frozen, name: str) -> tuple[float, float]:
    """Smallest and largest legal value of a number field; where the limit itself is not legal, a hundredth inside."""
    return _limits(type(block), name)


def _limits(kind: type[Frozen], name: str) -> tuple[float, float]:
    spec = fields.spec_of(kind, name)
    high = 2**31 - 1 if spec.maximum is None else spec.maximum
    return spec.minimum or 0, high - 0.01 if spec.open_maximum else high


def dragged(block: Frozen, name: str, start: float, distance: float) -> float:
    """The value of a number field after a drag: ``distance`` px to the right raise it, within the range of its slider.

    Channels and sizes double every 80 px, other whole numbers go up by 1 every 12 px, dropout by 0.05.
    """
    spec, (lowest, highest) = fields.spec_of(type(block), name), limits(block, name)
    low = lowest if spec.low is None else max(lowest, min(start, spec.low))
    high = min(highest, max(start, LARGEST_SUGGESTION if spec.high is None else spec.high))
    if name == "dropout":
        return round(min(max(start + 0.05 * round(distance / 12), low), high), 2)
    moved_to = start * 2 ** (distance / 80) if name in ("channels", "size") else start + distance / 12
    return round(min(max(moved_to, low), high))
