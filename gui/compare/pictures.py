"""The same images through each run: side by side, one wiped over another, or along a setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QComboBox, QLabel, QSlider, QStackedWidget, QVBoxLayout, QWidget

from engine import comparison
from engine.answers import Reconstructions
from engine.comparison import Compared
from gui import style
from gui.models import SnapshotHandle
from gui.plots.menu import Menu
from gui.plots.tiles import TiledImages
from gui.plots.wipe import Wipe
from gui.session import Session
from gui.widgets.controls import Flow, combo, labelled, spin
from gui.widgets.fields import number_text, spec
from gui.widgets.quantities import significant, similarity
from gui.widgets.stage import Stage

MOST_IMAGES = 8
KEY = "compare.pictures"


@dataclass(frozen=True)
class Pictured:
    """A run whose pictures are wanted, at its newest snapshot."""

    run: Compared
    snapshot: SnapshotHandle


class ComparedPictures(QWidget):
    """Asks each run about the same images, from the chosen one on."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._shown = session, session.shown
        self._runs: tuple[Pictured, ...] = ()
        self._answers: dict[int, Reconstructions] = {}
        self._open: dict[str, tuple[int, int]] = {}
        self._settings: dict[str, list[tuple[Any, int]]] = {}
        self.mode = combo(self.tr("Arrangement"), self.tr("How the pictures of the runs stand to each other"), [
            (self.tr("Side by side"), 0), (self.tr("Wipe between two"), 1), (self.tr("Along a setting"), 2)])
        self.count = spin(self.tr("Images"), self.tr("How many images, from the chosen one on"), 1, MOST_IMAGES, 4)
        self.tiles, self.wipe, self.along = TiledImages(spacing=style.XS), Wipe(), TiledImages(spacing=style.XS)
        self.left, self.right, self.setting = (combo(name, tip) for name, tip in (
            (self.tr("Left run"), self.tr("The run left of the line")),
            (self.tr("Right run"), self.tr("The run right of the line")),
            (self.tr("Setting"), self.tr("The setting whose values the slider walks through"))))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(self.tr("Value of the setting"))
        self.slider.setToolTip(self.tr("Shows the run with this value; arrow keys move it"))
        self.slider.setMinimumWidth(160)
        self.value, self.trouble = QLabel(), style.dress(QLabel(), "caption", "warning")
        self.trouble.setWordWrap(True)
        self.trouble.hide()
        self.key = style.dress(QLabel(), tone="quiet")
        self.key.setWordWrap(True)
        self.key.setAccessibleName(self.tr("Which letter is which run"))
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self._for_side = labelled(self.tr("Images"), self.count)
        self._for_wipe = labelled("", self.left, self.right)
        self._for_setting = labelled("", self.setting, self.slider, self.value)
        row = Flow()
        for widget in (self.mode, self._for_side, self._for_wipe, self._for_setting):
            row.addWidget(widget)
        self._pages = QStackedWidget()
        side = QWidget()
        inner = QVBoxLayout(side)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.key)
        inner.addWidget(self.tiles, 1)
        for page in (side, self.wipe, self.along):
            self._pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.S)
        column.addLayout(row)
        column.addWidget(self.trouble)
        self.stage = Stage(self._pages)
        column.addWidget(self.stage, 1)
        self._switch()

    def _connect(self) -> None:
        Menu(self.tiles, self.tr("The same images through each run"))
        Menu(self.along, self.tr("One image along a setting"))
        self.mode.currentIndexChanged.connect(self._switch)
        self.count.valueChanged.connect(self.ask)
        self.tiles.clicked.connect(self._choose_row)
        for box in (self.left, self.right):
            box.currentIndexChanged.connect(self._show_wipe)
        self.setting.currentIndexChanged.connect(self._take_setting)
        self.slider.valueChanged.connect(self._show_along)
        self._shown.answered.connect(self._take_answer)
        self._shown.failed.connect(self._take_failure)
        self._shown.image_changed.connect(self._take_image)

    def show_runs(self, runs: Sequence[Pictured], trouble: Sequence[str] = ()) -> None:
        """Show these runs; those with other images are left out and named, with what else is in the way."""
        alike = [it for it in runs if it.run.experiment.task == "autoencoder" and _same_images(it, runs)]
        left_out = [self._why_not(it) for it in runs if it not in alike]
        words = [*trouble, *(left_out if alike else ())]
        self.trouble.setText("\n".join(words))
        self.trouble.setVisible(bool(words))
        if alike:
            self.stage.show_content()
        else:
            self.stage.show_empty(self.tr("No run that draws images"), self.tr(
                "Classifiers have no decoder. Choose autoencoders above."))
        self._runs, self._answers = tuple(alike), {}
        self._settings = comparison.along_a_setting([it.run for it in alike])
        self._offer()
        self.ask()

    def _why_not(self, it: Pictured) -> str:
        if it.run.experiment.task != "autoencoder":
            return self.tr("{name} is a classifier and draws no images.").format(name=it.run.title)
        return self.tr("{name} has other images than the first run and is left out.").format(name=it.run.title)

    def _offer(self) -> None:
        """The runs and settings to choose from."""
        titles = [it.run.title for it in self._runs]
        for box, preferred in ((self.left, 0), (self.right, len(titles) - 1)):
            _refill(box, [(title, index) for index, title in enumerate(titles)], preferred)
        _refill(self.setting, [(spec(path, self._runs[0].run.experiment).label, path) for path in self._settings], 0)
        self.mode.model().item(1).setEnabled(len(titles) > 1)  # type: ignore[attr-defined]
        self.mode.model().item(2).setEnabled(bool(self._settings))  # type: ignore[attr-defined]
        if not self.mode.model().item(self.mode.currentIndex()).isEnabled():  # type: ignore[attr-defined]
            self.mode.setCurrentIndex(0)
        self._take_setting()

    @Slot()
    def ask(self) -> None:
        """Ask every run about the images."""
        if not self.isVisible():
            return
        split, first = self._shown.split, self._shown.image
        self._open = {}
        for index, it in enumerate(self._runs):
            key = f"{KEY}.{index}"
            request = self._shown.ask_of(key, it.snapshot, it.run.experiment, "reconstruct_from", split, first,
                                         self.count.value())
            self._open[key] = request, index

    @Slot(str, int, object)
    def _take_answer(self, key: str, request: int, answer: Any) -> None:
        if key in self._open and self._open[key][0] == request and isinstance(answer, Reconstructions):
            self._answers[self._open.pop(key)[1]] = answer
            if not self._open:
                self._show()

    @Slot(str, int, str)
    def _take_failure(self, key: str, request: int, text: str) -> None:
        """One run that cannot be asked leaves the others as they are."""
        if key in self._open and self._open[key][0] == request:
            name = self._runs[self._open.pop(key)[1]].run.title
            self.trouble.setText("\n".join(filter(None, [self.trouble.text(), f"{name}: {text}"])))
            self.trouble.show()
            if not self._open:
                self._show()

    def _show(self) -> None:
        self._show_side_by_side()
        self._show_wipe()
        self._show_along()

    def _show_side_by_side(self) -> None:
        """A column for the originals and one for each run; its letter and the error below each picture."""
        known = [(index, answer) for index, answer in sorted(self._answers.items())]
        if not known:
            return
        rows = len(known[0][1].images)
        pictures, labels = [], []
        for row in range(rows):
            pictures += [known[0][1].images[row], *(answer.outputs[row] for _, answer in known)]
            labels += [self.tr("Original {index}").format(index=int(known[0][1].indices[row])),
                       *(f"{_letter(index)} {significant(float(answer.mse[row]), 3)}" for index, answer in known)]
        self.tiles.set_images(np.stack(pictures), len(known) + 1, labels)
        self.key.setText("   ".join(f"{_letter(index)}  {self._title(index)}" for index, _ in known))

    def _title(self, index: int) -> str:
        return self._runs[index].run.title

    @Slot()
    def _show_wipe(self) -> None:
        left, right = self.left.currentData(), self.right.currentData()
        if left in self._answers and right in self._answers:
            captions = (self._caption(left), self._caption(right))
            self.wipe.set_pair(self._answers[left].outputs[0], self._answers[right].outputs[0], captions)

    def _caption(self, index: int) -> str:
        answer = self._answers[index]
        text = self.tr("{name}, MSE {mse}").format(name=self._title(index), mse=significant(float(answer.mse[0]), 3))
        alike = similarity(float(answer.psnr[0]), float(answer.ssim[0])) if answer.inputs is not None else ""
        return f"{text} · {alike}" if alike else text

    @Slot()
    def _take_setting(self) -> None:
        values = self._settings.get(self.setting.currentData() or "", [])
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, len(values) - 1))
        self._show_along()

    @Slot()
    def _show_along(self) -> None:
        """The original, and the picture of the run with the slider's value."""
        values = self._settings.get(self.setting.currentData() or "", [])
        if not values:
            return
        value, index = values[min(self.slider.value(), len(values) - 1)]
        self.value.setText(number_text(value))
        if index in self._answers:
            answer = self._answers[index]
            labels = [self.tr("Original {index}").format(index=int(answer.indices[0])), self._caption(index)]
            self.along.set_images(np.stack([answer.images[0], answer.outputs[0]]), 2, labels)

    @Slot(int)
    def _choose_row(self, tile: int) -> None:
        """A row's image is chosen for the other tabs."""
        if self._answers:
            answer = next(iter(self._answers.values()))
            row = tile // (len(self._answers) + 1)
            if row < len(answer.indices):
                self._shown.choose_image(self._shown.split, int(answer.indices[row]))

    @Slot(object)
    def _take_image(self, _: Any) -> None:
        self.ask()

    @Slot()
    def _switch(self) -> None:
        """The chosen arrangement and its controls."""
        mode = self.mode.currentIndex()
        for index, holder in enumerate((self._for_side, self._for_wipe, self._for_setting)):
            holder.setVisible(index == mode)
        self._pages.setCurrentIndex(mode)


def _letter(index: int) -> str:
    """A, B, …, Z, AA: what stands for a run below its pictures."""
    return (_letter(index // 26 - 1) if index >= 26 else "") + chr(ord("A") + index % 26)


def _same_images(it: Pictured, runs: Sequence[Pictured]) -> bool:
    """Whether a run draws the images that the first autoencoder among them draws."""
    first = next(other.run.experiment for other in runs if other.run.experiment.task == "autoencoder")
    mine = it.run.experiment
    return (mine.data.dataset, mine.image_shape) == (first.data.dataset, first.image_shape)


def _refill(box: QComboBox, items: Sequence[tuple[str, Any]], preferred: int) -> None:
    """Offer other items; the chosen one stays where it is still there."""
    before = box.currentText()
    with QSignalBlocker(box):
        box.clear()
        for text, data in items:
            box.addItem(text, data)
        place = box.findText(before)
        box.setCurrentIndex(place if place >= 0 else preferred)
