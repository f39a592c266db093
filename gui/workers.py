"""The thread boundary: every thread of the application is started and ended here.

A thread class declares signals and overrides ``run``; it has no slots, so nothing of it ever runs on the wrong thread.
Receivers are methods of QObjects marked with ``@Slot``. A worker never waits for the window; the window never waits for
a worker except for its ``finished`` signal.
"""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, Protocol

from PySide6.QtCore import QObject, QThread, Signal

BATCH_INTERVAL_S = 1 / 30
"""Shortest time between two batches of events: redrawing per step costs more than the steps do."""


@dataclasses.dataclass(frozen=True)
class Failure:
    """An exception as plain text and values; the exception itself would keep its frames, and their tensors, alive."""

    kind: str
    code: str
    values: Mapping[str, Any]
    text: str
    traceback: str

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """The text, the traceback, and ``code`` and ``values`` of our own errors."""
        return cls(type(error).__name__, str(getattr(error, "code", "")), dict(getattr(error, "values", None) or {}),
                   str(error) or type(error).__name__, "".join(traceback.format_exception(error)))


class Commands(Protocol):
    """The part of an inbox that a pump uses."""

    def put(self, command: Any) -> None:
        """Append a command."""

    def empty(self) -> bool:
        """Whether no command waits."""


class EventPump(QThread):
    """Drives one generator of tuples of events, in batches, with pauses between its turns.

    Signals: ``batch`` (tuple of events; at most 30 a second, and none before the last was acknowledged),
    ``paused_changed`` (bool), ``failed`` (Failure). An event with ``asks_for_pause = True`` pauses the pump;
    those with ``preliminary = True`` are no turn of their own.
    """

    batch = Signal(object)
    paused_changed = Signal(bool)
    failed = Signal(object)

    def __init__(self, make: Callable[[], Iterator[tuple[Any, ...]]], inbox: Commands | None = None,
                 parent: QObject | None = None, paused: bool = False) -> None:
        """``make`` is called on the thread; ``paused`` starts without the first turn."""
        super().__init__(parent)
        self._make = make
        self._inbox = inbox
        self._condition = threading.Condition()
        self._paused = self._told_paused = paused
        self._held = False  # an event asked for the pause: waiting commands alone do not end it
        self._turns = 0
        self._closing = False
        self._in_flight = False
        self._collected: list[Any] = []
        self._sent_at = 0.0

    @property
    def paused(self) -> bool:
        """Whether no turn is taken until ``resume``, ``step_once`` or a command."""
        return self._paused

    def pause(self) -> None:
        """Stop taking turns after the one at work."""
        with self._condition:
            self._paused = True

    def resume(self) -> None:
        """Take turns again."""
        with self._condition:
            self._paused = self._held = False
            self._condition.notify_all()

    def step_once(self) -> None:
        """Take turns until one yields an event, then pause."""
        with self._condition:
            self._paused, self._held = True, False
            self._turns += 1
            self._condition.notify_all()

    def send(self, command: Any) -> None:
        """Hand a command to the generator, which gets a turn for it even while paused."""
        if self._inbox is None:
            raise ValueError("this pump's generator takes no commands")
        with self._condition:
            self._inbox.put(command)
            self._held = False
            self._condition.notify_all()

    def acknowledge(self) -> None:
        """The receiver has taken in the last batch; the next may come."""
        with self._condition:
            self._in_flight = False
            self._condition.notify_all()

    def close_generator(self) -> None:
        """Close the generator after the turn at work; for generators that know no Stop. Saves nothing."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()

    def _drive(self) -> None:
        """Turn after turn until the generator ends or is closed."""
        events = self._make()
        try:
            while self._turn_is_due():
                turn = next(events, None)
                if turn is None:
                    return
                self._take(turn)
        finally:
            close = getattr(events, "close", None)
            if close is not None:
                close()

    def _turn_is_due(self) -> bool:
        """Wait while paused, sending what is collected; False when closing."""
        while not self._closing:
            self._send_if_due()
            with self._condition:
                if self._may_turn():
                    break
                if not self._collected:
                    self._condition.wait_for(self._may_turn_or_close)
                elif self._in_flight:
                    self._condition.wait_for(lambda: self._may_turn_or_close() or not self._in_flight)
                else:
                    self._condition.wait(max(0.0, self._sent_at + BATCH_INTERVAL_S - time.monotonic()))
        return not self._closing

    def _may_turn(self) -> bool:
        waiting = self._inbox is not None and not self._inbox.empty() and not self._held
        self._tell_paused(self._paused)
        return not self._paused or self._turns > 0 or waiting

    def _may_turn_or_close(self) -> bool:
        return self._closing or self._may_turn()

    def _tell_paused(self, paused: bool) -> None:
        if paused != self._told_paused:
            self._told_paused = paused
            self.paused_changed.emit(paused)

    def _take(self, turn: tuple[Any, ...]) -> None:
        """Collect one turn's events and look for one that asks for a pause."""
        self._collected.extend(turn)
        with self._condition:
            if self._turns and any(not getattr(event, "preliminary", False) for event in turn):
                self._turns -= 1
            if any(getattr(event, "asks_for_pause", False) for event in turn):
                self._paused = self._held = True
                self._turns = 0

    def _send_if_due(self) -> None:
        if self._collected and not self._in_flight and time.monotonic() - self._sent_at >= BATCH_INTERVAL_S:
            self._send()

    def _send(self) -> None:
        """Emit what is collected as one batch."""
        collected, self._collected = tuple(self._collected), []
        self._in_flight = True
        self._sent_at = time.monotonic()
        self.batch.emit(collected)

    def run(self) -> None:
        """The thread: drive, report an exception as text, and send the rest."""
        failure = None
        try:
            self._drive()
        except BaseException as error:  # SystemExit and KeyboardInterrupt of a generator too: the window decides
            failure = Failure.of(error)
            traceback.clear_frames(error.__traceback__)
        if self._collected:
            self._send()
        if failure is not None:
            self.failed.emit(failure)


