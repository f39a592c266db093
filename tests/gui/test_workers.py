"""The thread boundary: pauses, commands, batches, closing and failures of the three thread classes."""

import dataclasses
import threading
import time
import weakref

import pytest
from PySide6.QtCore import QObject, QThread, Slot

from gui import workers
from gui.workers import EventPump, Failure, LatestOnly, Loader


class Receiver(QObject):
    """Takes batches on the main thread, acknowledging them unless told to be slow."""

    def __init__(self, pump=None, acknowledges=True):
        super().__init__()
        self.pump, self.acknowledges = pump, acknowledges
        self.batches, self.times, self.threads = [], [], set()

    @Slot(object)
    def take(self, events):
        self.batches.append(events)
        self.times.append(time.monotonic())
        self.threads.add(QThread.currentThread())
        if self.acknowledges:
            self.pump.acknowledge()

    @property
    def events(self):
        return [event for batch in self.batches for event in batch]


class Box:
    """An inbox of the smallest kind."""

    def __init__(self):
        self.commands = []

    def put(self, command):
        self.commands.append(command)

    def empty(self):
        return not self.commands


@dataclasses.dataclass(frozen=True)
class SaveFailed:
    asks_for_pause = True


def connected(make, inbox=None, acknowledges=True, paused=False):
    pump = EventPump(make, inbox, paused=paused)
    receiver = Receiver(pump, acknowledges)
    pump.batch.connect(receiver.take)
    return pump, receiver


def finish(hear, pump):
    with hear(pump.finished):
        pump.close_generator()
    pump.wait()


def test_every_event_arrives_once_and_in_order_on_the_main_thread(qtbot, hear):
    pump, receiver = connected(lambda: iter([(1,), (), (2, 3), (4,)]))
    with hear(pump.finished):
        pump.start()
    qtbot.waitUntil(lambda: receiver.events == [1, 2, 3, 4])
    assert receiver.threads == {QThread.currentThread()}


def test_batches_come_at_most_thirty_times_a_second(hear):
    end = time.monotonic() + 0.5

    def events():
        while time.monotonic() < end:
            yield (0,)

    pump, receiver = connected(events)
    with hear(pump.finished):
        pump.start()
    assert 2 <= len(receiver.batches) <= 0.5 * 30 + 2
    assert len(receiver.events) > 1000


def test_no_batch_is_sent_before_the_last_was_acknowledged(qtbot, hear):
    turns = threading.Event()

    def events():
        for number in range(40):
            time.sleep(0.005)
            yield (number,)
        turns.set()
        yield (40,)

    pump, receiver = connected(events, acknowledges=False)
    with hear(pump.finished):
        pump.start()
    qtbot.waitUntil(lambda: len(receiver.events) == 41)
    assert turns.is_set()
    assert len(receiver.batches) == 2  # the first, and everything else when the generator had ended


def test_a_paused_pump_takes_no_turn_and_resumes(qtbot, hear):
    taken = []

    def events():
        while True:
            taken.append(1)
            yield ()

    pump = EventPump(events)
    pump.start()
    with hear(pump.paused_changed) as told:
        pump.pause()
    assert told == [True]
    count = len(taken)
    assert not pump.wait(100)
    assert len(taken) == count
    with hear(pump.paused_changed) as told:
        pump.resume()
    assert told == [False]
    qtbot.waitUntil(lambda: len(taken) > count)
    finish(hear, pump)


def test_what_was_collected_arrives_although_the_pump_is_paused(qtbot, hear):
    pump, receiver = connected(lambda: iter([("a",), ("b",)]), paused=True)
    pump.start()
    pump.step_once()
    pump.step_once()
    qtbot.waitUntil(lambda: receiver.events == ["a", "b"], timeout=5000)
    finish(hear, pump)


def test_one_step_takes_turns_until_an_event_comes(hear):
    pump, receiver = connected(lambda: iter([(), (), ("first",), ("second",)]), paused=True)
    pump.start()
    with hear(pump.batch):
        pump.step_once()
    assert not pump.wait(100)
    assert receiver.events == ["first"]
    assert pump.paused
    finish(hear, pump)


