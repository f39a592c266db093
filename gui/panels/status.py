"""One quiet line below the timeline: what the application is doing."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from engine.datasets.importing import Importing
from engine.fields import LABELS
from engine.runfiles.notices import size_text
from gui import style
from gui.job import Started
from gui.session import Session
from gui.widgets.quantities import count


class StatusLine(QWidget):
    """What is at work at the left, where it computes at the right."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        row = QHBoxLayout(self)
        row.setContentsMargins(style.M, 0, style.M, style.XS)
        self.text, self.machine = (style.dress(QLabel(), "caption", "quiet") for _ in range(2))
        self.text.setAccessibleName(self.tr("Status"))
        self.machine.setAccessibleName(self.tr("Where the training computes"))
        row.addWidget(self.text, 1)
        row.addWidget(self.machine)
        session.ready_changed.connect(self._refresh)
        session.training.state_changed.connect(self._refresh)
        session.training.started.connect(self._show_machine)
        session.training.stepped.connect(self._show_import)
        session.downloads.started.connect(self._refresh)
        session.downloads.progressed.connect(self._show_download)
        session.downloads.finished.connect(self._refresh)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        texts = {
            "loading": self.tr("Loading torch; the training begins then"), "starting": self.tr("Preparing the images"),
            "running": self.tr("Training"), "paused": self.tr("Paused"),
            "blocked": self.tr("Paused: the last save failed"),
            "saving": self.tr("Finishing the current batch and saving")}
        loading = self.tr("torch could not be loaded") if self._session.broken else self.tr("Loading torch")
        idle = self.tr("Ready") if self._session.ready else loading
        if self._session.downloads.at_work:
            idle = self.tr("Downloading {name}").format(name=LABELS[self._session.downloads.name])
        self.text.setText(texts.get(self._session.training.state, idle))

    @Slot(object)
    def _show_machine(self, started: Started) -> None:
        threads = self.tr("{count} threads") if started.threads != 1 else self.tr("{count} thread")
        self.machine.setText(f"{started.device} · {threads.format(count=started.threads)}")

    @Slot(object)
    def _show_import(self, events: tuple[Any, ...]) -> None:
        """How far the import of a folder is with which a training begins."""
        told = next((event for event in reversed(events) if isinstance(event, Importing)), None)
        if told is not None:
            text = self.tr("Importing the images: {done} of {total}")
            self.text.setText(text.format(done=count(told.done), total=count(told.total)))

    @Slot(object)
    def _show_download(self, progress: Any) -> None:
        text = self.tr("Downloading {name}: {received} of {total}")
        self.text.setText(text.format(name=LABELS.get(self._session.downloads.name, ""),
                                      received=size_text(progress.received), total=size_text(progress.total)))
