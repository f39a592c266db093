"""The chosen image with its code, and the plane: what is drawn, where it is, and what stays on the timeline."""

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt

from engine import runs, storage
from gui.plots.code import own_scale, wrapped
from gui.plots.plane import ticks
from gui.tabs.latent import LatentTab
from tests.gui.conftest import tiny
from tests.gui.tabs.conftest import answered, network

MAPS = {"model__encoder": ({"kind": "convolution", "channels": 5, "stride": 2, "padding": 1},)}


@pytest.fixture
def session(looking):
    return looking()


@pytest.fixture
def tab(session, opened):
    return opened(LatentTab, session)


def picture(widget):
    """What a Picture shows, as numbers gives it, (H, W)."""
    columns = dict(widget.numbers())
    return columns["value"].reshape(columns["row"].max() + 1, -1)


def tiles(tab):
    """The plane's pictures, (cells, H, W)."""
    columns = dict(tab.view.numbers())
    shape = [columns[name].max() + 1 for name in ("image", "row", "column")]
    return columns["value"].reshape(shape)


def decoded(session, codes):
    """(n, d) -> (n, H, W), 0 to 255."""
    autoencoder, _ = network(session)
    with torch.no_grad():
        pictures = autoencoder.decode(torch.from_numpy(np.float32(codes)).unflatten(1, autoencoder.plan.code))
    return pictures[:, 0].numpy().clip(0, 1) * 255


def codes_of(session, split="validation"):
    """(n, d): of a split's images; of 1,000 spread over the validation images."""
    autoencoder, images = network(session)
    with torch.no_grad():
        codes = autoencoder.encode(images.split(split).images.float() / 255).flatten(1).double().numpy()
    return codes[np.linspace(0, len(codes) - 1, 1000).round().astype(int)] if split == "validation" else codes


def test_the_image_its_code_and_its_reconstruction_with_the_error(session, tab, qtbot):
    session.shown.choose_image("test", 7)
    answered(qtbot, tab)
    autoencoder, images = network(session)
    original = images.test.images[7, 0].numpy()
    with torch.no_grad():
        output = autoencoder(images.test.images[7:8].float() / 255)[0, 0].numpy()
    np.testing.assert_array_equal(picture(tab.image), original)
    np.testing.assert_allclose(picture(tab.output), output * 255, atol=0.6)
    np.testing.assert_allclose(picture(tab.code.strip), [codes_of(session, "test")[7]], atol=1e-5)
    assert tab.code.strip.isVisible() and tab.code.strip.caption == "Code of 4 numbers"
    mse = ((output - original / 255)**2).mean()
    assert float(tab.output.caption.split()[-1]) == pytest.approx(mse, rel=1e-2)
    assert tab.image.caption == f"Original · {tab.questions.contents.class_of('test', 7)}"


def test_a_code_of_feature_maps_is_a_grid_of_its_channels(looking, opened):
    session = looking(**MAPS)
    tab = opened(LatentTab, session)
    code = codes_of(session, "test")[0].reshape(5, 4, 4)
    columns = dict(tab.code.maps.numbers())
    shown = columns["value"].reshape(5, 4, 4)
    assert tab.code.maps.isVisible()
    low, high = code.min(axis=(1, 2), keepdims=True), code.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(shown, (code - low) / np.where(high > low, high - low, 1) * 255, atol=0.6)


def test_each_map_has_its_own_scale_and_a_constant_one_is_black():
    maps = np.float32([[[0, 1], [2, 4]], [[-3, -3], [-3, -2]], [[7, 7], [7, 7]]])
    assert own_scale(maps).tolist() == [[[0, 64], [128, 255]], [[0, 0], [0, 255]], [[0, 0], [0, 0]]]


@pytest.mark.parametrize(("numbers", "shape"), [(1, (1, 1)), (10, (1, 10)), (16, (1, 16)), (33, (3, 16)),
                                                (512, (16, 32)), (1024, (16, 64)), (5000, (79, 64))])
