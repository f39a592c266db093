"""``python -m tests.screenshots [--to DIR] [--run FOLDER]``: every tab as a picture, light and dark, small and large.

A run is trained first unless one is given: ``mnist-strided`` on the data that AUTOENCODER_EXPLORER_DATA names, else the
built-in digits; and a sweep of 25 small networks. Another training of the same experiment is at work while the pictures
are taken.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

import resources
from engine import experiment as experiments
from engine import runs, sweep
from engine.datasets import sources
from engine.experiment import Experiment
from engine.run import Run
from gui import style
from gui.session import Session
from gui.settings import Settings
from gui.window import TABS, Window

SIZES = {"small": (1100, 700), "large": (1920, 1080)}
SETTLE_S = 1.5


def main() -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser("python -m tests.screenshots")
    parser.add_argument("--to", type=Path, default=Path("screenshots"))
    parser.add_argument("--run", type=Path, help="a finished run to show; trained anew by default")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    application = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        run = _copied(options.run, Path(folder)) if options.run else _trained(Path(folder))
        _sweep(Path(folder))
        for theme in ("light", "dark"):
            style.apply(application, theme)
            _take(application, run, theme, options.to)
    return 0


def _copied(folder: Path, to: Path) -> Run:
    return runs.open_run(str(shutil.copytree(folder, to / folder.name)), to)


def _experiment(epochs: int) -> Experiment:
    real = "AUTOENCODER_EXPLORER_DATA" in os.environ
    preset = experiments.load(resources.presets()["mnist-strided" if real else "digits-quick"])
    return experiments.replaced(preset, {"train.epochs": epochs})


def _trained(runs_dir: Path) -> Run:
    """A run of a few epochs."""
    from engine import data, train
    from engine.inbox import Inbox
    from engine.runfiles import record

    experiment, inbox = _experiment(5), Inbox()
    images = data.load(experiment.data, sources.default_data_dir())
    run = runs.create(runs_dir, experiment, images.fingerprint, threads=1)
    for _ in record.record(run, train.train(experiment, images, inbox, threads=1), inbox):
        pass
    return runs.open_run(run.name, runs_dir)


def _sweep(runs_dir: Path) -> None:
    """A sweep of 25 small networks, for the Sweep tab."""
    from engine.inbox import Inbox
    from engine.sweeping.conduct import conduct
    from engine.sweeping.told import SweepOrder

    whole = sweep.load(resources.sweeps()["mnist-dense-lr-momentum"])
    changes: dict[str, object] = {"data.training_images": 20_000}
    if "AUTOENCODER_EXPLORER_DATA" not in os.environ:
        changes = {"data.dataset": "digits"}
    axes = [axis.model_copy(update={"range": sweep.Range(low=0.15, high=0.95, count=5)}) for axis in whole.axes]
    few = whole.model_copy(update={"base": experiments.replaced(whole.base, changes), "axes": tuple(axes)})
    for _ in conduct(SweepOrder(few, sources.default_data_dir(), runs_dir), Inbox()):
        pass


def _take(application: QApplication, run: Run, theme: str, to: Path) -> None:
    """Every tab at every size, with the run shown; then the Training tab with a live training."""
    session = Session(Settings(threads=1), None, run.folder.parent, run.experiment)
    window = Window(session, run.folder.parent / "settings")
    window.show()
    window.start()
    wait = _waiter(application)
    wait(lambda: session.ready)
    session.show_run(run)
    for size_name, size in SIZES.items():
        window.resize(*size)
        for place in TABS:
            window.show_tab(place.partition(".")[0])
            wait(seconds=SETTLE_S)
            window.grab().save(str(to / f"{place.partition('.')[0]}-{theme}-{size_name}.png"))
    window.resize(1440, 900)
    window.show_tab("training")
    session.start()
    wait(lambda: session.training.progress.step > 0)
    wait(seconds=12)
    for tab in ("training", "reconstruction"):
        window.show_tab(tab)
        wait(seconds=SETTLE_S)
        window.grab().save(str(to / f"live-{tab}-{theme}.png"))
    session.close()
    wait(lambda: not session.busy)
    window.hide()
    window.deleteLater()
    application.processEvents()


def _waiter(application: QApplication) -> Callable[..., None]:
    """Let the event loop run for some seconds, or until a condition holds."""

    def wait(condition: Callable[[], bool] | None = None, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (condition and condition()):
            application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)

    return wait


if __name__ == "__main__":
    sys.exit(main())
