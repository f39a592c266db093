"""Where the window was and how it was divided, as plain numbers.

Qt's own blobs kill the process when they are damaged (QMainWindow.restoreState), so none is kept: a handful of numbers
is checked one by one, against the screens that are there, and a file that cannot be used means the usual layout.
"""

from __future__ import annotations

import logging
import tomllib
from pathlib import Path
from typing import Annotated

import pydantic
import tomli_w
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QGuiApplication

from engine import storage
from engine.fields import Frozen

FILE_NAME = "layout.toml"
VERSION = 1
USUAL_SIZE = QSize(1360, 860)
LEFT_WIDTH = 304
VISIBLE_PX = 80
"""So much of the window must be on a screen, in both directions."""

logger = logging.getLogger("autoencoder-explorer")

Pixels = Annotated[int, pydantic.Field(ge=-32_768, le=32_767)]
Length = Annotated[int, pydantic.Field(ge=1, le=32_767)]
Share = Annotated[int, pydantic.Field(ge=0, le=32_767)]


class Layout(Frozen):
    """Place and size of the window, widths of its parts, the tab in front."""

    version: int = VERSION
    x: Pixels | None = None
    y: Pixels | None = None
    width: Length = USUAL_SIZE.width()
    height: Length = USUAL_SIZE.height()
    maximized: bool = False
    left: Share = LEFT_WIDTH
    """Width of the left panel; 0 when it is collapsed."""
    runs: Share = 0
    """Height of the list of runs; 0 for the usual."""
    tab: Annotated[str, pydantic.Field(max_length=100)] = ""


def load(folder: Path) -> Layout:
    """The layout of last time; the usual one where it cannot be used, which only the log says."""
    try:
        layout = Layout.model_validate(tomllib.loads((folder / FILE_NAME).read_bytes().decode()))
        if layout.version != VERSION:
            raise ValueError(f"version {layout.version}")
    except FileNotFoundError:
        return Layout()
    except (OSError, ValueError, RecursionError) as error:
        logger.warning("the window's layout could not be used: %s", error)
        return Layout()
    return layout


def save(folder: Path, layout: Layout) -> None:
    """Write the layout whole; without it the window opens as usual, so a failure is only logged."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        storage.write_atomic(folder / FILE_NAME, tomli_w.dumps(layout.model_dump(exclude_none=True)).encode())
    except OSError as error:
        logger.warning("the window's layout could not be saved: %s", error)


def forget(folder: Path) -> None:
    """Back to the usual layout; a file that cannot be deleted only the log tells of."""
    try:
        (folder / FILE_NAME).unlink(missing_ok=True)
    except OSError as error:
        logger.warning("the window's layout could not be deleted: %s", error)


def place(layout: Layout) -> QRect:
    """Where the window goes: as saved while that is on a screen, and wholly on it; else in the middle of the first."""
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    room = screens[0]
    size = QSize(layout.width, layout.height).boundedTo(room.size())
    if layout.x is not None and layout.y is not None:
        wanted = QRect(layout.x, layout.y, layout.width, layout.height)
        for screen in screens:
            if _is_visible(wanted.intersected(screen)) and wanted.top() >= screen.top():
                return _inside(wanted, screen)
    result = QRect(room.topLeft(), size)
    result.moveCenter(room.center())
    return result


def _inside(wanted: QRect, screen: QRect) -> QRect:
    """The same window where all of it can be reached."""
    result = QRect(wanted.topLeft(), wanted.size().boundedTo(screen.size()))
    result.moveLeft(min(max(result.left(), screen.left()), screen.right() + 1 - result.width()))
    result.moveTop(min(result.top(), screen.bottom() + 1 - result.height()))
    return result


def _is_visible(part: QRect) -> bool:
    return part.width() >= VISIBLE_PX and part.height() >= VISIBLE_PX
