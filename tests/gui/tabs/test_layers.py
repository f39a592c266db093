"""The layers of the shown network: the pictures of the chosen one, their colours, and the dead units."""

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt

from engine import explore
from engine.layeranswers import Kernels
from gui.plots import colormaps, pixels
from gui.tabs.layers import LayersTab
from gui.window import Window
from tests.gui.tabs.conftest import network

BLOCKS = {"model__encoder": ({"kind": "convolution", "channels": 6, "stride": 1, "padding": 1, "pool_kernel": 2,
                              "pool_stride": 2},
                             {"kind": "convolution", "channels": 3, "stride": 2, "padding": 1},
                             {"kind": "linear", "size": 20, "activation": "none"})}


@pytest.fixture
def session(looking):
    return looking(**BLOCKS)


def settled(qtbot, tab):
    keys = ("contents", "layers", "maps", "kernels", "dead")
    qtbot.waitUntil(lambda: tab.pictures is not None and not any(tab.questions.waits(key) for key in keys),
                    timeout=20_000)


@pytest.fixture
def tab(session, qtbot):
    tab = LayersTab(session)
    qtbot.addWidget(tab)
    tab.resize(900, 600)
    tab.show()
    settled(qtbot, tab)
    return tab


def values(widget):
    """What the tiles show, (n, H, W)."""
    columns = dict(widget.numbers())
    return columns["value"].reshape([columns[name].max() + 1 for name in ("image", "row", "column")])


def stages(session, index=0):
    """What comes out of each part of the first block, and of each block."""
    autoencoder, images = network(session)
    x, parts, blocks = images.test.images[index:index + 1].float() / 255, [], []
    with torch.no_grad():
        for block in [*autoencoder.encoder, *autoencoder.decoder]:
            for part in block:
                x = part(x)
                if block is autoencoder.encoder[0]:
                    parts.append(x[0].numpy())
            blocks.append(x[0].numpy())
    return parts, blocks


def test_every_layer_is_listed_with_the_shape_of_its_output(session, tab):
    rows = [(tab.places.topLevelItem(row).text(0), tab.places.topLevelItem(row).text(1)) for row in range(6)]
    assert rows == [("Encoder 1", "6×4×4"), ("Encoder 2", "3×2×2"), ("Encoder 3 · code", "20"),
                    ("Decoder 1", "3×2×2"), ("Decoder 2", "6×4×4"), ("Decoder 3", "1×8×8")]
    assert tab.places.topLevelItemCount() == 6 and tab.layer.name == "encoder.0"


def test_the_maps_of_the_chosen_image_and_stage_follow_the_timeline(session, tab, qtbot):
    parts, _ = stages(session)
    np.testing.assert_allclose(values(tab.tiles), parts[-1], atol=1e-6)
    assert [tab.controls.stage.itemText(i) for i in range(3)] == ["Convolution", "Activation", "Pooling"]
    tab.controls.stage.setCurrentIndex(0)
    tab.controls.stage.activated.emit(0)
    settled(qtbot, tab)
    np.testing.assert_allclose(values(tab.tiles), parts[0], atol=1e-6)
    session.shown.choose_image("test", 5)
    session.shown.show_step(0)
    settled(qtbot, tab)
    np.testing.assert_allclose(values(tab.tiles), stages(session, 5)[0][0], atol=1e-6)
    assert tab.image.caption == f"Original · {tab.questions.contents.class_of('test', 5)}"


@pytest.mark.parametrize("place", range(6))
def test_any_layer_of_encoder_and_decoder(session, tab, qtbot, place):
    tab.places.setCurrentItem(tab.places.topLevelItem(place))
    settled(qtbot, tab)
    expected = stages(session)[1][place]
    shown = values(tab.tiles)
    np.testing.assert_allclose(shown.ravel()[:expected.size], expected.ravel(), atol=1e-5)
    assert tab.large.isVisible() == (len(shown) > 1)
    assert "units are dead on 1,000 fixed images" in tab.status.text()


