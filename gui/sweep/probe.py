"""One cell of a sweep at the side: what its network makes of the probe image, a slider for each axis, its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from engine.run import Run
from engine.sweeptable import Cell
from gui import style
from gui.plots.menu import Menu
from gui.plots.picture import Picture
from gui.sweep.seen import Seen
from gui.widgets.controls import button
from gui.widgets.quantities import count, duration, significant

WIDTH = 248
ORIGINAL_SIDE = 84


class AxisSlider(QWidget):
    """The values of one axis to drag through. Signal ``moved`` (place)."""

    moved = Signal(int)

    def __init__(self, name: str, texts: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = tuple(texts)
        self.label, self.value = style.dress(QLabel(name), "caption", "quiet"), style.dress(QLabel(), "caption")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, max(0, len(self._texts) - 1))
        self.slider.setPageStep(1)
        self.slider.setAccessibleName(name)
        self.slider.setToolTip(self.tr("Swaps the image to the network with this value"))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(0)
        grid.addWidget(self.label, 0, 0)
        grid.addWidget(self.value, 0, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self.slider, 1, 0, 1, 2)
        self.slider.valueChanged.connect(self._move)

    def show_place(self, place: int) -> None:
        """Stand at a value, without a signal."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(place)
        self._say()

    def _say(self) -> None:
        place = self.slider.value()
        self.value.setText(self._texts[place] if place < len(self._texts) else "")

    @Slot(int)
    def _move(self, place: int) -> None:
        self._say()
        self.moved.emit(place)


class Probe(QWidget):
    """Signals: ``chosen`` (number of a cell, by a slider), ``opened`` (number: its run is to be shown)."""

    chosen = Signal(int)
    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH)
        self.picture, self.original = Picture(), Picture(caption=self.tr("Original"))
        self.picture.setMinimumHeight(140)
        self.original.setFixedSize(ORIGINAL_SIDE, ORIGINAL_SIDE + 22)
        self.title, self.numbers = QLabel(), style.dress(QLabel(), "caption", "quiet")
        for label in (self.title, self.numbers):
            label.setWordWrap(True)
        self.open = button(self.tr("Show its run"), self.tr(
            "Look at this network in every tab: its timeline, reconstructions, latent grid"), text=True)
        self.sliders: dict[str, AxisSlider] = {}
        self.cell: Cell | None = None
        self._seen: Seen | None = None
        self._axes: tuple[Any, ...] = ()
        self._sliders = QVBoxLayout()
        self._sliders.setSpacing(style.XS)
        foot = QHBoxLayout()
        foot.addWidget(self.original)
        beside = QVBoxLayout()
        beside.addWidget(self.numbers, 1)
        beside.addWidget(self.open)
        foot.addLayout(beside, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.S)
        column.addWidget(self.title)
        column.addWidget(self.picture, 1)
        column.addLayout(self._sliders)
        column.addLayout(foot)
        self.open.clicked.connect(self._open)
        Menu(self.picture, "probe")

    def show_sweep(self, seen: Seen) -> None:
        """Take in the sweep of now; the chosen cell stays chosen."""
        axes = (seen.book.folder, *seen.axes, len(seen.cells) if self._ranked(seen) else 0)
        self._seen = seen
        if axes != self._axes:
            self._axes = axes
            self._make_sliders(seen)
        if seen.book.original is not None:
            self.original.set_image(seen.book.original)
        self.original.setVisible(seen.book.original is not None)
        if self.cell is not None:
            self.show_cell(seen.by_number.get(self.cell.number))

    @staticmethod
    def _ranked(seen: Seen) -> bool:
        """Whether combinations were drawn: then one slider goes from the best to the worst."""
        return seen.book.sweep.drawn

    def _make_sliders(self, seen: Seen) -> None:
        for slider in self.sliders.values():
            slider.hide()
            self._sliders.removeWidget(slider)
            slider.setParent(None)
            slider.deleteLater()
        if self._ranked(seen):
            self.sliders = {"": AxisSlider(self.tr("Rank by loss"), [count(n + 1) for n in range(len(seen.cells))])}
        else:
            self.sliders = {path: AxisSlider(seen.names.field(path), [
                seen.names.value(path, value) for value in seen.values(path)]) for path in seen.axes}
        for slider in self.sliders.values():
            self._sliders.addWidget(slider)
            slider.moved.connect(self._slide)

    @Slot()
    def _slide(self, *_: object) -> None:
        """The cell that the sliders stand at."""
        seen = self._seen
        if seen is None:
            return
        if self._ranked(seen):
            ranking = seen.ranking
            place = self.sliders[""].slider.value()
            found = ranking[place] if place < len(ranking) else None
        else:
            wanted = {path: seen.values(path)[slider.slider.value()] for path, slider in self.sliders.items()}
            found = next((cell for cell in seen.cells
                          if all(cell.values.get(path) == value for path, value in wanted.items())), None)
        if found is not None:
            self.chosen.emit(found.number)

    def show_cell(self, cell: Cell | None) -> None:
        """Choose a cell: the sliders go where it is."""
        self.cell = cell
        self._place_sliders(cell)
        self.peek(cell)

    def _place_sliders(self, cell: Cell | None) -> None:
        seen = self._seen
        if seen is None or cell is None:
            return
        if self._ranked(seen):
            order = [known.number for known in seen.ranking]
            if cell.number in order:
                self.sliders[""].show_place(order.index(cell.number))
            return
        for path, slider in self.sliders.items():
            values = list(seen.values(path))
            if cell.values.get(path) in values:
                slider.show_place(values.index(cell.values[path]))

    def peek(self, cell: Cell | None) -> None:
        """Look at a cell without choosing it; at the chosen one again for None."""
        seen, cell = self._seen, cell or self.cell
        if seen is None or cell is None:
            self.title.setText(self.tr("Choose a cell."))
            self.numbers.clear()
            self.picture.clear()
            self.open.setEnabled(False)
            return
        picture = seen.picture(cell)
        if picture is not None:
            self.picture.set_image(picture)
        else:
            self.picture.clear()
        self.picture.set_caption(self.tr("Validation image 0") if picture is not None else "")
        self.title.setText(seen.names.cell(cell.values))
        self.numbers.setText(self._told(seen, cell))
        self.open.setEnabled(any(row.folder is not None for row in cell.rows))

    def _told(self, seen: Seen, cell: Cell) -> str:
        """Loss, spread, seeds, time."""
        loss = seen.names.loss(cell)
        said = [self.tr("Loss {loss}").format(loss=loss) if cell.mean is not None else loss[:1].upper() + loss[1:]]
        if cell.training_loss is not None:
            said.append(self.tr("Training {loss}").format(loss=significant(cell.training_loss)))
        if len(cell.rows) > 1:
            done = self.tr("{done} of {seeds} seeds").format(done=len(cell.losses), seeds=len(cell.rows))
            said.append(done)
            if cell.diverged:
                said.append(self.tr("{share} % diverged").format(share=round(100 * cell.diverged)))
        if cell.mark in ("failed", "diverged"):
            said += {Run(row.folder).status_text: None for row in cell.rows if row.folder is not None}
        if cell.elapsed_s:
            said.append(duration(cell.elapsed_s))
        return "\n".join(said)

    @Slot()
    def _open(self) -> None:
        if self.cell is not None:
            self.opened.emit(self.cell.number)
