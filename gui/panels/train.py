"""Train, stop, one batch; device and threads; how long it will take and how far it is."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QAbstractButton,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui import style
from gui.form import LABEL_WIDTH
from gui.session import Session
from gui.settings import Settings
from gui.training import Progress
from gui.widgets.fields import spec_of
from gui.widgets.inputs import Choice
from gui.widgets.quantities import count, duration, significant

TRAIN_HEIGHT = 40
PROGRESS_HEIGHT = 4
MORE_EPOCHS = 10
THREADS = (0, 1, 2, 4, 8, 16)


class TrainPanel(QWidget):
    """The largest button of the window, and what belongs to it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._training = session, session.training
        column = QVBoxLayout(self)
        column.setContentsMargins(style.M, style.S, style.M, style.S)
        column.setSpacing(style.S)
        column.addLayout(self._large_buttons())
        column.addLayout(self._small_buttons())
        column.addWidget(self._progress_bar())
        self.forecast = style.dress(QLabel(), "caption", "quiet")
        self.forecast.setWordWrap(True)
        self.forecast.setAccessibleName(self.tr("Forecast and progress"))
        column.addWidget(self.forecast)
        column.addLayout(self._machine())
        self._connect()
        self._refresh()

    def _connect(self) -> None:
        session, training = self._session, self._training
        self.train.clicked.connect(self.toggle)
        self.queue.clicked.connect(session.starting.add_to_queue)
        self.stop.clicked.connect(session.stop)
        self.batch.clicked.connect(self.one_batch)
        self.more.clicked.connect(self.train_more)
        training.state_changed.connect(self._refresh)
        training.progressed.connect(self._show_progress)
        session.draft.changed.connect(self._refresh)
        session.ready_changed.connect(self._refresh)
        session.forecast.changed.connect(self._refresh)
        session.shown.run_changed.connect(self._refresh)
        session.runs.changed.connect(self._refresh)
        session.settings_changed.connect(self._show_settings)

    def _large_buttons(self) -> QHBoxLayout:
        """Train; and, while something is at work, what Train would then mean."""
        row = QHBoxLayout()
        row.setSpacing(style.S)
        self.train, self.queue = QPushButton(), QPushButton(self.tr("Add to queue"))
        self.train.setAccessibleName(self.tr("Train"))
        style.mark(self.train, "primary", True)
        self.queue.setAccessibleName(self.tr("Add to queue"))
        for button in (self.train, self.queue):
            button.setMinimumHeight(TRAIN_HEIGHT)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row.addWidget(self.train, 1)
        row.addWidget(self.queue)
        return row

    def _small_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(0)
        self.stop = self._button(self.tr("Stop"), "stop")
        self.batch = self._button(self.tr("One batch"))
        self.more = self._button(self.tr("+{count} epochs").format(count=MORE_EPOCHS))
        for button in (self.stop, self.batch, self.more):
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _button(self, text: str, icon: str = "") -> QToolButton:
        button = QToolButton()
        button.setText(text)
        if icon:
            button.setIcon(style.icon(icon))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setAutoRaise(True)
        style.mark(button, "compact", True)
        button.setAccessibleName(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _progress_bar(self) -> QProgressBar:
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(PROGRESS_HEIGHT)
        self.bar.setAccessibleName(self.tr("Progress of the training"))
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        return self.bar

    def _machine(self) -> QGridLayout:
        """Device and threads."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(style.M)
        grid.setVerticalSpacing(style.XS)
        self.device, self.threads = Choice(), Choice()
        names = {"auto": self.tr("Automatic"), "cpu": "CPU", "cuda": "CUDA", "mps": "MPS"}
        for value, _ in spec_of(Settings, "device").choices:
            self.device.addItem(names.get(value, value), value)
        for number in THREADS:
            self.threads.addItem(str(number) if number else self.tr("Measured"), number)
        for place, (name, box) in enumerate((("device", self.device), ("threads", self.threads))):
            described = spec_of(Settings, name)
            label = QLabel(described.label)
            label.setBuddy(box)
            box.setAccessibleName(described.label)
            box.setToolTip(described.help)
            grid.addWidget(label, place, 0)
            grid.addWidget(box, place, 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        self.device.activated.connect(self._choose_device)
        self.threads.activated.connect(self._choose_threads)
        self._show_settings(self._session.settings)
        return grid

    @Slot()
    def toggle(self) -> None:
        """What Space does: train, pause or continue."""
        state = self._training.state
        if state in ("running", "starting"):
            self._training.pause()
        elif state in ("paused", "blocked"):
            self._training.resume()
        elif state == "loading":
            self._session.stop()
        elif state == "idle":
            self._session.start()

    @Slot()
    def one_batch(self) -> None:
        """Train one batch, then pause; with nothing at work, the first of a new run."""
        if self._training.state == "idle":
            self._session.start(one_batch=True)
        else:
            self._training.one_batch()

    @Slot()
    def train_more(self) -> None:
        """Train the shown run ten epochs longer."""
        run = self._session.shown.run
        if run is not None:
            self._session.train_more(run, MORE_EPOCHS)

    @Slot(int)
    def _choose_device(self, index: int) -> None:
        self._session.change_settings(device=self.device.itemData(index))

    @Slot(int)
    def _choose_threads(self, index: int) -> None:
        self._session.change_settings(threads=self.threads.itemData(index))

    @Slot(object)
    def _show_settings(self, settings: Settings) -> None:
        self.device.setCurrentIndex(self.device.findData(settings.device))
        if self.threads.findData(settings.threads) < 0:
            self.threads.addItem(str(settings.threads), settings.threads)
        self.threads.setCurrentIndex(self.threads.findData(settings.threads))

    @Slot()
    def _refresh(self) -> None:
        """Say on the buttons what they do now, and in their tooltips why they cannot."""
        state = self._training.state
        text, icon = {
            "idle": (self.tr("Train"), "play"), "loading": (self.tr("Loading…"), "pause"),
            "starting": (self.tr("Pause"), "pause"), "running": (self.tr("Pause"), "pause"),
            "paused": (self.tr("Continue"), "play"), "blocked": (self.tr("Try again"), "play"),
            "saving": (self.tr("Saving…"), "save")}[state]
        self.train.setText(text)
        self.train.setAccessibleName(text)
        self.train.setIcon(style.icon(icon, "on_accent"))
        problems = self._session.draft.problems
        self.train.setEnabled(state != "saving" and not (state == "idle" and problems))
        self.train.setToolTip(problems[0].message if state == "idle" and problems else self._tip(state))
        self.queue.setVisible(state != "idle")
        _allow(self.queue, self.tr("Train the experiment above when the ones before it are done (Ctrl+Return)"),
               problems[0].message if problems else "")
        _allow(self.stop, self.tr("Save a checkpoint and end; it can be resumed"), self._no_stop(state))
        _allow(self.batch, self.tr("Train a single batch, then pause (.)"), self._no_batch(state))
        _allow(self.more, self.tr("Train the shown run longer, with the state of its optimizer"), self._no_more(state))
        self._show_progress(self._training.progress)

    def _tip(self, state: str) -> str:
        tips = {
            "idle": self.tr("Train the experiment above as a new run (Space)"),
            "loading": self.tr("Training begins as soon as torch is loaded; press again to forget it"),
            "paused": self.tr("Go on where it paused (Space)"),
            "blocked": self.tr("Try to save again, then go on (Space)"),
            "saving": self.tr("Finishing the current batch and saving")}
        return tips.get(state, self.tr("Pause after the current batch (Space)"))

    def _no_stop(self, state: str) -> str:
        """Why nothing can be stopped; '' when it can."""
        if state == "idle":
            return self.tr("Nothing is being trained.")
        return self.tr("The training ends as soon as it is saved.") if state == "saving" else ""

    def _no_batch(self, state: str) -> str:
        """Why no single batch can be trained; '' when it can."""
        problems = self._session.draft.problems
        if state == "idle":
            return problems[0].message if problems else ""
        reasons = {"loading": self.tr("The training is about to begin."),
                   "starting": self.tr("The training is about to begin."),
                   "saving": self.tr("The training ends as soon as it is saved."),
                   "blocked": self.tr("First the checkpoint has to be saved.")}
        return reasons.get(state, "")

    def _no_more(self, state: str) -> str:
        """Why the shown run cannot be trained longer; '' when it can."""
        run, work = self._session.shown.run, self._training.run
        if state in ("saving", "blocked"):
            return self._no_batch(state)
        if self._training.at_work:
            here = run is not None and work is not None and run.folder == work.folder
            return "" if here else self.tr("Another run is being trained. Show that one, or stop it first.")
        can = run is not None and run.writable and bool(run.checkpoints())
        return "" if can else self.tr("Needs a shown run that has a checkpoint and is not being trained elsewhere.")

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        self.bar.setVisible(self._training.at_work)
        if not self._training.at_work:
            self.forecast.setText(self._forecast_text())
            return
        self.bar.setRange(0, progress.steps or 0)
        self.bar.setValue(min(progress.step, progress.steps or 0))
        self.forecast.setText(self._progress_text(progress))

    def _forecast_text(self) -> str:
        """'About 12 s per epoch, 4 min in all.'"""
        seconds = self._session.forecast.epoch_s
        if self._session.draft.problems:
            return self.tr("The experiment cannot be trained yet.")
        if seconds is None:
            loading = not (self._session.ready or self._session.broken)
            return self.tr("The forecast follows when torch is loaded.") if loading else ""
        epochs = self._session.draft.experiment.train.epochs
        text = self.tr("About {epoch} per epoch, {all} in all")
        return text.format(epoch=duration(max(1.0, seconds)) if seconds >= 1 else self.tr("{number} s").format(
            number=significant(seconds, 2)), all=duration(seconds * epochs))

    def _progress_text(self, progress: Progress) -> str:
        if progress.steps is None:
            return self.tr("Preparing the images…")
        text = self.tr("Epoch {epoch} of {epochs} · {rate} images/s · {left} left")
        return text.format(epoch=f"{progress.epoch:.1f}", epochs=f"{progress.epochs:,}",
                           rate=count(progress.images_per_second), left=duration(progress.remaining_s))


def _allow(button: QAbstractButton, tip: str, why_not: str) -> None:
    """Enable a button, or disable it; its tooltip says what it does and why it cannot."""
    button.setEnabled(not why_not)
    button.setToolTip(f"{tip}\n{why_not}" if why_not else tip)