def test_the_stage_stays_where_there_is_one_of_that_name(tab, qtbot):
    tab.controls.stage.setCurrentIndex(0)
    tab.controls.stage.activated.emit(0)
    tab.places.choose("encoder.1")
    assert tab.controls.chosen_stage == "convolution"
    tab.places.choose("encoder.2")
    assert tab.controls.chosen_stage == "linear"
    tab.places.choose("encoder.0")
    assert tab.controls.chosen_stage == "convolution"
    settled(qtbot, tab)


def test_shared_and_own_scale(session, tab, qtbot):
    maps = stages(session)[0][-1]
    grey = pixels.colored(maps / maps.max(), colormaps.grey(), 0, 1)
    assert tab.controls.shared_scale and maps.min() >= 0
    np.testing.assert_array_equal(tab.tiles._pixels, grey)
    tab.controls.own.click()
    low, high = (end(maps, axis=(1, 2), keepdims=True) for end in (np.min, np.max))
    own = pixels.colored((maps - low) / np.where(high > low, high - low, 1), colormaps.grey(), 0, 1)
    assert np.abs((tab.tiles._pixels & 255).astype(int) - (own & 255)).max() <= 1
    assert "own" not in tab.scale.text() and "each" in tab.scale.text()


def test_kernels_are_coloured_around_zero_in_both_themes(session, tab, qtbot, theme):
    tab.controls.kernels.click()
    settled(qtbot, tab)
    weight = network(session)[0].encoder[0].convolution.weight.numpy()[:, 0]
    np.testing.assert_array_equal(values(tab.tiles), weight)
    assert not tab.controls.after.isVisible() and tab.controls.pages.isVisible()
    limit = np.abs(weight).max()
    for choice in ("dark", "light"):
        theme(choice)
        expected = pixels.colored(weight, colormaps.diverging(choice == "dark"), -limit, limit)
        assert (tab.tiles._pixels == expected).mean() > 0.99
    tab.controls.own.click()
    one = np.abs(weight[0]).max()
    expected = pixels.colored(weight, colormaps.diverging(False), -one, one)[0]
    np.testing.assert_array_equal(tab.large._pixels[0], expected)


@pytest.fixture
def theme():
    from gui import style

    yield style.theme().choose
    style.theme().choose("light")


def test_kernels_of_large_layers_come_in_pages(session, tab, qtbot):
    tab.places.choose("decoder.0")
    tab.controls.kernels.click()
    settled(qtbot, tab)
    assert tab.layer.kernels == 60 and len(tab.tiles) == 50
    tab.controls.pages._next.click()
    settled(qtbot, tab)
    assert len(tab.tiles) == 10 and tab.pictures.title(0) == "Input 16, map 2"
    autoencoder, images = network(session)
    np.testing.assert_array_equal(values(tab.tiles), explore.kernels(autoencoder, images, "decoder.0", 50, 50).values)
    tab.places.choose("encoder.1")
    settled(qtbot, tab)
    assert len(tab.tiles) == 18 and tab.pictures.columns == 6, "the kernels of a unit in a row"
    assert tab.pictures.title(7) == "Unit 1, input 1"


def test_the_kernels_of_the_first_snapshot_are_the_random_ones(session, tab, qtbot):
    tab.controls.kernels.click()
    settled(qtbot, tab)
    trained = values(tab.tiles)
    session.shown.show_step(0)
    settled(qtbot, tab)
    np.testing.assert_array_equal(values(tab.tiles), network(session)[0].encoder[0].convolution.weight.numpy()[:, 0])
    assert not np.array_equal(trained, values(tab.tiles))


def test_a_click_shows_a_picture_large_and_the_mouse_reads_its_values(session, tab, qtbot):
    maps = stages(session)[0][-1]
    rect = tab.tiles.tile_rect(4)
    qtbot.mouseClick(tab.tiles, Qt.MouseButton.LeftButton, pos=rect.center())
    np.testing.assert_allclose(values(tab.large)[0], maps[4], atol=1e-6)
    assert tab.large._labels[0].startswith("Map 4 · ")
    step = rect.width() / 4
    qtbot.mouseMove(tab.tiles, QPoint(int(rect.x() + 2.5 * step), int(rect.y() + 1.5 * step)))
    qtbot.waitUntil(lambda: tab.hint.text().startswith("Map 4, row 1, column 2: "))
    assert float(tab.hint.text().split()[-1]) == pytest.approx(maps[4, 1, 2], rel=1e-2, abs=1e-3)
    tab.tiles.leaveEvent(None)
    assert tab.hint.text().startswith("A click")


