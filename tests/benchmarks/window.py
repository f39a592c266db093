"""The window while it trains: speed kept, lateness of the event loop, and how soon pictures follow the hand.

Everything is driven through the real window, shown on the platform in use (offscreen by default), with real MNIST where
AUTOENCODER_EXPLORER_DATA names it and the built-in digits elsewhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

import resources
from engine import experiment as experiments
from engine.experiment import Experiment
from gui import style
from gui.plots.gallery import Gallery
from gui.session import Session
from gui.settings import Settings
from gui.window import TABS, Window

FRAME_MS = 16
"""Interval of the timer whose lateness is measured, and of the moves of the slider."""

SIZE = (1400, 900)


def strided(epochs: int) -> Experiment:
    """``mnist-strided``, on the digits where MNIST is not there."""
    preset = experiments.load(resources.presets()["mnist-strided"])
    changes: dict[str, object] = {"train.epochs": epochs}
    if "AUTOENCODER_EXPLORER_DATA" not in os.environ:
        changes["data.dataset"] = "digits"
    return experiments.replaced(preset, changes)


class Bench:
    """One shown window over a folder of its own."""

    def __init__(self, application: QApplication, experiment: Experiment) -> None:
        self.application = application
        self._folder = tempfile.TemporaryDirectory()
        data_dir = os.environ.get("AUTOENCODER_EXPLORER_DATA")
        self.session = Session(Settings(threads=1), Path(data_dir).resolve() if data_dir else None,
                               Path(self._folder.name), experiment)
        self.window = Window(self.session, Path(self._folder.name) / "settings")
        self.window.resize(*SIZE)
        self.window.show()
        self.window.start()
        self.until(lambda: self.session.ready)

    def until(self, condition: Callable[[], bool], limit_s: float = 600) -> None:
        """Let the event loop run until the condition, looked at every 2 ms, holds. Raises TimeoutError."""
        loop, look, end = QEventLoop(), QTimer(), time.monotonic() + limit_s
        look.setTimerType(Qt.TimerType.PreciseTimer)
        look.timeout.connect(lambda: loop.quit() if condition() or time.monotonic() > end else None)
        if not condition():
            look.start(2)
            loop.exec()
        look.stop()
        if not condition():
            raise TimeoutError("the window did not get there")

    def run_for(self, seconds: float) -> None:
        """Let the event loop run."""
        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()

    def train(self) -> None:
        """Press Train and wait until batches come."""
        self.session.start()
        self.until(lambda: self.session.training.progress.step > 20)

    def tab(self, name: str) -> QWidget:
        """Bring a tab to the front."""
        self.window.show_tab(name)
        self.run_for(0.5)
        return self.window.tab

    def close(self) -> None:
        """Stop, and take everything down."""
        self.session.close()
        self.until(lambda: not self.session.busy)
        self.window.hide()
        self.window.deleteLater()
        self.application.processEvents()
        self._folder.cleanup()


class Lateness(QObject):
    """How late a timer of FRAME_MS fires, in milliseconds."""

    def __init__(self) -> None:
        super().__init__()
        self.late_ms: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._tick)
        self._last = time.perf_counter()
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.late_ms.append(max(0.0, (now - self._last) * 1000 - FRAME_MS))
        self._last = now

    def stop(self) -> None:
        """No more ticks."""
        self._timer.stop()


class Painted(QObject):
    """When a widget was painted last."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.at = 0.0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.at = time.perf_counter()
        return False


def percentiles(values: list[float]) -> str:
    """'p50 1.2, p95 3.4, p99 5.6 (n = 100)'."""
    p50, p95, p99 = np.percentile(values, (50, 95, 99))
    return f"p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f} (n = {len(values)})"


