"""Fixtures for tests with Qt: nothing may be left running, and Qt's warnings are errors."""

import gc
import os
import re

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QThread, QTimer
from PySide6.QtWidgets import QApplication

HARMLESS = re.compile(r"This plugin does not support|propagateSizeHints|QFontDatabase: Cannot find font directory")
SEVERE = ("QtWarningMsg", "QtCriticalMsg", "QtFatalMsg")


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp, qtlog):
    """Fail a test that leaves a thread, a timer or a top-level widget behind, or that makes Qt warn."""
    before = {id(widget) for widget in QApplication.topLevelWidgets()}
    kept = alive()
    yield
    settle()
    left = [f"window {widget!r}" for widget in QApplication.topLevelWidgets() if id(widget) not in before]
    left += [f"alive {item!r}" for item in alive() if not any(item is other for other in kept)]
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
    """Running threads and active timers that Python knows."""
    found = [item for item in gc.get_objects() if issubclass(type(item), (QThread, QTimer)) and shiboken6.isValid(item)]
    return [item for item in found if (item.isRunning() if isinstance(item, QThread) else item.isActive())]
