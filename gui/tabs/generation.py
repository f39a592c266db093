"""New images: random codes drawn from what was fitted to the codes of real ones, and decoded."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.answers import Contents, Image, Progress
from engine.generated import Generated, Neighbours
from gui import style
from gui.generation.controls import DrawControls
from gui.generation.detail import Detail
from gui.plots.menu import Menu
from gui.plots.tiles import TiledImages
from gui.questions import Questions
from gui.session import Session
from gui.widgets.controls import button, note
from gui.widgets.quantities import count, significant
from gui.widgets.stage import Stage

DRAWS, BEST = 500, 10


class GenerationTab(QWidget):
    """Above what is drawn; below the drawn images, each beside its nearest training image where that is wanted."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._shown = session, session.shown
        self.questions = Questions(self._shown, "generation", self, decodes=True)
        self.answer: Generated | None = None
        self.neighbours: Neighbours | None = None
        self.controls, self.tiles, self.detail = DrawControls(), TiledImages(spacing=style.XS), Detail()
        self.tiles.setAccessibleName(self.tr("Drawn images"))
        self.best = button(self.tr("Ten best"), self.tr(
            "Of 500 draws the ten with the smallest sum of two ranks: by the density of the code under the fitted "
            "distribution, and by the round trip, the distance between the code and the code of its own image"),
            text=True, checkable=True)
        self.nearest = button(self.tr("Nearest training images"), self.tr(
            "Beside each drawn image the training image that is nearest to it, pixel by pixel: a copy would be a sign "
            "of learning by heart"), text=True, checkable=True)
        self.status, self.reading = (style.dress(QLabel(), "caption", "quiet") for _ in range(2))
        for line in (self.status, self.reading):
            line.setWordWrap(True)
        self.reading.setToolTip(self.tr(
            "How far a code is from the training codes: its distance to the nearest of 2,000 of them, over the usual "
            "distance (median) of such a code to its nearest other one. About 1 is as near as real codes are"))
        self.hint = note()
        content = QWidget()
        self.stage = Stage(content)
        self._arrange(content)
        self._connect()
        self._explain()

    def _arrange(self, content: QWidget) -> None:
        for widget in (self.best, self.nearest):
            self.controls.row.addWidget(widget)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(style.S)
        inner.addWidget(self.controls)
        pictures = QHBoxLayout()
        pictures.addWidget(self.tiles, 1)
        pictures.addWidget(self.detail)
        inner.addLayout(pictures, 1)
        inner.addWidget(self.reading)
        inner.addWidget(self.status)
        inner.addWidget(self.hint)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(style.M, style.M, style.M, style.S)
        layout.addWidget(self.stage)
        Menu(self.tiles, "generated")

    def _connect(self) -> None:
        self.controls.changed.connect(self._ask)
        self.best.toggled.connect(self._ask)
        self.nearest.toggled.connect(self._take_nearest)
        self.tiles.hovered.connect(self._read)
        self.tiles.selected_changed.connect(self._choose)
        self.stage.retry.connect(self.questions.refresh)
        self.questions.contents_changed.connect(self._take_contents)
        self.questions.due.connect(self._ask)
        self.questions.emptied.connect(self._empty)
        self.questions.answered.connect(self._take_answer)
        self.questions.progressed.connect(self._take_progress)
        self.questions.failed.connect(self._take_failure)
        self.questions.busy_changed.connect(self.stage.set_busy)
        self._shown.image_changed.connect(self._take_image)

    @property
    def image(self) -> Image:
        """The image that was chosen in any tab."""
        return self._shown.split, self._shown.image

    @Slot()
    def _ask(self, *_: object) -> None:
        """Draw with the recipe of now, at the shown snapshot."""
        for key in ("neighbours", "one"):
            self.questions.cancel(key)
        recipe = self.controls.recipe(self.image)
        if self.best.isChecked():
            self.questions.ask("images", "ten_best", recipe, DRAWS, BEST)
        else:
            self.questions.ask("images", "generate", recipe)

    @Slot(bool)
    def _take_nearest(self, wanted: bool) -> None:
        self.tiles.select(-1)  # another tile stands there now
        if wanted and self.answer is not None:
            self.questions.ask("neighbours", "neighbours", self.answer.codes, self.answer.recipe.image)
        elif not wanted:
            self.questions.cancel("neighbours")
            self._draw()
        self._explain()

    @Slot(object)
    def _take_contents(self, contents: Contents) -> None:
        self.controls.set_contents(contents)

    @Slot(object)
    def _take_image(self, _: Any) -> None:
        """Another chosen image matters where it is the middle, and where it is drawn on."""
        residual = self.questions.contents is not None and self.questions.contents.residual
        if residual or self.controls.kind.currentData() == "around":
            self.questions.refresh()
        self._explain()

    @Slot(str)
    def _empty(self, trouble: str) -> None:
        self.answer = self.neighbours = None
        self.detail.hide()
        self.stage.show_nothing(self._shown.run is not None, trouble)

    @Slot(str, object)
    def _take_answer(self, key: str, answer: Any) -> None:
        if isinstance(answer, Generated):
            self.answer, self.neighbours = answer, None
            self.stage.show_content()
            self._draw()
            if self.nearest.isChecked():
                self.questions.ask("neighbours", "neighbours", answer.codes, answer.recipe.image)
            self._choose()
        elif key == "one":
            self.detail.show_nearest(answer)
        elif isinstance(answer, Neighbours):
            self.neighbours = answer
            self._draw()
        self._explain()

    def _draw(self) -> None:
        """The drawn images, in pairs with their neighbours where these are known."""
        if self.answer is None:
            return
        pictures, known = self.answer.pictures, self.neighbours if self.nearest.isChecked() else None
        labels = self._labels()
        if known is not None and len(known.pictures) == len(pictures):
            pictures = np.stack([pictures, known.pictures], axis=1).reshape(-1, *pictures.shape[1:])
            texts = [(label, significant(float(far), 2)) for label, far in
                     zip(labels or [""] * len(known.distance), known.distance, strict=True)]
            labels = [text for pair in texts for text in pair]
        self.tiles.set_images(pictures, self._columns(len(pictures), known is not None), labels)
        self._say()

    def _columns(self, tiles: int, paired: bool) -> int | None:
        """Pairs stay together: an even number of columns."""
        if not paired:
            return None
        ratio = max(0.2, self.tiles.width() / max(1, self.tiles.height()))
        return max(2, 2 * round((tiles * ratio) ** 0.5 / 2))

    def _labels(self) -> list[str] | None:
        """The place of each of the best; nothing for the others."""
        if self.answer is None or self.answer.round_trip is None:
            return None
        return [str(place + 1) for place in range(len(self.answer.pictures))]

    def _say(self) -> None:
        """What was fitted to how many codes."""
        answer = self.answer
        if answer is None:
            return
        said = []
        if answer.fitted:
            said.append(self.tr("Fitted to {count} codes.").format(count=count(answer.fitted)))
        if answer.drawn:
            best = self.tr("The best {kept} of {drawn} draws.")
            said.append(best.format(kept=len(answer.pictures), drawn=answer.drawn))
        if answer.note:
            said.append(answer.note)
        self.status.setText(" ".join(said))

    def _place(self, tile: int) -> int:
        """Which drawn image a tile belongs to; -1 for none."""
        paired = self.answer is not None and len(self.tiles) > len(self.answer.pictures)
        return tile // 2 if paired else tile

    @Slot(int)
    def _choose(self, *_: object) -> None:
        """The chosen image large, and its nearest training image."""
        answer, place = self.answer, self._place(self.tiles.selected)
        if answer is None or not 0 <= place < len(answer.pictures):
            self.questions.cancel("one")
            self.detail.hide()
        else:
            self.detail.show_drawn(answer.pictures[place], place)
            self.questions.ask("one", "neighbours", answer.codes[place:place + 1], answer.recipe.image)
        self._read(-1)

    @Slot(int)
    def _read(self, tile: int) -> None:
        """What is known of a drawn image."""
        answer, known = self.answer, self.neighbours if self.nearest.isChecked() else None
        place = self._place(tile if tile >= 0 else self.tiles.selected)
        if answer is None or not 0 <= place < len(answer.pictures):
            self.reading.setText("")
            return
        said = [self.tr("log density {value}").format(value=significant(float(answer.log_density[place]), 4))]
        if answer.round_trip is not None:
            said.append(self.tr("round trip {value}").format(value=significant(float(answer.round_trip[place]), 3)))
        if known is not None:
            said.append(self._neighbour(known, place))
        self.reading.setText(" · ".join(said))

    def _neighbour(self, known: Neighbours, place: int) -> str:
        """The nearest training image, and how far off the code is."""
        times = float(known.code_distance[place] / known.usual) if known.usual else float("nan")
        text = self.tr("nearest training image {index}, {far} per pixel · code {times} times as far as training codes "
                       "from each other")
        return text.format(index=count(int(known.indices[place])), times=significant(times, 2),
                           far=significant(float(known.distance[place]), 2))

    def _explain(self) -> None:
        """What is to be seen."""
        residual = self.questions.contents is not None and self.questions.contents.residual
        said = [self.tr("Images of one kind lie near each other in latent space: codes drawn from the distribution of "
                        "real codes decode to new images.")]
        image = {"split": self._shown.split, "index": self._shown.image}
        if residual:
            said = [self.tr("Drawn on the input of {split} image {index}: this network adds to its input.")]
        elif self.controls.kind.currentData() == "around":
            said = [self.tr("Codes around that of {split} image {index}, which was chosen in another tab.")]
        if self.best.isChecked():
            said.append(self.tr("Best: a likely code that comes back nearly the same when its image is encoded; the "
                                "two ranks count alike."))
        if self.nearest.isChecked():
            said.append(self.tr("Left of each pair the drawn image, right its nearest training image, with their root "
                                "mean square difference per pixel (0 to 1)."))
        self.hint.setText(" ".join(said).format(**image))

    @Slot(str, object)
    def _take_progress(self, key: str, progress: Progress) -> None:
        self.stage.set_progress(progress.done, progress.total)

    @Slot(str, str)
    def _take_failure(self, key: str, text: str) -> None:
        self.stage.show_failed(text)
