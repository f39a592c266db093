"""Where the boxes of a drawn network stand, and what each one is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPolygonF

from engine.shapes import Layer, Plan, Shape

SLANT = 0.3
"""How far a feature map leans back: shift to the right and up, as a share of its height."""

_TALLEST = 520.0
_GAP = 4.0


@dataclass(frozen=True)
class Node:
    """One box: the image, or what leaves a layer; ``state``: 'good', 'bad', or 'ghost' of the last plan that fitted."""

    name: str
    shape: Shape
    part: str
    state: str = "good"


@dataclass(frozen=True)
class Box:
    """A node and where it stands: its front, and how far its feature maps lean back. In px."""

    node: Node
    front: QRectF
    slant: float

    @property
    def back(self) -> QRectF:
        """The face behind."""
        return self.front.translated(self.slant, -self.slant)

    @property
    def outline(self) -> QPolygonF:
        """The silhouette."""
        front, back = self.front, self.back
        return QPolygonF([front.bottomLeft(), front.topLeft(), back.topLeft(), back.topRight(), back.bottomRight(),
                          front.bottomRight()])

    @property
    def middle(self) -> float:
        """Where its label belongs."""
        return self.front.center().x() + self.slant / 2


def nodes(plan: Plan, last_good: Plan | None = None) -> list[Node]:
    """The image and every layer that fits; then the first bad one, and what followed it when all still fitted."""
    result = [Node("image", plan.image, "image"), *(_node(layer) for layer in plan.layers)]
    if plan.encoder and (plan.decoder or not plan.problems):
        at = len(plan.encoder)
        result[at] = replace(result[at], part="code")
    if not plan.problems:
        return result
    bad, known = bad_layer(plan), {layer.name: layer for layer in last_good.layers} if last_good else {}
    shape = known[bad].output if bad in known else result[-1].shape
    result.append(Node(bad, shape, bad.partition(".")[0], "bad"))
    names = list(known)
    rest = names[names.index(bad) + 1:] if bad in known else []
    return [*result, *(replace(_node(known[name]), state="ghost") for name in rest)]


def _node(layer: Layer) -> Node:
    return Node(layer.name, layer.output, layer.part)


def bad_layer(plan: Plan) -> str:
    """Name of the first layer that does not fit ('encoder.1'); '' where all do."""
    if not plan.problems:
        return ""
    part, _, rest = plan.problems[0].field.removeprefix("model.").partition(".")
    return f"{part}.{rest.partition('.')[0] or 0}"


def boxes(items: Sequence[Node], width: float, height: float) -> list[Box]:
    """Boxes side by side in the middle of width × height px: sides on a square-root scale, channels logarithmic."""
    shares = [_height(item, items) for item in items]
    leaning = SLANT * sum(share for share, item in zip(shares, items, strict=True) if len(item.shape) == 3)
    tall = min(_TALLEST, height / (1 + SLANT), 0.4 * width / max(leaning, 0.1))
    heights = [share * tall for share in shares]
    slants = [SLANT * h if len(item.shape) == 3 else 0.0 for item, h in zip(items, heights, strict=True)]
    depths = [_depth(item.shape) for item in items]
    room = width - sum(slants)
    stretch = min(max(1.6, tall / 80), max(0.2, (room - _GAP * len(items)) / max(1.0, sum(depths)) / 2))
    depths = [max(2.0, depth * stretch) for depth in depths]
    gap = min(max(64.0, 0.6 * tall), max(1.0, (room - sum(depths)) / max(1, len(items) - 1)))
    x = (width - sum(slants) - sum(depths) - gap * (len(items) - 1)) / 2
    middle, result = height / 2, []
    for item, h, slant, depth in zip(items, heights, slants, depths, strict=True):
        front = QRectF(round(x), round(middle - (h - slant) / 2), round(depth), round(h))
        result.append(Box(item, front, round(slant)))
        x += depth + slant + gap
    return result


def _height(item: Node, items: Sequence[Node]) -> float:
    """Share of the tallest box: √side for feature maps; a vector by how many numbers it has, logarithmically."""
    if len(item.shape) == 3:
        sides = [other.shape[1] for other in items if len(other.shape) == 3]
        return math.sqrt(item.shape[1] / max(sides))
    largest = max(math.prod(other.shape) for other in items)
    return max(0.12, 0.9 * math.log2(1 + item.shape[0]) / math.log2(1 + largest))


def _depth(shape: Shape) -> float:
    """Width of the front in px before stretching: the channels, logarithmically; a vector is a rod."""
    return 6 + 7 * math.log2(shape[0]) if len(shape) == 3 else 10.0


def shape_text(shape: Shape) -> str:
    """(16, 7, 7) -> '16×7×7'."""
    return "×".join(f"{number:,}" for number in shape)
