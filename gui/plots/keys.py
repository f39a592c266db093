"""Keys that a focused picture keeps for itself; in the window the arrows move the timeline."""

from __future__ import annotations

from collections.abc import Container

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent

ARROWS = frozenset({Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down})
ENDS = frozenset({Qt.Key.Key_Home, Qt.Key.Key_End})
CHOOSE = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})


def pressed(event: QEvent, keys: Container[int]) -> bool:
    """Whether a key event is one of these keys, without Ctrl, Alt or Shift."""
    if not isinstance(event, QKeyEvent):
        return False
    return event.key() in keys and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier


def kept(event: QEvent, keys: Container[int]) -> bool:
    """Accept a shortcut-to-be if it is one of these keys, so that it reaches ``keyPressEvent`` instead."""
    if event.type() != QEvent.Type.ShortcutOverride or not pressed(event, keys):
        return False
    event.accept()
    return True