def test_a_vector_is_one_picture_whose_units_can_be_read(session, tab, qtbot):
    tab.places.choose("encoder.2")
    settled(qtbot, tab)
    code = stages(session)[1][2]
    assert tab.pictures.vector and not tab.large.isVisible() and tab.tiles.selected == -1
    shape = tab.pictures.tiles.shape
    row, column = divmod(18, shape[2])
    assert tab.pictures.reading(0, row, column) == f"Unit 18: {code[18]:#.3g}".replace("-", "−")
    assert tab.pictures.reading(0, shape[1] - 1, shape[2] - 1) == "" and tab.pictures.reading(0, 99, 0) == ""


@pytest.mark.parametrize(("sizes", "place"), [((6, 3), "encoder.1"), ((3, 6), "encoder.1")])
def test_all_weights_between_two_vectors_lie_on_their_longer_side(looking, qtbot, sizes, place):
    session = looking(model__encoder=tuple({"kind": "linear", "size": size} for size in sizes))
    tab = LayersTab(session)
    qtbot.addWidget(tab)
    tab.show()
    settled(qtbot, tab)
    tab.places.choose(place)
    tab.controls.kernels.click()
    settled(qtbot, tab)
    weight = network(session)[0].encoder[1].linear.weight.numpy()
    assert tab.pictures.tiles.shape == (1, 3, 6)
    row, column = (2, 4) if sizes == (6, 3) else (4, 2)
    assert tab.pictures.reading(0, 2, 4) == f"Unit {row}, input {column}: {weight[row, column]:#.3g}".replace("-", "−")


def test_dead_maps_are_crossed_out_and_named(session, tab, qtbot):
    from dataclasses import replace

    settled(qtbot, tab)
    tab._take_answer("dead", replace(tab.dead, units=np.array([1, 4])))
    assert tab.tiles._crossed == {1, 4}
    assert tab.status.text() == "2 of 6 units are dead on 1,000 fixed images: 1, 4"
    crossed = tab.tiles.grab().toImage()
    tab._take_answer("dead", replace(tab.dead, units=np.array([], np.int64)))
    assert tab.tiles.grab().toImage() != crossed
    assert tab.status.text() == "0 of 6 units are dead on 1,000 fixed images"


def test_another_network_takes_the_layer_of_the_same_name(session, tab, qtbot, looking, recorded):
    from engine import runs
    from tests.gui.conftest import tiny

    tab.places.choose("encoder.2")
    tab.controls.kernels.click()
    settled(qtbot, tab)
    other = tiny(model__encoder=({"kind": "linear", "size": 4},))
    tab.pictures = None
    session.shown.show_run(runs.adopt(recorded(other), session.runs_dir))
    settled(qtbot, tab)
    assert tab.layer.name == "encoder.0" and isinstance(tab.answer, Kernels)
    np.testing.assert_array_equal(values(tab.tiles).reshape(4, -1), network(session)[0].encoder[0].linear.weight)


def test_without_a_run_it_says_what_to_do(make_session, qtbot):
    session = make_session()
    tab = LayersTab(session)
    qtbot.addWidget(tab)
    tab.show()
    assert tab.stage.state == "empty"


def test_what_fails_is_said_and_the_pictures_stay(session, tab, qtbot):
    session.shown.choose_image("test", 10**6)
    qtbot.waitUntil(lambda: tab.stage.state == "failed", timeout=10_000)
    assert len(tab.tiles) == 6
    session.shown.choose_image("test", 1)
    settled(qtbot, tab)
    assert tab.stage.state == "ready"


def test_every_control_has_a_name_and_a_tip(tab):
    controls = tab.controls
    for widget in (controls.maps, controls.kernels, controls.shared, controls.own, controls.stage, tab.places):
        assert widget.accessibleName() and widget.toolTip()


def test_the_window_has_the_tab():
    from gui.window import TABS

    assert "layers.LayersTab" in TABS and Window
