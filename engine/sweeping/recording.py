"""One training of a sweep as a run: what its pieces tell is written as if it had been trained here."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine import runs
from engine.events import Checkpoint, Diverged, Evaluation, Finished
from engine.inbox import Inbox, Stop
from engine.run import Run
from engine.runfiles.notices import NotWritable, RunError, reason
from engine.runfiles.saving import SaveFailed
from engine.runfiles.writer import Limits
from engine.sweep import Trial
from engine.sweeping.piece import PackedState, PackedWeights, unpacked

LIMITS = Limits(line_s=5.0, visit_s=0.0, snapshots=2)
"""A trial keeps its first and last snapshot."""
NEEDED = 100_000
"""Bytes of a run's folder at its beginning, about."""


class Recording:
    """Writes what the pieces of one training told.

    Attributes: ``over``, whether it has come to its end; ``checkpoint``, the bytes to go on from; ``epochs`` done;
    ``evaluations``, (epoch, validation loss) of those that were told here.
    """

    def __init__(self, run: Run, trial: Trial, fingerprint: str, threads: int,
                 device: str = "cpu") -> None:
        self._run, self._trial, self._fingerprint, self._threads = run, trial, fingerprint, threads
        self._device = device
        self._waiting: deque[tuple[Any, ...]] = deque()
        self._inbox = Inbox()
        self._recorded: Iterator[tuple[Any, ...]] | None = None
        self._last: Checkpoint | None = None
        self._newest: PackedWeights | None = None
        self._refused = False
        self.over = False
        self.checkpoint = b""
        self.evaluations: list[tuple[float, float]] = []

    @property
    def epochs(self) -> int:
        """Whole epochs up to the newest checkpoint."""
        return int(self._last.epoch) if self._last is not None else 0

    def take(self, turns: tuple[tuple[Any, ...], ...]) -> Iterator[tuple[SaveFailed, ...]]:
        """Write turns of packed events; while the disk refuses, tell so, and try again when advanced."""
        kept = self._kept([event for turn in turns for event in turn])
        for turn in turns:
            told = tuple(self._noted(event) for event in turn if id(event) in kept)
            if told:
                self._waiting.append(told)
        yield from self._write()

    def _kept(self, events: list[Any]) -> set[int]:
        """Which events are written: of a piece's checkpoints the newest and the best, of a training's snapshots the
        untrained one, the last, and those that its experiment keeps."""
        over = any(isinstance(event, Finished | Diverged) for event in events)
        saved = [event for event in events if isinstance(event, PackedState)]
        drawn = [event for event in events if isinstance(event, PackedWeights) and event.kept]
        self._newest = drawn[-1] if drawn else self._newest
        best = [event for event in saved if event.best]
        keep = self._trial.experiment.train.keep
        wanted = [*saved[-1:], *best[-1:], *(event for event in drawn if event.epoch == 0 or event.epoch in keep),
                  *(drawn[-1:] if over else [])]
        plain = [event for event in events if not isinstance(event, PackedState | PackedWeights)]
        return {id(event) for event in (*wanted, *plain)}

    def _noted(self, packed: Any) -> Any:
        """An event unpacked, and what it says of how far the training is."""
        event = unpacked(packed)
        if isinstance(packed, PackedState):
            self.checkpoint, self._last = packed.state, event
        elif isinstance(event, Evaluation):
            self.evaluations.append((event.epoch, event.validation_loss))
        elif isinstance(event, Finished | Diverged):
            self.over = True
        return event

    @property
    def ended(self) -> bool:
        """Whether it has come to its end, and the disk has taken it."""
        return self.over and not (self._waiting or self._refused)

    def _write(self) -> Iterator[tuple[SaveFailed, ...]]:
        while self._waiting or self._refused:
            try:
                told = next(self._recording(), ())
            except NotWritable as error:
                self._recorded, self._refused = None, True
                yield (cannot_begin(self._run.folder.parent, error),)
                continue
            failures = tuple(event for event in told if isinstance(event, SaveFailed))
            self._refused = bool(failures)
            if failures:
                yield failures

    def _recording(self) -> Iterator[tuple[Any, ...]]:
        """The run's recording, made with the run's folder when it is first needed. Raises RunError."""
        if self._recorded is None:
            run = self._run
            if not run.folder.is_dir():
                runs.create(run.folder.parent, self._trial.experiment, self._fingerprint, device=self._device,
                            threads=self._threads, name=run.folder.name)
            self._recorded = runs.record(run, _fed(self._waiting), self._inbox, device=self._device,
                                         threads=self._threads, limits=LIMITS)
        return self._recorded

    def fail(self, error: RunError) -> None:
        """Note, as far as the disk lets us, that the training failed."""
        with suppress(RunError):
            self._waiting.append(())
            recorded = self._recording()
            next(recorded, None)
            recorded.throw(error)  # type: ignore[attr-defined]

    def prune(self) -> Iterator[tuple[SaveFailed, ...]]:
        """End the training early, and say so in its state."""
        assert self._last is not None
        self._inbox.put(Stop("pruned"))
        step, epoch, values = self._last.step, self._last.epoch, self._last.state.values
        last = (unpacked(self._newest),) if self._newest is not None else ()
        self._waiting.append((*last, Finished(
            step, epoch, "stopped", values.get("training_loss"), values.get("validation_loss"), None,
            values.get("best_step"), None, values.get("elapsed_s", 0.0)),))
        yield from self._write()

    def close(self) -> None:
        """Let go of the run."""
        if self._recorded is not None:
            self._recorded.close()  # type: ignore[attr-defined]
            self._recorded = None


def cannot_begin(folder: Path, error: Exception) -> SaveFailed:
    """What is said where a training cannot even be begun in this folder."""
    free = None
    with suppress(OSError):
        free = shutil.disk_usage(folder).free
    said = reason(error) if isinstance(error, OSError) else str(getattr(error, "values", {}).get("reason", error))
    return SaveFailed(0, NEEDED, free, said, folder, None)


def _fed(turns: deque[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The turns that lie ready, one for each time it is advanced; () where there is none."""
    while True:
        yield turns.popleft() if turns else ()