def test_a_vector_is_wrapped_in_order(numbers, shape):
    code = np.arange(1, numbers + 1, dtype=np.float32)
    strip = wrapped(code)
    assert strip.shape == shape and np.array_equal(strip.ravel()[:numbers], code) and not strip.ravel()[numbers:].any()


def test_the_plane_is_decoded_around_the_mean_code_and_its_axes_are_its_coordinates(session, tab):
    codes = codes_of(session)
    centred = codes - codes.mean(axis=0)
    rows = np.linalg.svd(centred, full_matrices=False)[2][:2]
    plane = tab._plane
    signs = np.sign((centred @ rows.T * plane.scores).sum(axis=0))
    first = codes.mean(axis=0) + (np.array([plane.x[0], plane.y[0]]) * signs) @ rows
    np.testing.assert_allclose(tiles(tab)[0], decoded(session, [first])[0], atol=2)
    assert tab.view.coordinates(0) == (pytest.approx(plane.x[0]), pytest.approx(plane.y[0]))
    assert plane.x[0] < plane.x[-1] and plane.y[0] > plane.y[-1], "y grows upwards"


def test_the_ring_stands_where_the_chosen_image_falls(session, tab):
    """In px: from the middle of the cells, which are at their coordinates."""
    plane, view = tab._plane, tab.view
    for cell in (0, 13, 143):
        middle = view.tiles.tile_rect(cell).translated(view.tiles.pos()).center()
        place = view.place(*view.coordinates(cell))
        assert abs(place.x() - middle.x()) < 1.5 and abs(place.y() - middle.y()) < 1.5
    own = codes_of(session, "test")[0] - codes_of(session).mean(axis=0)
    assert np.linalg.norm(plane.position) <= np.linalg.norm(own) + 1e-4


def test_a_click_shows_a_cell_large_with_its_coordinates(session, tab, qtbot):
    view = tab.view
    qtbot.mouseClick(view.tiles, Qt.MouseButton.LeftButton, pos=view.tiles.tile_rect(30).center())
    np.testing.assert_array_equal(picture(tab.cell), tiles(tab)[30])
    x, y = (float(part) for part in tab.cell.caption.strip("()").replace("−", "-").split(", "))
    assert (x, y) == (pytest.approx(tab._plane.x[6], rel=1e-2), pytest.approx(tab._plane.y[2], rel=1e-2))
    qtbot.keyClick(view.tiles, Qt.Key.Key_Right)
    np.testing.assert_array_equal(picture(tab.cell), tiles(tab)[31])
    session.shown.show_step(0)
    answered(qtbot, tab)
    assert view.tiles.selected == 31, "the chosen cell stays on the timeline"
    np.testing.assert_array_equal(picture(tab.cell), tiles(tab)[31])


def test_at_first_and_for_another_image_the_nearest_cell_is_chosen(session, tab, qtbot):
    for index in (0, 9):
        session.shown.choose_image("test", index)
        answered(qtbot, tab)
        x, y = tab.view.coordinates(tab.view.tiles.selected)
        distances = [abs(tab._plane.x - tab._plane.position[0]), abs(tab._plane.y - tab._plane.position[1])]
        assert abs(x - tab._plane.position[0]) == pytest.approx(distances[0].min())
        assert abs(y - tab._plane.position[1]) == pytest.approx(distances[1].min())


def test_two_dimensions_grid_cut_and_centre(session, tab, qtbot):
    codes = codes_of(session)
    controls = tab.controls
    controls.kind.setCurrentIndex(1)
    controls.across.setValue(3)
    controls.up.setValue(1)
    controls.grid.setValue(5)
    controls.cut.setValue(10)
    controls.through.setChecked(True)
    answered(qtbot, tab)
    plane = tab._plane
    np.testing.assert_allclose(plane.x, np.linspace(*np.quantile(codes[:, 3], [0.1, 0.9]), 5), rtol=1e-4)
    np.testing.assert_allclose(plane.y, np.linspace(*np.quantile(codes[:, 1], [0.9, 0.1]), 5), rtol=1e-4)
    corner = codes_of(session, "test")[0]
    corner[[3, 1]] = plane.x[4], plane.y[4]
    np.testing.assert_allclose(tiles(tab)[24], decoded(session, [corner])[0], atol=2)
    assert "Dimension 3" in tab._title(plane, 0) and "Dimension 1" in tab._title(plane, 1)
    assert controls.across.maximum() == 3


