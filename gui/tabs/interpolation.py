"""On the way from one image to another, in the latent space, and in pixels for comparison."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.answers import Blend, Contents, Strip
from gui import style
from gui.interpolation.saving import Saving
from gui.plots.menu import Menu
from gui.plots.picture import Picture
from gui.plots.tiles import TiledImages
from gui.questions import Questions
from gui.session import Session
from gui.widgets.controls import button, note
from gui.widgets.image_picker import ImagePicker
from gui.widgets.stage import Stage
from gui.widgets.way import Way

STEPS = 10
"""Pictures of a row."""

NAME_WIDTH = 44
"""Room for the name of a row, in px."""

ROW_HEIGHT = 76
"""A row of twice enlarged digits with their labels, in px."""


class End(QObject):
    """One of the two images with its picker. Signal: ``chosen`` (split, index)."""

    chosen = Signal(str, int)

    def __init__(self, caption: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.picker, self.picture = ImagePicker(), Picture()
        self.picker.row.centred = True
        self._caption = caption
        self.picker.chosen.connect(self.chosen)
        self.picker.filtered.connect(self._tell)

    def show_image(self, image: Any, name: str) -> None:
        """The original, with the name of its class."""
        self.picture.set_image(image)
        self.picture.set_caption(f"{self._caption} · {name}" if name else self._caption)

    @Slot()
    def _tell(self) -> None:
        self.chosen.emit(self.picker.split, self.picker.index)


class InterpolationTab(QWidget):
    """Two images, what is decoded between their codes, and the strip of ten steps with the cross-fade below."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._shown = session, session.shown
        self.questions = Questions(self._shown, "interpolation", self, decodes=True)
        self._own_for: int | None = None
        self._own_before = 0
        self.left, self.right = End(self.tr("Left"), self), End(self.tr("Right"), self)
        self.blend, self.way = Picture(), Way()
        self.blend.setAccessibleName(self.tr("Decoded between the two images"))
        self.strip, self.fade = TiledImages(spacing=2), TiledImages(spacing=2)
        self.strip.setAccessibleName(self.tr("Decoded in ten steps"))
        self.fade.setAccessibleName(self.tr("Cross-fade of the pixels in ten steps"))
        self.paths, self.saving = QButtonGroup(self), Saving(self)
        content = QWidget()
        self.stage = Stage(content)
        self._arrange(content)
        self._connect()
        self._take_pair(self._shown.pair)

    def _arrange(self, content: QWidget) -> None:
        """The slider; pickers and path; the three pictures; the two rows of ten."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(style.L)
        grid.setVerticalSpacing(style.XS)
        for column, (control, picture) in enumerate(((self.left.picker, self.left.picture),
                                                     (self._path_controls(), self.blend),
                                                     (self.right.picker, self.right.picture))):
            grid.addWidget(control, 0, column, Qt.AlignmentFlag.AlignTop if column == 1 else Qt.AlignmentFlag(0))
            grid.addWidget(picture, 1, column)
            grid.setColumnStretch(column, 1)
        grid.setRowStretch(1, 1)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(style.S)
        inner.addWidget(self.way)
        inner.addLayout(grid, 5)
        inner.addLayout(self._row(self.tr("Codes"), self.tr("Decoded between the two codes"), self.strip), 2)
        inner.addLayout(self._row(self.tr("Pixels"), self.tr("The two images faded into each other, for comparison"),
                                  self.fade), 2)
        self.hint = note()
        self._explain(False)
        inner.addWidget(self.hint)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(style.M, style.M, style.M, style.S)
        layout.addWidget(self.stage)

    def _explain(self, residual: bool) -> None:
        """What the rows are; a network that adds to its input draws every code on that of the left image."""
        text = self.tr("Picture i of a row is i/10 of the right and (10 − i)/10 of the left image: of their codes "
                       "above, of their pixels below.")
        if residual:
            text += " " + self.tr("This network adds to its input: every code is drawn on the input of the left image.")
        self.hint.setText(text)

    @staticmethod
    def _row(name: str, tip: str, strip: TiledImages) -> QHBoxLayout:
        """A row of ten behind its name."""
        label = style.dress(QLabel(name), tone="quiet")
        label.setToolTip(tip)
        label.setFixedWidth(NAME_WIDTH)
        strip.setMinimumHeight(ROW_HEIGHT)
        strip.setToolTip(tip)
        row = QHBoxLayout()
        row.setSpacing(style.S)
        row.addWidget(label)
        row.addWidget(strip, 1)
        return row

    def _path_controls(self) -> QWidget:
        """The path, and what is saved."""
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.S)
        row.addStretch(1)
        row.addLayout(self._path_buttons())
        row.addWidget(self.saving.button)
        row.addStretch(1)
        return holder

    def _path_buttons(self) -> QHBoxLayout:
        """Straight or spherical."""
        row = QHBoxLayout()
        row.setSpacing(0)
        for text, tip, path, segment in (
                (self.tr("Straight"), self.tr("Mix the two codes number by number"), "straight", "first"),
                (self.tr("Spherical"), self.tr("Turn the one code into the other along an arc"),
                 "spherical", "last")):
            choice = button(text, tip, text=True, checkable=True)
            choice.setChecked(path == "straight")
            choice.setProperty("path", path)
            style.mark(choice, "segment", segment)
            self.paths.addButton(choice)
            row.addWidget(choice)
        return row

    def _connect(self) -> None:
        for figure, name in ((self.blend, "between"), (self.strip, "interpolation"), (self.fade, "cross-fade"),
                             (self.left.picture, "left"), (self.right.picture, "right")):
            Menu(figure, name)
        self.left.chosen.connect(self._choose_left)
        self.right.chosen.connect(self._choose_right)
        self.way.moved.connect(self._ask_blend)
        self.paths.buttonClicked.connect(self.questions.refresh)
        self.strip.clicked.connect(self._go_to_step)
        self.fade.clicked.connect(self._go_to_step)
        self.saving.wanted.connect(self._ask_file)
        self.stage.retry.connect(self.questions.refresh)
        self.questions.contents_changed.connect(self._take_contents)
        self.left.picker.own_wanted.connect(self._want_left)
        self.right.picker.own_wanted.connect(self._want_right)
        self._shown.own_changed.connect(self._take_own)
        self.questions.due.connect(self._ask)
        self.questions.emptied.connect(self._empty)
        self.questions.answered.connect(self._take_answer)
        self.questions.failed.connect(self._take_failure)
        self.questions.busy_changed.connect(self.stage.set_busy)
        self._shown.pair_changed.connect(self._take_pair)

    @property
    def path(self) -> str:
        """'straight' or 'spherical'."""
        chosen = self.paths.checkedButton()
        return str(chosen.property("path")) if chosen else "straight"

    @Slot()
    def _ask(self) -> None:
        """Everything at the shown snapshot."""
        self._ask_blend()
        self.questions.ask("strip", "strip", *self._shown.pair, self.path, STEPS)

    @Slot()
    def _ask_blend(self) -> None:
        """The picture at the slider; while it moves only the newest place counts."""
        self.questions.ask("blend", "interpolation", *self._shown.pair, self.path, self.way.t)
        self._mark_step()

    def _mark_step(self) -> None:
        """Outline the picture of the rows where the slider is."""
        step = self.way.t * STEPS
        place = round(step) - 1 if abs(step - round(step)) < 1e-3 else -1
        self.strip.select(place)
        self.fade.select(place)

    @Slot(int)
    def _go_to_step(self, place: int) -> None:
        self.way.go_to((place + 1) / STEPS)

    @Slot(str)
    def _empty(self, trouble: str) -> None:
        self.stage.show_nothing(self._shown.run is not None, trouble)

    @Slot(object)
    def _take_contents(self, contents: Contents) -> None:
        for end in (self.left, self.right):
            end.picker.set_contents(contents)
        self._explain(contents.residual)
        self._show_pair()

    @Slot(str)
    def _want_left(self, what: str) -> None:
        self._want_own(0, what)

    @Slot(str)
    def _want_right(self, what: str) -> None:
        self._want_own(1, what)

    def _want_own(self, place: int, what: str) -> None:
        """The next own image that is brought is for this end of the way."""
        self._own_for, self._own_before = place, len(self._shown.own)
        self._session.dialog_wanted.emit(what)

    @Slot(object)
    def _take_own(self, images: tuple[Any, ...]) -> None:
        if self._own_for is not None and len(images) > self._own_before:
            new = "own", len(images) - 1
            left, right = self._shown.pair
            self._shown.choose_pair(*((new, right) if self._own_for == 0 else (left, new)))
            self._own_for = None

    @Slot(object)
    def _take_pair(self, pair: Any) -> None:
        """The images were chosen, here or in another tab."""
        self._show_pair()
        self.questions.refresh()

    def _show_pair(self) -> None:
        for end, image in zip((self.left, self.right), self._shown.pair, strict=True):
            end.picker.set_image(*image)

    @Slot(str, int)
    def _choose_left(self, split: str, index: int) -> None:
        self._shown.choose_pair((split, index), self._shown.pair[1])

    @Slot(str, int)
    def _choose_right(self, split: str, index: int) -> None:
        self._shown.choose_pair(self._shown.pair[0], (split, index))

    @Slot(str, object)
    def _take_answer(self, key: str, answer: Any) -> None:
        if isinstance(answer, Blend):
            self.blend.set_image(answer.picture)
            self.blend.set_caption(f"{answer.t:.3f}")
            self._show_ends(answer)
            self.stage.show_content()
        elif isinstance(answer, Strip):
            labels = [f"{t:.1f}" for t in answer.t]
            self.strip.set_images(answer.pictures, STEPS, labels)
            self.fade.set_images(answer.crossfades, STEPS, labels)
            self._mark_step()
        elif isinstance(answer, bytes):
            self.saving.write(answer)

    def _show_ends(self, answer: Blend) -> None:
        """The two originals."""
        contents = self.questions.contents
        for end, image, chosen in zip((self.left, self.right), answer.ends, self._shown.pair, strict=True):
            end.show_image(image, contents.class_of(*chosen) if contents else "")

    @Slot(str, str)
    def _take_failure(self, key: str, text: str) -> None:
        self.stage.show_failed(text)

    @Slot(str)
    def _ask_file(self, question: str) -> None:
        self.questions.ask("save", question, *self._shown.pair, self.path)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.way.stop()
