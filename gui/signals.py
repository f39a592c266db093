"""SIGINT and SIGTERM inside Qt's loop, where Python's own handlers do not run: a wakeup socket and a notifier."""

from __future__ import annotations

import os
import signal
import socket
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier, Signal, Slot

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Signals(QObject):
    """Emits ``arrived`` (name) for the first signal; a second one ends the process at once with 128 + its number."""

    arrived = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._count = 0
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._before = {number: signal.signal(number, self._note)
                        for name in NAMES if (number := getattr(signal, name, None)) is not None}
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)

    def close(self) -> None:
        """Give the handlers back."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()

    @staticmethod
    def _note(number: int, frame: FrameType | None) -> None:
        """Python's part: nothing, so that the default does not end the process."""

    @Slot()
    def _read(self) -> None:
        for number in self._reader.recv(16):
            self._count += 1
            if self._count > 1:
                os._exit(128 + number)
            self.arrived.emit(signal.Signals(number).name)
