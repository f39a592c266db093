"""One image with its code, and a plane of the latent space decoded on a grid."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.answers import Axes, Code, Contents, Numbers, Plane, Progress
from gui import style
from gui.plots.code import CodeView
from gui.plots.menu import Menu
from gui.plots.picture import Picture
from gui.plots.plane import PlaneView
from gui.questions import Questions
from gui.session import Session
from gui.widgets.controls import Flow, button, combo, labelled, note, spin
from gui.widgets.image_picker import ImagePicker
from gui.widgets.quantities import significant
from gui.widgets.stage import Stage

COLUMN_WIDTH = 212
"""The image's column: its controls in two rows, in px."""

PICTURE_STRETCH, STRIP_STRETCH = 3, 1
"""Shares of the column's height."""


class PlaneControls(QWidget):
    """Which plane, how fine, how wide, through which point. Signal: ``changed``."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = combo(self.tr("Plane"), self.tr(
            "The two directions along which the codes of 1,000 images vary most, or two numbers of the code"),
            ((self.tr("Principal directions"), "pca"), (self.tr("Two dimensions"), "dimensions")))
        self.across = spin(self.tr("Dimension across"), self.tr("Number of the code along x, counted from 0"), 0, 0, 0)
        self.up = spin(self.tr("Dimension up"), self.tr("Number of the code along y, counted from 0"), 0, 0, 0)
        self._dimensions = labelled("", self.across, self.up)
        self.grid = spin(self.tr("Grid"), self.tr("Cells along each axis; more take longer to decode"), 2, 20, 12)
        self.cut = spin(self.tr("Cut"), self.tr(
            "Share of the codes beyond each end of an axis. Lower shows rarer codes, 0 all of them"), 0, 25, 2, " %")
        self.through = button(self.tr("Through this image"), self.tr(
            "Lay the plane through the code of the chosen image instead of the mean code"), text=True, checkable=True)
        self.codes = button(self.tr("Codes"), self.tr(
            "Draw where the codes of the 1,000 images fall, coloured by class"), text=True, checkable=True)
        for field, width in ((self.across, 72), (self.up, 72), (self.grid, 60), (self.cut, 72)):
            field.setFixedWidth(width)
        row = Flow(self)
        for widget in (self.kind, self._dimensions, labelled(self.tr("Grid"), self.grid),
                       labelled(self.tr("Cut"), self.cut), self.through, self.codes):
            row.addWidget(widget)
        self.kind.currentIndexChanged.connect(self._take_axes)
        self.through.toggled.connect(self._tell)
        for field in (self.across, self.up, self.grid, self.cut):
            field.valueChanged.connect(self._tell)
        self._dimensions.hide()

    @property
    def axes(self) -> Axes:
        """'pca', or two dimensions of the code."""
        return "pca" if self.kind.currentData() == "pca" else (self.across.value(), self.up.value())

    @property
    def cells(self) -> int:
        """Cells along each axis."""
        return self.grid.value()

    @property
    def quantile(self) -> float:
        """Share of the codes beyond each end of an axis."""
        return self.cut.value() / 100

    @property
    def through_image(self) -> bool:
        """Whether the plane runs through the chosen image's code."""
        return self.through.isChecked()

    def set_code_shape(self, shape: tuple[int, ...]) -> None:
        """The dimensions there are to choose from."""
        last = math.prod(shape) - 1
        first_time = not self.across.maximum()
        for field in (self.across, self.up):
            field.blockSignals(True)
            field.setMaximum(last)
            field.blockSignals(False)
        if first_time:
            self.up.blockSignals(True)
            self.up.setValue(min(1, last))
            self.up.blockSignals(False)

    @Slot()
    def _take_axes(self) -> None:
        self._dimensions.setVisible(self.kind.currentData() != "pca")
        self.changed.emit()

    @Slot()
    def _tell(self) -> None:
        self.changed.emit()


