"""The classes of the map: marker and name of each; a click hides it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QToolButton, QWidget

from gui import style
from gui.plots import cloudpaint, markers
from gui.widgets.controls import Flow, button


class ClassLegend(QWidget):
    """A row of buttons that wraps. Signal: ``changed`` (the hidden classes)."""

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: list[QToolButton] = []
        self._row = Flow(self)
        self._row.setSpacing(style.XS)
        style.theme().changed.connect(self._paint)

    @property
    def hidden(self) -> frozenset[int]:
        """The classes that are not shown."""
        return frozenset(label for label, shown in enumerate(self.buttons) if not shown.isChecked())

    def set_names(self, names: Sequence[str]) -> None:
        """Show these classes; those of the same names stay hidden."""
        if [shown.text() for shown in self.buttons] == list(names):
            return
        for old in self.buttons:
            self._row.removeWidget(old)
            old.deleteLater()
        self.buttons = [button(name, self.tr("Show or hide the points of this class"), text=True, checkable=True)
                        for name in names]
        for new in self.buttons:
            new.setChecked(True)
            new.toggled.connect(self._tell)
            new.setIconSize(QSize(14, 14))
            new.setAutoRaise(True)
            style.mark(new, "disclosure", True)  # shown is the rule: what is hidden is marked
            new.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            self._row.addWidget(new)
        self._paint()
        self.updateGeometry()

    @Slot()
    def _paint(self) -> None:
        """The markers, in the colours of the theme."""
        for label, shown in enumerate(self.buttons):
            colour = cloudpaint.class_colour(label).name() if shown.isChecked() else style.theme().current.line
            font = shown.font()
            font.setStrikeOut(not shown.isChecked())
            shown.setFont(font)
            shown.setIcon(QIcon(markers.pixmap(label, 5.0, colour, 2.0, style.theme().current.dark)))

    @Slot()
    def _tell(self) -> None:
        self._paint()
        self.changed.emit(self.hidden)
