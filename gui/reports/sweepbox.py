"""A sweep of a report: what it found there, the map of one's own, and the way to train it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

import resources
from engine import sweep as sweeps
from engine.reports import SweepEntry
from engine.sweep import Sweep
from engine.sweeping.folder import newest_of
from gui import style
from gui.sweep.mapview import MapView
from gui.sweep.naming import Names
from gui.sweep.seen import Seen
from gui.sweeps import Book, read
from gui.widgets.quantities import count

MAP_HEIGHT = 420


def settings(entry: SweepEntry) -> Sweep:
    """What a report's sweep is. Raises KeyError, ExperimentError."""
    return sweeps.load(resources.sweeps()[entry.preset])


def books(entries: Sequence[SweepEntry], runs_dir: Path) -> dict[str, Book | None]:
    """On the question thread: preset -> what the newest sweep of it has found; None where there is none."""
    found = {entry.preset: newest_of(settings(entry), runs_dir) for entry in entries}
    return {name: read(folder) if folder is not None else None for name, folder in found.items()}


class SweepBox(QWidget):
    """Signals: ``wanted`` (Sweep: it is to be trained or continued), ``opened`` (SweepFolder)."""

    wanted = Signal(object)
    opened = Signal(object)

    def __init__(self, entry: SweepEntry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entry = entry
        self._book: Book | None = None
        self.map = MapView()
        self.map.setFixedHeight(MAP_HEIGHT)
        self.state = style.dress(QLabel(), "caption", "quiet")
        self.act = QPushButton()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.S)
        column.addWidget(style.dress(QLabel(entry.title), "heading"))
        column.addWidget(self.map)
        caption = style.dress(QLabel(entry.caption), tone="quiet")
        caption.setWordWrap(True)
        caption.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(caption)
        row = QHBoxLayout()
        row.addWidget(self.state, 1)
        row.addWidget(self.act)
        column.addLayout(row)
        self.act.clicked.connect(self._act)
        self.map.opened.connect(self._open)
        self.show_book(None)

    def show_book(self, book: Book | None) -> None:
        """Show what was found; the place of the map stays free only where there is one."""
        self._book = book
        self.map.setVisible(book is not None)
        if book is None:
            self.state.setText(self.tr("Not trained yet: {runs} runs × {epochs} epochs.").format(
                runs=count(sweeps.count(settings(self.entry))), epochs=settings(self.entry).base.train.epochs))
            self._offer(self.tr("Train this sweep"), self.tr("Begins at once, in the Sweep tab"))
            return
        seen = Seen(book, Names(book.sweep))
        self.map.show_sweep(seen)
        done = self.tr("{done} of {total} runs done.").format(done=count(book.done), total=count(book.total))
        self.state.setText(f"{done} {seen.names.verdict(seen.verdict)}")
        if book.complete:
            self._offer(self.tr("Show in the Sweep tab"), self.tr("With the image of each cell, and every run"))
        else:
            self._offer(self.tr("Continue this sweep"), self.tr("Trains what is missing, in the Sweep tab"))

    def _offer(self, text: str, tip: str) -> None:
        self.act.setText(text)
        self.act.setToolTip(tip)
        self.act.setAccessibleName(f"{text}: {self.entry.title}")

    @Slot()
    def _act(self) -> None:
        if self._book is not None and self._book.complete:
            self.opened.emit(self._book.folder)
        else:
            self.wanted.emit(self._book.folder if self._book is not None else settings(self.entry))

    @Slot(int)
    def _open(self, number: int) -> None:
        """A click on the map goes to the sweep's own tab."""
        if self._book is not None:
            self.opened.emit(self._book.folder)
