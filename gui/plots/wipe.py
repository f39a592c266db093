"""Two pictures in one place, and a line between them that is dragged: left of it the one, right of it the other."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import style
from gui.plots import pixels
from gui.plots.menu import Menu

KEY_STEP = 0.05
CAPTION = 20
"""Height of a line of captions, in px; there is room for two."""


class Wipe(QWidget):
    """Attributes: ``share``, where the line stands, 0 (left edge) to 1. Signal ``moved`` (share)."""

    moved = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.share = 0.5
        self._images = np.zeros((0, 1, 1), np.uint8)
        self._captions = ("", "")
        self.setAccessibleName(self.tr("Two reconstructions, one over the other"))
        self.setToolTip(self.tr("Drag the line, or use the arrow keys"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        Menu(self, self.tr("Two reconstructions"))
        style.theme().changed.connect(self.update)

    def set_pair(self, left: np.ndarray, right: np.ndarray, captions: tuple[str, str]) -> None:
        """Show two uint8 pictures (H, W) or (H, W, 3) of one shape. Raises ValueError."""
        if left.shape != right.shape:
            raise ValueError(f"the pictures are {left.shape} and {right.shape}")
        self._images, self._captions = np.stack([left, right]), captions
        self.update()

    def set_share(self, share: float) -> None:
        """Put the line elsewhere."""
        share = min(1.0, max(0.0, share))
        if share != self.share:
            self.share = share
            self.update()
            self.moved.emit(share)

    def numbers(self) -> list[tuple[str, np.ndarray]]:
        """The pixels of both pictures as columns."""
        return pixels.columns(self._images)

    def picture_rect(self) -> QRect:
        """Where the pictures lie, enlarged by a whole number."""
        if not len(self._images):
            return QRect()
        height, width = self._images.shape[1:3]
        room = self.height() - 2 * CAPTION
        factor = max(1, min((self.width() - 2) // width, (room - 2) // height))
        return QRect((self.width() - width * factor) // 2, max(1, (room - height * factor) // 2),
                     width * factor, height * factor)

    def sizeHint(self) -> QSize:
        return QSize(320, 320 + 2 * CAPTION)

    def paintEvent(self, event: QPaintEvent) -> None:
        place = self.picture_rect()
        if place.isEmpty():
            return
        painter, theme = QPainter(self), style.theme().current
        line = place.left() + round(self.share * place.width())
        for picture, left, right in ((0, place.left(), line), (1, line, place.right() + 1)):
            painter.setClipRect(QRect(left, place.top(), max(0, right - left), place.height()))
            painter.drawImage(place, self._image(picture))
        painter.setClipping(False)
        painter.setPen(QPen(QColor(theme.line), 1))
        painter.drawRect(place.adjusted(-1, -1, 0, 0))
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.drawLine(line, place.top(), line, place.bottom())
        self._paint_captions(painter)

    def _image(self, picture: int) -> QImage:
        colours = np.ascontiguousarray(pixels.rgb32(self._images)[picture])
        height, width = colours.shape[:2]
        return QImage(colours.tobytes(), width, height, 4 * width, QImage.Format.Format_RGB32).copy()

    def _paint_captions(self, painter: QPainter) -> None:
        painter.setFont(style.font("caption"))
        painter.setPen(QColor(style.theme().current.quiet))
        for area, caption, side in self.caption_rects(painter.fontMetrics()):
            text = painter.fontMetrics().elidedText(caption, Qt.TextElideMode.ElideMiddle, area.width())
            painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter, text)

    def caption_rects(self, metrics: QFontMetrics) -> list[tuple[QRect, str, Qt.AlignmentFlag]]:
        """Below the ends of the picture what is left and right of the line; on two lines where both are too long."""
        place = self.picture_rect()
        widths = [metrics.horizontalAdvance(caption) + 1 for caption in self._captions]
        least = max(*widths, place.width())
        area = QRect(place.center().x() - least // 2, place.bottom() + 2, least, CAPTION) & self.rect()
        both = sum(widths) + style.L <= area.width()
        lower = area if both else area.translated(0, CAPTION)
        return [(area, self._captions[0], Qt.AlignmentFlag.AlignLeft),
                (lower, self._captions[1], Qt.AlignmentFlag.AlignRight)]

    def _drag(self, event: QMouseEvent) -> None:
        place = self.picture_rect()
        if event.buttons() & Qt.MouseButton.LeftButton and place.width():
            self.set_share((event.position().x() - place.left()) / place.width())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._drag(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._drag(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -KEY_STEP, Qt.Key.Key_Right: KEY_STEP}
        if event.key() in moves:
            self.set_share(self.share + moves[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)
