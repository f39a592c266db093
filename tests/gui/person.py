"""A person at the real application: ``python -m tests.gui.person OPTIONS`` runs main.py and does what a visitor does.

Press Train, look at every tab, drag the timeline back and the interpolation forth, close the window while it trains.
Whatever does not come true is written to standard error, which the test wants empty.
"""

import sys
import time
import traceback

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

import main
from gui.window import TABS, Window

LIMIT_S = 120


class Person(QObject):
    """Goes from one thing to the next as soon as the last has come true."""

    def __init__(self, application):
        super().__init__(application)
        self.started = time.monotonic()
        self.steps = iter(self.visit())
        self.waiting = next(self.steps)
        self.timer = QTimer(self, interval=20)
        self.timer.timeout.connect(self.look)
        self.timer.start()

    def look(self):
        if time.monotonic() - self.started > LIMIT_S:
            sys.stderr.write(f"waited in vain at line {self.steps.gi_frame.f_lineno}\n")
            QApplication.exit(9)
        if not self.waiting():
            return
        try:
            self.waiting = next(self.steps)
        except StopIteration:
            self.timer.stop()
        except Exception:  # the application would only show it in its bar
            sys.stderr.write(traceback.format_exc())
            QApplication.exit(9)

    def visit(self):
        """Each yield is what has to come true next."""
        windows = QApplication.topLevelWidgets
        yield lambda: any(isinstance(widget, Window) and widget.isVisible() for widget in windows())
        window = next(widget for widget in windows() if isinstance(widget, Window))
        shown, training = window.session.shown, window.session.training
        yield lambda: shown.run is not None  # the bundled run: no tab is empty
        bundled = shown.run.folder
        QTest.mouseClick(window.train.train, Qt.MouseButton.LeftButton)
        for place in TABS:
            window.show_tab(place.partition(".")[0])
            yield lambda: training.progress.step > 0 and shown.run.folder != bundled
        yield lambda: len(shown.snapshots) >= 3
        window.timeline.slider.setValue(0)
        yield lambda: shown.snapshot.step == 0 and not shown.live
        window.show_tab("interpolation")
        yield lambda: shown.snapshot.step == 0
        slider, picture = window.tab.way.slider, window.tab.blend
        slider.setValue(730)
        yield lambda: picture.caption == "0.730"
        QTest.keyClick(window, Qt.Key.Key_End)
        yield lambda: shown.live
        window.close()


if __name__ == "__main__":
    made = QApplication.__init__

    def with_person(self, *arguments):
        made(self, *arguments)
        Person(self)

    QApplication.__init__ = with_person
    sys.exit(main.main(sys.argv[1:]))
