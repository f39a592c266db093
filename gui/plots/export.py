"""A figure with its numbers, out of the window: to the clipboard, and as PNG, SVG, PDF or CSV."""

from __future__ import annotations

import csv
import errno
import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, wraps
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QBuffer, QCoreApplication, QIODevice, QMarginsF, QMimeData, QObject, QPoint, QSizeF, Signal
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPageLayout, QPageSize, QPainter, QPdfWriter, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from engine import storage
from gui import style

PNG_SCALE = 2
"""A PNG has this many times the pixels of the screen; in the print style a plot, too, though it is laid out smaller."""

PRINT_SHRINK = 0.72
"""In the print style a plot is laid out on this share of its size, so that its type is the larger for it."""

PRINT_LINE = 1.5
"""Width of curves in the print style, in px of the plot: just over a point."""

LEAST_WIDTH, LEAST_HEIGHT = 320, 220
"""A plot is not shrunk below this."""

Columns = Sequence[tuple[str, np.ndarray]]
Drawn = TypeVar("Drawn")
translate = QCoreApplication.translate


class HasNumbers(Protocol):
    """A figure that knows what it shows."""

    def numbers(self) -> Columns:
        """Columns with their names; they may differ in length. A single one may have rows and columns of its own."""


class ExportError(Exception):
    """A figure could not be written; the text says why and what to do, and an old file is untouched."""


class Notices(QObject):
    """How exports look and what became of them: ``saved(text)`` and ``failed(text)``, for the window's message bar;
    ``style_chosen(bool)``, for the settings."""

    saved = Signal(str)
    failed = Signal(str)
    style_chosen = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.print_style = True
        """Whether figures leave the window as for paper: white, with larger type; else as on the screen."""

    def choose_style(self, for_print: bool) -> None:
        """Use this style from now on."""
        self.print_style = for_print
        self.style_chosen.emit(for_print)


@cache
def notices() -> Notices:
    """The one place where all figures say what became of their exports."""
    return Notices()


def save(widget: QWidget, path: Path) -> None:
    """Write a figure in the format of the name's ending. Raises ExportError; an old file stays as it is then."""
    encode = WRITERS.get(path.suffix.lower())
    if encode is None:
        raise ExportError(translate("export", "Could not write {name}: the name must end in one of {endings}.").format(
            name=path.name, endings=", ".join(WRITERS)))
    write(path, encode(widget))


def write(path: Path, data: bytes) -> None:
    """Put a file in place. Raises ExportError; an old file stays as it is then."""
    try:
        storage.write_atomic(path, data)
    except OSError as error:
        raise ExportError(translate("export", "Could not write {name}: {reason}").format(
            name=path.name, reason=_reason(path, error))) from error


def _reason(path: Path, error: OSError) -> str:
    """Why a file could not be put in place, with the remedy."""
    if isinstance(error, PermissionError) and path.is_file() and os.access(path.parent, os.W_OK):
        return translate("export", "it is open in another program.")  # Windows tells it in no other way
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        text = translate("export", "no permission to write in {folder}. Choose another folder.")
        return text.format(folder=path.parent)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return translate("export", "the disk is full. Free space or choose another folder.")
    if not path.parent.is_dir():
        return translate("export", "the folder {folder} does not exist.").format(folder=path.parent)
    return f"{error.strerror or error}."


def styled(dots: float) -> Callable[[Callable[[QWidget], Drawn]], Callable[[QWidget], Drawn]]:
    """Draw a figure in the style that is chosen, on ``dots`` a px; what is on the screen stays as it is."""

    def decorated(draw: Callable[[QWidget], Drawn]) -> Callable[[QWidget], Drawn]:
        @wraps(draw)
        def drawn(widget: QWidget) -> Drawn:
            if not notices().print_style:
                return draw(widget)
            with style.theme().printing(PRINT_LINE * dots), _shrunk(widget):
                return draw(widget)

        return drawn

    return decorated


