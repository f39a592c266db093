"""Many small pictures as one: a latent plane, the channels of a code, the strip of an interpolation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import style
from gui.plots import colormaps, keys, pixels
from gui.plots.grid import Grid, arrange, best_columns

LABEL_HEIGHT = 18
"""Room below a tile for its label, in px."""

_STEPS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_KEYS = keys.ARROWS | keys.ENDS | keys.CHOOSE


class TiledImages(QWidget):
    """A grid of pictures, painted at once: never smoothed, enlarged by whole pixels, 1 px line around each.

    Attributes:
        selected: index of the outlined tile, -1 for none.

    Signals:
        clicked(int): a tile was clicked, or chosen with Enter.
        hovered(int): the mouse came to another tile; -1 when it left them.
        selected_changed(int): the outline moved, by mouse or arrow keys.
        pointed(object): the mouse came to another pixel: (tile, row, column), None beside the pictures.
    """

    clicked = Signal(int)
    hovered = Signal(int)
    selected_changed = Signal(int)
    pointed = Signal(object)

    def __init__(self, parent: QWidget | None = None, *, spacing: int = 0) -> None:
        """``spacing`` px between the tiles; with 0 neighbours share their line."""
        super().__init__(parent)
        self.selected = -1
        self._images = np.zeros((0, 1, 1), np.uint8)
        self._pixels = pixels.rgb32(self._images)
        self._draw: Callable[[], np.ndarray] | None = None
        self._crossed: frozenset[int] = frozenset()
        self._pixel: tuple[int, int, int] | None = None
        self._labels: tuple[str, ...] = ()
        self._columns: int | None = None
        self._spacing = spacing
        self._hovered = -1
        self._grid: Grid | None = None
        self.setAccessibleName(self.tr("Pictures"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        style.theme().changed.connect(self._recolour)

    def __len__(self) -> int:
        return len(self._images)

    def set_images(self, images: np.ndarray, columns: int | None = None, labels: Sequence[str] | None = None) -> None:
        """Show uint8 (N, H, W) or (N, H, W, 3), in place; without ``columns`` as large as fits. Raises ValueError."""
        self._show(images, lambda: pixels.rgb32(images), columns, labels)

    def set_values(self, values: np.ndarray, low: np.ndarray | float, high: np.ndarray | float,
                   columns: int | None = None, diverging: bool = False, labels: Sequence[str] | None = None) -> None:
        """Show numbers (N, H, W), in place: in grey from ``low``, black, to ``high``, white, each one or (N,).

        A ``diverging`` map instead, whose middle, the surface colour, lies between low and high.
        """
        low, high = (np.broadcast_to(np.float32(end), len(values))[:, None, None] for end in (low, high))
        scaled = np.divide(values - low, high - low, out=np.zeros(values.shape, np.float32), where=high > low)
        self._show(values, lambda: pixels.colored(scaled, colormaps.diverging(style.theme().current.dark) if diverging
                                                  else colormaps.grey(), 0, 1), columns, labels)

    def cross_out(self, tiles: Collection[int]) -> None:
        """Draw a line across these tiles, and no others."""
        self._crossed = frozenset(tiles)
        self.update()

    def _show(self, images: np.ndarray, draw: Callable[[], np.ndarray], columns: int | None,
              labels: Sequence[str] | None) -> None:
        """Take over pictures that ``draw`` gives their colours. Raises ValueError."""
        labels = tuple(labels or ())
        if labels and len(labels) != len(images):
            raise ValueError(f"labels: {len(labels)} for {len(images)} images; give one each or none")
        self._pixels, self._draw = draw(), draw
        shape = (self._images.shape[:3], self._columns, bool(self._labels))
        self._images, self._columns, self._labels = images, columns, labels
        if shape != (images.shape[:3], columns, bool(labels)):
            self._forget_places()
        self.update()

    def select(self, index: int) -> None:
        """Outline a tile; -1 for none."""
        index = index if 0 <= index < len(self) else -1
        if index != self.selected:
            self.selected = index
            self.update()
            self.selected_changed.emit(index)

    def index_at(self, position: QPoint) -> int:
        """The tile at a position in the widget; -1 where there is none."""
        return self._places().at((position.toPointF() * self.devicePixelRatioF()).toPoint()) if len(self) else -1

    def tile_rect(self, index: int) -> QRect:
        """Where a tile lies in the widget, in px, without its line."""
        return pixels.logical(self._places().tile(index), self.devicePixelRatioF())

    def numbers(self) -> list[tuple[str, np.ndarray]]:
        """The pixels as columns: image, row, column, value (or red, green, blue), 0 to 255."""
        return pixels.columns(self._images)

    def pixel_at(self, position: QPoint) -> tuple[int, int, int] | None:
        """Tile, row and column at a position in the widget; None where there is no picture."""
        tile = self.index_at(position)
        if tile < 0:
            return None
        place, point = self._places().tile(tile), (position.toPointF() * self.devicePixelRatioF()).toPoint()
        if not place.contains(point):
            return None
        rows, columns = self._images.shape[1:3]
        return (tile, (point.y() - place.top()) * rows // place.height(),
                (point.x() - place.left()) * columns // place.width())

    @Slot()
    def _recolour(self) -> None:
        """Take the colours of the theme."""
        if self._draw is not None:
            self._pixels = self._draw()
        self.update()

    def _point(self, pixel: tuple[int, int, int] | None) -> None:
        if pixel != self._pixel:
            self._pixel = pixel
            self.pointed.emit(pixel)

    def _forget_places(self) -> None:
        """The tiles lie elsewhere now."""
        self._grid = None
        if self.selected >= len(self):
            self.select(-1)
        self._hover(-1)
        self.updateGeometry()

    def _places(self) -> Grid:
        """Where the tiles lie, in device pixels."""
        if self._grid is None:
            ratio = self.devicePixelRatioF()
            room = (int(self.height() * ratio), int(self.width() * ratio))
            gap = round((self._spacing + 2) * ratio) if self._spacing else 1
            label = round(LABEL_HEIGHT * ratio) if self._labels else 0
            side = (self._images.shape[1], self._images.shape[2])
            columns = self._columns or best_columns(len(self), side, room, gap, label)
            self._grid = arrange(len(self), columns, side, room, gap, label)
        return self._grid

    def _hover(self, index: int) -> None:
        if index != self._hovered:
            self._hovered = index
            self.update()
            self.hovered.emit(index)

    def _move(self, key: Qt.Key) -> None:
        """Move the outline with an arrow key, Home or End; stops at the edges."""
        last, columns = len(self) - 1, self._places().columns
        if self.selected < 0 or key == Qt.Key.Key_Home:
            self.select(0)
        elif key == Qt.Key.Key_End:
            self.select(last)
        else:
            x, y = _STEPS[key]
            target = self.selected + x + y * columns
            same_row = target // columns == self.selected // columns
            if 0 <= target <= last and (y or same_row):
                self.select(target)

    def _paint(self, painter: QPainter, area: QRect) -> None:
        """The tiles that an area in device pixels touches, then the outlines."""
        grid, line = self._places(), QColor(style.theme().current.line)
        shrunk = grid.width < self._images.shape[2]
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
        in_file = pixels.is_file(painter)
        for index in grid.rows(area.top(), area.bottom()):
            tile = grid.tile(index)
            painter.fillRect(tile.adjusted(-1, -1, 1, 1), line)
            pixels.draw(painter, tile.toRectF(), self._pixels[index], in_file)
            if index in self._crossed:
                self._cross(painter, tile)
        self._outline(painter, self._hovered, style.theme().current.quiet, 1)
        self._outline(painter, self.selected, style.theme().current.accent, 3 if self.hasFocus() else 2)

    def _outline(self, painter: QPainter, index: int, color: str, width: int) -> None:
        """A line of ``width`` px around a tile."""
        if 0 <= index < len(self):
            width = round(width * self.devicePixelRatioF())
            pen = QPen(QColor(color))
            pen.setWidth(width)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            reach = width // 2
            painter.drawRect(self._places().tile(index).adjusted(-1, -1, 0, 0).adjusted(-reach, -reach, reach, reach))

    def _cross(self, painter: QPainter, tile: QRect) -> None:
        """A line across a tile, from its lower left corner."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(style.theme().current.warning), max(1.0, 1.5 * self.devicePixelRatioF())))
        painter.drawLine(tile.bottomLeft(), tile.topRight())
        painter.restore()

    def _paint_labels(self, painter: QPainter) -> None:
        """The labels, below their tiles."""
        painter.setFont(style.font("caption"))
        painter.setPen(QColor(style.theme().current.quiet))
        for index, label in enumerate(self._labels):
            tile = self.tile_rect(index)
            reach = self._spacing
            place = QRect(tile.left() - reach, tile.bottom() + 2, tile.width() + 2 * reach, LABEL_HEIGHT)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, label)

    def sizeHint(self) -> QSize:
        columns = self._columns or max(1, round(len(self) ** 0.5))
        rows = -(-len(self) // columns)
        label = LABEL_HEIGHT if self._labels else 0
        return QSize(columns * (2 * self._images.shape[2] + 2), rows * (2 * self._images.shape[1] + 2 + label))

    def minimumSizeHint(self) -> QSize:
        return QSize(48, 48)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._grid = None

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self):
            return
        painter, ratio = QPainter(self), self.devicePixelRatioF()
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        area = event.rect()
        self._paint(painter, QRect(0, int(area.top() * ratio), 1, int(area.height() * ratio) + 1))
        painter.restore()
        self._paint_labels(painter)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().toPoint())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.select(index)
            self.clicked.emit(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.index_at(event.position().toPoint()))
        self._point(self.pixel_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        self._point(None)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._grid = None
        return (len(self) > 0 and keys.kept(event, _KEYS)) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not len(self) or not keys.pressed(event, _KEYS):
            super().keyPressEvent(event)
        elif event.key() in keys.CHOOSE:
            if self.selected >= 0:
                self.clicked.emit(self.selected)
        else:
            self._move(Qt.Key(event.key()))
