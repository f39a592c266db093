"""SIGINT and SIGTERM while something is at work that is worth saving."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Any


class Interrupted(Exception):
    """A signal ended the program; what was at work has been saved."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Interrupted by {signal.Signals(number).name}.")
        self.number = number


class Signals:
    """The first signal is noted, or raises Interrupted while nothing can be saved; the second ends the process at once.

    Attributes: ``number`` (of the first signal, 0 before it), ``saving`` (whether a loop looks at it and saves).
    """

    def __init__(self) -> None:
        self.number = 0
        self.saving = False
        self._before: dict[signal.Signals, Any] = {}

    @property
    def name(self) -> str:
        """'SIGTERM'; '' before any signal."""
        return signal.Signals(self.number).name if self.number else ""

    def __enter__(self) -> Signals:
        self._before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        """Runs between two bytecodes of the program, perhaps inside a lock: it takes none."""
        if self.number:
            os._exit(128 + number)
        self.number = number
        if not self.saving:
            raise Interrupted(number)
