"""Figures on the way out: what files and clipboard hold, the menu, and an old file that stays when writing fails."""

import csv
import errno
import io
import os
import re
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QColor, QContextMenuEvent, QGuiApplication, QImage, QKeySequence, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMainWindow, QVBoxLayout, QWidget

from gui import style
from gui.plots import export
from gui.plots.curves import LossCurves
from gui.plots.menu import Menu, ask_path


@pytest.fixture(autouse=True)
def as_on_the_screen():
    """Most tests compare with the screen; those of the print style choose it."""
    export.notices().print_style = False
    yield
    export.notices().print_style = True


@pytest.fixture
def curves(qtbot):
    style.apply(QApplication.instance(), "light")
    widget = LossCurves()
    qtbot.addWidget(widget)
    widget.resize(640, 360)
    steps = np.arange(1, 201)
    widget.set_run(steps, 0.2 / np.sqrt(steps), [(100, 1.0, 0.02, 0.021), (200, 2.0, 0.014, 0.015)])
    widget.mark_best(200)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


@pytest.fixture
def told():
    """What was said about exports."""
    heard = []
    export.notices().saved.connect(heard.append)
    export.notices().failed.connect(heard.append)
    yield heard
    export.notices().saved.disconnect(heard.append)
    export.notices().failed.disconnect(heard.append)


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def test_a_png_has_twice_the_pixels_of_the_screen(curves, tmp_path):
    export.save(curves, tmp_path / "fig.png")
    picture = QImage(str(tmp_path / "fig.png"))
    assert (picture.width(), picture.height()) == (1280, 720)
    colours = {picture.pixelColor(x, y).name() for x in range(0, 1280, 3) for y in range(0, 720, 3)}
    assert {style.tokens(False).surface, style.tokens(False).accent} <= colours


def pixels(picture):
    """QImage -> (H, W, 3)."""
    converted = picture.convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(converted.constBits(), np.uint8)
    return flat.reshape(converted.height(), converted.width(), 4)[..., 2::-1].copy()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_print_style_is_white_with_larger_type_and_leaves_the_screen_alone(curves, qtbot, theme):
    style.apply(QApplication.instance(), theme)
    QApplication.processEvents()
    before, size = pixels(curves.grab().toImage()), curves.size()
    plain = pixels(export.image(curves))
    export.notices().print_style = True
    printed = pixels(export.image(curves))
    assert printed.shape == pytest.approx(plain.shape, abs=4)
    assert (printed[2, 2] == 255).all() and (printed == 255).all(axis=2).mean() > 0.7
    text = ET.fromstring(export.svg(curves))
    width = float(text.get("viewBox").split()[2])
    export.notices().print_style = False
    assert width < 0.8 * float(ET.fromstring(export.svg(curves)).get("viewBox").split()[2]), "type is the larger for it"
    assert curves.size() == size and style.theme().current == style.tokens(theme == "dark")
    QApplication.processEvents()
    assert (pixels(curves.grab().toImage()) == before).mean() > 0.999
    style.apply(QApplication.instance(), "light")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_moves_on_the_screen_while_figures_are_printed(curves, qtbot, theme):
    style.apply(QApplication.instance(), theme)
    QApplication.processEvents()
    before = pixels(curves.grab().toImage())
    export.notices().print_style = True
    for draw in (export.png, export.svg, export.pdf):
        draw(curves)
        assert style.theme().line_width == 1
    assert (pixels(curves.grab().toImage()) == before).all(), "at once"
    QApplication.processEvents()
    assert (pixels(curves.grab().toImage()) == before).all(), "and later"
    style.apply(QApplication.instance(), "light")


def test_a_legend_that_wraps_in_print_names_every_curve(curves):
    export.notices().print_style = True
    picture = pixels(export.image(curves)).astype(int)
    accent = np.array(QColor(style.print_tokens().accent).getRgb()[:3])
    samples = (abs(picture - accent).max(axis=2) < 8)[:int(80 / export.PRINT_SHRINK)].sum(axis=1)
    assert samples.max() > 30, "the sample of the validation loss stands above the plot"
    assert curves.legend.height() < 30


def test_curves_are_as_thick_in_a_printed_picture_as_in_a_printed_file(curves):
    export.notices().print_style = True
    widths = set()
    curve = curves._front._curves["validation"]
    seen = curve.setPen
    curve.setPen = lambda pen: (widths.add(pen.widthF()), seen(pen))
    export.svg(curves)
    assert widths == {export.PRINT_LINE, 1}
    widths.clear()
    export.png(curves)
    assert sorted(widths) == pytest.approx([1, export.PRINT_LINE * export.PNG_SCALE / export.PRINT_SHRINK])


def test_the_menu_chooses_the_style_and_says_so(curves, qtbot):
    heard = []
    export.notices().style_chosen.connect(heard.append)
    menu = curves._menu.menu()
    next(action for action in menu.actions() if action.text() == "Print style").trigger()
    assert heard == [True] and export.notices().print_style
    export.notices().style_chosen.disconnect(heard.append)


