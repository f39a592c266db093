"""A place between two things: a slider, its exact value, and play."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSlider, QWidget

from gui import style
from gui.plots import keys
from gui.widgets.controls import button, calm

FINE = 1000
"""Steps of the slider from one end to the other; the exact value has as many."""

CROSSING_MS = 3000
"""How long play takes from one end to the other."""

FRAME_MS = 33


class Slider(QSlider):
    """A slider that keeps its keys while focused: in the window they move the timeline."""

    KEYS = keys.ARROWS | keys.ENDS | {Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}

    def event(self, event: QEvent) -> bool:
        return keys.kept(event, self.KEYS) or super().event(event)


class Way(QWidget):
    """Where between the two images: a slider, its exact value, and play. Signal: ``moved`` (t from 0 to 1)."""

    moved = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = Slider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, FINE)
        self.slider.setSingleStep(FINE // 100)
        self.slider.setPageStep(FINE // 10)
        self.slider.setValue(FINE // 2)
        self.slider.setAccessibleName(self.tr("Way from the left to the right image"))
        self.slider.setToolTip(self.tr("0 is left, 1 is right; arrow keys move by 0.01, page keys by 0.1"))
        self.exact = QDoubleSpinBox()
        self.exact.setRange(0, 1)
        self.exact.setDecimals(3)
        self.exact.setSingleStep(0.01)
        self.exact.setValue(0.5)
        self.exact.setKeyboardTracking(False)
        self.exact.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.exact.setAccessibleName(self.tr("Exact place on the way"))
        self.exact.setToolTip(self.tr("Exact place between the left (0) and the right image (1)"))
        self.play = button(self.tr("Play"), self.tr("Go to and fro between the two images"), "play", checkable=True)
        calm(self.slider)
        calm(self.exact)
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._clock = QElapsedTimer()
        self._phase_ms = 0.0
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.S)
        row.addWidget(self.play)
        row.addWidget(self.slider, 1)
        row.addWidget(self.exact)
        self.slider.valueChanged.connect(self._slide)
        self.slider.sliderPressed.connect(self.stop)
        self.exact.valueChanged.connect(self._type)
        self.play.toggled.connect(self._toggle)
        self._timer.timeout.connect(self._tick)

    @property
    def t(self) -> float:
        """From 0, the left image, to 1, the right one."""
        return self.exact.value()

    @property
    def playing(self) -> bool:
        """Whether it moves by itself."""
        return self._timer.isActive()

    def go_to(self, t: float) -> None:
        """Stop there."""
        self.stop()
        self.exact.setValue(t)

    @Slot()
    def stop(self) -> None:
        """Stop playing."""
        self.play.setChecked(False)

    @Slot(int)
    def _slide(self, value: int) -> None:
        self.exact.setValue(value / FINE)

    @Slot(float)
    def _type(self, t: float) -> None:
        """Whatever moved it: slider and field agree, and it is told once."""
        self.slider.blockSignals(True)
        self.slider.setValue(round(t * FINE))
        self.slider.blockSignals(False)
        self.moved.emit(t)

    @Slot(bool)
    def _toggle(self, playing: bool) -> None:
        self.play.setIcon(style.icon("pause" if playing else "play"))
        if playing:
            self._phase_ms = self.t * CROSSING_MS
            self._clock.start()
            self._timer.start()
        else:
            self._timer.stop()

    @Slot()
    def _tick(self) -> None:
        """Where time has come to, to and fro."""
        phase = (self._phase_ms + self._clock.elapsed()) / CROSSING_MS % 2
        self.exact.setValue(phase if phase <= 1 else 2 - phase)
