"""Live loss curves: batches raw and smoothed, training and validation, earlier runs, and what happened when."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import pyqtgraph as pg
from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui import style
from gui.plots.axis import Axis, nice_edge
from gui.plots.buckets import Floats
from gui.plots.frame import frame
from gui.plots.legend import Legend
from gui.plots.levels import Levels
from gui.plots.marks import Marks
from gui.plots.menu import Menu
from gui.plots.pointer import Pointer
from gui.plots.readout import columns, entries
from gui.plots.runitems import RunItems, View, looks_behind, looks_in_front
from gui.plots.runlosses import Numbers, RunLosses
from gui.plots.scale import Scale

REDRAW_MS = 100
"""Least time between two redraws of a growing run: a pixel more lasts longer, and the training has the processor."""

DEPTH_IN_FRONT = 10.0
"""The run in front lies above all others."""

Evaluations = Iterable[tuple[int, float | None, float, float]]


class LossCurves(QWidget):
    """The curves of one run, over epochs or steps, with any number of other runs behind them.

    Attributes:
        following: whether the range follows the data; False after the user moved or zoomed.
        losses: the numbers of the run in front; ``overlays``: keys of the runs behind.

    Signals:
        step_chosen(int): a curve was clicked, or the snapshot's line dragged.
        following_changed(bool): the range follows the data again, or no more.
    """

    step_chosen = Signal(int)
    following_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.following = True
        self._scale = Scale()
        self._growing = False
        self._overlays: dict[str, tuple[str, RunItems]] = {}
        self._best_step: int | None = None
        self._stale: set[RunItems] = set()
        self._drawn_at = 0.0
        self._fitting = False
        self._build()
        self._front = RunItems(self._box, RunLosses(), DEPTH_IN_FRONT)
        self._marks = Marks(self._box, self._scale.place, self._step_at)
        self._levels = Levels(self._box)
        self._pointer = Pointer(self.plot, self._box, lambda: self._front)
        self._timer = QTimer(self, singleShot=True)
        self._menu = Menu(self, self.tr("Loss curves"))
        self._connect()
        self._restyle()

    def _build(self) -> None:
        """The legend above the plot."""
        self.setAccessibleName(self.tr("Loss curves"))
        self.legend = Legend(self)
        self._x_axis, self._y_axis = Axis("bottom", whole=True), Axis("left", log=True)
        self._box = pg.ViewBox(enableMenu=False, defaultPadding=0)
        self.plot = frame(self.tr("Loss curves"), self._x_axis, self._y_axis, self._box, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(style.XS)
        layout.addWidget(self.legend)
        layout.addWidget(self.plot, 1)

    def _connect(self) -> None:
        self._marks.step_chosen.connect(self.step_chosen)
        self._pointer.moved.connect(self._point_at)
        self._pointer.curve_clicked.connect(self._choose)
        self._pointer.double_clicked.connect(self.fit)
        self._timer.timeout.connect(self.redraw)
        self._box.sigRangeChangedManually.connect(self._stop_following)
        self._box.sigXRangeChanged.connect(self._range_changed)
        self._box.sigResized.connect(self._range_changed)
        style.theme().changed.connect(self._restyle)

    # The numbers

    @property
    def losses(self) -> RunLosses:
        """The losses of the run in front."""
        return self._front.losses

    def set_batches_per_epoch(self, batches: float | None) -> None:
        """How many batches an epoch of the run in front has, when that is known before its first evaluation."""
        if batches != self.losses.batches_per_epoch:
            self.losses.batches_per_epoch = batches
            self._change_all()

    def set_run(self, steps: Sequence[int] | Numbers, losses: Sequence[float] | Numbers, evaluations: Evaluations = (),
                batches_per_epoch: float | None = None) -> None:
        """Show another run from its numbers so far: steps (n,), losses (n,), (step, epoch, training, validation)."""
        fresh = RunLosses()
        fresh.extend(steps, losses)
        fresh.evaluate_all(evaluations)
        fresh.batches_per_epoch = batches_per_epoch or fresh.batches_per_epoch
        self.show_losses(fresh)

    def show_losses(self, losses: RunLosses) -> None:
        """Show another run, which may still grow: say so with ``grown``."""
        losses.smoothed.window = self.smoothing
        self._front.losses = losses
        self._best_step = None
        self._marks.set_interventions(())
        self.fit()
        self._change_all()

    def grown(self, losses: RunLosses) -> None:
        """These losses, of the run in front or one behind, have become more."""
        for items in self._all():
            if items.losses is losses:
                self._change(items)

    def clear(self) -> None:
        """Show no run; those behind it stay."""
        self.set_run((), ())
        self.set_cursor(None)

    def extend(self, steps: Sequence[int] | Numbers, losses: Sequence[float] | Numbers) -> None:
        """Append the losses of batches."""
        self.losses.extend(steps, losses)
        self._change(self._front)

    def add_evaluation(self, step: int, epoch: float | None, training: float, validation: float) -> None:
        """Append an evaluation."""
        known = self.losses.batches_per_epoch
        self.losses.evaluate(step, epoch, training, validation)
        self._change(self._front) if known == self.losses.batches_per_epoch else self._change_all()

    def overlay(self, key: str, name: str, losses: RunLosses) -> None:
        """Draw another run behind the one in front."""
        self.remove_overlay(key)
        losses.smoothed.window = self.smoothing
        self._overlays[key] = (name, RunItems(self._box, losses, 0.0))
        self._restyle()

    def remove_overlay(self, key: str) -> None:
        """Take a run away again; nothing when it is not there."""
        if key in self._overlays:
            items = self._overlays.pop(key)[1]
            items.remove()
            self._stale.discard(items)
            self._restyle()

    @property
    def overlays(self) -> tuple[str, ...]:
        """Keys of the runs behind."""
        return tuple(self._overlays)

    def mark_best(self, step: int | None) -> None:
        """Mark the evaluation of this step as the best."""
        self._best_step = step
        self._change(self._front)

    def mark_interventions(self, interventions: Sequence[tuple[int, str]]) -> None:
        """Mark what was changed while training, as (step, text)."""
        self._marks.set_interventions(interventions)

    def set_levels(self, levels: Sequence[tuple[str, float]]) -> None:
        """Draw a horizontal line for each (name, loss), in sight while everything is."""
        if tuple(levels) != self._levels.values:
            self._levels.show(levels, self._scale.log)
            self._change_all()

    def set_cursor(self, step: int | None) -> None:
        """Mark the snapshot that the other tabs show."""
        self._marks.set_cursor(step)
        self._say_values()

    def numbers(self) -> list[tuple[str, Floats]]:
        """Every point of the run in front, and the evaluations of those behind, as (column, values)."""
        return columns(self._front, self._overlays.values())

    # How they are shown

    @property
    def log(self) -> bool:
        """Whether the loss axis is logarithmic."""
        return self._scale.log

    def set_log(self, log: bool) -> None:
        """A logarithmic or linear loss axis."""
        self._scale.log = log
        self._levels.show(self._levels.values, log)
        self._y_axis.set_scale(log=log)
        self.fit()
        self._change_all()

    @property
    def by_epoch(self) -> bool:
        """Whether x counts epochs, as soon as their length is known, and not steps."""
        return self._scale.by_epoch

    def set_by_epoch(self, by_epoch: bool) -> None:
        """Count epochs or steps."""
        self._scale.by_epoch = by_epoch
        self.fit()
        self._change_all()

    @property
    def smoothing(self) -> float:
        """How many batches the smoothed loss reaches back; 1 shows none."""
        return self.losses.smoothed.window

    def set_smoothing(self, window: float) -> None:
        """Smooth over another number of batches, from 1."""
        for items in self._all():
            items.losses.smoothed.window = window
        self._restyle()

    def set_growing(self, growing: bool) -> None:
        """While a run grows, the right edge moves in rounded steps and not with every batch."""
        if growing != self._growing:
            self._growing = growing
            self._change(self._front)

    def set_loss_name(self, name: str) -> None:
        """What the vertical axis measures."""
        self._y_axis.name(name)

    @Slot()
    def fit(self) -> None:
        """Show everything, and follow the data again."""
        if not self.following:
            self.following = True
            self.following_changed.emit(True)
        self._change(self._front)

    @Slot()
    def _stop_following(self, *_: object) -> None:
        if self.following:
            self.following = False
            self.following_changed.emit(False)

    # Drawing

    def _all(self) -> list[RunItems]:
        return [self._front, *(items for _, items in self._overlays.values())]

    def _change_all(self) -> None:
        for items in self._all():
            self._change(items)

    def _change(self, items: RunItems) -> None:
        """Draw a run anew soon; everything that changes until then is drawn at once."""
        self._stale.add(items)
        if self.isVisible() and not self._timer.isActive():
            self._timer.start(max(0, round(REDRAW_MS - 1000 * (time.monotonic() - self._drawn_at))))

    @Slot()
    def redraw(self) -> None:
        """Draw everything that changed, now."""
        self._timer.stop()
        self._scale.batches_per_epoch = self.losses.batches_per_epoch
        for items in self._stale:
            items.measure(self._scale.unit(items.losses.batches_per_epoch), self._scale.log)
        self._stale.clear()
        self._x_axis.name(self.tr("Epoch") if self._scale.unit() else self.tr("Step"))
        if self.following:
            self._show_all()
        self._draw_lines()
        self._marks.set_best(self._best_step, None if self._best_step is None
                             else self._front.height("validation", self._best_step))
        self._say_values()
        self._drawn_at = time.monotonic()

    def _draw_lines(self) -> None:
        (left, right), _ = self._box.viewRange()
        view = View(left, right, max(1, round(self._box.width())))
        for items in self._all():
            items.draw(view)

    @Slot()
    def _range_changed(self, *_: object) -> None:
        if not self._fitting and not self._stale:
            self._draw_lines()

    def _show_all(self) -> None:
        """The range that holds all that is drawn, with round edges."""
        bounds = [found for items in self._all() if (found := items.bounds())]
        rights, lows, highs = zip(*bounds, strict=True) if bounds else ((0.0,), (-2.0,), (0.0,))
        low, high = self._levels.bounds(self._scale.log, min(lows), max(highs))
        right = max(rights)
        right = (nice_edge(right) if self._growing else right * 1.01) if right > 0 else 1.0
        self._fitting = True
        self._box.setRange(xRange=(0.0, right), yRange=self._scale.edges(low, high), padding=0)
        self._fitting = False

    @Slot()
    def _restyle(self, *_: object) -> None:
        """Take the colours of the theme and the order of the runs."""
        self.plot.setBackground(style.theme().current.surface)
        self._x_axis.restyle()
        self._y_axis.restyle()
        self._marks.restyle()
        self._levels.restyle()
        smoothed = self.smoothing > 1
        self._front.restyle(looks_in_front(smoothed))
        for number, items in enumerate(self._all()[1:]):
            items.restyle(looks_behind(number, smoothed))
        self._say_values()
        self._change_all()

    # What the mouse says

    @Slot(object)
    def _point_at(self, x: float | None) -> None:
        """Stand at the nearest step to an x of the plot."""
        self._marks.set_crosshair(None if x is None or self.losses.empty else self._scale.place(self._step_at(x)))
        self._say_values()

    @Slot(float)
    def _choose(self, x: float) -> None:
        self.step_chosen.emit(self._step_at(x))

    def _step_at(self, x: float) -> int:
        """x of the plot -> the nearest step of the run in front."""
        return round(min(max(0.0, self._scale.step(x)), self.losses.last_step))

    def _say_values(self) -> None:
        """The legend with the values under the mouse, else at the shown snapshot, else the newest."""
        step = self.losses.last_step if self._marks.cursor_step is None else self._marks.cursor_step
        if self._marks.crosshair is not None:
            step = self._step_at(self._marks.crosshair)
        self.legend.show_entries(entries(self._front, self._overlays.values(), self._scale, step))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.redraw()
