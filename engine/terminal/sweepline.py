"""How a sweep goes, on a terminal, and its table as plain values."""

from __future__ import annotations

import time
from typing import Any, TextIO

from engine.sweeping.results import Row
from engine.sweeping.told import Drawn, Opened, Staffed, Swept, Told
from engine.terminal.ticker import FILE_S, TERMINAL_S, duration


class SweepLine:
    """Runs done, the lowest loss so far, workers and the time left, told to a stream that may be None."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._terminal = stream is not None and stream.isatty()
        self._told_s = time.monotonic()
        self._began_s: float | None = None
        self._total = self._done = self._before = self._workers = 0
        self._failed: dict[str, int] = {}
        self._best: float | None = None

    def tell(self, event: Any) -> None:
        """Take in an event; writes when it is time to, and each training that failed."""
        if isinstance(event, Opened):
            self._open(event)
        elif isinstance(event, Staffed):
            self._workers = event.workers
        elif isinstance(event, Drawn):
            for row in event.rows:
                self._count(row)
        elif isinstance(event, Told):
            self._take(event)
            if time.monotonic() - self._told_s >= (TERMINAL_S if self._terminal else FILE_S):
                self._write()

    def _open(self, event: Opened) -> None:
        self._total = event.total
        for row in event.rows:
            self._count(row)
        self._before = self._done
        impossible = [trial for trial in event.trials if trial.problems]
        self._say(f"{event.folder.folder}: {event.total:,} runs, {self._done:,} of them done or left out")
        for trial in impossible[:10]:
            self._say(f"  run {trial.number} is left out: {trial.problems[0].message}")
        if len(impossible) > 10:
            self._say(f"  and {len(impossible) - 10:,} more")

    def _take(self, event: Told) -> None:
        if self._began_s is None:  # the first takes longer: workers start, images are read
            self._began_s, self._before = time.monotonic(), self._done + event.over
        if event.over:
            self._count(event.row)
        if event.message:
            self._say(f"run {event.row.number} failed: {event.message}")

    def _count(self, row: Row) -> None:
        if not row.over:
            return
        self._done += 1
        if row.status in ("failed", "diverged"):
            self._failed[row.status] = self._failed.get(row.status, 0) + 1
        elif row.validation_loss is not None:
            self._best = min(row.validation_loss, self._best if self._best is not None else row.validation_loss)

    def text(self) -> str:
        """'120/361 runs  1 diverged  lowest loss 0.0312  2 workers  5 min 3 s left'."""
        parts = [f"{self._done:,}/{self._total:,} runs", *(f"{count} {what}" for what, count in self._failed.items())]
        if self._best is not None:
            parts.append(f"lowest loss {self._best:.5g}")
        if self._workers:
            parts.append(f"{self._workers} worker{'s' * (self._workers > 1)}")
        new = self._done - self._before
        if self._began_s is not None and new > 0:
            left = (time.monotonic() - self._began_s) / new * (self._total - self._done)
            parts.append(f"{duration(left)} left")
        return "  ".join(parts)

    def _write(self) -> None:
        if self._stream is not None:
            self._told_s = time.monotonic()
            self._stream.write(f"\r{self.text()}\x1b[K" if self._terminal else f"{self.text()}\n")
            self._stream.flush()

    def _say(self, text: str) -> None:
        """A line of its own."""
        if self._stream is not None:
            self._stream.write(f"\r{text}\x1b[K\n" if self._terminal else f"{text}\n")
            self._stream.flush()

    def close(self) -> None:
        """End with where the sweep is."""
        self._write()
        if self._stream is not None and self._terminal:
            self._stream.write("\n")
            self._stream.flush()


def report(swept: Swept) -> dict[str, Any]:
    """What the last line of standard output says: the folder, and every training."""
    return {"sweep": str(swept.folder.folder.resolve()), "status": "finished" if swept.complete else "stopped",
            "trials": [_plain(row) for row in swept.rows]}


def _plain(row: Row) -> dict[str, Any]:
    return {"number": row.number, "cell": row.cell, "values": dict(row.values), "status": row.status,
            "epochs": row.epoch, "train_loss": row.training_loss, "validation_loss": row.validation_loss,
            "test_loss": row.test_loss, "seconds": round(row.elapsed_s, 2),
            "run": str(row.folder) if row.folder is not None else None}
