"""Progress on a terminal is one line that is rewritten; in a file it is a line now and then."""

from __future__ import annotations

import io

import pytest

from engine.events import Evaluation, Step
from engine.terminal import ticker
from engine.terminal.ticker import Ticker, duration


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(ticker, "time", found)
    return found


def train(told: Ticker, clock: Clock, batches: int, epochs: int, step_s: float, first: int = 1) -> None:
    """Tell the events of a training whose batches take so long."""
    for step in range(first, batches * epochs + 1):
        clock.now_s += step_s
        told.tell(Step(step, (step - 1) // batches, (0.5,), 0.0, 1234.5))
        if step % batches == 0:
            told.tell(Evaluation(step, step / batches, 0.5, 0.25, 0.125, 0.0))


def test_a_file_gets_a_line_for_each_epoch(clock: Clock) -> None:
    stream = io.StringIO()
    train(Ticker(stream, 4, 3), clock, 4, 3, step_s=0.5)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "epoch 1/3  training 0.25  validation 0.125  1,234 images/s  4 s left"
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert "left" not in lines[-1]


def test_a_long_epoch_gets_a_line_every_ten_seconds(clock: Clock) -> None:
    stream = io.StringIO()
    train(Ticker(stream, 50, 1), clock, 50, 1, step_s=0.5)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "epoch 0.4/1  batch 0.5  1,234 images/s  15 s left"
    assert [line.split("  ")[0] for line in lines] == ["epoch 0.4/1", "epoch 0.8/1", "epoch 1/1"]


def test_a_terminal_gets_one_line_that_is_rewritten_ten_times_a_second(clock: Clock) -> None:
    stream = Terminal()
    told = Ticker(stream, 100, 1)
    train(told, clock, 100, 1, step_s=0.01)
    told.close()
    text = stream.getvalue()
    assert text.count("\n") == 1 and text.endswith("\x1b[K\n")
    assert 9 <= text.count("\r") <= 12


def test_a_resumed_run_tells_the_time_that_is_left_and_not_the_time_since_the_beginning(clock: Clock) -> None:
    stream = io.StringIO()
    train(Ticker(stream, 10, 4), clock, 10, 4, step_s=1.0, first=25)
    assert stream.getvalue().splitlines()[0].endswith("10 s left")


def test_without_a_stream_nothing_is_told(clock: Clock) -> None:
    told = Ticker(None, 4, 1)
    train(told, clock, 4, 1, step_s=1.0)
    told.close()


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "0 s"), (59.6, "1 min 0 s"), (80, "1 min 20 s"),
                                               (3599, "59 min 59 s"), (7500, "2 h 5 min")])
def test_durations_read_like_speech(seconds: float, text: str) -> None:
    assert duration(seconds) == text
