"""The window and a sweep: lateness while it fills, the map of 361 cells with images, 2,000 trials opened."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

import resources
from engine import experiment as experiments
from engine import runs
from engine import sweep as sweeps
from engine.runfiles import history, records
from engine.runfiles.records import RunState
from engine.sweep import Sweep
from engine.sweeping.folder import SweepFolder, create
from engine.sweeping.results import Row, row_of
from engine.sweeping.told import SweepOrder
from tests.benchmarks.window import Bench, Lateness

FILL_S = 60.0
CELLS, OPENED_S, REDRAWN_MS, LATE_MS = 2000, 1.0, 50.0, 8.0
"""What is wanted."""


def report(repeats: int = 5) -> Iterator[str]:
    """Markdown, line by line as it is measured."""
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    yield "### A sweep in the window"
    yield from filling(application)
    with tempfile.TemporaryDirectory() as folder:
        yield from opened(filled(Path(folder), CELLS), repeats)
        yield from redrawn(application, Path(folder), repeats)


def axes_of(x: int, y: int) -> tuple[sweeps.Axis, ...]:
    """Learning rate and momentum, from 0.05 to 0.95."""
    return tuple(sweeps.Axis(field=field, range=sweeps.Range(low=0.05, high=0.95, count=count))
                 for field, count in (("train.learning_rate", x), ("train.momentum", y)))


def small(x: int, y: int) -> Sweep:
    """A sweep over a dense network and few images."""
    base = experiments.load(resources.presets()["mnist-dense-64"])
    changes: dict[str, object] = {"data.training_images": 3000, "train.epochs": 3, "train.keep": [],
                                  "train.evaluation_images": 1000}
    if "AUTOENCODER_EXPLORER_DATA" not in os.environ:
        changes["data.dataset"] = "digits"
    return Sweep(name="small", base=experiments.replaced(base, changes), axes=axes_of(x, y))


def filling(application: QApplication) -> Iterator[str]:
    """How late the event loop is while the sweep of 361 networks fills, two workers, the Sweep tab in front."""
    whole = sweeps.load(resources.sweeps()["mnist-dense-lr-momentum"])
    if "AUTOENCODER_EXPLORER_DATA" not in os.environ:
        whole = small(19, 19)
    bench = Bench(application, whole.base)
    bench.window.show_tab("sweep")
    bench.until(lambda: bench.session.ready)
    shown = bench.session.sweeps
    bench.session.sweep(SweepOrder(whole, bench.session.data_dir, bench.session.runs_dir, 2))
    bench.until(lambda: shown.running is not None and shown.running.done > 1)
    before, late = shown.shown.done if shown.shown else 0, Lateness()
    bench.run_for(FILL_S)
    late.stop()
    came = (shown.shown.done if shown.shown else 0) - before
    p50, p95, p99 = np.percentile(late.late_ms, (50, 95, 99))
    yield (f"Lateness of the event loop while the sweep of 361 fills, {came} cells in {FILL_S:g} s, ms: p50 {p50:.1f}, "
           f"p95 {p95:.1f}, p99 {p99:.1f} (n = {len(late.late_ms)}); asked: p95 ≤ {LATE_MS:g}")
    bench.close()


def filled(folder: Path, count: int) -> SweepFolder:
    """A finished sweep as it lies on disk, without weights: every trial a run, remembered with a picture."""
    made = create(folder, small(count // 40, 40))
    picture = np.arange(28 * 28, dtype=np.uint8).reshape(28, 28)
    for trial in made.trials():
        run = made.run_of(trial)
        runs.create(run.folder.parent, trial.experiment, "x", name=run.folder.name)
        (run.folder / history.CHECKPOINTS).mkdir()
        (run.folder / history.CHECKPOINTS / "step-000000100.safetensors").write_bytes(b"0" * 100)
        state = RunState(status="finished", step=100, epoch=3.0, validation_loss=1 / (1 + trial.number),
                         checkpoint_bytes=100, checkpoint="step-000000100.safetensors")
        (run.folder / records.STATE).write_text(state.model_dump_json())
        row: Row = row_of(trial, run)
        made.remember(row, trial, np.roll(picture, trial.number))
    return made


def opened(folder: SweepFolder, repeats: int) -> Iterator[str]:
    """Seconds until all trials of a sweep are read, as the window reads them."""
    from gui import sweeps as shown

    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        book = shown.read(folder)
        times.append(time.perf_counter() - began)
        assert book.done == CELLS
    yield (f"{CELLS:,} trials opened: median {statistics.median(times):.2f} s, longest {max(times):.2f} "
           f"(n = {repeats}); asked: under {OPENED_S:g} s")


def redrawn(application: QApplication, folder: Path, repeats: int) -> Iterator[str]:
    """Milliseconds from a changed cell to the painted map of 361 cells with images."""
    from gui import sweeps as shown
    from gui.sweep.mapview import MapView
    from gui.sweep.naming import Names
    from gui.sweep.seen import Seen

    made = create(folder, small(19, 19))
    book = shown.Book(made, made.sweep, 361)
    generator = np.random.default_rng(0)
    for trial in made.trials():
        book.trials[trial.number] = trial
        book.rows[trial.number] = Row(trial.number, trial.cell, trial.values, "finished", 5.0, generator.random())
        book.pictures[trial.number] = generator.integers(0, 255, (28, 28), dtype=np.uint8)
    view = MapView()
    view.resize(1100, 800)
    view.show()
    view.tiled.click()
    times = []
    for number in range(4 * repeats):
        book.pictures[number] = generator.integers(0, 255, (28, 28), dtype=np.uint8)
        book.rows[number] = Row(number, number, book.rows[number].values, "finished", 5.0, generator.random())
        began = time.perf_counter()
        view.show_sweep(Seen(book, Names(book.sweep)))
        view.map.repaint()
        times.append(1000 * (time.perf_counter() - began))
    view.close()
    yield (f"361 cells with images, from a changed cell to the painted map: median {statistics.median(times):.0f} ms, "
           f"longest {max(times):.0f} (n = {len(times)}); asked: {REDRAWN_MS:g} ms")
