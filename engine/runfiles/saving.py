"""What a recording is told (commands) and tells (besides the events of the training it records)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from engine.events import Event
from engine.run import Run
from engine.runfiles.notices import Notice, size_text

VANISHED = "the folder has disappeared"
FULL = "the disk is full"


@dataclass(frozen=True, slots=True)
class SaveElsewhere:
    """Command: go on saving in a copy of the run in this folder of runs."""

    folder: Path


@dataclass(frozen=True, slots=True)
class RetrySave:
    """Command: try again what could not be saved."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A snapshot or checkpoint is on the disk, durably."""

    kind: Literal["snapshot", "checkpoint"]
    step: int
    epoch: float
    path: Path


@dataclass(frozen=True, slots=True)
class Thinned:
    """Snapshots that left the history, which stays bounded."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """The run is saved in another folder from here on."""

    run: Run


@dataclass(frozen=True, slots=True)
class SaveFailed:
    """Something could not be saved; advancing the recording tries the same again."""

    asks_for_pause: ClassVar[bool] = True
    step: int
    needed: int
    """Bytes that were to be written."""
    free: int | None
    """Bytes free on the disk, where that is known."""
    reason: str
    """'the disk is full', 'the folder has disappeared', 'permission denied', …"""
    folder: Path
    kept_step: int | None
    """Step of the newest checkpoint that is safe."""

    @property
    def notice(self) -> Notice:
        """What happened and what was kept, for people."""
        values = {"step": self.step, "needed": self.needed, "free": self.free, "reason": self.reason,
                  "folder": str(self.folder), "kept_step": self.kept_step}
        happened = self.reason[:1].upper() + self.reason[1:]
        return Notice("save.failed", f"{happened}: could not save step {self.step}{self._room()}. {self._kept()}",
                      values)

    def _room(self) -> str:
        """' (needs 48 MB, 3 MB free)', where room is what lacks."""
        if self.reason != FULL:
            return ""
        free = "" if self.free is None else f", {size_text(self.free)} free"
        return f" (needs {size_text(self.needed)}{free})"

    def _kept(self) -> str:
        """What is not lost."""
        if self.reason == VANISHED:
            return "The model is still in memory and can be saved elsewhere."
        if self.kept_step is None:
            return "Nothing has been saved yet; the model is still in memory."
        return f"The checkpoint of step {self.kept_step} is safe."


Told = Event | Saved | SaveFailed | Thinned | Moved
"""What a recording yields tuples of."""
