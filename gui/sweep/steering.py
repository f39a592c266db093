"""Which sweep is shown, and what can be done with it: begin, pause, stop, go on."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QWidget

from engine.runfiles import lock
from engine.sweeping.folder import SweepFolder
from gui.sweeps import Sweeps
from gui.widgets.controls import Flow, button, combo

TITLE_LETTERS = 16
"""Of the chosen sweep; the list is as wide as its titles, and the tooltip says the whole."""
LIST_WIDTH = 360


class Steering(QWidget):
    """Signals: ``new`` (a sweep is to be set up), ``shown`` (SweepFolder that is to be shown), ``carried_on`` (what is
    missing of the shown one is to be trained)."""

    new = Signal()
    shown = Signal(object)
    carried_on = Signal()

    def __init__(self, sweeps: Sweeps, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sweeps = sweeps
        self._folders: tuple[SweepFolder, ...] = ()
        self.choice = combo(self.tr("Sweep"), self.tr("Which sweep is shown"))
        self.choice.setPlaceholderText(self.tr("No sweep"))
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(TITLE_LETTERS)
        self.choice.view().setMinimumWidth(LIST_WIDTH)
        self.begin = button(self.tr("New sweep…"), self.tr("Choose what varies, and train all combinations"), "plus",
                            text=True)
        self.pause = button(self.tr("Pause"), self.tr("Begin no more networks; those at work are finished"), "pause",
                            text=True)
        self.stop = button(self.tr("Stop"), self.tr(
            "End the sweep; what is finished is kept, the rest can be continued"), "stop", text=True)
        self.go_on = button(self.tr("Continue"), "", "play", text=True)
        row = Flow(self)
        for widget in (self.choice, self.begin, self.go_on, self.pause, self.stop):
            row.addWidget(widget)
        self.choice.activated.connect(self._choose)
        self.begin.clicked.connect(self.new)
        self.pause.clicked.connect(self._toggle)
        self.stop.clicked.connect(sweeps.stop)
        self.go_on.clicked.connect(self.carried_on)
        sweeps.state_changed.connect(self.refresh)
        sweeps.shown_changed.connect(self.refresh)
        self.refresh()

    def offer(self, folders: tuple[SweepFolder, ...]) -> None:
        """The sweeps of the runs folder, the newest first."""
        if folders != self._folders:
            self._folders = folders
            with QSignalBlocker(self.choice):
                self.choice.clear()
                for folder in folders:
                    self.choice.addItem(_title(folder.name), folder)
        self._show_choice()

    def _show_choice(self) -> None:
        shown = self._sweeps.shown
        names = [folder.folder for folder in self._folders]
        place = names.index(shown.folder.folder) if shown is not None and shown.folder.folder in names else -1
        self.choice.setCurrentIndex(place)
        self.choice.setToolTip(self.choice.currentText() or self.tr("Which sweep is shown"))
        self.choice.setEnabled(bool(names))

    @Slot(int)
    def _choose(self, place: int) -> None:
        if 0 <= place < len(self._folders):
            self.shown.emit(self._folders[place])

    @Slot()
    def _toggle(self) -> None:
        if self._sweeps.state in ("paused", "blocked"):
            self._sweeps.resume()
        else:
            self._sweeps.pause()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Offer what can be done now."""
        sweeps = self._sweeps
        busy, shown = sweeps.busy, sweeps.shown
        self.begin.setEnabled(not busy)
        self.begin.setToolTip(self.tr("A sweep is at work; stop it first. It can be continued later.") if busy else
                              self.tr("Choose what varies, and train all combinations"))
        self.pause.setVisible(busy)
        held = sweeps.state in ("paused", "blocked")
        self.pause.setText(self.tr("Resume") if held else self.tr("Pause"))
        self.pause.setEnabled(sweeps.state in ("running", "paused", "blocked"))
        self.stop.setVisible(busy)
        self.stop.setEnabled(sweeps.state != "stopping")
        unfinished = shown is not None and not shown.complete and not busy
        self.go_on.setVisible(unfinished)
        if unfinished and shown is not None:
            holder = lock.holder(shown.folder.folder)
            text = self.tr("Train what is missing: {count} of {total} runs") if holder is None else self.tr(
                "Process {pid} on {host} is at it")
            self.go_on.setToolTip(text.format(count=shown.total - shown.done, total=shown.total,
                                              pid=holder.pid if holder else "", host=holder.host if holder else ""))
            self.go_on.setEnabled(holder is None)
        self._show_choice()


def _title(name: str) -> str:
    """'2026-11-20_15-04-05_mnist' -> 'mnist · 2026-11-20 15:04'."""
    day, _, rest = name.partition("_")
    hour, _, title = rest.partition("_")
    return f"{title} · {day} {hour[:5].replace('-', ':')}" if title else Path(name).name
