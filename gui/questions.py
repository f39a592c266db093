"""What one view asks about the shown snapshot: when to ask, only the newest answers, busy after a while."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from engine.answers import Contents, Progress

if TYPE_CHECKING:
    from gui.shown import Shown

BUSY_AFTER_MS = 300
"""An answer that comes sooner needs no sign that one waits for it."""


class Questions(QObject):
    """The questions of one view, by keys of its own; none while the view is hidden.

    Attributes: ``busy``; ``contents`` of the shown run's data set, None until they are known. Signals: ``due`` when the
    view is to ask (another snapshot, and after it was hidden), after ``contents_changed`` where the run is another;
    ``emptied`` (why, '' where there is simply no snapshot) when there is nothing to ask about; ``answered`` (key,
    answer), ``progressed`` (key, Progress), ``failed`` (key, text), ``busy_changed`` (bool).
    """

    due = Signal()
    contents_changed = Signal(object)
    emptied = Signal(str)
    answered = Signal(str, object)
    progressed = Signal(str, object)
    failed = Signal(str, str)
    busy_changed = Signal(bool)

    def __init__(self, shown: Shown, name: str, view: QWidget, decodes: bool = False) -> None:
        """``name`` tells the questions of this view from those of others; ``decodes``: a classifier has nothing to show
        in it."""
        super().__init__(view)
        self._shown, self._name, self._view, self._decodes = shown, name, view, decodes
        self._open: dict[str, int] = {}
        self._stale = True
        self._contents_of: Path | None = None
        self.contents: Contents | None = None
        self.busy = False
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(BUSY_AFTER_MS)
        self._patience.timeout.connect(self._lose_patience)
        view.installEventFilter(self)
        shown.changed.connect(self._take_snapshot)
        shown.own_changed.connect(self._take_own)
        shown.answered.connect(self._take_answer)
        shown.failed.connect(self._take_failure)
        shown.done.connect(self._take_end)

    @Slot()
    def refresh(self) -> None:
        """Have the view ask again; once it is shown, when it is hidden."""
        self._stale = not self._view.isVisible()
        if self._stale:
            return
        snapshot = self._shown.snapshot
        trouble = self._trouble()
        if snapshot is None or trouble:
            self._forget()
            self.emptied.emit(trouble)
        elif self._contents_of == snapshot.run:
            self.due.emit()
        else:
            self._contents_of = self.contents = None
            self.ask("contents", "contents")

    def _trouble(self) -> str:
        """Why nothing can be asked about the shown run although it may have snapshots; '' where nothing is wrong."""
        run, experiment = self._shown.run, self._shown.experiment
        if self._decodes and experiment is not None and experiment.task == "classifier":
            return self.tr("A classifier has no decoder and draws no images. Choose the autoencoder that its encoder "
                           "comes from.")
        if run is None:
            return ""
        if experiment is not None:
            gone = self._shown.snapshot is None and run.state.step > 0
            return self.tr("None of its snapshots are there any more. Train it again, or choose another run.") if gone \
                else ""
        return run.problem.message if run.problem is not None else self.tr("Its settings cannot be read.")

    def _forget(self) -> None:
        """Wait for nothing any more: an answer about the run before must not come up again."""
        self._contents_of = self.contents = None
        for key in list(self._open):
            self.cancel(key)

    def ask(self, key: str, question: str, *arguments: Any) -> bool:
        """Ask, forgetting an older question of this key; False when there is nothing to ask about yet."""
        known = self.contents is not None or question == "contents"
        number = self._shown.ask(f"{self._name}.{key}", question, *arguments) if known else 0
        if not number:
            self._close(key)
            return False
        self._open[key] = number
        if not self.busy and not self._patience.isActive():
            self._patience.start()
        return True

    def cancel(self, key: str) -> None:
        """Forget what was asked with this key."""
        if key in self._open:
            self._shown.cancel(f"{self._name}.{key}")
            self._close(key)

    def waits(self, key: str) -> bool:
        """Whether an answer to this key is still to come."""
        return key in self._open

    def _close(self, key: str) -> None:
        self._open.pop(key, None)
        if not self._open:
            self._patience.stop()
            self._set_busy(False)

    def _set_busy(self, busy: bool) -> None:
        if busy != self.busy:
            self.busy = busy
            self.busy_changed.emit(busy)

    def _own(self, key: str, number: int) -> str:
        """This view's key of an answer to its newest question; '' for any other."""
        name, _, own = key.partition(".")
        return own if name == self._name and self._open.get(own) == number else ""

    @Slot()
    def _lose_patience(self) -> None:
        self._set_busy(True)

    @Slot(object)
    def _take_snapshot(self, _: Any) -> None:
        self.refresh()

    @Slot(object)
    def _take_own(self, _: Any) -> None:
        """There are other images to choose from."""
        self._contents_of = self.contents = None
        self.refresh()

    @Slot(str, int, object)
    def _take_answer(self, key: str, number: int, answer: Any) -> None:
        own = self._own(key, number)
        if own == "contents":
            self._take_contents(answer)
        elif own and isinstance(answer, Progress):
            self.progressed.emit(own, answer)
        elif own:
            self.answered.emit(own, answer)

    def _take_contents(self, contents: Contents) -> None:
        """What the run's data set holds: now the view can ask for its images."""
        if self._shown.snapshot is not None:
            self._contents_of, self.contents = self._shown.snapshot.run, contents
            self.contents_changed.emit(contents)
            self.due.emit()

    @Slot(str, int)
    def _take_end(self, key: str, number: int) -> None:
        own = self._own(key, number)
        if own:
            self._close(own)

    @Slot(str, int, str)
    def _take_failure(self, key: str, number: int, text: str) -> None:
        own = self._own(key, number)
        if own:
            self._close(own)
            self.failed.emit(own, text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and self._stale:
            self.refresh()
        return False
