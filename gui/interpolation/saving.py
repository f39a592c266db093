"""Saving a way between two images: the rows as a picture, or all of it to and fro as an animation."""

from __future__ import annotations

import itertools
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from gui.plots import export
from gui.widgets import controls

ENDINGS = (".png", ".gif")


class Saving(QObject):
    """Attribute: ``button``, with its menu. Signal: ``wanted`` (the question whose answer is to be written)."""

    wanted = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._target: Path | None = None
        self.button = controls.button(self.tr("Save"), self.tr(
            "Save the rows as a picture, or the way as an animation"), "save")
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.button)
        menu.addAction(self.tr("Rows as PNG…"), self._save_rows)
        menu.addAction(self.tr("Animation as GIF…"), self._save_animation)
        self.button.setMenu(menu)

    @Slot()
    def _save_rows(self) -> None:
        self._ask_path(self.tr("Save the rows"), "interpolation.png", "PNG (*.png)")

    @Slot()
    def _save_animation(self) -> None:
        self._ask_path(self.tr("Save the animation"), "interpolation.gif", "GIF (*.gif)")

    def _ask_path(self, title: str, suggestion: str, kinds: str) -> None:
        text, _ = QFileDialog.getSaveFileName(self.button.window(), title, suggestion, kinds)
        if text:
            self.save(_with_ending(Path(text), Path(suggestion).suffix))

    def save(self, path: Path) -> None:
        """Save the rows (.png) or the way to and fro (.gif): ``wanted`` is told, and its answer goes to ``write``."""
        self._target = path
        self.wanted.emit("animation" if path.suffix.lower() == ".gif" else "strip_figure")

    def write(self, data: bytes) -> None:
        """Put the file in place; what became of it is said by the figures' notices."""
        if self._target is None:
            return
        path, self._target = self._target, None
        try:
            export.write(path, data)
        except export.ExportError as error:
            export.notices().failed.emit(str(error))
        else:
            export.notices().saved.emit(self.tr("Saved {name}.").format(name=path.name))


def _with_ending(path: Path, ending: str) -> Path:
    """The file that was meant, of the kind that was chosen; another name than the one typed replaces no file."""
    if path.suffix.lower() == ending:
        return path
    stem = path.stem if path.suffix.lower() in ENDINGS else path.name
    names = (f"{stem}{more}{ending}" for more in itertools.chain([""], (f" {number}" for number in itertools.count(2))))
    return next(path.with_name(name) for name in names if not path.with_name(name).exists())
