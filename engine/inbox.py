"""Commands to a job at work, and the thread-safe queue that carries them."""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SetLearningRate:
    """Go on with this learning rate; it must be above 0."""

    value: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value > 0):
            raise ValueError(f"train.learning_rate is {self.value}; use a number above 0")


@dataclass(frozen=True, slots=True)
class MoreEpochs:
    """Train this many epochs longer than planned."""

    count: int

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"{self.count} more epochs; use 1 or more")


@dataclass(frozen=True, slots=True)
class SaveNow:
    """Take a checkpoint."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Take a last checkpoint and end; ``reason`` says who asked ('user', 'close', 'SIGTERM')."""

    reason: str = "user"


class Inbox:
    """First in, first out; any thread puts, the job takes one command before each batch."""

    def __init__(self) -> None:
        self._commands: deque[Any] = deque()
        self._lock = threading.Lock()
        self.stop_reason: str | None = None
        """Who asked last to stop, also after the command was taken."""

    def put(self, command: Any) -> None:
        """Add a command at the end."""
        with self._lock:
            self._commands.append(command)
            if isinstance(command, Stop):
                self.stop_reason = command.reason

    def take(self) -> Any:
        """The oldest command, removed; None when there is none."""
        with self._lock:
            return self._commands.popleft() if self._commands else None

    def peek(self) -> Any:
        """The oldest command, left in place; None when there is none."""
        with self._lock:
            return self._commands[0] if self._commands else None

    def empty(self) -> bool:
        """Whether no command waits."""
        return not self._commands
