"""Fixed images beside what the shown snapshot makes of them, with the error of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from engine.answers import Contents, Indices, Progress, Ranking, Reconstructions
from gui import style
from gui.plots.gallery import Gallery
from gui.plots.menu import Menu
from gui.questions import Questions
from gui.reconstruction import words
from gui.session import Session
from gui.widgets.controls import Flow, button, note
from gui.widgets.image_picker import ImagePicker
from gui.widgets.pages import Pages
from gui.widgets.quantities import count, short
from gui.widgets.stage import Stage

ERROR_LIMIT = 1.0
"""The end of the error map: the largest error there is, so that maps compare from snapshot to snapshot."""


class ReconstructionTab(QWidget):
    """A gallery of one split: input, reconstruction and error map of each image, by index or the worst first."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._shown = session, session.shown
        self.questions = Questions(self._shown, "reconstruction", self, decodes=True)
        self._ranking: Ranking | None = None
        self._ranked_epoch = self._asked_epoch = 0.0
        self._substitutes: Any = None  # what PCA and the mean image make of the page
        self.page: Reconstructions | None = None
        self.picker, self.pages, self.gallery = ImagePicker(), Pages(), Gallery()
        content = QWidget()
        self.stage = Stage(content)
        self.worst = button(self.tr("Worst first"), self.tr(
            "Order all images of the split by their error at this epoch; on the timeline they keep this order"),
            text=True, checkable=True)
        self.baselines = button(self.tr("Baselines"), self.tr(
            "Also show what PCA with as many components as the code has numbers, and the mean image, make of them"),
            text=True, checkable=True)
        self.again = button(self.tr("Sort again"), self.tr("Order by the errors at the epoch shown now"), text=True)
        self.cancel = button(self.tr("Cancel"), self.tr("Stop sorting and keep the order"), text=True)
        self.status, self.mean = style.dress(QLabel(), tone="quiet"), QLabel()
        self.mean.setToolTip(self.tr(
            "Means over the images on this page: squared error per pixel, peak signal-to-noise ratio, structural "
            "similarity"))
        self._arrange(content)
        self._connect()
        self.picker.set_image(self._shown.split, self._shown.image)
        self._show_status()

    def _arrange(self, content: QWidget) -> None:
        """Controls, what they lead to in words, the gallery."""
        controls = Flow()
        for widget in (self.picker, self.worst, self.baselines, self.pages):
            controls.addWidget(widget)
        line = QHBoxLayout()
        line.setSpacing(style.S)
        line.addWidget(self.status)
        line.addWidget(self.again)
        line.addWidget(self.cancel)
        line.addStretch(1)
        line.addWidget(self.mean)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(style.S)
        inner.addLayout(controls)
        inner.addLayout(line)
        inner.addWidget(self.gallery, 1)
        self.explanation = note("")
        inner.addWidget(self.explanation)
        self._explain()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(style.M, style.M, style.M, style.S)
        layout.addWidget(self.stage)

    def _connect(self) -> None:
        self.picker.filtered.connect(self._refilter)
        self.picker.chosen.connect(self._choose)
        self.picker.own_wanted.connect(self._session.dialog_wanted)
        self.worst.toggled.connect(self._toggle_order)
        self.again.clicked.connect(self._rank)
        self.cancel.clicked.connect(self._cancel_ranking)
        self.baselines.toggled.connect(self._toggle_baselines)
        self.pages.turned.connect(self._turn_page)
        Menu(self.gallery, "reconstructions").opening.connect(self._extend_menu)
        self.gallery.selected_changed.connect(self._take_selection)
        self.stage.retry.connect(self.questions.refresh)
        self.questions.contents_changed.connect(self._take_contents)
        self.questions.due.connect(self._ask_page)
        self.questions.emptied.connect(self._empty)
        self.questions.answered.connect(self._take_answer)
        self.questions.progressed.connect(self._take_progress)
        self.questions.failed.connect(self._take_failure)
        self.questions.busy_changed.connect(self.stage.set_busy)
        self._shown.image_changed.connect(self._take_image)

    def order(self) -> Indices:
        """All images of the split and class, in the chosen order."""
        if self._ranking is None:
            return self.picker.indices
        ranked = self._ranking.order
        return ranked if self.picker.label is None else ranked[np.isin(ranked, self.picker.indices)]

    @Slot()
    def _ask_page(self) -> None:
        """The pictures of this page at the shown snapshot."""
        order = self.order()
        self.pages.set_total(len(order))
        self.questions.ask("page", "gallery", self.picker.split, order[self.pages.page])
        if self.baselines.isChecked():
            self.questions.ask("baselines", "substitutes", self.picker.split, order[self.pages.page])
        self._show_status()

    def _explain(self) -> None:
        self.explanation.setText(words.explanation(self.page, self._known()))

    @Slot(bool)
    def _toggle_baselines(self, shown: bool) -> None:
        self._substitutes = None
        if shown:
            self._ask_page()
        else:
            self.questions.cancel("baselines")
            self._draw_page()

    @Slot()
    def _turn_page(self) -> None:
        self.gallery.verticalScrollBar().setValue(0)
        self._ask_page()

    def _ask_page_of(self, place: int) -> None:
        """Turn to the page of the image at this place of the order."""
        self.pages.set_total(len(self.order()))
        self.pages.turn_to(place)
        self._turn_page()

    @Slot(str)
    def _empty(self, trouble: str) -> None:
        self.page = self._ranking = self._substitutes = None
        self.stage.show_nothing(self._shown.run is not None, trouble)
        self._show_status()

    @Slot(object)
    def _take_contents(self, contents: Contents) -> None:
        """Another run, perhaps of other images."""
        self.questions.cancel("rank")
        self._ranking = None
        self.worst.blockSignals(True)
        self.worst.setChecked(False)
        self.worst.blockSignals(False)
        self.picker.set_contents(contents)
        self.picker.set_image(self._shown.split, self._shown.image)

    @Slot(str, object)
    def _take_answer(self, key: str, answer: Any) -> None:
        if isinstance(answer, Reconstructions):
            self._show_page(answer)
        elif key == "baselines":
            self._substitutes = answer
            self._draw_page()
        elif isinstance(answer, Ranking) and answer.split == self.picker.split:
            self._ranking, self._ranked_epoch = answer, self._asked_epoch
            self.questions.cancel("rank")
            self._ask_page_of(0)

    def _show_page(self, page: Reconstructions) -> None:
        """New pictures, in place."""
        self.page = page
        self._draw_page()
        self.mean.setText(words.means(page))
        self._mark_chosen()
        self.stage.show_content()
        self._show_status()

    def _draw_page(self) -> None:
        """The page, and beside each image its baselines where they are wanted and known."""
        page = self.page
        if page is None:
            return
        known = self._known()
        more = [] if known is None else [it for it in (known.pca, known.mean_image) if it is not None]
        more += [] if known is None else [drawn for _, drawn, _ in known.enlarged]
        self.gallery.set_page(page.images, page.outputs, page.errors, self._captions(page, known), ERROR_LIMIT,
                              more, page.inputs)
        self._explain()

    def _known(self) -> Any:
        """What the baselines make of this page, where they are wanted and known."""
        known = self._substitutes if self.baselines.isChecked() else None
        same = known is not None and self.page is not None and np.array_equal(known.indices, self.page.indices)
        return known if same else None

    def _captions(self, page: Reconstructions, known: Any) -> list[str]:
        contents, split = self.questions.contents, self.picker.split
        classes = [contents.class_of(split, index) if contents else "" for index in page.indices.tolist()]
        return words.captions(page, classes, known)

    def _show_status(self) -> None:
        """How many images in which order, and what can be done about the order."""
        sorting, snapshot = self.questions.waits("rank"), self._shown.snapshot
        moved = snapshot is not None and snapshot.epoch != self._ranked_epoch
        self.cancel.setVisible(sorting)
        self.again.setVisible(self._ranking is not None and moved and not sorting)
        self.mean.setVisible(self.page is not None)
        if not sorting:
            self.status.setText(self._summary() if self.page is not None else "")

    def _summary(self) -> str:
        """'10,000 images, the worst of epoch 3 first'."""
        number = len(self.order())
        images = self.tr("1 image") if number == 1 else self.tr("{number} images").format(number=count(number))
        if self._ranking is None:
            return self.tr("{images} by index").format(images=images)
        return self.tr("{images}, the worst of epoch {epoch} first").format(
            images=images, epoch=short(round(self._ranked_epoch, 2)))

    @Slot(str, object)
    def _take_progress(self, key: str, progress: Progress) -> None:
        self.stage.set_progress(progress.done, progress.total)
        if key == "rank":
            self.status.setText(self.tr("Sorting, {done} of {total} images").format(
                done=count(progress.done), total=count(progress.total)))

    @Slot(str, str)
    def _take_failure(self, key: str, text: str) -> None:
        self.stage.show_failed(text)
        if key == "rank":
            self._cancel_ranking()

    @Slot()
    def _rank(self) -> None:
        """Order all images of the split by their error at the shown snapshot."""
        if self._shown.snapshot is not None:
            self._asked_epoch = self._shown.snapshot.epoch
            self.questions.ask("rank", "worst_first", self.picker.split)
            self.status.setText(self.tr("Sorting"))
            self._show_status()

    @Slot(bool)
    def _toggle_order(self, worst: bool) -> None:
        if worst:
            self._rank()
        else:
            self.questions.cancel("rank")
            self._ranking = None
            self._ask_page_of(0)

    @Slot()
    def _cancel_ranking(self) -> None:
        self.questions.cancel("rank")
        self.worst.blockSignals(True)
        self.worst.setChecked(self._ranking is not None)
        self.worst.blockSignals(False)
        self._show_status()

    @Slot()
    def _refilter(self) -> None:
        """Another split or class; a ranking holds for its own split only."""
        if self._ranking is not None and self._ranking.split != self.picker.split:
            self._ranking = None
        if self.worst.isChecked() and self._ranking is None:
            self._rank()
        self._ask_page_of(0)

    @Slot(str, int)
    def _choose(self, split: str, index: int) -> None:
        """The picker chose an image: tell the other tabs and turn to it."""
        self._shown.choose_image(split, index)
        places = np.flatnonzero(self.order() == index)
        on_page = self.page is not None and index in self.order()[self.pages.page]
        if len(places) and not on_page:
            self._ask_page_of(int(places[0]))
        self._mark_chosen()

    @Slot(object)
    def _take_image(self, image: tuple[str, int]) -> None:
        """An image was chosen, here or in another tab; an own one is shown at once, among its own."""
        split, index = image
        if split == self.picker.split:
            self.picker.set_image(split, index)
        elif split == "own":
            self.picker.set_image(split, index)
            self._refilter()
        self._mark_chosen()

    def _mark_chosen(self) -> None:
        """Outline the chosen image where it is on the page."""
        place = -1
        if self.page is not None and self._shown.split == self.picker.split:
            places = np.flatnonzero(self.page.indices == self._shown.image)
            place = int(places[0]) if len(places) else -1
        self.gallery.blockSignals(True)
        self.gallery.select(place)
        self.gallery.blockSignals(False)

    @Slot(int)
    def _take_selection(self, place: int) -> None:
        """A cell was chosen with the mouse or the keys."""
        if place >= 0 and self.page is not None:
            self._shown.choose_image(self.picker.split, int(self.page.indices[place]))

    @Slot(object, QPoint)
    def _extend_menu(self, menu: QMenu, position: QPoint) -> None:
        """What can be done with the image at a position, before what can be done with the figure."""
        place = self.gallery.index_at(position)
        if place < 0 or self.page is None:
            return
        before = menu.actions()[0]
        for text, slot in ((self.tr("Use as left image of the interpolation"), self._use_left),
                           (self.tr("Use as right image of the interpolation"), self._use_right)):
            action = QAction(text, menu)
            action.setData((self.picker.split, int(self.page.indices[place])))
            action.triggered.connect(slot)
            menu.insertAction(before, action)
        menu.insertSeparator(before)

    @Slot()
    def _use_left(self) -> None:
        self._shown.choose_pair(self.sender().data(), self._shown.pair[1])  # type: ignore[attr-defined]

    @Slot()
    def _use_right(self) -> None:
        self._shown.choose_pair(self._shown.pair[0], self.sender().data())  # type: ignore[attr-defined]