def test_a_paused_pump_advances_for_a_command_and_only_for_it(hear):
    inbox = Box()

    def events():
        while True:
            yield (inbox.commands.pop(0) if inbox.commands else "batch",)

    pump, receiver = connected(events, inbox, paused=True)
    pump.start()
    with hear(pump.batch):
        pump.send("save")
    assert not pump.wait(100)
    assert receiver.events == ["save"]
    finish(hear, pump)


def test_an_event_that_asks_for_a_pause_gets_one_until_somebody_acts(qtbot, hear):
    inbox = Box()
    inbox.put("left in the inbox")  # must not turn the pause into a busy loop of failing writes
    turns = []

    def events():
        while True:
            turns.append(1)
            yield (SaveFailed(),)

    pump, receiver = connected(events, inbox)
    pump.start()
    qtbot.waitUntil(lambda: len(receiver.events) == 1, timeout=5000)
    assert not pump.wait(100)
    assert len(turns) == 1 and pump.paused
    pump.resume()
    qtbot.waitUntil(lambda: len(receiver.events) == 2, timeout=5000)
    assert not pump.wait(50)
    assert len(turns) == 2
    finish(hear, pump)


def test_closing_a_paused_pump_wakes_it_and_closes_the_generator_on_its_thread(hear):
    closed = []

    def events():
        try:
            while True:
                yield ("event",)
        finally:
            closed.append(threading.get_ident())

    pump, receiver = connected(events, paused=True)
    with hear(pump.batch):
        pump.start()
        pump.step_once()
    assert not pump.wait(50)
    finish(hear, pump)
    assert len(closed) == 1 and closed[0] != threading.get_ident()
    assert receiver.events == ["event"]


def test_an_exception_comes_as_text_and_its_frames_are_freed(hear):
    class Tensor:
        pass

    held = []

    class OutOfMemory(Exception):
        code, values = "memory", {"batch": 512}

    def events():
        weights = Tensor()
        held.append(weakref.ref(weights))
        yield ("before",)
        raise OutOfMemory("Not enough memory for batch 512.")

    pump, receiver = connected(events)
    with hear(pump.failed) as failed:
        pump.start()
    failure = failed[0]
    assert (failure.kind, failure.code, failure.values) == ("OutOfMemory", "memory", {"batch": 512})
    assert failure.text == "Not enough memory for batch 512."
    assert "in events" in failure.traceback
    pump.wait()
    assert receiver.events == ["before"]
    assert held[0]() is None


def test_a_make_that_fails_is_reported_too(hear):
    pump = EventPump(lambda: 1 / 0)
    with hear(pump.failed) as failed:
        pump.start()
    assert failed[0].kind == "ZeroDivisionError"
    pump.wait()


@pytest.fixture
def questions(qtbot):
    thread = LatestOnly()
    thread.answers = []
    receiver = Answers(thread.answers)
    thread.answered.connect(receiver.take)
    thread.receiver = receiver
    yield thread
    thread.close_questions()
    assert thread.wait(5000)


class Answers(QObject):
    def __init__(self, into):
        super().__init__()
        self.into = into

    @Slot(str, int, object)
    def take(self, key, number, answer):
        self.into.append((key, number, answer))


def test_only_the_newest_request_of_a_key_is_answered(qtbot, questions):
    asked = []

    def question(value):
        asked.append(value)
        return value

    for value in range(100):
        number = questions.ask("slider", lambda value=value: question(value))
    other = questions.ask("gallery", lambda: "gallery")
    questions.start()
    qtbot.waitUntil(lambda: len(questions.answers) == 2, timeout=5000)
    assert sorted(questions.answers) == [("gallery", other, "gallery"), ("slider", number, 99)]
    assert asked == [99]


def test_a_long_question_lets_short_ones_in_between_and_answers_in_pieces(qtbot, hear, questions):
    gate = threading.Event()

    def long():
        yield "piece 1"
        gate.wait(5)
        yield "piece 2"

    with hear(questions.answered):
        questions.ask("ranking", long)
        questions.start()
    questions.ask("slider", lambda: "short")
    gate.set()
    qtbot.waitUntil(lambda: len(questions.answers) == 3, timeout=5000)
    assert sorted(answer for _, _, answer in questions.answers) == ["piece 1", "piece 2", "short"]