def test_directions_keep_their_sign_and_order_on_the_timeline(session, tab, qtbot):
    """Also when the snapshot's own directions would come out otherwise, which the turned last scores pretend."""
    own = tab._plane.scores
    tab.directions.keep(session.shown.snapshot.run, -own[:, ::-1])
    tab.questions.refresh()
    answered(qtbot, tab)
    before = tab._plane
    np.testing.assert_allclose(before.scores, -own[:, ::-1], atol=1e-4)
    assert before.explained[0] < before.explained[1]
    for step in (0, 4, 8):
        session.shown.show_step(step)
        answered(qtbot, tab)
        correlations = [np.corrcoef(before.scores[:, axis], tab._plane.scores[:, axis])[0, 1] for axis in (0, 1)]
        assert min(correlations) > 0
        before = tab._plane


def test_a_collapsed_code_is_said_and_the_directions_before_it_are_kept(session, tab, qtbot):
    """One snapshot's encoder gives every image the same code."""
    before = tab._plane
    path = session.shown.snapshots[-2].path
    weights = {name: value * (not name.startswith("encoder")) for name, value in runs.load_snapshot(path).items()}
    storage.write_tensors(path, weights, {})
    session.shown.show_step(session.shown.snapshots[-2].step)
    answered(qtbot, tab)
    assert tab._plane.pictures.shape == (1, 8, 8) and "does not vary" in tab._title(tab._plane, 0)
    run = session.shown.snapshot.run
    tab.directions.keep(run, -tab.directions.of(run))
    session.shown.go_live()
    answered(qtbot, tab)
    np.testing.assert_allclose(tab._plane.scores, -before.scores, atol=1e-4)


def test_codes_are_drawn_over_the_plane_on_request(session, tab):
    without = tab.view.grab().toImage()
    tab.controls.codes.click()
    assert tab.view.grab().toImage() != without
    tab.controls.codes.click()
    assert tab.view.grab().toImage() == without


def test_it_follows_the_timeline_only_while_visible(session, tab, qtbot):
    before = tab._plane
    tab.hide()
    session.shown.show_step(0)
    session.shown.choose_image("test", 3)
    assert not tab.questions.waits("plane") and tab._plane is before
    tab.show()
    answered(qtbot, tab)
    np.testing.assert_allclose(np.sort(tab._plane.x), tab._plane.x)
    assert not np.array_equal(tab._plane.pictures, before.pictures)
    np.testing.assert_array_equal(picture(tab.image), network(session)[1].test.images[3, 0].numpy())


def test_without_a_run_it_says_what_to_do(make_session, qtbot):
    tab = LatentTab(make_session())
    qtbot.addWidget(tab)
    tab.show()
    assert tab.stage.state == "empty"


def test_a_narrower_code_of_another_run_limits_the_dimensions(session, tab, recorded, qtbot):
    tab.controls.kind.setCurrentIndex(1)
    tab.controls.up.setValue(3)
    narrow = tiny(model__encoder=({"kind": "linear", "size": 1, "activation": "none"},))
    session.shown.show_run(runs.adopt(recorded(narrow), session.runs_dir))
    answered(qtbot, tab)
    assert tab.controls.up.maximum() == 0 and tab._plane.pictures.shape == (12, 8, 8)
    assert tab.stage.state == "ready" and tab.code.strip.caption == "Code of 1 numbers"


@pytest.mark.parametrize(("steps", "texts"), [
    (np.linspace(-1, 1, 5), ["−1.00", "−0.50", "0.00", "0.50", "1.00"]), (np.linspace(0, 400, 3), ["0", "200", "400"]),
    ([3.0], ["3.0"]), ([0.001, 0.002], ["0.0010", "0.0020"])])
def test_ticks_have_as_many_decimals_as_tell_them_apart(steps, texts):
    assert [text for _, text in ticks(steps)] == texts