Question = Callable[[], Any]
"""Computes an answer, or returns a generator of partial answers."""


@dataclasses.dataclass
class _Opened:
    """A question that answers in pieces, and its answer that still has to be told."""

    number: int
    pieces: Generator[Any, None, None]
    answers: list[Any] = dataclasses.field(default_factory=list)
    told_at: float = 0.0


class LatestOnly(QThread):
    """Answers questions on one thread; of the requests with one key only the newest counts.

    A question that returns a generator is advanced piece by piece, and other questions are let in between. Of its
    answers those that come faster than 30 a second are left out, never the last. Signals: ``answered`` (key, request
    number, answer), ``done`` (key, request number) after the last answer, ``failed`` (key, request number, text),
    ``crashed`` (Failure, for the log). A receiver drops what is not its newest request.
    """

    answered = Signal(str, int, object)
    done = Signal(str, int)
    failed = Signal(str, int, str)
    crashed = Signal(object)

    def __init__(self, prepare: Callable[[], None] | None = None, parent: QObject | None = None) -> None:
        """``prepare`` runs on the thread before the first question."""
        super().__init__(parent)
        self._prepare = prepare
        self._numbers = itertools.count(1)
        self._condition = threading.Condition()
        self._waiting: dict[str, tuple[int, Question]] = {}
        self._opened: dict[str, _Opened] = {}  # touched by the thread only
        self._newest: dict[str, int] = {}
        self._closing = False

    def ask(self, key: str, question: Question) -> int:
        """Ask, forgetting an older request of this key; returns the request's number. Works before ``start`` too."""
        with self._condition:
            number = next(self._numbers)
            self._newest[key] = number
            self._waiting[key] = number, question
            self._condition.notify_all()
            return number

    def cancel(self, key: str) -> None:
        """Forget what was asked with this key."""
        with self._condition:
            self._newest[key] = next(self._numbers)
            self._waiting.pop(key, None)

    def close_questions(self) -> None:
        """End the thread after the piece at work."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()

    def _next(self) -> tuple[str, int, Question | None] | None:
        """The next piece of work: a new question first, else a piece of an opened one; None when closing."""
        with self._condition:
            self._condition.wait_for(lambda: self._closing or self._waiting or self._opened)
            if self._closing:
                return None
            if self._waiting:
                key = next(iter(self._waiting))
                number, question = self._waiting.pop(key)
                return key, number, question
            key = next(iter(self._opened))
            return key, self._opened[key].number, None

    def _work(self, key: str, number: int, question: Question | None) -> None:
        """Answer one question, or advance an opened one by a piece."""
        try:
            if question is not None:
                self._close_opened(key)
                self._begin(key, number, question)
            else:
                self._advance(key, number)
        except Exception as error:  # any question may fail in any way; the thread goes on
            self._opened.pop(key, None)
            if self._newest.get(key) == number:
                self.crashed.emit(Failure.of(error))
                self.failed.emit(key, number, str(error) or type(error).__name__)
            traceback.clear_frames(error.__traceback__)

    def _begin(self, key: str, number: int, question: Question) -> None:
        answer: Any = question()
        if isinstance(answer, Generator):
            self._opened[key] = _Opened(number, answer)
            self._advance(key, number)
        else:
            self._emit(key, number, answer)
            self.done.emit(key, number)

    def _advance(self, key: str, number: int) -> None:
        """One piece; the question then goes behind the other opened ones."""
        opened = self._opened.pop(key)
        if self._newest.get(key) != number:
            opened.pieces.close()
            return
        try:
            opened.answers = [next(opened.pieces)]
        except StopIteration:
            self._tell(key, opened)
            self.done.emit(key, number)
            return
        self._opened[key] = opened
        if time.monotonic() - opened.told_at >= BATCH_INTERVAL_S:
            self._tell(key, opened)

    def _tell(self, key: str, opened: _Opened) -> None:
        """Emit the newest answer that was not emitted yet."""
        for answer in opened.answers:
            self._emit(key, opened.number, answer)
        opened.answers = []
        opened.told_at = time.monotonic()

    def _emit(self, key: str, number: int, answer: Any) -> None:
        if self._newest.get(key) == number:
            self.answered.emit(key, number, answer)

    def _close_opened(self, key: str) -> None:
        opened = self._opened.pop(key, None)
        if opened is not None:
            opened.pieces.close()

    def run(self) -> None:
        """The thread: one piece of work after another until closed."""
        try:
            if self._prepare is not None:
                self._prepare()
            while (work := self._next()) is not None:
                self._work(*work)
        except BaseException as error:  # prepare failed: nothing can be answered
            self.crashed.emit(Failure.of(error))
        finally:
            for key in tuple(self._opened):
                self._close_opened(key)


class Loader(QThread):
    """Calls one function on a thread. Signals: ``ready`` (its result), ``failed`` (Failure)."""

    ready = Signal(object)
    failed = Signal(object)

    def __init__(self, load: Callable[[], Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._load = load

    def run(self) -> None:
        """The thread."""
        try:
            result = self._load()
        except BaseException as error:  # a broken library may raise anything
            self.failed.emit(Failure.of(error))
        else:
            self.ready.emit(result)


def report_thread_exceptions(report: Callable[[type[BaseException], BaseException, Any], None]) -> None:
    """Send exceptions of plain Python threads (torch and others) to ``report`` instead of standard error."""

    def hook(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            report(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    threading.excepthook = hook