class LatentTab(QWidget):
    """Left the chosen image, its code and its reconstruction; in the middle the plane; right its chosen cell, large."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._shown = session, session.shown
        self.questions = Questions(self._shown, "latent", self)
        self._plane: Plane | None = None
        self._another_image = False
        self._scores: Numbers | None = None
        self._scores_of = self._asked_run = Path()
        self.picker, self.controls = ImagePicker(), PlaneControls()
        self.image, self.code, self.output, self.cell = Picture(), CodeView(), Picture(), Picture()
        self.view = PlaneView()
        content = QWidget()
        self.stage = Stage(content)
        self._arrange(content)
        self._connect()
        self.picker.set_image(self._shown.split, self._shown.image)

    def _arrange(self, content: QWidget) -> None:
        """The image's column; beside it the plane and the chosen cell under their controls."""
        self._column = QVBoxLayout()
        self._column.setSpacing(style.XS)
        self._column.addWidget(self.picker)
        for picture in (self.image, self.code, self.output):
            self._column.addWidget(picture, PICTURE_STRETCH)
        pictures = QHBoxLayout()
        pictures.setSpacing(style.S)
        pictures.addWidget(self.view, 14)
        pictures.addWidget(self.cell, 5)
        right = QVBoxLayout()
        right.setSpacing(style.S)
        right.addWidget(self.controls)
        right.addLayout(pictures, 1)
        right.addWidget(note(self.tr("The ring marks the chosen image. A click shows a cell large.")))
        columns = QHBoxLayout(content)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(style.L)
        columns.addLayout(self._column, 3)
        columns.addLayout(right, 11)
        self.picker.setMinimumWidth(COLUMN_WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(style.M, style.M, style.M, style.S)
        layout.addWidget(self.stage)
        for figure, name in ((self.image, "image"), (self.output, "reconstruction"), (self.cell, "decoded"),
                             (self.view, "latent-plane")):
            Menu(figure, name)

    def _connect(self) -> None:
        self.picker.chosen.connect(self._shown.choose_image)
        self.picker.own_wanted.connect(self._session.dialog_wanted)
        self.picker.filtered.connect(self._take_filter)
        self.controls.changed.connect(self._ask_plane)
        self.controls.codes.toggled.connect(self.view.show_codes)
        self.view.selected_changed.connect(self._show_cell)
        self.stage.retry.connect(self.questions.refresh)
        self.questions.contents_changed.connect(self._take_contents)
        self.questions.due.connect(self._ask)
        self.questions.emptied.connect(self._empty)
        self.questions.answered.connect(self._take_answer)
        self.questions.progressed.connect(self._take_progress)
        self.questions.failed.connect(self._take_failure)
        self.questions.busy_changed.connect(self.stage.set_busy)
        self._shown.image_changed.connect(self._take_image)

    @Slot()
    def _ask(self) -> None:
        """The chosen image and the plane at the shown snapshot."""
        self.questions.ask("code", "code_of", self._shown.split, self._shown.image)
        self._ask_plane()

    @Slot()
    def _ask_plane(self) -> None:
        """The plane; its principal directions as the last one of this run had them."""
        if self._shown.snapshot is None:
            return
        self._asked_run = self._shown.snapshot.run
        kept = self._scores if self._scores_of == self._asked_run else None
        controls = self.controls
        self.questions.ask("plane", "code_plane", self._shown.split, self._shown.image, controls.axes, controls.cells,
                            controls.quantile, controls.through_image, kept)

    @Slot(str)
    def _empty(self, trouble: str) -> None:
        self.stage.show_nothing(self._shown.run is not None, trouble)

    @Slot(object)
    def _take_contents(self, contents: Contents) -> None:
        self.picker.set_contents(contents)
        self.picker.set_image(self._shown.split, self._shown.image)
        self.controls.set_code_shape(contents.code_shape)

    @Slot()
    def _take_filter(self) -> None:
        """Another split or class: the image that the picker moved to."""
        self._shown.choose_image(self.picker.split, self.picker.index)

    @Slot(object)
    def _take_image(self, image: tuple[str, int]) -> None:
        """An image was chosen, here or in another tab."""
        self.picker.set_image(*image)
        self._another_image = True
        self.questions.refresh()

    @Slot(str, object)
    def _take_answer(self, key: str, answer: Any) -> None:
        if isinstance(answer, Code):
            self._show_code(answer)
        elif isinstance(answer, Plane):
            self._show_plane(answer)
            self.stage.show_content()

    def _show_code(self, answer: Code) -> None:
        contents, names = self.questions.contents, ""
        if contents is not None and answer.label is not None:
            names = f" · {contents.class_names[answer.label]}"
        self.image.set_image(answer.image)
        self.image.set_caption(self.tr("Original") + names)
        self.code.set_code(answer.code)
        self._column.setStretchFactor(self.code, PICTURE_STRETCH if answer.code.ndim == 3 else STRIP_STRETCH)
        self.output.set_image(answer.output)
        self.output.set_caption(self.tr("Reconstruction · MSE {mse}").format(mse=significant(answer.mse, 3)))

    def _show_plane(self, plane: Plane) -> None:
        """New tiles, in place; the chosen cell stays, on another grid and for another image it is the nearest one."""
        before, self._plane = self._plane, plane
        if plane.axes == "pca" and not any(plane.constant):  # a collapsed code has no directions to keep
            self._scores, self._scores_of = plane.scores, self._asked_run
        titles = self._title(plane, 0), self._title(plane, 1)
        self.view.set_plane(plane.pictures, plane.x, plane.y, titles, plane.position)
        self.view.set_codes(plane.scores, plane.labels)
        same_grid = before is not None and (before.axes, before.pictures.shape) == (plane.axes, plane.pictures.shape)
        if self.view.tiles.selected < 0 or self._another_image or not same_grid:
            self.view.tiles.select(self._nearest(plane))
            self._another_image = False
        self._show_cell(self.view.tiles.selected)

    @staticmethod
    def _nearest(plane: Plane) -> int:
        """The cell at the chosen image's place."""
        at_x, at_y = plane.position
        column, row = int(np.abs(plane.x - at_x).argmin()), int(np.abs(plane.y - at_y).argmin())
        return row * len(plane.x) + column

    def _title(self, plane: Plane, axis: int) -> str:
        """What an axis of the plane is: 'Principal direction 1 · 42.0 % of the variance'."""
        if plane.axes == "pca":
            title = self.tr("Principal direction {number}").format(number=axis + 1)
        else:
            title = self.tr("Dimension {number} of the code").format(number=plane.axes[axis])
        if plane.constant[axis]:
            return title + self.tr(" · does not vary")
        if plane.explained is None:
            return title
        share = significant(100 * plane.explained[axis], 3)
        return title + self.tr(" · {share} % of the variance").format(share=share)

    @Slot(int)
    def _show_cell(self, tile: int) -> None:
        """A cell of the plane, large, with its coordinates."""
        if self._plane is None or not 0 <= tile < len(self._plane.pictures):
            self.cell.clear()
            return
        x, y = self.view.coordinates(tile)
        self.cell.set_image(self._plane.pictures[tile])
        self.cell.set_caption(f"({significant(x, 3)}, {significant(y, 3)})".replace("-", "−"))

    @Slot(str, object)
    def _take_progress(self, key: str, progress: Progress) -> None:
        self.stage.set_progress(progress.done, progress.total)

    @Slot(str, str)
    def _take_failure(self, key: str, text: str) -> None:
        self.stage.show_failed(text)
