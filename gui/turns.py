"""Whose turn it is: the first in the queue is trained as soon as nothing else is; what cannot be trained pauses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Slot

from engine import runs
from engine.runfiles.notices import RunError
from gui import explain
from gui.closing import Closing
from gui.messages import Message
from gui.queue import Waiting
from gui.starting import Starting

if TYPE_CHECKING:
    from gui.shown import Shown


class Session(explain.Session, Protocol):
    """What decides whose turn it is."""

    @property
    def shown(self) -> Shown: ...


class Turns(QObject):
    """Takes from the session's queue. A run of the queue leaves a person alone who looks at another one."""

    def __init__(self, session: Session, starting: Starting, closing: Closing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._starting, self._closing = session, starting, closing
        self._beginning = False
        session.queue.changed.connect(self.begin_next)
        session.queue.failed.connect(self._say_not_kept)

    @Slot()
    def begin_next(self) -> None:
        """Train what waits first, unless something is being trained; what cannot be trained pauses the queue."""
        if self._session.at_work or self._closing.wanted or self._beginning:
            return
        queue = self._session.queue
        self._beginning = True  # taking an item changes the queue
        try:
            item = queue.take()
            if item is not None and not self._begin(item):
                queue.put_back(item)
                queue.pause()
        finally:
            self._beginning = False

    def _begin(self, item: Waiting) -> bool:
        """Begin an item; -> False, with a message, when something stands in its way."""
        session = self._session
        try:
            run = runs.open_run(str(item.run), session.runs_dir) if item.run else None
        except RunError as error:
            session.message.emit(Message(error.message))
            return True  # it is gone for good: the others need not wait for it
        obstacle = explain.obstacle(session, run.folder if run else session.runs_dir, item.experiment, None)
        if obstacle is not None:
            session.message.emit(obstacle)
            return False
        follow = session.shown.run is None or (session.shown.live and self._shows_training)
        self._starting.begin(self._starting.order(item.experiment, run), follow=follow)
        return True

    @property
    def _shows_training(self) -> bool:
        """Whether the shown run is the one that is trained, or was last."""
        shown, trained = self._session.shown.run, self._session.training.run
        return shown is not None and trained is not None and shown.folder == trained.folder

    def pause(self) -> None:
        """Who stops a training does not want the next one to begin by itself."""
        queue = self._session.queue
        if queue.items and not queue.paused and not self._session.at_work and not self._closing.wanted:
            queue.pause()
            self._session.message.emit(explain.queue_paused(self._session))

    @Slot(str)
    def _say_not_kept(self, reason: str) -> None:
        text = self.tr("The queue could not be written down ({reason}); it holds until the window closes.")
        self._session.message.emit(Message(text.format(reason=reason), "warning", key="queue"))
