"""Fixtures for tests with Qt: nothing may be left running, and Qt's warnings are errors."""

import functools
import gc
import os
import re

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, QTimer, Slot
from PySide6.QtWidgets import QApplication

from engine import experiment as experiments
from engine.blocks import Convolution, Linear
from engine.experiment import Experiment, Model
from gui import style
from gui.session import Session
from gui.settings import Settings

HARMLESS = re.compile(r"This plugin does not support|propagateSizeHints|QFontDatabase: Cannot find font directory")
SEVERE = ("QtWarningMsg", "QtCriticalMsg", "QtFatalMsg")


@pytest.fixture(scope="session", autouse=True)
def dressed(qapp):
    """The application's own look, in whichever process and order the tests run."""
    style.apply(qapp, "light")
    yield
    gc.unfreeze()  # else torch warns of leaks at the end


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp, qtlog, dressed):
    """Fail a test that leaves a thread, a timer or a top-level widget behind, or that makes Qt warn."""
    before = {id(widget) for widget in QApplication.topLevelWidgets()}
    gc.freeze()  # what was there before, torch above all, is neither searched nor collected
    yield
    settle()
    left = [f"window {widget!r}" for widget in QApplication.topLevelWidgets() if id(widget) not in before]
    left += [f"alive {item!r}" for item in alive()]
    severe = [record.message for record in qtlog.records if record.type.name in SEVERE]
    warnings = [message for message in severe if not HARMLESS.search(message)]
    assert not left, f"left behind: {left}"
    assert not warnings, f"Qt warned: {warnings}"


def settle():
    """Delete what waits to be deleted."""
    for _ in range(3):
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()


def alive():
    """Running threads and active timers that Python has known since the test began."""
    found = [item for item in gc.get_objects() if issubclass(type(item), (QThread, QTimer)) and shiboken6.isValid(item)]
    return [item for item in found if (item.isRunning() if isinstance(item, QThread) else item.isActive())]


class Ear(QObject):
    """Hears one signal of a thread on the main thread; pytest-qt's own waiting would run on the thread that emits."""

    def __init__(self, signal):
        super().__init__()
        self.heard = []
        arguments = str(signal).partition("(")[2].partition(")")[0]
        signal.connect({"": self.nothing, "PyObject": self.value, "bool": self.truth, "QString,int": self.numbered,
                        "QString,int,PyObject": self.answer, "QString,int,QString": self.text}[arguments])

    @Slot()
    def nothing(self):
        self.heard.append(())

    @Slot(object)
    def value(self, value):
        self.heard.append(value)

    @Slot(bool)
    def truth(self, value):
        self.heard.append(value)

    @Slot(str, int)
    def numbered(self, key, number):
        self.heard.append((key, number))

    @Slot(str, int, object)
    def answer(self, key, number, answer):
        self.heard.append((key, number, answer))

    @Slot(str, int, str)
    def text(self, key, number, text):
        self.heard.append((key, number, text))


@pytest.fixture
def hear(qtbot):
    """``with hear(signal) as heard: ...`` waits at the end of its block until the signal came."""
    return functools.partial(Listening, qtbot)


class Listening:
    """A block that ends when a thread's signal came; ``heard`` lists what it carried."""

    def __init__(self, qtbot, signal, timeout=5000):
        self.qtbot, self.ear, self.timeout = qtbot, Ear(signal), timeout

    def __enter__(self):
        return self.ear.heard

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.qtbot.waitUntil(lambda: bool(self.ear.heard), timeout=self.timeout)


TINY = {"data.image_size": 8, "data.training_images": 200, "train.batch_size": 50, "train.epochs": 2}
"""Digits of 8×8, four batches an epoch."""


def tiny(**changes):
    """A small experiment on the built-in digits; keyword arguments write a path with __ for its dots."""
    start = Experiment(name="tiny", model=Model(encoder=(Convolution(channels=2, stride=2, padding=1), Linear(size=4))))
    return experiments.replaced(start, TINY | {path.replace("__", "."): value for path, value in changes.items()})


@pytest.fixture
def make_session(qtbot, tmp_path):
    """``make_session(experiment)`` -> a Session with torch loaded, in folders of its own, closed at the end."""
    made = []

    def make(experiment=None, load=True, **settings):
        session = Session(Settings(threads=1, device="cpu", **settings), tmp_path / "data", tmp_path / "runs",
                          experiment or tiny())
        made.append(session)
        session.messages = []
        session.message.connect(session.messages.append)
        if load:
            with qtbot.waitSignal(session.ready_changed, timeout=60_000):
                session.load_engine()
        return session

    yield make
    for session in made:
        closed(qtbot, session)


def closed(qtbot, session):
    """Close a session and wait until its threads have ended."""
    told = []
    session.closed.connect(lambda: told.append(True))
    session.close()
    qtbot.waitUntil(lambda: bool(told) or not session.busy, timeout=20_000)


@pytest.fixture
def session(make_session):
    """A Session on tiny digits with torch loaded."""
    return make_session()


def trained(qtbot, session):
    """Train the draft to its end -> what ``finished`` told."""
    with qtbot.waitSignal(session.training.finished, timeout=60_000) as finished:
        session.start()
    return finished.args[0]