def test_short_questions_overtake_a_long_one(qtbot, questions):
    order = []

    def long():
        for piece in range(3):
            questions.ask(f"short {piece}", lambda piece=piece: order.append(f"short {piece}"))
            order.append(piece)
            yield piece

    questions.ask("long", long)
    questions.start()
    qtbot.waitUntil(lambda: len(questions.answers) == 5, timeout=5000)
    assert order == [0, "short 0", 1, "short 1", 2, "short 2"]


def test_the_last_answer_of_a_fast_generator_always_comes_and_not_every_other(qtbot, questions):
    questions.ask("fast", lambda: (number for number in range(10_000)))
    questions.start()
    qtbot.waitUntil(lambda: bool(questions.answers) and questions.answers[-1][2] == 9999, timeout=20_000)
    assert len(questions.answers) < 1000


def test_a_newer_request_ends_the_older_generator(qtbot, questions):
    closed = threading.Event()
    started = threading.Event()

    def long():
        try:
            while True:
                started.set()
                yield "old"
        finally:
            closed.set()

    questions.start()
    questions.ask("ranking", long)
    assert started.wait(5)
    number = questions.ask("ranking", lambda: "new")
    qtbot.waitUntil(lambda: ("ranking", number, "new") in questions.answers, timeout=5000)
    assert closed.is_set()
    assert questions.answers[-1] == ("ranking", number, "new")


def test_an_answer_that_was_overtaken_while_it_was_computed_is_dropped(qtbot, questions):
    started, go_on = threading.Event(), threading.Event()

    def slow():
        started.set()
        go_on.wait(5)
        return "old"

    questions.ask("slider", slow)
    questions.start()
    assert started.wait(5)
    number = questions.ask("slider", lambda: "new")
    go_on.set()
    qtbot.waitUntil(lambda: bool(questions.answers), timeout=5000)
    assert questions.answers == [("slider", number, "new")]


def test_a_failing_question_is_told_and_the_thread_goes_on(hear, questions):
    questions.start()
    with hear(questions.failed) as failed:
        number = questions.ask("plane", lambda: 1 / 0)
    assert failed == [("plane", number, "division by zero")]
    with hear(questions.answered):
        questions.ask("plane", lambda: 1)


def test_cancelled_questions_are_not_answered(hear, questions):
    questions.ask("forecast", lambda: 1)
    questions.cancel("forecast")
    questions.ask("other", lambda: 2)
    with hear(questions.done):
        questions.start()
    assert [answer for _, _, answer in questions.answers] == [2]


def test_closing_ends_an_endless_question(hear):
    thread = LatestOnly()
    closed = []

    def endless():
        try:
            while True:
                yield 0
        finally:
            closed.append(True)

    with hear(thread.answered):
        thread.ask("endless", endless)
        thread.start()
    with hear(thread.finished):
        thread.close_questions()
    thread.wait()
    assert closed == [True]


def test_the_thread_is_prepared_before_the_first_question(hear):
    order = []
    thread = LatestOnly(lambda: order.append("prepared"))
    with hear(thread.done):
        thread.ask("a", lambda: order.append("asked"))
        thread.start()
    thread.close_questions()
    thread.wait()
    assert order == ["prepared", "asked"]


def test_the_loader_hands_over_its_result_or_its_failure(hear):
    loader = Loader(lambda: [1, 2])
    with hear(loader.ready) as ready:
        loader.start()
    loader.wait()
    assert ready == [[1, 2]]

    def broken():
        raise RuntimeError("operator torchvision::nms does not exist")

    loader = Loader(broken)
    with hear(loader.failed) as failed:
        loader.start()
    loader.wait()
    assert isinstance(failed[0], Failure)
    assert failed[0].text == "operator torchvision::nms does not exist"


def test_exceptions_of_plain_threads_are_reported(qtbot, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    reported = []
    workers.report_thread_exceptions(lambda kind, error, trace: reported.append(kind))
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    assert reported == [ZeroDivisionError]
