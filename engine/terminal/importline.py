"""How an import goes, on a terminal: one line that is rewritten, or a line now and then in a file, and its report."""

from __future__ import annotations

import time
from typing import Any, TextIO

from engine.datasets.importing import Imported, Importing
from engine.terminal.ticker import FILE_S, TERMINAL_S

MOST_NAMES = 20
"""So many of the files that were left out are named."""


class ImportLine:
    """Tells a stream, which may be None, what :func:`engine.datasets.folder.import_images` yields."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._terminal = stream is not None and stream.isatty()
        self._told_s = 0.0

    def tell(self, event: Any) -> None:
        """Take in Importing or Imported; writes when it is time to, and ends the line at the end."""
        if self._stream is None:
            return
        if isinstance(event, Imported):
            self._write(f"Imported {event.text}", "\n")
            self._report(event)
        elif isinstance(event, Importing) and time.monotonic() - self._told_s >= (
                TERMINAL_S if self._terminal else FILE_S):
            self._write(f"Importing images: {event.done:,} of {event.total:,}" if event.total
                        else "Looking for images", "" if self._terminal else "\n")

    def _write(self, text: str, end: str) -> None:
        assert self._stream is not None
        self._told_s = time.monotonic()
        self._stream.write(f"\r{text}\x1b[K{end}" if self._terminal else f"{text}{end}")
        self._stream.flush()

    def _report(self, event: Imported) -> None:
        """A line for each file that was left out."""
        assert self._stream is not None
        for skipped in event.skipped[:MOST_NAMES]:
            self._stream.write(f"  {skipped.name}: {skipped.text}\n")
        if (more := len(event.skipped) - MOST_NAMES) > 0:
            self._stream.write(f"  and {more:,} more\n")
        self._stream.flush()