def test_an_svg_is_made_of_lines_and_text_and_looks_like_the_widget(curves, tmp_path):
    export.save(curves, tmp_path / "fig.svg")
    text = (tmp_path / "fig.svg").read_text(encoding="utf-8")
    assert "<image" not in text and text.count("<polyline") + text.count("<path") > 5
    assert ">Validation" in text and ">Epoch" in text and 'font-family="Inter"' in text
    again = QImage(640, 360, QImage.Format.Format_RGB32)
    painter = QPainter(again)
    QSvgRenderer(text.encode()).render(painter)
    painter.end()
    there = curves.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    one, other = (np.frombuffer(image.constBits(), np.uint8).reshape(360, 640, 4)[..., :3].astype(int)
                  for image in (again, there))
    assert (abs(one - other).max(axis=2) > 60).mean() < 0.02


def test_a_pdf_is_one_page_of_the_figures_size_with_lines_of_one_pixel(curves, tmp_path):
    export.save(curves, tmp_path / "fig.pdf")
    data = (tmp_path / "fig.pdf").read_bytes()
    width, height = map(float, re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data).groups())
    assert data.startswith(b"%PDF") and (width, height) == pytest.approx((640 * 0.75, 360 * 0.75), abs=1)
    page = max((zlib.decompress(part) for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.S)
                if part[:1] == b"\x78"), key=lambda part: part.count(b" l\n"))
    scale = float(page.split(b" cm")[0].split()[-6])
    assert page.count(b" l\n") > 100 and b"/Subtype /Image" not in data
    assert {float(found) * scale for found in re.findall(rb"\n([\d.]+) w ", page)} <= {0.0, 0.75, 1.5}


def test_a_csv_has_every_number_and_opens_in_a_spreadsheet(curves, tmp_path):
    export.save(curves, tmp_path / "fig.csv")
    data = (tmp_path / "fig.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    table = rows(data.decode("utf-8-sig"))
    assert table[0][:2] == ["step (batch)", "batch loss"] and len(table) == 201
    assert table[1][0] == "1" and float(table[1][1]) == 0.2
    assert table[2][table[0].index("validation loss")] == "0.015"
    assert table[3][table[0].index("validation loss")] == ""


class Matrix(QWidget):
    """A figure whose numbers are one table."""

    def numbers(self):
        return [("error", np.array([[0.5, 1.0], [0.25, np.nan]]))]


def test_a_single_table_keeps_its_rows_and_columns(qtbot):
    widget = Matrix()
    qtbot.addWidget(widget)
    assert rows(export.table(widget)) == [["0.5", "1"], ["0.25", "nan"]]


def test_an_ending_that_is_none_of_them_is_refused(curves, tmp_path):
    with pytest.raises(export.ExportError, match=r"fig\.tiff: the name must end in one of \.png, \.svg"):
        export.save(curves, tmp_path / "fig.tiff")


@pytest.mark.parametrize(("error", "text"), [
    (PermissionError(errno.EACCES, "Access is denied"), "Could not write fig.svg: it is open in another program."),
    (OSError(errno.ENOSPC, "No space left"),
     "Could not write fig.svg: the disk is full. Free space or choose another folder."),
    (OSError(errno.EROFS, "Read-only"),
     "Could not write fig.svg: no permission to write in {folder}. Choose another folder."),
    (OSError(errno.EIO, "Input/output error"), "Could not write fig.svg: Input/output error."),
])
def test_when_writing_fails_the_old_file_stays_and_the_reason_is_said(curves, tmp_path, monkeypatch, error, text):
    path = tmp_path / "fig.svg"
    path.write_text("old", encoding="utf-8")

    def refuse(*_):
        raise error

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(export.ExportError) as caught:
        export.save(curves, path)
    assert str(caught.value) == text.format(folder=tmp_path)
    assert path.read_text(encoding="utf-8") == "old" and [*tmp_path.iterdir()] == [path]


def test_a_folder_that_is_a_file_is_named(curves, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(export.ExportError, match=r"Could not write fig\.png: the folder .*file does not exist\."):
        export.save(curves, tmp_path / "file" / "fig.png")


def test_copying_puts_picture_and_numbers_on_the_clipboard(curves, told):
    export.copy(curves)
    content = QGuiApplication.clipboard().mimeData()
    assert content.hasImage() and QGuiApplication.clipboard().image().width() == 1280
    assert content.text().splitlines()[1].split("\t")[:2] == ["1", "0.2"]
    assert told == ["Copied the picture and its numbers."]


# The menu


def chosen(menu, text):
    return next(action for action in menu.actions() if action.text() == text)


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "csv"])
def test_the_menu_saves_where_one_says(curves, tmp_path, told, ending):
    asked = []
    menu = Menu(curves, "Loss curves", lambda widget, name: asked.append(name) or tmp_path / f"here.{ending}")
    opened = menu.menu()
    chosen(opened, f"Save as {ending.upper()}…").trigger()
    opened.close()
    assert asked == [f"Loss curves.{ending}"]
    assert (tmp_path / f"here.{ending}").stat().st_size > 100
    assert told == [f"Saved here.{ending}."]


