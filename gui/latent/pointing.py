"""What one points at on the map: rings, the image under the mouse, a chosen image, a chosen pair."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from gui.latent.map_controls import MapControls
from gui.latent.thumbs import AT_ONCE, Thumbs
from gui.plots.cloud import CloudView
from gui.questions import Questions
from gui.shown import Shown
from gui.widgets.quantities import significant


class Pointing(QObject):
    """The mouse on the map, and the marks that answer it.

    Attributes: ``map`` (the CodesMap in the cloud, or None), ``first`` (the image of the pair that was chosen first).
    Signal: ``changed``, when the pair is chosen so far.
    """

    changed = Signal()

    def __init__(self, shown: Shown, questions: Questions, cloud: CloudView, controls: MapControls,
                 parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shown, self._questions, self._cloud, self._controls = shown, questions, cloud, controls
        self.map: Any = None
        self.first: int | None = None
        self._place: tuple[float, float] | None = None
        self._placed: tuple[str, int] | None = None
        self._thumbs = Thumbs(questions, self)
        cloud.hovered_changed.connect(self._take_hover)
        cloud.clicked.connect(self._take_click)
        cloud.near.connect(self._take_near)
        questions.answered.connect(self._take_answer)
        self._thumbs.came.connect(self._show_thumbs)
        shown.image_changed.connect(self.mark)
        shown.pair_changed.connect(self.mark)

    def forget(self) -> None:
        """The images are others."""
        self.map = self.first = None
        self._thumbs.clear()

    def show_map(self, now: Any) -> None:
        """Point at these images."""
        self.map = now
        self.mark()

    @Slot(str, object)
    def _take_answer(self, key: str, answer: Any) -> None:
        """Where an image that is not among those of the map falls."""
        if key == "place" and self.map is not None:
            self._place = answer.x, answer.y
            self._ring((answer.split, answer.index))

    @Slot()
    def mark(self) -> None:
        """The ring of the chosen image, and those of the pair; a place that is not on the map is asked for."""
        if self.map is None:
            return
        image = (self._shown.split, self._shown.image)
        on_map = self._row(image) >= 0
        if on_map or image != self._placed or self.map.axes is None:
            self._place, self._placed = None, image
        if not on_map and self.map.axes is not None and self._cloud.isVisible():
            self._questions.ask("place", "map_place", *image, self.map.axes, self.map.anchors)
        self._ring(image)

    def _ring(self, image: tuple[str, int]) -> None:
        rings = [("", *self._place)] if self._place is not None else []
        rings += self._rings_of([("", image)])
        if self._controls.pair.isChecked():
            ends = self._shown.pair if self.first is None else ((self.map.split, self.first),)
            rings += self._rings_of(list(zip((self.tr("Left"), self.tr("Right")), ends, strict=False)))
        self._cloud.set_rings(rings)

    def _rings_of(self, images: list[tuple[str, tuple[str, int]]]) -> list[tuple[str, float, float]]:
        """(text, image) -> (text, x, y) of those that are on the map."""
        rows = [(text, self._row(image)) for text, image in images]
        return [(text, float(self.map.points[row, 0]), float(self.map.points[row, 1])) for text, row in rows
                if row >= 0]

    def _row(self, image: tuple[str, int]) -> int:
        """The row of an image on the map; -1 where it is not on it."""
        if image[0] != self.map.split:
            return -1
        rows = np.flatnonzero(self.map.indices[:len(self.map.points)] == image[1])
        return int(rows[0]) if len(rows) else -1

    @Slot(int)
    def _take_hover(self, row: int) -> None:
        if row < 0:
            return
        now, index = self.map, int(self.map.indices[row])
        name = "" if now.labels is None else f" · {self._cloud.names[now.labels[row]]}"
        x, y = (significant(float(value), 3) for value in now.points[row])
        lines = (self.tr("Image {index}").format(index=index) + name, f"({x}, {y})".replace("-", "−"))
        self._cloud.show_card(row, self._thumbs.get(now.split, [index]).get(index), lines)

    @Slot(object)
    def _take_near(self, rows: np.ndarray) -> None:
        """Few points are in view: their images."""
        if self.map is not None and len(rows) and len(rows) <= len(self.map.indices):
            self._thumbs.get(self.map.split, self.map.indices[rows].tolist())
            self._show_thumbs()

    @Slot()
    def _show_thumbs(self) -> None:
        """Images that came, where they belong."""
        if self.map is None:
            return
        rows = self._cloud.in_view[:AT_ONCE]
        wanted = self.map.indices[rows].tolist()
        known = self._thumbs.known(self.map.split)
        self._cloud.set_images({row: known[index] for row, index in zip(rows.tolist(), wanted, strict=True)
                               if index in known})
        if self._cloud.hovered >= 0:
            self._take_hover(self._cloud.hovered)

    @Slot(int, bool)
    def _take_click(self, row: int, shift: bool) -> None:
        index = int(self.map.indices[row])
        if not (shift or self._controls.pair.isChecked()):
            self.choose(index)
            return
        self._controls.pair.setChecked(True)
        if self.first is None:
            self.first = index
        else:
            first, self.first = self.first, None
            self._shown.choose_pair((self.map.split, first), (self.map.split, index))
        self.mark()
        self.changed.emit()

    @Slot(int)
    def choose(self, index: int) -> None:
        self._shown.choose_image(self.map.split, index)