def report(repeats: int) -> Iterator[str]:
    """Every figure of the window, as Markdown."""
    application = QApplication.instance() or QApplication(["benchmark"])
    style.apply(application, "light")
    yield from first_paint(max(3, repeats))
    yield from speed_and_lateness(application, max(3, repeats // 3))
    yield from slider(application)
    yield from timeline(application)
    yield from first_reconstruction(application, max(3, repeats // 3))
    yield from scrolling(application)
    yield from endurance(application)


def first_paint(repeats: int) -> Iterator[str]:
    """From the command to the first painted window, in fresh processes."""
    times = []
    for _ in range(repeats):
        start = time.time()
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "tests.benchmarks.painted", "--runs", folder]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        times.append(float(done.stdout.split()[-1]) - start)
    yield "### First painted window after the command, seconds"
    yield f"median {np.median(times):.2f}, from {min(times):.2f} to {max(times):.2f} (n = {repeats}); asked: 1.0"
    yield ""


def headless_rate(seconds: float) -> float:
    """Images per second of the same training without a window."""
    from engine import job
    from engine.datasets import sources
    from engine.events import Step
    from engine.inbox import Inbox

    with tempfile.TemporaryDirectory() as folder:
        order = job.Order(strided(1000), sources.default_data_dir(), Path(folder), "cpu", 1)
        return _rate(job.train(order, Inbox()), seconds, Step)


def _rate(events, seconds: float, step) -> float:
    """Images per second between the 50th batch and the end of the time; the epoch is not over by then."""
    start, first, last = 0.0, 0, 0
    for turn in events:
        for event in turn:
            if isinstance(event, step):
                last = event.step
                if last == 50:
                    start, first = time.perf_counter(), last
        if start and time.perf_counter() - start > seconds:
            break
    events.close()
    return (last - first) * 64 / (time.perf_counter() - start)


def windowed_rate(bench: Bench, seconds: float) -> float:
    """Images per second of the training at work in the window."""
    first, start = bench.session.training.progress.step, time.perf_counter()
    bench.run_for(seconds)
    return (bench.session.training.progress.step - first) * 64 / (time.perf_counter() - start)


def speed_and_lateness(application: QApplication, rounds: int) -> Iterator[str]:
    """Training tab in front, one torch thread: speed against headless in turns, and the event loop's lateness."""
    ratios, late = [], []
    for _ in range(rounds):
        alone = headless_rate(8)
        bench = Bench(application, strided(1000))
        bench.tab("training")
        bench.train()
        bench.run_for(1)
        lateness = Lateness()
        shown = windowed_rate(bench, 8)
        lateness.stop()
        late += lateness.late_ms[1:]
        bench.close()
        again = headless_rate(8)
        ratios.append(shown / ((alone + again) / 2))
    yield "### Training tab in front while `mnist-strided` trains, one torch thread"
    yield (f"Speed against headless: median {np.median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f} "
           f"(n = {rounds}); asked: 0.95")
    yield f"Lateness of the event loop, ms: {percentiles(late)}; asked: p95 ≤ 8, p99 ≤ 16"
    yield ""


def slider(application: QApplication) -> Iterator[str]:
    """Interpolation tab in front while training: from a move of the slider to its picture painted."""
    bench = Bench(application, strided(1000))
    tab = bench.tab("interpolation")
    bench.train()
    bench.run_for(3)
    times: list[float] = []
    late = Lateness()
    for position in range(600):
        times.append(_one_move(bench, tab, position))
        bench.run_for(FRAME_MS / 1000)
    late.stop()
    bench.close()
    yield "### Interpolation tab in front while `mnist-strided` trains"
    yield f"Slider to new picture, ms: {percentiles(times)}; asked: p95 ≤ 16"
    yield f"Lateness of the event loop, ms: {percentiles(late.late_ms)}"
    yield ""


def _one_move(bench: Bench, tab: QWidget, position: int) -> float:
    """Milliseconds from moving the slider until the picture for the new place was painted."""
    slide = tab.way.slider
    target = (position * 37) % (slide.maximum() + 1)
    start = time.perf_counter()
    slide.setValue(target)
    wanted = f"{tab.way.t:.3f}"
    bench.until(lambda: tab.blend.caption == wanted, 10)
    tab.blend.repaint()
    return (time.perf_counter() - start) * 1000


def timeline(application: QApplication) -> Iterator[str]:
    """Each tab in front while training: from another epoch on the timeline to all its pictures new."""
    bench = Bench(application, strided(1000))
    bench.train()
    bench.until(lambda: len(bench.session.shown.snapshots) >= 5)
    yield "### Timeline moved to another epoch while `mnist-strided` trains, until every visible picture is new, ms"
    for name in (place.partition(".")[0] for place in TABS):
        bench.tab(name)
        bench.run_for(1)
        times = [_one_look_back(bench, index) for index in range(24)]
        yield f"- {name}: {percentiles(times)}; asked: 150"
    bench.close()
    yield ""


def _one_look_back(bench: Bench, index: int) -> float:
    """Milliseconds from another snapshot chosen until nothing is asked any more and the window is painted."""
    shown = bench.session.shown
    waiting: set[tuple[str, int]] = set()
    ask = shown.ask

    def counted(key: str, question, *arguments):
        number = ask(key, question, *arguments)
        waiting.add((key, number))
        return number

    def done(key: str, number: int) -> None:
        waiting.discard((key, number))

    shown.ask = counted
    shown.done.connect(done)
    start = time.perf_counter()
    shown.show_position(index % 5)
    bench.application.processEvents()
    bench.until(lambda: not waiting, 30)
    bench.window.repaint()
    elapsed = (time.perf_counter() - start) * 1000
    shown.done.disconnect(done)
    del shown.ask
    bench.run_for(0.2)
    return elapsed


def first_reconstruction(application: QApplication, rounds: int) -> Iterator[str]:
    """Torch ready, Train pressed on the digits: until the first reconstruction that training changed is painted."""
    times = []
    for _ in range(rounds):
        bench = Bench(application, experiments.load(resources.presets()["digits-quick"]))
        bench.tab("reconstruction")
        answers: list[int] = []
        shown = bench.session.shown
        shown.answered.connect(lambda key, number, answer: answers.append(shown.snapshot.step if shown.snapshot else 0))  # noqa: B023
        start = time.perf_counter()
        bench.session.start()
        bench.until(lambda: any(step > 0 for step in answers), 60)  # noqa: B023
        bench.window.repaint()
        times.append(time.perf_counter() - start)
        bench.close()
    yield "### From Train pressed to the first new reconstruction on the digits, seconds"
    yield f"median {np.median(times):.2f}, from {min(times):.2f} to {max(times):.2f} (n = {rounds}); asked: 2"
    yield ""


def scrolling(application: QApplication) -> Iterator[str]:
    """A gallery page of 500 images: frames per second while it scrolls from end to end."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (500, 28, 28), dtype=np.uint8)
    gallery = Gallery()
    gallery.resize(1000, 800)
    gallery.set_page(pictures, pictures[::-1].copy(), rng.random((500, 28, 28), dtype=np.float32),
                     [f"{index}\tseven\t0.0123" for index in range(500)])
    gallery.show()
    application.processEvents()
    bar, frames = gallery.verticalScrollBar(), []
    for value in range(0, bar.maximum(), 17):
        start = time.perf_counter()
        bar.setValue(value)
        gallery.viewport().repaint()
        frames.append((time.perf_counter() - start) * 1000)
    gallery.close()
    yield "### A gallery page of 500 images scrolling"
    yield f"One frame, ms: {percentiles(frames)}; asked: 30 frames/s, that is 33 ms"
    yield ""


def resident_mb() -> float:
    """Memory of this process that is in use (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def endurance(application: QApplication) -> Iterator[str]:
    """20,000 epochs of one batch each with the Training tab in front: resident memory after 1,000 and at the end."""
    tiny = experiments.parse({"data": {"training_images": 64}, "model": {"encoder": [{"kind": "linear", "size": 4}]},
                              "train": {"epochs": 20_000, "evaluation_images": 64}})
    bench = Bench(application, tiny)
    bench.tab("training")
    bench.session.start()
    bench.until(lambda: bench.session.training.progress.step >= 1000)
    early = resident_mb()
    start = time.perf_counter()
    bench.until(lambda: bench.session.training.state == "idle", 1800)
    seconds, late = time.perf_counter() - start, resident_mb()
    bench.close()
    yield "### Resident memory over 20,000 epochs of one batch, Training tab in front"
    yield (f"{early:.0f} MB after 1,000, {late:.0f} MB after 20,000 ({late - early:+.0f}; asked: within 50); "
           f"{seconds:.0f} s")
    yield ""
