"""The map of the latent space: asks for the codes of many images, and says which images one points at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QElapsedTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.answers import Contents, Progress
from gui import style
from gui.latent.directions import Directions, axis_title
from gui.latent.inside import TILES, Found, Inside
from gui.latent.legend import ClassLegend
from gui.latent.map_controls import MapControls
from gui.latent.pointing import Pointing
from gui.plots.cloud import CloudView
from gui.plots.menu import Menu
from gui.questions import Questions
from gui.shown import Shown
from gui.widgets.controls import note
from gui.widgets.quantities import count
from gui.widgets.stage import Stage

LARGEST_TSNE = 10_000

REDRAW_MS = 120
"""Shortest time between two drawings of a map that is still growing."""

SWAP_MS = 1000
"""While it trains, a map that is ready so soon takes the place of the one before at once; a slower one bit by bit."""


class MapPage(QWidget):
    """Controls and classes above, the map in the middle, what the lasso surrounds at the right.

    Signal: ``listing`` (bool), whether images inside the lasso are listed.
    """

    listing = Signal(bool)

    def __init__(self, shown: Shown, directions: Directions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown, self._directions = shown, directions
        self.questions = Questions(shown, "map", self)
        self.map: Any = None
        self._map_of: tuple[Path, int] | None = None
        self._asked_of: tuple[Path, int] | None = None
        self._again = False
        self._drawn, self._asked = QElapsedTimer(), QElapsedTimer()
        self.controls, self.legend, self.cloud, self.inside = MapControls(), ClassLegend(), CloudView(), Inside()
        self.pointing = Pointing(shown, self.questions, self.cloud, self.controls, self)
        self.note = note()
        content = QWidget()
        self.stage = Stage(content)
        self._arrange(content)
        self._connect()

    def _arrange(self, content: QWidget) -> None:
        middle = QHBoxLayout()
        middle.setSpacing(style.L)
        middle.addWidget(self.cloud, 1)
        middle.addWidget(self.inside)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(style.S)
        inner.addWidget(self.legend)
        inner.addLayout(middle, 1)
        inner.addWidget(self.note)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(style.S)
        layout.addWidget(self.controls)
        layout.addWidget(self.stage, 1)
        self.inside.hide()
        Menu(self.cloud, "latent-map")

    def _connect(self) -> None:
        controls, cloud, questions = self.controls, self.cloud, self.questions
        controls.changed.connect(self._change)
        controls.computed.connect(self._ask_now)
        controls.stopped.connect(self._stop)
        controls.names.toggled.connect(cloud.show_names)
        controls.lasso.toggled.connect(self._take_tool)
        controls.pair.toggled.connect(self._take_tool)
        controls.all.clicked.connect(cloud.show_all)
        self.legend.changed.connect(cloud.set_hidden)
        cloud.lassoed.connect(self._take_lasso)
        self.inside.chosen.connect(self.pointing.choose)
        self.inside.closed.connect(self._forget_lasso)
        self.pointing.changed.connect(self._say)
        self.stage.retry.connect(questions.refresh)
        questions.contents_changed.connect(self._take_contents)
        questions.due.connect(self._ask)
        questions.emptied.connect(self._empty)
        questions.answered.connect(self._take_answer)
        questions.progressed.connect(self._take_progress)
        questions.failed.connect(self._take_failure)
        questions.busy_changed.connect(self._take_busy)

    @Slot()
    def _change(self) -> None:
        """Another map is wanted, whatever is under way."""
        self._again = False
        self._ask_now()

    @Slot()
    def _ask(self) -> None:
        """Another snapshot. While one follows the newest, each map is finished first; t-SNE waits to be asked for."""
        if self.controls.method == "tsne" and self._fits():
            self._say()
        elif self._shown.live and self.questions.waits("codes") and self._fits():
            self._again = True
        else:
            self._ask_now()

    def _fits(self) -> bool:
        """Whether the map is one of the shown run's images as the controls have them."""
        controls, now = self.controls, self.map
        if now is None or self._map_of is None or self._shown.snapshot is None:
            return False
        axes = None if controls.method == "tsne" else controls.axes
        return self._map_of[0] == self._shown.snapshot.run and (now.split, now.axes) == (controls.split.currentData(),
                                                                                         axes)

    @Slot()
    def _ask_now(self) -> None:
        snapshot, controls = self._shown.snapshot, self.controls
        if snapshot is None:
            return
        split, size = controls.split.currentData(), controls.count.currentData()
        self._asked_of = snapshot.run, snapshot.step
        self._asked.start()
        if controls.method == "tsne":
            self.questions.ask("codes", "tsne_map", split, min(size, LARGEST_TSNE))
            controls.set_computing(True, False)
        else:
            kept = self._directions.of(snapshot.run)
            self.questions.ask("codes", "codes_map", split, size, controls.axes, kept)

    @Slot()
    def _stop(self) -> None:
        """No more of t-SNE; what is there stays."""
        self.questions.cancel("codes")
        self._say()

    @Slot(str)
    def _empty(self, trouble: str) -> None:
        self.stage.show_nothing(self._shown.run is not None, trouble)

    @Slot(object)
    def _take_contents(self, contents: Contents) -> None:
        self.controls.set_code_shape(contents.code_shape)
        labelled = any(labels is not None for labels in contents.labels.values())
        self.legend.set_names(contents.class_names if labelled else ())
        self.cloud.names = contents.class_names
        self.cloud.set_hidden(self.legend.hidden)
        self.pointing.forget()
        self.map = None
        self._forget_lasso()

    @Slot(str, object)
    def _take_answer(self, key: str, answer: Any) -> None:
        if key == "codes":
            self._take_map(answer)
        elif key == "inside" and answer.split == self.inside.found.split:
            self.inside.set_images(answer.images)

    def _take_map(self, answer: Any) -> None:
        """More points, in their places; what has none yet stays where it was."""
        self.stage.set_progress(round(1000 * answer.done), 1000)
        before = self.map
        same = before is not None and before.split == answer.split and np.array_equal(before.indices, answer.indices)
        whole = same and len(before.points) == len(answer.indices)
        swapped = whole and self._shown.live and answer.axes is not None and self._asked.elapsed() < SWAP_MS
        held_back = not answer.complete and (swapped or (self._drawn.isValid() and self._drawn.elapsed() < REDRAW_MS))
        if held_back or not len(answer.points):
            return
        another_kind = before is None or before.axes != answer.axes
        if whole and not another_kind and len(answer.points) < len(before.points):
            answer = replace(answer, points=np.concatenate([answer.points, before.points[len(answer.points):]]))
        self.map, self._map_of = answer, self._asked_of
        self._keep(answer)
        self._draw(another_kind or not same, same, growing=not whole)
        if answer.complete and self._again:
            self._again = False
            self._ask_now()

    def _keep(self, answer: Any) -> None:
        """Directions for the next snapshot; those of a collapsed code are none."""
        if answer.axes == "pca" and self._map_of is not None and np.ptp(answer.anchors, axis=0).all():
            self._directions.keep(self._map_of[0], answer.anchors)

    def _draw(self, fit_anew: bool, same: bool, growing: bool) -> None:
        """The map as it is now; while points of two snapshots are mixed the view stays."""
        now, cloud = self.map, self.cloud
        if not same:
            self._forget_lasso()
            cloud.set_images({})
        if fit_anew:
            cloud.kept = False
        if now.axes is None:
            cloud.set_titles("", "")
        else:
            constant = np.ptp(now.anchors, axis=0) == 0
            cloud.set_titles(*(axis_title(now.axes, axis, now.explained, bool(constant[axis])) for axis in (0, 1)))
        cloud.set_points(now.points, now.labels, fit=now.complete or growing or now.axes is None)
        if self.inside.found.indices.size:
            cloud.choose(np.isin(now.indices[:len(now.points)], self.inside.found.indices))
        self._drawn.start()
        if self.inside.found.indices.size:
            self._list_inside()
        self.pointing.show_map(now)
        self._say()
        self.stage.show_content()

    @Slot()
    def _take_tool(self) -> None:
        """One tool at a time."""
        sender = self.sender()
        other = self.controls.pair if sender is self.controls.lasso else self.controls.lasso
        if self.controls.lasso.isChecked() and self.controls.pair.isChecked():
            other.setChecked(False)
        self.pointing.first = None
        self.cloud.lasso = self.controls.lasso.isChecked()
        self.pointing.mark()
        self._say()

    @Slot(object)
    def _take_lasso(self, rows: np.ndarray) -> None:
        """List what is inside; an empty line forgets."""
        if not rows.any():
            self._forget_lasso()
            return
        self.cloud.choose(rows)
        self._list_inside()
        self.inside.show()
        self.listing.emit(True)
        self.questions.ask("inside", "thumbnails", self.map.split, self.inside.found.indices[:TILES].tolist())

    def _list_inside(self) -> None:
        now, rows = self.map, self.cloud.chosen_rows
        if rows is None:
            return
        labels = None if now.labels is None else now.labels[:len(rows)]
        self.inside.show_found(Found(now.split, now.indices[:len(rows)][rows], now.points[rows],
                                     None if labels is None else labels[rows], now.labels, self.cloud.names))

    @Slot()
    def _forget_lasso(self) -> None:
        self.cloud.choose(None)
        self.inside.show_found(Found())
        self.inside.hide()
        self.listing.emit(False)

    @Slot()
    def _say(self) -> None:
        """What the mouse does now; for t-SNE of which snapshot it is."""
        if self.controls.lasso.isChecked():
            text = self.tr("Drag around points to list their images. Escape forgets them.")
        elif self.controls.pair.isChecked() and self.pointing.first is not None:
            text = self.tr("Left is image {index}. Click the right one.").format(index=self.pointing.first)
        elif self.controls.pair.isChecked():
            text = self.tr("Click the left image, then the right one; the Interpolation tab goes from one to the "
                           "other.")
        else:
            text = self.tr("Drag to move, wheel to zoom; near, points become images. A click chooses an image, Shift "
                           "and click a pair, Shift and drag lists what is inside.")
        waits = self.questions.waits("codes")
        if self.map is not None and self.map.axes is None and self._map_of is not None:
            step = self.tr("t-SNE of {count} images at step {step}.").format(count=count(len(self.map.indices)),
                                                                          step=count(self._map_of[1]))
            text = f"{step} {text}"
        shown = self._shown.snapshot
        stale = shown is None or not self._fits() or not self.map.complete or self._map_of != (shown.run, shown.step)
        self.controls.set_computing(waits and not (self.map is not None and self.map.complete and not stale), stale)
        self.note.setText(text)

    @Slot(str, object)
    def _take_progress(self, key: str, progress: Progress) -> None:
        if key == "codes":
            self.stage.set_progress(progress.done, progress.total)

    @Slot(str, str)
    def _take_failure(self, key: str, text: str) -> None:
        self._again = False
        self._say()
        self.stage.show_failed(text)

    @Slot(bool)
    def _take_busy(self, busy: bool) -> None:
        self.stage.set_busy(busy)
        self._say()
