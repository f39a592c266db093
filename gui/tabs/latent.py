"""One image with its code, and beside it the latent space: a plane of decoded images, or a map of many codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from engine.answers import Code, Contents, Plane, Progress
from gui import style
from gui.latent.directions import Directions, axis_title
from gui.latent.map import MapPage
from gui.latent.plane_controls import PlaneControls
from gui.plots.code import CodeView
from gui.plots.menu import Menu
from gui.plots.picture import Picture
from gui.plots.plane import PlaneView
from gui.questions import Questions
from gui.session import Session
from gui.widgets.controls import button, note
from gui.widgets.image_picker import ImagePicker
from gui.widgets.quantities import significant
from gui.widgets.stage import Stage

COLUMN_WIDTH = 212
"""The image's column: its controls in two rows, in px."""

PICTURE_STRETCH, STRIP_STRETCH = 3, 1
"""Shares of the column's height."""

ROOM_FOR_ALL = 960
"""Width for the image's column, the map and a list beside it, in px."""

PLANE, MAP = range(2)
"""What of the latent space is shown."""


class LatentTab(QWidget):
    """Left the chosen image, its code and its reconstruction; beside it the plane and its chosen cell, or the map."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._shown = session, session.shown
        self.questions = Questions(self._shown, "latent", self)
        self._plane: Plane | None = None
        self._plane_waits = False
        self._another_image = False
        self._asked_run = Path()
        self.directions = Directions()
        self.map = MapPage(self._shown, self.directions)
        self.mode = QButtonGroup(self)
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
        self.image_column = QWidget()
        self._column = QVBoxLayout(self.image_column)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(style.XS)
        self._column.addWidget(self.picker)
        for picture in (self.image, self.code, self.output):
            self._column.addWidget(picture, PICTURE_STRETCH)
        right = QVBoxLayout()
        right.setSpacing(style.S)
        right.addLayout(self._control_row())
        right.addWidget(self._plane_page(), 1)
        right.addWidget(self.map, 1)
        self.map.hide()
        self.map.controls.hide()
        columns = QHBoxLayout(content)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(style.L)
        columns.addWidget(self.image_column, 3)
        columns.addLayout(right, 11)
        self.picker.setMinimumWidth(COLUMN_WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(style.M, style.M, style.M, style.S)
        layout.addWidget(self.stage)
        for figure, name in ((self.image, "image"), (self.output, "reconstruction"), (self.cell, "decoded"),
                             (self.view, "latent-plane")):
            Menu(figure, name)

    def _control_row(self) -> QHBoxLayout:
        """What of the latent space is shown, and the controls of that."""
        switch = QHBoxLayout()
        switch.setSpacing(0)
        for name, tip in ((self.tr("Plane"), self.tr("A plane of the latent space, decoded on a grid")),
                          (self.tr("Map"), self.tr("Where the codes of many images fall"))):
            choice = button(name, tip, text=True, checkable=True)
            style.mark(choice, "segment", "last" if self.mode.buttons() else "first")
            self.mode.addButton(choice, len(self.mode.buttons()))
            switch.addWidget(choice)
        self.mode.button(PLANE).setChecked(True)
        row = QHBoxLayout()
        row.setSpacing(style.L)
        row.addLayout(switch)
        row.addWidget(self.controls, 1)
        row.addWidget(self.map.controls, 1)
        row.setAlignment(switch, Qt.AlignmentFlag.AlignTop)
        return row

    def _plane_page(self) -> QWidget:
        """The plane and its chosen cell."""
        self.plane = QWidget()
        pictures = QHBoxLayout()
        pictures.setSpacing(style.S)
        pictures.addWidget(self.view, 14)
        pictures.addWidget(self.cell, 5)
        layout = QVBoxLayout(self.plane)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(style.S)
        layout.addLayout(pictures, 1)
        self.hint = note()
        self._explain(False)
        layout.addWidget(self.hint)
        return self.plane

    def _explain(self, residual: bool) -> None:
        """What the plane shows; a network that adds to its input draws every cell on that of the chosen image."""
        text = self.tr("The ring marks the chosen image. A click shows a cell large.")
        if residual:
            text += " " + self.tr("This network adds to its input: every cell is drawn on that of the chosen image.")
        self.hint.setText(text)

    def _connect(self) -> None:
        self.mode.idClicked.connect(self.show_mode)
        self.map.listing.connect(self._make_room)
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

    @Slot(int)
    def show_mode(self, mode: int) -> None:
        """Show the plane (PLANE) or the map (MAP)."""
        self.mode.button(mode).setChecked(True)
        on_map = mode == MAP
        for part, shown in ((self.plane, not on_map), (self.controls, not on_map), (self.map, on_map),
                            (self.map.controls, on_map)):
            part.setVisible(shown)
        self._make_room(not self.map.inside.isHidden())
        if on_map:
            self.questions.cancel("plane")
        else:
            self._ask_plane()

    @Slot(bool)
    def _make_room(self, listing: bool) -> None:
        """In a narrow tab the list of the lasso takes the place of the image's column."""
        self.image_column.setVisible(self.width() >= ROOM_FOR_ALL or not (listing and self.mode.checkedId() == MAP))

    @Slot()
    def _ask(self) -> None:
        """The chosen image and the plane at the shown snapshot; where nothing decodes, the image's place on the map."""
        experiment = self._shown.experiment
        decodes = experiment is None or getattr(experiment, "task", "autoencoder") == "autoencoder"
        self._allow_plane(decodes)
        self.output.setVisible(decodes)
        self.questions.ask("code", "code_of" if decodes else "code_alone", self._shown.split, self._shown.image)
        self._ask_plane()

    def _allow_plane(self, decodes: bool) -> None:
        """The plane needs a decoder; without one the map stands in for it, until there is one again."""
        plane = self.mode.button(PLANE)
        plane.setToolTip(self.tr("A plane of the latent space, decoded on a grid") if decodes else self.tr(
            "A classifier has no decoder, so its latent space cannot be drawn as images; the map shows its codes"))
        if decodes == plane.isEnabled():
            return
        plane.setEnabled(decodes)
        if not decodes:
            self._plane_waits = self.mode.checkedId() == PLANE
            self.show_mode(MAP)
        elif self._plane_waits:
            self.show_mode(PLANE)

    @Slot()
    def _ask_plane(self) -> None:
        """The plane; its principal directions as the last one of this run had them."""
        if self._shown.snapshot is None or self.mode.checkedId() == MAP:
            return
        self._asked_run = self._shown.snapshot.run
        kept = self.directions.of(self._asked_run)
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
        self._explain(contents.residual)

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
            if self.mode.checkedId() == MAP:
                self.stage.show_content()
        elif isinstance(answer, Plane):
            self._show_plane(answer)
            self.stage.show_content()

    def _show_code(self, answer: Code) -> None:
        contents = self.questions.contents
        name = contents.class_of(self._shown.split, self._shown.image) if contents else ""
        self.image.set_image(answer.image)
        self.image.set_caption(self.tr("Original · {name}").format(name=name) if name else self.tr("Original"))
        self.code.set_code(answer.code)
        self._column.setStretchFactor(self.code, PICTURE_STRETCH if answer.code.ndim == 3 else STRIP_STRETCH)
        if not answer.output.size:
            return
        self.output.set_image(answer.output)
        self.output.set_caption(self.tr("Reconstruction · MSE {mse}").format(mse=significant(answer.mse, 3)))

    def _show_plane(self, plane: Plane) -> None:
        """New tiles, in place; the chosen cell stays, on another grid and for another image it is the nearest one."""
        before, self._plane = self._plane, plane
        if plane.axes == "pca" and not any(plane.constant):  # a collapsed code has no directions to keep
            self.directions.keep(self._asked_run, plane.scores)
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
        """What an axis of the plane is."""
        return axis_title(plane.axes, axis, plane.explained, plane.constant[axis])

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
