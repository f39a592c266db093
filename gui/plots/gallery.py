"""A page of images, each beside its reconstruction and its error map, scrolled without a widget per image."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QWidget

from gui import style
from gui.plots import colormaps, keys, pixels
from gui.plots.cells import CAPTION_HEIGHT, PADDING, arrange

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_PAGES = frozenset({Qt.Key.Key_PageUp, Qt.Key.Key_PageDown})
_KEYS = keys.ARROWS | keys.ENDS | keys.CHOOSE | _PAGES
_ALIGNMENTS = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)


class Gallery(QAbstractScrollArea):
    """Cells of input | reconstruction | error map with a caption, as many columns as fit.

    Attributes:
        selected: index of the outlined cell on this page, -1 for none.

    Signals:
        clicked(int): a cell was clicked.
        activated(int): a cell was double-clicked, or chosen with Enter.
        selected_changed(int): the outline moved, by mouse or keys.
    """

    clicked = Signal(int)
    activated = Signal(int)
    selected_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.selected = -1
        self._captions: tuple[tuple[str, ...], ...] = ()
        self._inputs = self._outputs = np.zeros((0, 28, 28), np.uint8)
        self._errors = np.zeros((0, 28, 28), np.float32)
        self._limit = 1.0
        self._more: tuple[np.ndarray, ...] = ()
        self._given: np.ndarray | None = None
        self._count = 3  # pictures of each image
        self._pixels: tuple[np.ndarray, ...] = ()
        self._hovered = -1
        self._in_file = False
        self._cells = arrange((28, 28), 200, 1.0)
        self.setAccessibleName(self.tr("Images, reconstructions and errors"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # or the columns would jump when it comes
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.viewport().setMouseTracking(True)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)  # an error of zero has the colour of the surface
        self.verticalScrollBar().setSingleStep(40)
        style.theme().changed.connect(self._repaint)

    @property
    def columns(self) -> int:
        """Cells beside each other."""
        return self._cells.columns

    def __len__(self) -> int:
        return len(self._captions)

    def set_page(self, inputs: np.ndarray, outputs: np.ndarray, errors: np.ndarray, captions: Sequence[str],
                 error_limit: float | None = None, more: Sequence[np.ndarray] = (),
                 given: np.ndarray | None = None) -> None:
        """Show N images in place; the scroll position stays.

        ``inputs`` and ``outputs`` are uint8 (N, H, W) or (N, H, W, 3), ``errors`` numbers ≥ 0, (N, H, W), drawn from 0
        to ``error_limit`` (default: the largest). ``more`` are further pictures of each image, shaped as ``outputs``;
        ``given`` stand before all others and may be smaller.
        Parts of a caption between tabs go left, middle and right.
        Raises ValueError when the lengths differ.
        """
        lengths = (len(inputs), len(outputs), len(errors), len(captions), *map(len, more))
        if len(set(lengths)) > 1:
            raise ValueError(f"inputs, outputs, errors, captions and others are {lengths} long; "
                             "give one each for every image")
        pictures = 3 + len(more) + (given is not None)
        moved = (len(self), self._count) != (len(inputs), pictures) \
            or self._inputs.shape[1:3] != inputs.shape[1:3]
        self._more, self._given, self._count = tuple(more), given, pictures
        self._inputs, self._outputs, self._errors = inputs, outputs, errors
        self._limit = error_limit or float(errors.max(initial=0)) or 1.0
        self._captions = tuple(tuple(caption.split("\t")) for caption in captions)
        if moved:
            self._arrange()
        if self.selected >= len(self):
            self.select(-1)
        self._repaint()

    def select(self, index: int) -> None:
        """Outline a cell and scroll it into view; -1 for none."""
        index = index if 0 <= index < len(self) else -1
        if index == self.selected:
            return
        self.selected = index
        if index >= 0:
            self._scroll_to(index)
        self.viewport().update()
        self.selected_changed.emit(index)

    def index_at(self, position: QPoint) -> int:
        """The cell at a position in the viewport; -1 where there is none."""
        step = self._cells.step
        x, y = position.x() - self._cells.left, position.y() + self.verticalScrollBar().value()
        column, row = x // step.width(), y // step.height()
        index = row * self.columns + column
        return index if x >= 0 and column < self.columns and 0 <= index < len(self) else -1

    def cell_rect(self, index: int) -> QRect:
        """Where a cell lies in the viewport, in px."""
        row, column = divmod(index, self.columns)
        step = self._cells.step
        top = row * step.height() - self.verticalScrollBar().value()
        return QRect(QPoint(self._cells.left + column * step.width(), top), step)

    def numbers(self) -> list[tuple[str, np.ndarray]]:
        """The page as columns: image, caption, mean of the error map."""
        means = self._errors.reshape(len(self), -1).mean(axis=1) if len(self) else np.zeros(0)
        captions = np.array([" ".join(parts) for parts in self._captions], dtype=object)
        return [("image", np.arange(len(self))), ("caption", captions), ("mean error", means)]

    def _repaint(self) -> None:
        """Take the images and the colours of the theme."""
        table = colormaps.sequential_error(style.theme().current.dark)
        errors = pixels.colored(self._errors, table, 0, self._limit)
        before = () if self._given is None else (pixels.rgb32(self._given),)
        self._pixels = (*before, pixels.rgb32(self._inputs), pixels.rgb32(self._outputs), errors,
                        *map(pixels.rgb32, self._more))
        self.viewport().update()

    def _arrange(self) -> None:
        """As many columns as fit, and the range of the scroll bar."""
        height, width = self._inputs.shape[1:3]
        self._cells = arrange((height, width), self.viewport().width(), self.devicePixelRatioF(),
                              self._count)
        bar, page = self.verticalScrollBar(), self.viewport().height()
        rows = -(-len(self) // self.columns)
        bar.setPageStep(page)
        bar.setRange(0, max(0, rows * self._cells.step.height() - page))
        self._hover(-1)

    def _scroll_to(self, index: int) -> None:
        cell, bar = self.cell_rect(index), self.verticalScrollBar()
        if cell.top() < 0:
            bar.setValue(bar.value() + cell.top())
        elif cell.bottom() > self.viewport().height():
            bar.setValue(bar.value() + cell.bottom() + 1 - self.viewport().height())

    def _hover(self, index: int) -> None:
        if index != self._hovered:
            self._hovered = index
            self.viewport().update()

    def _paint_cell(self, painter: QPainter, index: int) -> None:
        """Background of the chosen or hovered cell, its pictures in one frame, caption."""
        cell, picture, ratio = self.cell_rect(index), self._cells.picture, self.devicePixelRatioF()
        cell.setWidth(self._cells.cell.width())
        if index in (self.selected, self._hovered):
            self._paint_back(painter, cell, index)
        left, top = (round((edge + PADDING) * ratio) / ratio for edge in (cell.left(), cell.top()))
        line = 1 / ratio if ratio < 1.5 else 2 / ratio
        count = len(self._pixels)
        frame = QRectF(left, top, count * picture.width() + (count + 1) * line, picture.height() + 2 * line)
        painter.fillRect(frame, QColor(style.theme().current.line))
        for position, images in enumerate(self._pixels):
            corner = frame.topLeft() + QPointF(line + position * (picture.width() + line), line)
            pixels.draw(painter, QRectF(corner, picture), images[index], self._in_file)
        caption = QRect(cell.left() + PADDING, math.ceil(frame.bottom()), math.ceil(frame.width()), CAPTION_HEIGHT)
        self._paint_caption(painter, caption, index)

    def _paint_back(self, painter: QPainter, cell: QRect, index: int) -> None:
        colors, chosen = style.theme().current, index == self.selected
        painter.setBrush(QColor(colors.selection if chosen else colors.hover))
        painter.setPen(QPen(QColor(colors.accent), 1) if chosen and self.hasFocus() else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(cell.adjusted(2, 2, -3, -1), style.RADIUS, style.RADIUS)

    def _paint_caption(self, painter: QPainter, place: QRect, index: int) -> None:
        """Parts left, middle, right: the first (the index) and the last (its error) quiet, the label plain."""
        colors, parts = style.theme().current, self._captions[index]
        if len(parts) != 3:
            parts = (*parts[:1], "", *parts[1:2])
        areas = spread_out(place, [painter.fontMetrics().horizontalAdvance(part) for part in parts])
        for position, (part, area) in enumerate(zip(parts, areas, strict=False)):
            painter.setPen(QColor(colors.text if position == 1 else colors.quiet))
            text = painter.fontMetrics().elidedText(part, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, _ALIGNMENTS[position] | Qt.AlignmentFlag.AlignVCenter, text)

    def sizeHint(self) -> QSize:
        return QSize(3 * 300, 2 * 150)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 120)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(-1)
        return super().viewportEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self):
            return
        painter = QPainter(self.viewport())
        painter.setFont(style.font("caption"))
        shrunk = self._cells.picture.width() * self.devicePixelRatioF() < self._inputs.shape[2]
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
        self._in_file = pixels.is_file(painter)
        area, step, offset = event.rect(), self._cells.step.height(), self.verticalScrollBar().value()
        first = max(0, (area.top() + offset) // step) * self.columns
        last = ((area.bottom() + offset) // step + 1) * self.columns
        for index in range(min(first, len(self)), min(last, len(self))):
            self._paint_cell(painter, index)
        painter.end()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(0, dy)  # moves what is painted; only the new strip is painted

    def resizeEvent(self, event: QResizeEvent) -> None:
        first = self.index_at(QPoint(self._cells.left + 1, 0))
        self._arrange()
        if first > 0:  # keep in sight what was at the top
            self.verticalScrollBar().setValue(first // self.columns * self._cells.step.height())
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().toPoint())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.select(index)
            self.clicked.emit(index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().toPoint())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.activated.emit(index)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.index_at(event.position().toPoint()))

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.viewport().update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._arrange()
        return (len(self) > 0 and keys.kept(event, _KEYS)) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if not len(self) or not keys.pressed(event, _KEYS):
            super().keyPressEvent(event)
        elif key in keys.CHOOSE:
            if self.selected >= 0:
                self.activated.emit(self.selected)
        elif (target := self._target(key)) is not None:
            self.select(target)

    def _target(self, key: Qt.Key) -> int | None:
        """Where a key moves the outline; None beyond the first and last row."""
        last, page = len(self) - 1, max(1, self.viewport().height() // self._cells.step.height())
        if self.selected < 0:
            return 0
        if key in keys.ENDS:
            return 0 if key == Qt.Key.Key_Home else last
        rows = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -page, Qt.Key.Key_PageDown: page}
        target = self.selected + _STEPS.get(key, 0) + rows.get(key, 0) * self.columns
        if key in _PAGES:
            return min(max(target, 0), last)
        return target if 0 <= target <= last else None


def spread_out(place: QRect, widths: Sequence[int]) -> list[QRect]:
    """Where a left, a middle and a right text of these widths go: the middle one between the others, where it has to
    in less room than it needs."""
    left, middle, right = ([*widths, 0, 0, 0])[:3]
    right = min(right + 1, place.width())
    left = min(left + 1, place.width() - right)
    start, end = place.left() + left + style.S, place.left() + place.width() - right - style.S
    ideal = place.left() + (place.width() - middle) // 2
    at = max(start, min(ideal, end - middle))
    between = QRect(at, place.top(), max(0, min(middle + 1, end - at)), place.height())
    return [QRect(place.left(), place.top(), left, place.height()), between,
            QRect(place.left() + place.width() - right, place.top(), right, place.height())]
