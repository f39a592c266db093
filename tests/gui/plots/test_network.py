"""The drawing of the network: to scale, within its room, honest about the layer that does not fit."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from engine import shapes
from engine.blocks import Convolution, Linear
from engine.experiment import Experiment, Model, replaced
from gui import style
from gui.plots.boxes import bad_layer, boxes, nodes
from gui.plots.network import NetworkDrawing


def experiment(*blocks):
    return Experiment(model=Model(encoder=blocks))


DEEP = experiment(*(Convolution(channels=8 * 2 ** (i // 3), padding=1, stride=2 if i in (3, 6) else 1)
                    for i in range(9)), Linear(size=32))


@pytest.fixture
def drawing(qtbot):
    style.apply(QApplication.instance(), "light")
    widget = NetworkDrawing()
    qtbot.addWidget(widget)
    widget.resize(780, 160)
    widget.set_plan(shapes.plan(Experiment()))
    widget.show()
    qtbot.waitExposed(widget)
    return widget


@pytest.mark.parametrize("size", [(400, 112), (780, 140), (1600, 420), (2300, 900)])
@pytest.mark.parametrize("model", [experiment(Linear(size=2)), Experiment(), DEEP], ids=["2", "6", "20"])
def test_every_box_stands_inside_in_order_without_overlap(drawing, model, size):
    drawing.resize(*size)
    drawing.set_plan(shapes.plan(model))
    placed = drawing._boxes
    assert len(placed) == len(shapes.plan(model).layers) + 1
    for box in placed:
        outline = box.outline.boundingRect()
        assert outline.left() >= 0 and outline.right() <= size[0] and outline.top() >= 0 and outline.bottom() <= size[1]
    for one, other in pairwise(placed):
        assert other.front.left() >= one.front.right() - 1


def test_sides_and_channels_are_to_scale():
    placed = {box.node.name: box for box in boxes(nodes(shapes.plan(Experiment())), 1000, 300)}
    image, first, second = (placed[name].front for name in ("image", "encoder.0", "encoder.1"))
    assert first.height() / image.height() == pytest.approx((14 / 28) ** 0.5, abs=0.02)
    assert second.height() / image.height() == pytest.approx((7 / 28) ** 0.5, abs=0.02)
    assert image.width() < first.width() < second.width()
    assert placed["encoder.2"].slant == 0 and placed["encoder.0"].slant > 0


def test_the_code_is_in_the_accent_and_nothing_else(drawing):
    image = drawing.grab().toImage()
    corners = {box.node.name: (box.front.topLeft() + QPointF(2, 2)).toPoint() for box in drawing._boxes}
    accent = style.theme().current.accent
    found = {name for name, corner in corners.items() if QColor(image.pixel(corner)).name() == accent}
    assert found == {"encoder.2"}


def test_hover_and_click_find_the_layer(drawing, qtbot):
    for name in ("encoder.1", "decoder.0"):
        middle = drawing.box(name).front.center().toPoint()
        with qtbot.waitSignal(drawing.layer_hovered, check_params_cb=lambda n, name=name: n == name):
            qtbot.mouseMove(drawing, middle)
        with qtbot.waitSignal(drawing.layer_clicked, check_params_cb=lambda n, name=name: n == name):
            qtbot.mouseClick(drawing, Qt.MouseButton.LeftButton, pos=middle)
        assert drawing.selected == name
    with qtbot.assertNotEmitted(drawing.layer_clicked):
        qtbot.mouseClick(drawing, Qt.MouseButton.LeftButton, pos=drawing.box("image").front.center().toPoint())


def test_arrow_keys_walk_through_the_layers(drawing, qtbot):
    drawing.select("encoder.1")
    qtbot.keyClick(drawing, Qt.Key.Key_Right)
    assert drawing.selected == "encoder.2"
    qtbot.keyClick(drawing, Qt.Key.Key_Right)
    assert drawing.selected == "decoder.0"
    for _ in range(9):
        qtbot.keyClick(drawing, Qt.Key.Key_Left)
    assert drawing.selected == "encoder.0"


def test_a_layer_that_does_not_fit_is_marked_and_the_rest_stays_as_a_shadow(drawing):
    before = [box.node.name for box in drawing._boxes]
    bad = shapes.plan(replaced(Experiment(), {"model.encoder.1.kernel": 40}))
    drawing.set_plan(bad)
    states = {box.node.name: box.node.state for box in drawing._boxes}
    assert [box.node.name for box in drawing._boxes] == before
    assert states["encoder.0"] == "good" and states["encoder.1"] == "bad"
    assert {states[name] for name in ("encoder.2", "decoder.0", "decoder.2")} == {"ghost"}
    drawing.resize(900, 300)
    box, image = drawing.box("encoder.1"), drawing.grab().toImage()
    line = int(box.front.left())
    column = {QColor(image.pixel(line + dx, y)).name() for dx in (-1, 0, 1)
              for y in range(int(box.front.top()), int(box.front.bottom()))}
    assert any(QColor(c).red() - QColor(c).green() > 80 for c in column), column
    drawing.set_plan(shapes.plan(Experiment()))
    assert {box.node.state for box in drawing._boxes} == {"good"}


def test_a_first_plan_that_does_not_fit_is_drawn_as_far_as_it_goes():
    plan = shapes.plan(experiment(Convolution(kernel=40)))
    assert bad_layer(plan) == "encoder.0" and [node.state for node in nodes(plan)] == ["good", "bad"]
    empty = shapes.plan(experiment())
    assert [node.state for node in nodes(empty)] == ["good", "bad"]


def test_numbers_are_those_of_the_plan(drawing):
    columns = dict(drawing.numbers())
    assert columns["layer"][0] == "encoder.0" and columns["parameters"][0] == 80
