"""Horizontal bars with names and shares: how much each parameter matters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui import style
from gui.plots.menu import Menu
from gui.widgets.quantities import NOTHING

ROW = 24
BAR = 10
"""Height of a row and of the bar in it, in px."""

NAMES_SHARE = 0.45
"""Names take no more of the width; longer ones are cut, and said in full by the tooltip."""


class Bars(QWidget):
    """Bars in the order given. Attributes: ``names``; ``shares`` (K,) in [0, 1], NaN where it is not known."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.names: tuple[str, ...] = ()
        self.shares: npt.NDArray[np.float64] = np.zeros(0)
        self.setAccessibleName(name)
        self.setFont(style.font("body"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        Menu(self, name)
        style.theme().changed.connect(self.update)

    def show_bars(self, names: Sequence[str], shares: npt.ArrayLike) -> None:
        """Show K bars. Raises ValueError where names and shares differ in number, or a share is not in [0, 1]."""
        values = np.asarray(shares, dtype=np.float64)
        if values.shape != (len(names),):
            raise ValueError(f"shares are {values.shape} for {len(names)} names")
        if np.any((values < -1e-9) | (values > 1 + 1e-9)):
            raise ValueError(f"shares must be from 0 to 1, not {values.min():g} to {values.max():g}")
        self.names, self.shares = tuple(names), values.clip(0, 1)
        self.setAccessibleDescription(", ".join(f"{name} {self.said(row)}" for row, name in enumerate(self.names)))
        self.updateGeometry()
        self.update()

    def said(self, row: int) -> str:
        """'62.1 %'."""
        share = float(self.shares[row])
        return NOTHING if np.isnan(share) else f"{100 * share:.1f} %"

    def numbers(self) -> list[tuple[str, np.ndarray]]:
        """The names and the shares."""
        return [("parameter", np.array(self.names, dtype=str)), ("share", self.shares)]

    def sizeHint(self) -> QSize:
        return QSize(320, max(1, len(self.names)) * ROW)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, max(1, len(self.names)) * ROW)

    def track(self, row: int) -> QRect:
        """The room of a bar, as long as a share of 1."""
        metrics = QFontMetrics(self.font())
        widest = max((metrics.horizontalAdvance(name) for name in self.names), default=0) + 2
        left = min(widest, int(self.width() * NAMES_SHARE)) + style.M
        right = metrics.horizontalAdvance("100.0 %") + style.S
        return QRect(left, row * ROW + (ROW - BAR) // 2, max(0, self.width() - left - right), BAR)

    def bar(self, row: int) -> QRect:
        """A bar; at least a px of what is more than nothing."""
        track, share = self.track(row), float(np.nan_to_num(self.shares[row]))
        track.setWidth(max(round(share * track.width()), int(share > 0)))
        return track

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.names:
            painter.setPen(QColor(style.theme().current.quiet))
            text = self.tr("Not known yet: a few trials must finish first.")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        for row in range(len(self.names)):
            self._paint_row(painter, row)

    def _paint_row(self, painter: QPainter, row: int) -> None:
        """Name, bar on its track, share."""
        theme, track, middle = style.theme().current, self.track(row), Qt.AlignmentFlag.AlignVCenter
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for place, colour in ((track, theme.line), (self.bar(row), theme.quiet)):
            painter.setBrush(QColor(colour))
            round_by = min(2.0, place.width() / 2)
            painter.drawRoundedRect(place, round_by, round_by)
        painter.setPen(QColor(theme.text))
        name = QRect(0, row * ROW, track.left() - style.M, ROW)
        text = painter.fontMetrics().elidedText(self.names[row], Qt.TextElideMode.ElideRight, name.width())
        painter.drawText(name, Qt.AlignmentFlag.AlignLeft | middle, text)
        value = QRect(track.right() + 1, row * ROW, self.width() - track.right() - 1, ROW)
        painter.drawText(value, Qt.AlignmentFlag.AlignRight | middle, self.said(row))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = event.pos().y() // ROW
            within = 0 <= row < len(self.names)
            QToolTip.showText(event.globalPos(), f"{self.names[row]}: {self.said(row)}" if within else "", self)
            return True
        return super().event(event)
