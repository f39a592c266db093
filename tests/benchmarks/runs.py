"""How long a folder of 2,000 runs takes to be listed, and to be filtered while a person types.

The runs lie in a temporary folder: twenty settings over a hundred seeds, with state, curves, a checkpoint and notes;
five are damaged. Listing is measured cold (nothing remembered of any file) and warm (as after every checkpoint).
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import resources
from engine import experiment as experiments
from engine import runs
from engine.experiment import replaced
from engine.run import Run
from engine.runfiles import history, journal, records
from engine.runfiles.records import Notes, RunState

COUNT, DAMAGED = 2000, 5
LISTED_S, FILTERED_MS = 1.0, 100.0
"""What is wanted."""


def report(repeats: int = 3) -> Iterator[str]:
    """Markdown, line by line as it is measured."""
    from PySide6.QtWidgets import QApplication

    QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder))
        yield from ("", f"| {COUNT:,} runs, {DAMAGED} damaged | ours | wanted |", "|---|---|---|")
        cold, warm = zip(*(_listed(Path(folder)) for _ in range(repeats)), strict=True)
        yield f"| listed for the first time | {statistics.median(cold):.2f} s | under {LISTED_S:.0f} s |"
        yield f"| listed again | {statistics.median(warm):.2f} s | under {LISTED_S:.0f} s |"
        times = _filtered(Path(folder), repeats)
        yield (f"| filtered and painted, a letter at a time | median {statistics.median(times):.0f} ms, "
               f"longest {max(times):.0f} ms | under {FILTERED_MS:.0f} ms |")


def fill(folder: Path, count: int = COUNT, damaged: int = DAMAGED) -> None:
    """Make a folder of runs; the first ones' run.json is cut."""
    base = experiments.load(resources.presets()["mnist-strided"])
    for number in range(count):
        rate, seed = (number % 20 + 1) / 1000, number // 20
        _fill_one(runs.create(folder, replaced(base, {"train.learning_rate": rate, "train.seed": seed}), "x"), number)
    for run in sorted(runs.list_runs(folder), key=lambda run: run.name)[:damaged]:
        path = run.folder / records.INFO
        path.write_bytes(path.read_bytes()[:40])


def _fill_one(run: Run, number: int) -> None:
    """What a short training leaves, without its weights; every seventh run has notes."""
    (run.folder / history.CHECKPOINTS).mkdir()
    (run.folder / history.CHECKPOINTS / "step-000000100.safetensors").write_bytes(b"0" * 100)
    (run.folder / journal.NAME).write_bytes(b"")
    state = RunState(status="finished", step=100, epoch=1.0, validation_loss=number / 1e5, checkpoint_bytes=100,
                     checkpoint="step-000000100.safetensors")
    (run.folder / records.STATE).write_text(state.model_dump_json())
    if number % 7 == 0:
        runs.write_notes(run, Notes(name=f"attempt {number}", tags=("baseline",), star=number % 70 == 0))


def _listed(folder: Path) -> tuple[float, float]:
    """Seconds for the rows of a folder: with nothing remembered, and again."""
    from gui import runlist

    for remembered in vars(records).values():
        if hasattr(remembered, "cache_clear"):
            remembered.cache_clear()
    started = time.perf_counter()
    rows, _ = runlist.read(folder)
    first = time.perf_counter()
    runlist.read(folder)
    assert sum(row.status == "damaged" for row in rows) == DAMAGED and len(rows) == COUNT
    return first - started, time.perf_counter() - first


TYPED = "baseline learning"


def _filtered(folder: Path, repeats: int) -> list[float]:
    """Milliseconds from each letter of a filter to the painted list, typed and deleted again."""
    from PySide6.QtWidgets import QApplication

    from gui import runlist
    from gui.panels.runs import RunsPanel
    from gui.session import Session

    session = Session(runs_dir=folder)
    panel = RunsPanel(session)
    panel.resize(320, 600)
    panel.show()
    session.runs.rows, _ = runlist.read(folder)
    session.runs.changed.emit()
    QApplication.processEvents()
    texts = [TYPED[:end] for end in (*range(1, len(TYPED) + 1), *reversed(range(len(TYPED))))]
    times = [_shown_in(panel, text) for _ in range(repeats) for text in texts]
    panel.close()
    return times


def _shown_in(panel: Any, text: str) -> float:
    """Milliseconds until the panel shows what a filter leaves."""
    started = time.perf_counter()
    panel.filter.setText(text)
    panel.view.viewport().repaint()
    return 1000 * (time.perf_counter() - started)
