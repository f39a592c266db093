"""The controls of the training view: how the curves are drawn, and what can be changed about the run itself."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QHBoxLayout, QPushButton, QWidget

from gui import style
from gui.plots.curves import LossCurves
from gui.widgets.controls import Flow, button, labelled, spin
from gui.widgets.editors import NumberField
from gui.widgets.fields import spec
from gui.widgets.inputs import SLIDER_STEPS, Slider
from gui.widgets.runchooser import RunChooser

LONGEST_SMOOTHING = 1000
FIRST_SMOOTHING = 50


class Smoothing(QWidget):
    """Over how many batches the loss is averaged: to drag, on a logarithmic scale, or to type. Signal ``changed``."""

    changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        tip = self.tr("Averages the loss over about so many batches. More is calmer and later; 1 shows no average.")
        self.slider, self.field = Slider(), spin(self.tr("Smoothing"), tip, 1, LONGEST_SMOOTHING, FIRST_SMOOTHING)
        self.field.setSuffix(" " + self.tr("batches"))
        self.field.setFixedWidth(108)
        self.slider.setAccessibleName(self.tr("Smoothing"))
        self.slider.setToolTip(tip)
        self.slider.setFixedWidth(88)
        self.slider.setValue(self._position(FIRST_SMOOTHING))
        self.slider.valueChanged.connect(self._drag)
        self.field.valueChanged.connect(self._type)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(labelled(self.tr("Smoothing"), self.slider, self.field))

    @staticmethod
    def _position(window: int) -> int:
        return round(SLIDER_STEPS * math.log(window) / math.log(LONGEST_SMOOTHING))

    @Slot(int)
    def _drag(self, position: int) -> None:
        self.field.setValue(round(LONGEST_SMOOTHING ** (position / SLIDER_STEPS)))

    @Slot(int)
    def _type(self, window: int) -> None:
        if not self.slider.isSliderDown():
            with QSignalBlocker(self.slider):
                self.slider.setValue(self._position(window))
        self.changed.emit(window)


class ViewControls(QWidget):
    """The row above the curves: how they are drawn."""

    def __init__(self, curves: LossCurves, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.log = QCheckBox(self.tr("Log axis"))
        self.log.setToolTip(self.tr("Equal ratios of the loss at equal distances: late progress stays visible"))
        self.log.setChecked(curves.log)
        self.epochs = button(self.tr("Epochs"), self.tr("Count epochs on the horizontal axis"), checkable=True)
        self.steps = button(self.tr("Steps"), self.tr("Count batches on the horizontal axis"), checkable=True)
        self.smoothing = Smoothing()
        self.others = RunChooser(self.tr("Earlier runs"), self.tr("Draw other runs behind this one"))
        self.fit = button(self.tr("Fit"), "", "fit", text=True)
        style.mark(self.epochs, "segment", "first")
        style.mark(self.steps, "segment", "last")
        self.epochs.setChecked(True)
        self._axis = QButtonGroup(self)
        self._axis.addButton(self.epochs)
        self._axis.addButton(self.steps)
        axis = labelled("", self.epochs, self.steps)
        axis.layout().setSpacing(0)  # type: ignore[union-attr]
        row = Flow(self)
        for widget in (self.log, axis, self.smoothing, self.others, self.fit):
            row.addWidget(widget)
        self.log.toggled.connect(curves.set_log)
        self.epochs.toggled.connect(curves.set_by_epoch)
        self.smoothing.changed.connect(curves.set_smoothing)
        self.fit.clicked.connect(curves.fit)
        curves.following_changed.connect(self._allow_fit)
        self._allow_fit(curves.following)

    @Slot(bool)
    def _allow_fit(self, following: bool) -> None:
        self.fit.setDisabled(following)
        self.fit.setToolTip(self.tr("Everything is in sight; zoom with the wheel") if following
                            else self.tr("Show everything again (double-click the plot)"))


class Steering(QWidget):
    """What can be changed about the run itself. Signals: ``learning_rate_chosen`` (float), ``more_epochs``."""

    learning_rate_chosen = Signal(float)
    more_epochs = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rate = NumberField(spec("train.learning_rate"))
        self._rate_tip = self.rate.edit.toolTip()
        self._wanted: float | None = None
        self.more = QPushButton(self.tr("Ten more epochs"))
        if self.rate.slider is not None:
            self.rate.slider.setFixedWidth(120)
        row = Flow(self)
        row.addWidget(labelled(self.tr("Learning rate"), self.rate))
        row.addWidget(self.more)
        self.rate.edited.connect(self._edit)
        self.rate.settled.connect(self._settle)
        self.rate.refused.connect(self._refuse)
        self.more.clicked.connect(self.more_epochs)

    @Slot(object, bool)
    def _edit(self, value: float, part: bool) -> None:
        """While one drags or types, only the field changes: every change of a run is recorded."""
        self._wanted = value
        self.rate.show_value(value)
        style.mark(self.rate.edit, "problem", False)
        self.rate.edit.setToolTip(self._rate_tip)
        if not part:
            self._settle()

    @Slot()
    def _settle(self) -> None:
        if self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            self.learning_rate_chosen.emit(wanted)

    @Slot(str, object)
    def _refuse(self, reason: str, offered: float | None) -> None:
        self._wanted = None
        style.mark(self.rate.edit, "problem", True)
        self.rate.edit.setToolTip(reason)

    def show_rate(self, value: float) -> None:
        """The learning rate in use, unless another is just being chosen."""
        if self._wanted is None and value != self.rate.value:
            self.rate.show_value(value)

    def allow(self, rate: str, more: str) -> None:
        """Enable the two controls, or say why not."""
        self.rate.setEnabled(not rate)
        self.rate.setToolTip(rate)
        self.more.setEnabled(not more)
        self.more.setToolTip(more or self.tr("Train longer than planned, with the optimizer's state as it is"))
