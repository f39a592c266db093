"""A training's progress on a terminal: one line that is rewritten, or a line now and then in a file."""

from __future__ import annotations

import time
from typing import Any, TextIO

from engine.events import Evaluation, Step

TERMINAL_S, FILE_S = 0.1, 10.0
"""Seconds between two texts on a terminal, and between two lines elsewhere (the ends of epochs apart)."""


class Ticker:
    """Epoch, losses, images per second and the time left, told to a stream that may be None."""

    def __init__(self, stream: TextIO | None, batches: int, epochs: int) -> None:
        """``batches`` per epoch; ``epochs`` in all, those done before included."""
        self._stream, self._batches, self._epochs = stream, batches, epochs
        self._terminal = stream is not None and stream.isatty()
        self._told_s = self._began_s = time.monotonic()
        self._first_step: int | None = None
        self._step = 0
        self._rate, self._losses = "", ""

    def tell(self, event: Any) -> None:
        """Take in an event; writes when it is time to."""
        if isinstance(event, Step):
            self._take_step(event)
        elif isinstance(event, Evaluation):
            self._step = event.step
            self._losses = f"training {event.training_loss:.5g}  validation {event.validation_loss:.5g}"
            if event.validation_accuracy is not None:
                self._losses += f"  accuracy {event.validation_accuracy:.2%}"
        else:
            return
        ended = isinstance(event, Evaluation) and event.step % self._batches == 0
        if ended or time.monotonic() - self._told_s >= (TERMINAL_S if self._terminal else FILE_S):
            self._write()

    def _take_step(self, event: Step) -> None:
        if self._first_step is None:
            self._first_step, self._began_s = event.step, time.monotonic()
        self._step = event.step
        self._rate = f"{event.images_per_second:,.0f} images/s"
        self._losses = self._losses or f"batch {event.losses[-1]:.5g}"

    def _write(self) -> None:
        if self._stream is None:
            return
        self._told_s = time.monotonic()
        self._stream.write(f"\r{self.text()}\x1b[K" if self._terminal else f"{self.text()}\n")
        self._stream.flush()

    def text(self) -> str:
        """'epoch 3.5/20  training 0.0123  validation 0.0119  12,345 images/s  1 min 20 s left'."""
        epoch = f"{self._step / self._batches:.4g}" if self._step % self._batches else f"{self._step // self._batches}"
        parts = (f"epoch {epoch}/{self._epochs}", self._losses, self._rate, self._left())
        return "  ".join(part for part in parts if part)

    def _left(self) -> str:
        """Time left at the speed of this process so far, evaluations included; '' while nothing is known."""
        done = self._step - self._first_step if self._first_step is not None else 0
        batches = self._epochs * self._batches - self._step
        if done <= 0 or batches <= 0:
            return ""
        return f"{duration((time.monotonic() - self._began_s) / done * batches)} left"

    def close(self) -> None:
        """End the rewritten line."""
        if self._stream is not None and self._terminal:
            self._stream.write("\n")
            self._stream.flush()


def duration(seconds: float) -> str:
    """80 -> '1 min 20 s'; 2 h 5 min above an hour."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
