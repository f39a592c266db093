"""The network as a row of boxes to scale: encoder left, code in the accent, decoder right."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.shapes import Plan
from gui import style
from gui.plots import keys
from gui.plots.boxes import Box, boxes, nodes, shape_text

LABEL_HEIGHT = 16
"""Height of a line of labels, in px."""

_KEYS = frozenset({Qt.Key.Key_Left, Qt.Key.Key_Right})


class NetworkDrawing(QWidget):
    """The network drawn to scale; hover and click find the layer.

    While a layer does not fit it is outlined in the colour of problems, and what followed it stays as a shadow of the
    last drawing that fitted.

    Attributes:
        selected: name of the highlighted layer ('encoder.0'), '' for none.

    Signals:
        layer_clicked(str): a layer was clicked, or reached with the arrow keys.
        layer_hovered(str): the mouse came to another layer; '' when it left them.
    """

    layer_clicked = Signal(str)
    layer_hovered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.selected = ""
        self._plan: Plan | None = None
        self._last_good: Plan | None = None
        self._boxes: list[Box] = []
        self._hovered = ""
        self._above = self._below = 0.0
        self.setAccessibleName(self.tr("Drawing of the network"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        style.theme().changed.connect(self.update)

    def set_plan(self, plan: Plan) -> None:
        """Draw another network, in place."""
        self._plan = plan
        if not plan.problems:
            self._last_good = plan
        self._arrange()

    def select(self, name: str) -> None:
        """Highlight a layer; '' for none. Emits nothing."""
        if name != self.selected:
            self.selected = name
            self.update()

    def box(self, name: str) -> Box | None:
        """The box of a layer or of 'image'; None where there is none."""
        return next((box for box in self._boxes if box.node.name == name), None)

    def layer_at(self, position: QPointF) -> str:
        """The layer drawn at a position; '' where there is none."""
        found = [box for box in self._boxes if box.outline.containsPoint(position, Qt.FillRule.OddEvenFill)]
        return found[-1].node.name if found else ""

    def numbers(self) -> list[tuple[str, np.ndarray]]:
        """The layers as columns: name, kind, output, parameters, multiply-adds."""
        layers = self._plan.layers if self._plan else ()
        rows = [(layer.name, layer.kind, shape_text(layer.output), layer.parameters, layer.multiply_adds)
                for layer in layers]
        names = ("layer", "kind", "output", "parameters", "multiply-adds")
        return [(name, np.array([row[at] for row in rows])) for at, name in enumerate(names)]

    def _arrange(self) -> None:
        """Place the boxes above their labels."""
        if self._plan is None:
            return
        items = nodes(self._plan, self._last_good)
        top, bottom = style.XS + LABEL_HEIGHT, 2 * LABEL_HEIGHT + style.XS
        height = max(24.0, self.height() - top - bottom)
        placed = boxes(items, self.width() - 2 * style.L, height)
        self._boxes = [Box(box.node, box.front.translated(style.L, top), box.slant) for box in placed]
        self._above = min(box.front.top() - box.slant for box in self._boxes) - top
        self._below = max(box.front.bottom() for box in self._boxes) + style.XS
        self.update()

    def _hover(self, name: str) -> None:
        if name != self._hovered:
            self._hovered = name
            hand = name not in ("", "image")
            self.setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)
            self.setToolTip(self._explained(name))
            self.update()
            self.layer_hovered.emit("" if name == "image" else name)

    def point_encoder(self, row: int) -> None:
        """Mark a layer of the encoder as if the mouse were over it; -1 for none. Emits nothing."""
        self._point(f"encoder.{row}" if row >= 0 else "")

    def point_decoder(self, row: int) -> None:
        """Mark a layer of the decoder as if the mouse were over it; -1 for none. Emits nothing."""
        self._point(f"decoder.{row}" if row >= 0 else "")

    def _point(self, name: str) -> None:
        self._hovered = name
        self.update()

    def _explained(self, name: str) -> str:
        """What the tooltip says of a layer."""
        layers = {layer.name: layer for layer in self._plan.layers} if self._plan else {}
        if name == "image":
            return self.tr("The image")
        if name not in layers:
            return ""
        layer = layers[name]
        cost = self.tr("Parameters: {formula}").format(formula=layer.formula or 0)
        return f"{shape_text(layer.input)} → {shape_text(layer.output)}\n{cost}"

    def _paint_flow(self, painter: QPainter) -> None:
        """From the back of each box to the front of the next: the funnel that makes the bottleneck visible."""
        painter.setPen(Qt.PenStyle.NoPen)
        for one, other in zip(self._boxes, self._boxes[1:], strict=False):
            color = QColor(style.theme().current.line)
            color.setAlphaF(0.25 if "good" not in (one.node.state, other.node.state) else 0.55)
            painter.setBrush(color)
            half = QPointF(one.slant / 2, -one.slant / 2)
            painter.drawPolygon(QPolygonF([one.front.topRight() + half, other.front.topLeft(), other.front.bottomLeft(),
                                           one.front.bottomRight() + half]))

    def _paint_box(self, painter: QPainter, box: Box) -> None:
        """Front, top and side of a box, its channels as slices, and its outline."""
        fill, pen = self._colors(box)
        painter.setPen(pen)
        front, back = box.front, box.back
        top = [front.topLeft(), back.topLeft(), back.topRight(), front.topRight()]
        side = [front.topRight(), back.topRight(), back.bottomRight(), front.bottomRight()]
        for color, corners in ((QColor(fill).lighter(108), top), (QColor(fill).darker(112), side)):
            if box.slant:
                painter.setBrush(color)
                painter.drawPolygon(QPolygonF(corners))
        painter.setBrush(QColor(fill))
        painter.drawRect(front)
        self._paint_slices(painter, box, pen)

    def _paint_slices(self, painter: QPainter, box: Box, pen: QPen) -> None:
        """Lines between the channels of feature maps, or the numbers of a vector, where there is room for them."""
        f, faint = box.front, QColor(pen.color())
        faint.setAlphaF(0.35)
        painter.setPen(QPen(faint, 1))
        upright = len(box.node.shape) == 3
        length = f.width() if upright else f.height()
        count = min(box.node.shape[0], int(length / 4))
        for at in (length * i / count for i in range(1, count)):
            if upright:
                x = round(f.left() + at)
                painter.drawLine(QPointF(x, f.top()), QPointF(x, f.bottom()))
                painter.drawLine(QPointF(x, f.top()), QPointF(x + box.slant, f.top() - box.slant))
            else:
                painter.drawLine(QPointF(f.left(), f.top() + at), QPointF(f.right(), f.top() + at))

    def _colors(self, box: Box) -> tuple[str, QPen]:
        """Fill and outline: the code in the accent, the chosen one outlined in it, shadows pale, the bad one dashed."""
        colors, node = style.theme().current, box.node
        if node.state == "bad":
            return style.mixed(colors.surface, colors.bad, 0.12), QPen(QColor(colors.bad), 1.5, Qt.PenStyle.DashLine)
        if node.state == "ghost":
            return colors.surface, QPen(QColor(colors.line), 1)
        pointed = node.name in (self.selected, self._hovered)
        if node.part == "code":
            line = colors.text if pointed else style.mixed(colors.accent, colors.text, 0.35)
            return colors.accent, QPen(QColor(line), 1.5 if pointed else 1)
        fill = style.mixed(colors.raised, colors.outline, 0.28)
        if node.name == self.selected:
            return style.mixed(fill, colors.accent, 0.25), QPen(QColor(colors.accent), 1.5)
        return fill, QPen(QColor(colors.text if pointed else colors.outline), 1.5 if pointed else 1)

    def _paint_labels(self, painter: QPainter) -> None:
        """Shapes below the boxes, in a second row where they would touch; the important ones first."""
        painter.setFont(style.font("caption"))
        metrics = QFontMetricsF(style.font("caption"))
        rows: tuple[list[QRectF], ...] = ([], [])
        for box in sorted(self._boxes, key=self._importance):
            text = "?" if box.node.state == "bad" else shape_text(box.node.shape)
            place = self._label_place(box, metrics.horizontalAdvance(text) + 4, rows)
            if place is not None:
                painter.setPen(self._label_color(box))
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _label_color(self, box: Box) -> QColor:
        colors, node = style.theme().current, box.node
        if node.state != "good":
            return QColor(colors.bad if node.state == "bad" else colors.outline)
        important = node.part == "code" or node.name in (self.selected, self._hovered)
        return QColor(colors.text if important else colors.quiet)

    def _importance(self, box: Box) -> int:
        """0 for what must have its label."""
        node = box.node
        if node.name in (self._hovered, self.selected) or node.state == "bad":
            return 0
        return 1 if node.part == "code" or node in (self._boxes[0].node, self._boxes[-1].node) else 2

    def _label_place(self, box: Box, width: float, rows: tuple[list[QRectF], ...]) -> QRectF | None:
        """The first of the two rows where a label of this width touches no other; remembers it."""
        left = min(max(box.middle - width / 2, 0.0), self.width() - width)
        for number, row in enumerate(rows):
            place = QRectF(left, self._below + number * LABEL_HEIGHT, width, LABEL_HEIGHT)
            if not any(place.intersects(other) for other in row):
                row.append(place)
                return place
        return None

    def _paint_parts(self, painter: QPainter) -> None:
        """'Encoder', 'Code' and 'Decoder' above their boxes."""
        painter.setFont(style.font("caption"))
        for part, text in (("encoder", self.tr("Encoder")), ("code", self.tr("Code")), ("decoder", self.tr("Decoder")),
                           ("classifier", self.tr("Classifier"))):
            own = [box for box in self._boxes if box.node.part == part]
            if not own:
                continue
            colors = style.theme().current
            painter.setPen(QColor(colors.accent if part == "code" else colors.quiet))
            left = own[0].front.left()
            middle = (left + own[-1].front.right() + own[-1].slant) / 2
            width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 4
            place = QRectF(min(max(middle - width / 2, 0.0), self.width() - width), self._above, width, LABEL_HEIGHT)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def sizeHint(self) -> QSize:
        return QSize(640, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 112)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_flow(painter)
        for box in self._boxes:
            self._paint_box(painter, box)
        if self._boxes:
            self._paint_labels(painter)
            self._paint_parts(painter)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.layer_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover("")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        name = self.layer_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and name not in ("", "image"):
            self.select(name)
            self.layer_clicked.emit(name)

    def event(self, event: QEvent) -> bool:
        return keys.kept(event, _KEYS) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        names = [box.node.name for box in self._boxes[1:]]
        if not names or not keys.pressed(event, _KEYS):
            super().keyPressEvent(event)
            return
        step = 1 if event.key() == Qt.Key.Key_Right else -1
        at = names.index(self.selected) + step if self.selected in names else 0
        name = names[min(max(at, 0), len(names) - 1)]
        self.select(name)
        self.layer_clicked.emit(name)
