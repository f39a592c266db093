"""The timeline at the foot: one slider that chooses the snapshot of the shown run that every tab shows."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from gui import style
from gui.models import SnapshotHandle
from gui.session import Session

translate = QCoreApplication.translate

PLAY_INTERVAL_MS = 200
LABEL_TEXT = "epoch 1,000,000"
"""The label is as wide as this, so that nothing moves while it changes."""


def label_of(handle: SnapshotHandle) -> str:
    """'untrained', 'step 20', 'epoch 3'."""
    if handle.step == 0:
        return translate("Timeline", "untrained")
    if handle.epoch == int(handle.epoch):
        return translate("Timeline", "epoch {number}").format(number=f"{handle.epoch:,.0f}")
    return translate("Timeline", "step {number}").format(number=f"{handle.step:,}")


class TimelineSlider(QSlider):
    """A slider over the snapshots, deaf to the wheel."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setPageStep(5)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Timeline(QWidget):
    """The slider with its buttons, and the name of the place."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown, self._training = session.shown, session.training
        row = QHBoxLayout(self)
        row.setContentsMargins(style.M, style.XS, style.M, style.XS)
        row.setSpacing(style.S)
        self.first = self._button("first", self.tr("Untrained"), self.tr("Show the untrained weights (Home)"))
        self.play = self._button("play", self.tr("Play"), self.tr("Play the snapshots one after another"))
        self.last = self._button("last", self.tr("Live"), self.tr("Show the newest weights and follow them (End)"))
        self.play.setCheckable(True)
        self.slider = TimelineSlider()
        self.slider.setAccessibleName(self.tr("Timeline"))
        self.slider.setToolTip(self.tr("Look back through the training of the shown run (← →)"))
        self.label = style.dress(QLabel(), tone="text")
        self.label.setMinimumWidth(self.label.fontMetrics().horizontalAdvance(LABEL_TEXT))
        self.label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.label.setAccessibleName(self.tr("Shown snapshot"))
        for widget in (self.first, self.play, self.last):
            row.addWidget(widget)
        row.addWidget(self.slider, 1)
        row.addWidget(self.label)
        self._tips = {widget: widget.toolTip() for widget in (self.slider, self.first, self.play, self.last)}
        self._timer = QTimer(self)
        self._timer.setInterval(PLAY_INTERVAL_MS)
        self._timer.timeout.connect(self._play_on)
        self._connect()
        self._refresh()

    def _connect(self) -> None:
        self.first.clicked.connect(self.go_first)
        self.last.clicked.connect(self.go_live)
        self.play.toggled.connect(self._toggle_play)
        self.slider.valueChanged.connect(self._move)
        self.slider.sliderPressed.connect(self.stop)
        self.slider.actionTriggered.connect(self.stop)  # a click beside the handle, and its keys
        self._shown.snapshots_changed.connect(self._refresh)
        self._shown.changed.connect(self._refresh)
        self._shown.live_changed.connect(self._refresh)
        self._training.state_changed.connect(self._refresh)

    def _button(self, icon: str, name: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(style.icon(icon))
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(name)
        button.setToolTip(tip)
        return button

    @Slot()
    def go_first(self) -> None:
        """Show the untrained weights."""
        self._shown.show_position(0)

    @Slot()
    def go_live(self) -> None:
        """Show the newest weights, and each newer ones."""
        self._shown.go_live()

    def step(self, direction: int) -> None:
        """Show the next (+1) or the last (-1) snapshot."""
        self.slider.setValue(self.slider.value() + direction)

    @Slot()
    def stop(self) -> None:
        """End playing."""
        self.play.setChecked(False)

    @Slot(int)
    def _move(self, position: int) -> None:
        if position == self.slider.maximum():
            self._shown.go_live()
        else:
            self._shown.show_position(position)

    @Slot(bool)
    def _toggle_play(self, playing: bool) -> None:
        self.play.setIcon(style.icon("pause" if playing else "play"))
        if not playing:
            self._timer.stop()
            return
        if self.slider.value() == self.slider.maximum():
            self.go_first()
        self._timer.start()

    @Slot()
    def _play_on(self) -> None:
        self.step(1)
        if self.slider.value() == self.slider.maximum():
            self.play.setChecked(False)

    @Slot()
    def _refresh(self) -> None:
        """Show what is shown, without telling."""
        count = len(self._shown.snapshots)
        following = self._following
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, count if following else max(0, count - 1))
            self.slider.setValue(self.slider.maximum() if self._shown.live else self._shown.position)
        for widget, tip in self._tips.items():
            widget.setEnabled(count > 0)
            widget.setToolTip(tip if count else f"{tip}\n{self.tr('There is no snapshot to show yet.')}")
        self._show_label(following)

    @property
    def _following(self) -> bool:
        """Whether newer weights of the shown run may come."""
        run, shown = self._training.run, self._shown.run
        return self._training.at_work and run is not None and shown is not None and run.folder == shown.folder

    def _show_label(self, following: bool) -> None:
        handle = self._shown.snapshot
        live = self._shown.live and following
        style.mark(self.label, "tone", "accent" if live else "text")
        if handle is None:
            self.label.setText(self.tr("no snapshot"))
        else:
            self.label.setText(self.tr("live") if live else label_of(handle))