def test_a_name_without_an_ending_gets_that_of_the_format(curves, tmp_path, monkeypatch):
    def accept(dialog):
        dialog.setDirectory(str(tmp_path))
        dialog.selectFile("a name")
        return QFileDialog.DialogCode.Accepted

    monkeypatch.setattr(QFileDialog, "exec", accept)
    assert ask_path(curves, "Loss curves.svg") == tmp_path / "a name.svg"
    monkeypatch.setattr(QFileDialog, "exec", lambda dialog: QFileDialog.DialogCode.Rejected)
    assert ask_path(curves, "Loss curves.svg") is None


def test_the_dialog_offers_every_format_and_the_chosen_one_gives_the_ending(curves, qtbot, tmp_path, monkeypatch):
    offers = []

    def accept(dialog):
        offers.append((dialog.nameFilters(), dialog.selectedNameFilter()))
        dialog.setDirectory(str(tmp_path))
        dialog.filterSelected.emit("PDF (*.pdf)")
        dialog.selectFile("a name")
        return QFileDialog.DialogCode.Accepted

    monkeypatch.setattr(QFileDialog, "exec", accept)
    assert ask_path(curves, "Loss curves.svg") == tmp_path / "a name.pdf"
    assert offers == [(["PNG (*.png)", "SVG (*.svg)", "PDF (*.pdf)", "CSV (*.csv)"], "SVG (*.svg)")]
    plain = QWidget()
    qtbot.addWidget(plain)
    ask_path(plain, "Picture.png")
    assert offers[1] == (["PNG (*.png)", "SVG (*.svg)", "PDF (*.pdf)"], "PNG (*.png)")


def test_cancelling_writes_nothing_and_a_failure_is_said(curves, tmp_path, told):
    Menu(curves, "Loss curves", lambda widget, name: None).save(".png")
    assert told == [] and list(tmp_path.iterdir()) == []
    Menu(curves, "Loss curves", lambda widget, name: Path(tmp_path / "no" / "fig.png")).save(".png")
    assert len(told) == 1 and told[0].startswith("Could not write fig.png: ")


def test_a_right_click_anywhere_on_the_figure_opens_our_menu(curves, qtbot):
    opened = []
    curves._menu.opening.connect(lambda menu, place: opened.append(menu))
    viewport = curves.plot.viewport()
    at = viewport.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, viewport.mapToGlobal(at))
    QApplication.sendEvent(viewport, event)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None, timeout=2000)
    menu = QApplication.activePopupWidget()
    texts = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert texts == ["Copy picture and numbers", "Save as PNG…", "Save as SVG…", "Save as PDF…", "Save as CSV…",
                     "Print style"]
    menu.close()


def test_control_c_copies_the_figure_in_focus_and_leaves_text_fields_and_the_window_theirs(qtbot, told):
    window, centre, field = QMainWindow(), QWidget(), QLineEdit("text")
    qtbot.addWidget(window)
    curves = LossCurves()
    column = QVBoxLayout(centre)
    column.addWidget(field)
    column.addWidget(curves)
    window.setCentralWidget(centre)
    other = QAction("Copy the view", window)
    other.setShortcut(QKeySequence.StandardKey.Copy)
    window.addAction(other)
    windows = []
    other.triggered.connect(lambda: windows.append(True))
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    curves.plot.setFocus()
    qtbot.waitUntil(curves.plot.hasFocus, timeout=2000)
    qtbot.keyClick(curves.plot, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert told == ["Copied the picture and its numbers."] and windows == []
    field.setFocus()
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "text" and len(told) == 1


def test_a_figure_without_numbers_offers_no_csv_and_copies_its_picture(qtbot):
    plain = QWidget()
    qtbot.addWidget(plain)
    plain.resize(20, 20)
    menu = Menu(plain, "plain").menu()
    assert not chosen(menu, "Save as CSV…").isEnabled() and chosen(menu, "Save as PNG…").isEnabled()
    menu.close()
    export.copy(plain)
    assert not QGuiApplication.clipboard().mimeData().hasText()
    assert QGuiApplication.clipboard().image().width() == 40


def test_the_menu_key_opens_the_menu_too(curves, qtbot):
    viewport = curves.plot.viewport()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), viewport.mapToGlobal(QPoint(5, 5)))
    QApplication.sendEvent(viewport, event)
    assert QApplication.activePopupWidget() is not None
    QApplication.activePopupWidget().close()