@contextmanager
def _shrunk(widget: QWidget) -> Iterator[None]:
    """Meanwhile a plot is laid out smaller; pictures, whose pixels are what they show, keep their size."""
    before = widget.size()
    if isinstance(widget, pg.GraphicsView) or widget.findChild(pg.GraphicsView) is not None:
        smaller = before * PRINT_SHRINK
        widget.resize(max(smaller.width(), min(LEAST_WIDTH, before.width())),
                      max(smaller.height(), min(LEAST_HEIGHT, before.height())))
        _settle(widget)
    try:
        yield
    finally:
        if widget.size() != before:
            widget.resize(before)
            _settle(widget)


def _settle(widget: QWidget) -> None:
    """Give a legend that wraps otherwise its room at once, not when the event loop comes to it."""
    layout = widget.layout()
    if layout is not None:
        layout.activate()


@styled(PNG_SCALE / PRINT_SHRINK)
def png(widget: QWidget) -> bytes:
    """The figure as a PNG file, with twice the pixels of the screen."""
    return _encoded(_image(widget))


@styled(PNG_SCALE / PRINT_SHRINK)
def image(widget: QWidget) -> QImage:
    """The figure as a picture, with twice the pixels of the screen."""
    return _image(widget)


def _image(widget: QWidget) -> QImage:
    scale = PNG_SCALE / PRINT_SHRINK if notices().print_style else PNG_SCALE
    result = QImage(widget.size() * scale, QImage.Format.Format_RGB32)
    result.setDevicePixelRatio(scale)
    painter = QPainter(result)
    _paint(widget, painter)
    painter.end()
    return result


def _encoded(picture: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


@styled(1)
def svg(widget: QWidget) -> bytes:
    """The figure as an SVG file; lines stay lines and text stays text."""
    buffer = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    generator.setViewBox(widget.rect())
    generator.setTitle(widget.accessibleName())
    generator.setResolution(96)
    painter = QPainter(generator)
    _paint(widget, painter)
    painter.end()
    return bytes(buffer.data().data())


@styled(1)
def pdf(widget: QWidget) -> bytes:
    """The figure as a PDF file of one page of its size; 96 px are one inch."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(96)  # lines of one pixel stay 1/96 inch wide; a finer grid would thin them to hairs
    writer.setTitle(widget.accessibleName())
    size = QPageSize(QSizeF(widget.width() / 96, widget.height() / 96), QPageSize.Unit.Inch, "",
                     QPageSize.SizeMatchPolicy.ExactMatch)
    writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF()))
    painter = QPainter(writer)
    _paint(widget, painter)
    painter.end()
    return bytes(buffer.data().data())


def _paint(widget: QWidget, painter: QPainter) -> None:
    """The widget on the surface of the theme."""
    painter.fillRect(widget.rect(), QColor(style.theme().current.surface))
    widget.render(painter, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)


def table(widget: Any, delimiter: str = ",") -> str:
    """The figure's numbers as text, one row a line, the names of the columns first."""
    columns = widget.numbers() if hasattr(widget, "numbers") else []
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    if len(columns) == 1 and np.ndim(columns[0][1]) == 2:
        writer.writerows([[_cell(value) for value in row] for row in np.asarray(columns[0][1])])
        return buffer.getvalue()
    values = [np.ravel(np.asarray(column)) for _, column in columns]
    writer.writerow([name for name, _ in columns])
    for row in range(max([0, *map(len, values)])):
        writer.writerow([_cell(column[row]) if row < len(column) else "" for column in values])
    return buffer.getvalue()


def _cell(value: Any) -> str:
    """A number in full precision, whole ones without a point."""
    if not isinstance(value, np.floating | float):
        return str(value)
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


WRITERS: dict[str, Callable[[QWidget], bytes]] = {
    ".png": png, ".svg": svg, ".pdf": pdf, ".csv": lambda widget: ("\ufeff" + table(widget)).encode("utf-8")}
"""Ending of a file -> function of the widget -> its bytes."""


def copy(widget: QWidget) -> None:
    """Put the figure and its numbers on the clipboard: a picture for a document, cells for a spreadsheet."""
    content = QMimeData()
    content.setImageData(image(widget))
    if hasattr(widget, "numbers"):
        content.setText(table(widget, "\t"))
    QGuiApplication.clipboard().setMimeData(content)
    notices().saved.emit(translate("export", "Copied the picture and its numbers."))
