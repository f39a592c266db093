"""Single keys that act wherever the focus is, except where a person types or a control needs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QWidget,
)

TYPED_IN = (QLineEdit, QPlainTextEdit, QAbstractSpinBox)
STEERED = (QAbstractSlider, QAbstractItemView, QComboBox, QTabBar)
"""Controls that use arrow keys, Home and End themselves."""
PRESSED = (QAbstractButton, QAbstractItemView, QComboBox)
"""Controls that use Space themselves."""

TAKES_ARROWS = "takesArrows"
"""Property of a picture that is steered with the arrow keys."""

ARROWS = ("Left", "Right", "Home", "End")
ONCE = ("Space", "?")
"""Keys that do nothing more while they are held."""


def acts(key: str, focus: QWidget | None, by_keyboard: bool) -> bool:
    """Whether a key is the window's while this widget has the focus, which Tab (or else the mouse) has given to it."""
    if isinstance(focus, TYPED_IN) or (isinstance(focus, QComboBox) and focus.isEditable()):
        return False
    if key in ARROWS:
        return not isinstance(focus, STEERED) and not (focus is not None and focus.property(TAKES_ARROWS))
    if key == "Space":  # the keyboard path: Space presses what Tab has reached, and trains after a mouse click
        return not (by_keyboard and isinstance(focus, PRESSED))
    return True


class SingleKeys(QObject):
    """One shortcut for each key, switched off while the focus is where the key belongs to somebody else."""

    def __init__(self, window: QWidget, actions: Mapping[str, Callable[[], object]]) -> None:
        super().__init__(window)
        self._window = window
        self.shortcuts = {key: QShortcut(QKeySequence(key), window) for key in actions}
        for key, shortcut in self.shortcuts.items():
            shortcut.setAutoRepeat(key not in ONCE)
            shortcut.activated.connect(actions[key])
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._follow)

    @Slot(QWidget, QWidget)
    def _follow(self, old: QWidget | None, new: QWidget | None) -> None:
        by_keyboard = QApplication.mouseButtons() == Qt.MouseButton.NoButton
        for key, shortcut in self.shortcuts.items():
            shortcut.setEnabled(acts(key, new, by_keyboard))
