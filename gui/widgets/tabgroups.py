"""Tabs in groups: all of them where there is room, else the group in front unfolded and the others as one word each."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QTabWidget, QWidget

from gui import style

FOLDED = "{group} ›"
"""What stands for the tabs of a folded group; choosing it shows the one of them that was in front last."""


def key(index: int) -> str:
    """The keys that go to the tab at a place: Ctrl and 1 … 9, 0, then with Shift."""
    shift = "Shift+" if index >= 10 else ""
    return f"Ctrl+{shift}{(index + 1) % 10}"


class TabGroups(QTabWidget):
    """A row of tabs that is never squeezed. Attributes: ``names``, the name of every tab, folded or not."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.names: list[str] = []
        self._groups: list[str] = []
        self._last: dict[str, int] = {}
        self.setDocumentMode(True)
        self.setUsesScrollButtons(False)
        self.currentChanged.connect(self._fold)

    def add(self, page: QWidget, name: str, group: str) -> None:
        """Append a tab to the last group, or as the first of a new one."""
        self.names.append(name)
        self._groups.append(group)
        number = self.addTab(page, name) + 1
        self._last.setdefault(group, number - 1)
        self.setTabToolTip(number - 1, f"{name} ({key(number - 1)})")

    def setCurrentIndex(self, index: int) -> None:
        """Bring a tab to the front, also one that is folded away: a hidden one would give way to its neighbour."""
        if 0 <= index < self.count():
            self.setTabVisible(index, True)
        super().setCurrentIndex(index)

    @Slot()
    def _fold(self) -> None:
        """Unfold the group in front, then as many others as there is room for, from the left."""
        if not self._groups or self.currentIndex() < 0:
            return
        mine = self._groups[self.currentIndex()]
        self._last[mine] = self.currentIndex()
        widths = self._widths()
        room = self.width() - sum(folded for _, folded in widths.values())
        for group in sorted(widths, key=lambda group: group != mine):
            unfolded, folded = widths[group]
            room -= unfolded - folded
            self._show(group, group == mine or room >= 0)

    def _widths(self) -> Mapping[str, tuple[int, int]]:
        """Group -> pixels of its tabs, and of the word that stands for them."""
        widths = {}
        for group in dict.fromkeys(self._groups):
            names = [name for name, other in zip(self.names, self._groups, strict=True) if other == group]
            widths[group] = sum(map(self._width, names)), self._width(FOLDED.format(group=group))
        return widths

    def _width(self, text: str) -> int:
        return self.tabBar().fontMetrics().horizontalAdvance(text) + 2 * style.M + style.XS

    def _show(self, group: str, unfolded: bool) -> None:
        """Show the tabs of a group, or one word for them."""
        for index, (name, other) in enumerate(zip(self.names, self._groups, strict=True)):
            if other == group:
                stands_for_all = not unfolded and index == self._last[group]
                self.setTabText(index, FOLDED.format(group=group) if stands_for_all else name)
                self.setTabVisible(index, unfolded or stands_for_all)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()
