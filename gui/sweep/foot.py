"""The foot of a sweep's page: how long it will take, what keeps it from starting, which cells cannot be; and Start."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui import style
from gui.sweep.cells import Cell, Look
from gui.sweep.values import text_of
from gui.sweep.variables import short_name
from gui.widgets.controls import note, push
from gui.widgets.quantities import count, duration

SHOWN = 2
"""So many cells are named; the tooltip names more."""
HOUR_S, DAY_S = 3600, 86_400


class SweepFoot(QWidget):
    """Signals: ``started`` when Start is pressed, ``left`` when Close is."""

    started = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.forecast = style.dress(QLabel(), "heading")
        self.forecast.setWordWrap(True)
        self.problems, self.cells, self.note = note(), note(), note()
        style.mark(self.problems, "tone", "bad")
        self.close_button = push(self.tr("Close"), self.tr("Close this page; nothing is started"))
        self.start = push(self.tr("Start sweep"), "")
        style.mark(self.start, "primary", True)
        self._lay_out()
        self.start.clicked.connect(self.started)
        self.close_button.clicked.connect(self.left)
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self, self.start.click)

    def _lay_out(self) -> None:
        said = QVBoxLayout()
        said.setSpacing(style.XS)
        for label in (self.forecast, self.problems, self.cells, self.note):
            said.addWidget(label)
        self.note.hide()
        said.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.S)
        row.addLayout(said, 1)
        row.addSpacing(style.L)
        for made in (self.close_button, self.start):
            bottom = QVBoxLayout()
            bottom.addStretch(1)
            bottom.addWidget(made)
            row.addLayout(bottom)

    def show_forecast(self, runs: int, epochs: float | None, seconds: float | None, why_unknown: str) -> None:
        """'361 runs × 5 epochs, about 14 min, ends 15:40'; ``epochs``: None where they vary between experiments."""
        text = self.tr("1 run") if runs == 1 else self.tr("{runs} runs").format(runs=count(runs))
        if epochs is not None:
            number = self.tr("1 epoch") if epochs == 1 else self.tr("{epochs} epochs").format(epochs=count(epochs))
            text += f" × {number}"
        if seconds is not None:
            text += self.tr(", about {time}, ends {end}").format(time=about(seconds), end=ending(seconds))
        elif why_unknown:
            text += f". {why_unknown}"
        self.forecast.setText(text)

    def show_problems(self, here: Iterable[str], reasons: Iterable[str]) -> None:
        """What is wrong with the whole, in red; and every reason why it cannot start, in the tooltip of Start."""
        lines, why = list(here), list(reasons)
        self.problems.setText("\n".join(lines))
        self.problems.setVisible(bool(lines))
        self.start.setEnabled(not why)
        self.start.setToolTip("\n".join(why) or self.tr("Train these networks (Ctrl+Return)"))

    def show_note(self, text: str) -> None:
        """Something that was done, '' for nothing."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def show_cells(self, look: Look | None) -> None:
        """Which cells are left out or corrected; None where they are not known before."""
        found = [] if look is None else [
            (self.tr("{count} of {total} cells cannot be; they are left out"), look.left_out, look.impossible),
            (self.tr("{count} of {total} cells cannot be as they stand; they are corrected"), look.corrected,
             look.mended)]
        lines = [_named(text.format(count=count(number), total=count(look.total)), number, cells)
                 for text, number, cells in found if look is not None and number]
        tips = [_line(cell) for _, _, cells in found for cell in cells]
        if look is not None and look.seen == look.total and not lines:
            lines.append(self.tr("Every cell can be trained."))
        self.cells.setText("\n".join(lines))
        self.cells.setToolTip("\n".join(tips))
        self.cells.setVisible(bool(lines))
        style.mark(self.cells, "tone", "warning" if tips else "quiet")


def _named(text: str, number: int, cells: tuple[Cell, ...]) -> str:
    """How many, and below it some of the cells with what is wrong with them, each for a reason of its own."""
    reasons = {cell.message: cell for cell in reversed(cells)}
    few = [cell for cell in cells if reasons[cell.message] is cell][:SHOWN]
    some = QCoreApplication.translate("sweep", "{text}, for example:") if number > len(few) else "{text}:"
    return "\n".join([some.format(text=text), *map(_line, few)])


def _line(cell: Cell) -> str:
    """'kernel 9, stride 2: The kernel is larger than the image.'"""
    said = " · ".join(f"{short_name(path)} {text_of(value)}" for path, value in cell.values.items())
    return f"{said}: {cell.message}"


def about(seconds: float) -> str:
    """A duration no more exact than a forecast is: '14 min'."""
    if seconds < 60:
        return duration(max(1.0, seconds))
    if seconds < HOUR_S:
        return QCoreApplication.translate("sweep", "{minutes} min").format(minutes=round(seconds / 60))
    if seconds < 10 * HOUR_S:
        return duration(60 * round(seconds / 60))
    if seconds < 3 * DAY_S:
        return QCoreApplication.translate("sweep", "{hours} h").format(hours=round(seconds / HOUR_S))
    return QCoreApplication.translate("sweep", "{days} days").format(days=count(seconds / DAY_S))


def ending(seconds: float) -> str:
    """The time of day in so many seconds: '15:40', with the day where that is not within the next one."""
    then = QDateTime.currentDateTime().addSecs(round(seconds))
    if seconds > 365 * DAY_S:
        return QLocale().toString(then, "d MMM yyyy")
    today = then.date() == QDateTime.currentDateTime().date()
    return QLocale().toString(then, "HH:mm" if today else "ddd HH:mm" if seconds < 6 * DAY_S else "d MMM HH:mm")
