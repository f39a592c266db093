"""``python -m tests.benchmarks.painted``: start the application as a person does; tell when its window was painted."""

from __future__ import annotations

import sys
import time
from typing import Any


def main() -> int:
    """Print the time of the first painting, then leave."""
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QApplication, QMainWindow

    import main as application  # the module that the command runs

    class Watch(QObject):
        """Sees the first paint event of the window."""

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and isinstance(watched, QMainWindow):
                sys.stdout.write(f"{time.time()}\n")
                sys.stdout.flush()
                QApplication.instance().removeEventFilter(self)
                watched.close()
            return False

    watch, made = Watch(), QApplication.__init__

    def watched_application(self: Any, *arguments: Any) -> None:
        made(self, *arguments)
        self.installEventFilter(watch)

    QApplication.__init__ = watched_application
    return application.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
