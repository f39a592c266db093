"""The map of a sweep: where cells lie, what their colours, signs and words say, contour lines, mouse and keys."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPolygonF
from PySide6.QtTest import QTest

from gui import style
from gui.plots import colormaps, export
from gui.plots.sweepaxes import label_place, polygon, shown_x, shown_y
from gui.plots.sweepmap import SweepMap
from gui.plots.sweepplaces import arrange
from gui.plots.sweepscale import FAINTEST, fitted
from gui.plots.sweepsigns import meanings
from tests.gui.plots.test_sweepcells import cells, with_marks


def pictures(rows, columns, shape=(7, 7)):
    """A random picture for every cell."""
    draw = np.random.default_rng(0)
    return {cell: draw.integers(0, 256, shape, dtype=np.uint8) for cell in np.ndindex(rows, columns)}


@pytest.fixture
def shown(qtbot):
    widget = SweepMap("Sweep")
    qtbot.addWidget(widget)
    widget.resize(600, 420)
    widget.show_cells(cells())
    widget.show()
    yield widget
    style.theme().choose("light")


def colour(widget, place):
    return QColor(widget.grab().toImage().pixel(place)).name()


def near_corner(widget, cell):
    """A place in a cell that no sign reaches."""
    return widget.cell_rect(*cell).topLeft() + QPoint(4, 4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (4, 5), (40, 40)])
@pytest.mark.parametrize("tiled", [False, True])
def test_every_cell_is_found_where_it_lies_in_one_size_and_inside(shown, shape, tiled):
    shown.show_cells(cells(*shape, pictures=pictures(*shape)))
    shown.set_tiled(tiled)
    shown.set_contours(True)
    for cell in np.ndindex(*shape):
        rect = shown.cell_rect(*cell)
        assert rect.size() == shown.cell_rect(0, 0).size() and shown.rect().contains(rect)
        for place in (rect.topLeft(), rect.center(), rect.bottomRight()):
            assert shown.cell_at(place.x(), place.y()) == cell
    outer = shown.cell_rect(0, 0)
    assert shown.cell_at(outer.left() - 1, outer.top()) is None
    assert shown.cell_at(outer.left(), outer.bottom() + 1) is None
    assert not shown.grab().isNull()


def test_the_first_row_is_below_and_the_first_column_at_the_left(shown):
    first, last = shown.cell_rect(0, 0), shown.cell_rect(3, 4)
    assert last.bottom() < first.top() and last.left() > first.right()
    assert shown.cell_rect(1, 0).bottom() + 1 == first.top() and shown.cell_rect(0, 1).left() == first.right() + 1


def test_untiled_cells_fill_the_room_and_tiled_ones_have_the_shape_of_their_pictures():
    metrics, wide = QFontMetrics(style.font("caption")), cells(3, 3, pictures=pictures(3, 3, (8, 16)))
    plain = arrange(wide, QSize(900, 500), False, metrics)
    assert plain.bar.right() > 900 - 60 and plain.map.bottom() > 500 - 50
    tiles = arrange(wide, QSize(900, 500), True, metrics)
    assert (tiles.width - 4) / (tiles.height - 4) == pytest.approx(2, abs=0.02)


@pytest.mark.parametrize("dark", [False, True])
def test_the_lowest_loss_stands_out_most_and_the_order_of_colours_is_that_of_losses(shown, dark):
    style.theme().choose("dark" if dark else "light")
    image, table = shown.grab().toImage(), colormaps.sequential_error(dark)
    entries = {tuple(entry): number for number, entry in enumerate(table.tolist())}
    found = [entries[QColor(image.pixel(near_corner(shown, cell))).getRgb()[:3]]
             for cell in ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4))]
    assert found == sorted(found) and len(set(found)) > 6
    assert found[0] == FAINTEST and found[-1] == 255


def test_the_range_seldom_changes_while_a_map_fills_and_is_exact_in_the_end(shown):
    order = np.random.default_rng(1).permutation(19 * 19)
    full = cells(19, 19)
    losses, ranges = np.full(19 * 19, np.nan), []
    for count, index in enumerate(order, 1):
        losses[index] = full.losses.ravel()[index]
        shown.show_cells(replace(full, losses=losses.reshape(19, 19)))
        known = np.log10(losses[np.isfinite(losses)])
        assert count < 20 or shown.scale.low < np.percentile(known, 10) < np.percentile(known, 90) < shown.scale.high
        ranges.append(shown.scale)
    assert len(set(ranges)) < 20
    assert ranges[-1] == fitted(full.logs)


def test_cells_without_a_loss_have_the_surface_and_diverged_ones_are_hatched(shown):
    shown.show_cells(with_marks(cells(), {(0, 0): "", (1, 1): "diverged", (2, 2): "failed", (3, 3): "impossible",
                                          (0, 2): "running"}))
    image, theme = shown.grab().toImage(), style.theme().current

    def inside(row, column):
        rect = shown.cell_rect(row, column).adjusted(2, 2, -2, -2)
        return {QColor(image.pixel(x, y)).name() for x in range(rect.left(), rect.right())
                for y in range(rect.top(), rect.bottom())}

    assert inside(0, 0) == {theme.surface}
    signs = {cell: inside(*cell) for cell in ((1, 1), (2, 2), (3, 3), (0, 2))}
    assert len(signs[1, 1]) > 1 and theme.bad in signs[2, 2] and theme.accent in signs[0, 2]
    assert theme.hover in signs[3, 3] and theme.surface not in signs[3, 3]
    assert colour(shown, shown.cell_rect(0, 0).bottomRight()) == theme.line
    hatched = [QColor(image.pixel(x, shown.cell_rect(1, 1).center().y())) for x in range(
        shown.cell_rect(1, 1).left(), shown.cell_rect(1, 1).right())]
    reddish = [dot.red() - dot.green() > 60 for dot in hatched]
    assert 8 < sum(after and not before for before, after in itertools.pairwise(reddish)) < 30
    assert [name for _, name in meanings(shown._cells)] == ["Training", "Diverged", "Failed", "Impossible"]


def test_a_last_loss_of_a_diverged_cell_counts_neither_for_colours_nor_for_lines(shown):
    marks = cells().marks
    marks[0, 0] = "diverged"
    losses = cells().losses
    losses[0, 0] = 1e6
    strange = replace(cells(), losses=losses, marks=marks)
    assert np.isnan(strange.logs[0, 0])
    shown.show_cells(strange)
    assert shown.scale.high < 0


def test_the_map_draws_four_to_six_lines_at_round_losses(shown):
    shown.show_cells(cells(19, 19))
    losses = [loss for loss, _ in shown.lines]
    assert 4 <= len(losses) <= 6
    for loss, chains in shown.lines:
        line = np.concatenate(chains)
        assert 10 ** (-1 - line.sum(axis=1) / 36) == pytest.approx(loss, rel=1e-9)
    before = shown.grab().toImage()
    assert shown.grab().toImage() == before
    shown.set_contours(True)
    assert shown.grab().toImage() != before and shown.contours


def test_labels_of_lines_lie_inside_and_apart(shown):
    shown.show_cells(cells(19, 19))
    places, metrics, taken = shown._laid(), QFontMetrics(style.font("caption")), []
    for loss, chains in shown.lines:
        place = label_place(polygon(chains[0], places), metrics, str(loss), taken, QRectF(places.map))
        assert place is None or QRectF(places.map).contains(place)
        taken += [place] if place is not None else []
    assert len(taken) >= 3
    line = polygon(shown.lines[2][1][0], places)
    for _ in range(2):  # of the same line, so that they would lie on one another
        taken.append(label_place(line, metrics, "0.05", taken, QRectF(places.map)))
    assert not any(one.intersects(other) for one in taken for other in taken if one is not other)
    corner = QPolygonF([QPointF(places.map.topLeft()), QPointF(places.map.topLeft()) + QPointF(110, 0)])
    assert label_place(corner, metrics, "0.05", [], QRectF(places.map)) is None


def test_values_beside_the_cells_never_touch(shown):
    texts = tuple(f"{value:.2f}" for value in np.linspace(0.05, 0.95, 19))
    metrics = QFontMetrics(style.font("caption"))
    for width, height in ((1100, 700), (420, 260), (300, 200), (1600, 1000)):
        places = arrange(cells(19, 19, x_ticks=texts, y_ticks=texts), QSize(width, height), False, metrics)
        many = cells(19, 19, x_ticks=texts, y_ticks=texts)
        columns, rows = shown_x(many, places, metrics), shown_y(many, places, metrics)
        assert columns[0] == rows[0] == 0 and len(columns) >= 3
        ends = [(places.cell(0, c).center().x(), metrics.horizontalAdvance(texts[c]) / 2) for c in columns]
        assert all(x + half + 7 < other - next_half for (x, half), (other, next_half)
                   in itertools.pairwise(ends))
        assert all((b - a) * places.height >= metrics.height() for a, b in itertools.pairwise(rows))
    assert shown_x(many, places, metrics) == list(range(19))


def test_a_click_chooses_the_cell_under_it(shown):
    clicked = []
    shown.clicked.connect(lambda row, column: clicked.append((row, column)))
    QTest.mouseClick(shown, Qt.MouseButton.LeftButton, pos=shown.cell_rect(2, 1).center())
    QTest.mouseClick(shown, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    QTest.mouseClick(shown, Qt.MouseButton.RightButton, pos=shown.cell_rect(0, 0).center())
    assert clicked == [(2, 1)] and shown.chosen == (2, 1)
    assert shown.accessibleDescription() == shown.describe(2, 1)
    assert colour(shown, shown.cell_rect(2, 1).topLeft() + QPoint(1, 9)) == style.theme().current.accent


def test_keys_move_the_choice_upwards_and_to_the_right_and_enter_clicks(shown):
    clicked, looked = [], []
    shown.clicked.connect(lambda row, column: clicked.append((row, column)))
    shown.hovered.connect(looked.append)
    QTest.keyClick(shown, Qt.Key.Key_Return)
    assert clicked == []
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        QTest.keyClick(shown, key)
    assert shown.chosen == (1, 1) and clicked == []
    assert looked == [(0, 0), (1, 0), (1, 1), (1, 2), (1, 1)]
    QTest.keyClick(shown, Qt.Key.Key_Return)
    assert clicked == [(1, 1)]
    for _ in range(9):
        QTest.keyClick(shown, Qt.Key.Key_Up)
    assert shown.chosen == (3, 1)


def test_the_choice_begins_at_the_best_cell(shown):
    shown.show_cells(cells(best=(3, 4)))
    QTest.keyClick(shown, Qt.Key.Key_Left)
    assert shown.chosen == (3, 4)


def test_hovering_tells_the_cell_and_that_the_mouse_left(shown):
    seen = []
    shown.hovered.connect(seen.append)
    for place in (shown.cell_rect(1, 2).center(), shown.cell_rect(1, 2).center() + QPoint(2, 2),
                  shown.cell_rect(0, 0).center(), QPoint(1, 1)):
        QTest.mouseMove(shown, place)
    assert seen == [(1, 2), (0, 0), None]


@pytest.mark.parametrize("shape", [(7, 7), (7, 9, 3)], ids=["grey", "colour"])
def test_tiled_cells_show_their_pictures_dot_for_dot_in_a_frame_of_their_colour(shown, shape):
    made = pictures(4, 5, shape)
    shown.show_cells(cells(pictures=made))
    plain = shown.grab().toImage()
    frames = {cell: colour(shown, near_corner(shown, cell)) for cell in made}
    shown.set_tiled(True)
    image = shown.grab().toImage()
    assert image != plain
    for cell in ((0, 0), (2, 3)):
        rect, height, width = shown.cell_rect(*cell), *shape[:2]
        factor = min((rect.height() - 4) // height, (rect.width() - 4) // width)
        assert factor >= 2
        left = rect.left() + (rect.width() - factor * width) // 2
        top = rect.top() + (rect.height() - factor * height) // 2
        dots = [[QColor(image.pixel(left + x, top + y)).getRgb()[:3] for x in range(factor * width)]
                for y in range(factor * height)]
        wanted = np.broadcast_to(made[cell][..., None], (*shape[:2], 3)) if len(shape) == 2 else made[cell]
        np.testing.assert_array_equal(dots, np.kron(wanted, np.ones((factor, factor, 1), int)))
        assert QColor(image.pixel(rect.topLeft())).name() == frames[cell]


def test_only_cells_that_changed_are_painted_again(shown):
    made = pictures(4, 5)
    shown.set_tiled(True)
    shown.show_cells(cells(pictures=made))
    shown.grab()
    assert shown.painted == 20
    shown.select((1, 1))
    QTest.mouseMove(shown, shown.cell_rect(2, 2).center())
    shown.grab()
    copies = {cell: picture.copy() for cell, picture in made.items()}
    shown.show_cells(cells(pictures={**copies, (2, 1): 255 - made[2, 1]}))
    shown.grab()
    assert shown.painted == 1
    losses = cells().losses
    losses[1, 1] = losses[0, 0]
    shown.show_cells(cells(losses=losses, pictures={**copies, (2, 1): 255 - made[2, 1]}))
    after = shown.grab().toImage()
    assert shown.painted < 20
    shown._recolour()
    shown._image._look = None
    assert shown.grab().toImage() == after and shown.painted == 20


@pytest.mark.parametrize("unit", [1.5, 2, 3])
def test_on_a_finer_screen_pictures_have_whole_dots_also_where_only_one_changed(shown, unit):
    made = pictures(4, 5)

    def painted():
        paper = QImage(round(600 * unit), round(420 * unit), QImage.Format.Format_RGB32)
        paper.setDevicePixelRatio(unit)
        shown.render(paper)
        return paper

    shown.set_tiled(True)
    shown.show_cells(cells(pictures=made))
    painted()
    shown.show_cells(cells(pictures={**made, (2, 1): 255 - made[2, 1]}))
    image = painted()
    assert shown.painted == 1
    rect = shown.cell_rect(2, 1)
    left, right, top = (round((side - start) * unit) + round(start * unit) for side, start in (
        (rect.left(), shown.cell_rect(0, 0).left()), (rect.right() + 1, shown.cell_rect(0, 0).left()),
        (rect.top(), shown.cell_rect(3, 0).top())))
    bottom = top + round((rect.bottom() + 1 - shown.cell_rect(3, 0).top()) * unit) - round(
        (rect.top() - shown.cell_rect(3, 0).top()) * unit)
    edge = round(2 * unit)
    factor = min(right - left - 2 * edge, bottom - top - 2 * edge) // 7
    x, y = left + (right - left - 7 * factor) // 2, top + (bottom - top - 7 * factor) // 2
    dots = [[QColor(image.pixel(x + i, y + k)).red() for i in range(7 * factor)] for k in range(7 * factor)]
    np.testing.assert_array_equal(dots, np.kron(255 - made[2, 1], np.ones((factor, factor), int)))


def test_a_table_that_goes_on_filling_is_seen(shown):
    losses, marks = cells().losses, cells().marks
    losses[0, 0] = np.nan
    first = cells(losses=losses, marks=marks)
    shown.show_cells(first)
    before = colour(shown, near_corner(shown, (0, 0)))
    marks[0, 0] = "diverged"
    losses[0, 0] = 0.1
    assert first.marks[0, 0] == "" and np.isnan(first.losses[0, 0])
    shown.show_cells(cells(losses=losses, marks=cells().marks))
    assert before == style.theme().current.surface != colour(shown, near_corner(shown, (0, 0)))


def test_the_best_cell_has_a_sign_of_its_own(shown):
    place = shown.cell_rect(3, 4).center()
    plain = colour(shown, place)
    shown.show_cells(cells(best=(3, 4)))
    assert colour(shown, place) == style.theme().current.text != plain
    assert meanings(shown._cells) == [("best", "Best")]


def test_another_theme_paints_other_colours_at_once(shown):
    light = shown.grab().toImage()
    style.theme().choose("dark")
    dark = shown.grab().toImage()
    assert light != dark
    assert list(QColor(dark.pixel(near_corner(shown, (3, 4)))).getRgb()[:3]) == (
        colormaps.sequential_error(True)[255].tolist())
    style.theme().choose("light")
    assert shown.grab().toImage() == light


def test_an_export_is_crisp_and_leaves_the_screen_as_it_was(shown):
    shown.show_cells(cells(pictures=pictures(4, 5), best=(3, 4)))
    shown.set_tiled(True)
    before = shown.grab().toImage()
    picture = QImage.fromData(export.png(shown))
    assert picture.width() > 2 * shown.width() and shown.grab().toImage() == before
    assert b"<text" in export.svg(shown) and export.svg(shown).count(b"<image") >= 20
    assert export.pdf(shown).startswith(b"%PDF")
    style.theme().choose("dark")
    with style.theme().printing(1.5):
        paper = QImage(shown.size(), QImage.Format.Format_RGB32)
        painter = QPainter(paper)
        export._paint(shown, painter)
        painter.end()
    assert QColor(paper.pixel(0, paper.height() - 1)).name() == "#ffffff"
    assert QColor(paper.pixel(shown.cell_rect(3, 4).topLeft())).getRgb()[:3] == tuple(
        colormaps.sequential_error(False)[255].tolist())


def test_its_numbers_are_one_row_a_cell(shown):
    marked = with_marks(cells(2, 2, spread=np.full((2, 2), 0.5), seeds=np.full((2, 2), 3)), {(1, 0): "failed"})
    shown.show_cells(marked)
    lines = export.table(shown).splitlines()
    assert lines[0] == "Learning rate,Momentum,validation loss,standard deviation,seeds,state"
    assert lines[1] == "0.05,0,0.1,0.5,3," and lines[3] == "0.05,0.1,nan,0.5,3,failed" and len(lines) == 5


def test_another_map_forgets_a_choice_that_it_does_not_have(shown):
    shown.select((3, 4))
    shown.show_cells(cells(2, 2))
    assert shown.chosen is None and shown.accessibleDescription() == ""
    shown.select((9, 9))
    assert shown.chosen is None


def test_without_cells_it_is_empty_and_still(qtbot):
    widget = SweepMap("Sweep")
    qtbot.addWidget(widget)
    widget.resize(300, 200)
    widget.show()
    QTest.keyClick(widget, Qt.Key.Key_Up)
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    assert widget.chosen is None and widget.numbers()[2][1].size == 0 and not widget.grab().isNull()
    widget.show_cells(with_marks(cells(2, 2), dict.fromkeys(np.ndindex(2, 2), "")))
    widget.set_contours(True)
    assert widget.scale is None and widget.lines == [] and not widget.grab().isNull()
