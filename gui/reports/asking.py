"""The questions of a page of figures: one after another, so that no figure waits behind all of another's."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.answers import Progress
from engine.experiment import Experiment
from gui.models import SnapshotHandle
from gui.shown import Shown

KEY = "reports.figure"


@dataclass(frozen=True, eq=False)
class Ask:
    """A question about a snapshot, or ``work`` that needs none."""

    question: str = ""
    handle: SnapshotHandle | None = None
    experiment: Experiment | None = None
    arguments: tuple[Any, ...] = ()
    work: Callable[[], Any] | None = None


class Asker(QObject):
    """Signals: ``answered`` (owner, number of the ask, answer), ``failed`` (owner, text); the owner is any object."""

    answered = Signal(object, int, object)
    failed = Signal(object, str)

    def __init__(self, shown: Shown, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shown = shown
        self._waiting: deque[tuple[object, int, Ask]] = deque()
        self._asked: tuple[object, int] | None = None
        self._request = 0
        shown.answered.connect(self._take_answer)
        shown.failed.connect(self._take_failure)
        shown.done.connect(self._take_end)

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._asked is not None or bool(self._waiting)

    def ask(self, owner: object, asks: tuple[Ask, ...]) -> None:
        """Ask these, behind all that wait; what the owner asked before is forgotten."""
        self._drop(owner)
        self._waiting.extend((owner, number, ask) for number, ask in enumerate(asks))
        self._next()

    def forget(self, owner: object) -> None:
        """Take no more answers for an owner."""
        self._drop(owner)
        self._next()

    def _drop(self, owner: object) -> None:
        self._waiting = deque(item for item in self._waiting if item[0] is not owner)
        if self._asked is not None and self._asked[0] is owner:
            self._shown.cancel(KEY)
            self._asked = None

    def clear(self) -> None:
        """Forget everything."""
        self._waiting.clear()
        self._shown.cancel(KEY)
        self._asked = None

    def _next(self) -> None:
        if self._asked is not None or not self._waiting:
            return
        owner, number, ask = self._waiting.popleft()
        self._asked = owner, number
        if ask.work is not None:
            self._request = self._shown.compute(KEY, ask.work)
        else:
            assert ask.handle is not None and ask.experiment is not None
            self._request = self._shown.ask_of(KEY, ask.handle, ask.experiment, ask.question, *ask.arguments)

    @Slot(str, int, object)
    def _take_answer(self, key: str, request: int, answer: Any) -> None:
        if key == KEY and request == self._request and self._asked and not isinstance(answer, Progress):
            self.answered.emit(*self._asked, answer)

    @Slot(str, int, str)
    def _take_failure(self, key: str, request: int, text: str) -> None:
        """A figure that failed asks no more; the next one does."""
        if key == KEY and request == self._request and self._asked:
            owner, self._asked = self._asked[0], None
            self._waiting = deque(item for item in self._waiting if item[0] is not owner)
            self.failed.emit(owner, text)
            self._next()

    @Slot(str, int)
    def _take_end(self, key: str, request: int) -> None:
        if key == KEY and request == self._request and self._asked:
            self._asked = None
            self._next()
