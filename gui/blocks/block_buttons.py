"""The buttons above the blocks: add, duplicate, remove, move."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from engine.fields import LABELS
from gui import style
from gui.blocks.block_edits import PARTS
from gui.widgets import controls, fields


class BlockButtons(QWidget):
    """Add, duplicate, remove, move up, move down. Signals: ``command(str)``, ``add_wanted(str)`` (a kind of block)."""

    command = Signal(str)
    add_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.XS)
        self.add = controls.button(self.tr("Add block"), self.tr("Add a block after the chosen one (Ins)"), "plus",
                                   text=True)
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self._kinds = QMenu(self.add)
        self._kinds.triggered.connect(self._tell_kind)
        self.add.setMenu(self._kinds)
        self.duplicate = controls.button(self.tr("Duplicate"), self.tr("Repeat the chosen block (Ctrl+D)"), "duplicate")
        self.remove = controls.button(self.tr("Remove"), self.tr("Remove the chosen block (Del)"), "remove")
        self.up = controls.button(self.tr("Move up"), self.tr("Move the chosen block up (Alt+Up)"), "up")
        self.down = controls.button(self.tr("Move down"), self.tr("Move the chosen block down (Alt+Down)"), "down")
        for name in ("add", "duplicate", "remove", "up", "down"):
            button: QToolButton = getattr(self, name)
            button.setProperty("command", name)
            button.clicked.connect(self._tell)
            row.addWidget(button)
        self._why = {button: button.toolTip() for button in self.findChildren(QToolButton)}

    def offer(self, part: str) -> None:
        """Offer the kinds of blocks of a part."""
        self._kinds.clear()
        for kind in PARTS[part]:
            self._kinds.addAction(fields.translated(LABELS[kind])).setData(kind)

    def allow(self, count: int, current: int, most: int | None = None) -> None:
        """Enable what can be done with block ``current`` (-1 for none) of ``count``, of which there may be ``most``.

        A disabled button says why.
        """
        chosen = self.tr("Choose a block in the table first.")
        room = most is None or count < most
        full = self.tr("There are {count} blocks, more are not possible. Remove one first.").format(count=count)
        for button, possible, reason in (
            (self.add, room, full),
            (self.duplicate, room and current >= 0, chosen if room else full),
            (self.remove, current >= 0, chosen),
            (self.up, current > 0, chosen if current < 0 else self.tr("This is the first block.")),
            (self.down, 0 <= current < count - 1, chosen if current < 0 else self.tr("This is the last block.")),
        ):
            button.setEnabled(possible)
            button.setToolTip(self._why[button] if possible else f"{self._why[button]}\n{reason}")

    @Slot()
    def _tell(self) -> None:
        self.command.emit(self.sender().property("command"))

    @Slot(QAction)
    def _tell_kind(self, action: QAction) -> None:
        self.add_wanted.emit(action.data())
