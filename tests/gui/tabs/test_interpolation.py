"""Between two images: the slider, the rows of ten, the paths, playing and saving."""

import numpy as np
import PIL.Image
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog

from engine import runs, storage
from gui.plots import export
from gui.tabs.interpolation import InterpolationTab
from gui.widgets import way
from tests.gui.tabs.conftest import answered, network
from tests.gui.tabs.test_latent import codes_of, decoded, picture


@pytest.fixture
def session(looking):
    return looking()


@pytest.fixture
def tab(session, opened, qtbot):
    tab = opened(InterpolationTab, session)
    session.shown.choose_pair(("test", 5), ("training", 8))
    answered(qtbot, tab)
    return tab


def ends(session):
    """The two images, uint8 (2, H, W), and their codes (2, d)."""
    autoencoder, images = network(session)
    (split_a, a), (split_b, b) = session.shown.pair
    pair = torch.stack([images.split(split_a).images[a], images.split(split_b).images[b]])
    with torch.no_grad():
        return pair[:, 0].numpy(), autoencoder.encode(pair.float() / 255).double().numpy()


def row(tiles):
    """A row's pictures, (10, H, W)."""
    columns = dict(tiles.numbers())
    return columns["value"].reshape(columns["image"].max() + 1, columns["row"].max() + 1, -1)


def button(tab, text):
    return next(choice for choice in tab.paths.buttons() if choice.text() == text)


def test_the_rows_mix_i_tenths_of_the_right_image_with_the_rest_of_the_left(session, tab):
    images, (left, right) = ends(session)
    t = np.arange(1, 11)[:, None] / 10
    np.testing.assert_allclose(row(tab.strip), decoded(session, t * right + (1 - t) * left), atol=1)
    pixels = t[:, :, None] * images[1] + (1 - t[:, :, None]) * images[0]
    np.testing.assert_allclose(row(tab.fade), pixels, atol=0.51)
    np.testing.assert_array_equal(picture(tab.left.picture), images[0])
    np.testing.assert_array_equal(picture(tab.right.picture), images[1])
    name = tab.questions.contents.class_of("training", 8)
    assert tab.right.picture.caption == f"Right · {name}"


@pytest.mark.parametrize("t", [0.0, 0.25, 1.0])
def test_the_slider_decodes_where_it_is(session, tab, qtbot, t):
    tab.way.slider.setValue(round(t * way.FINE))
    answered(qtbot, tab)
    _, (left, right) = ends(session)
    np.testing.assert_allclose(picture(tab.blend), decoded(session, [t * right + (1 - t) * left])[0], atol=1)
    assert tab.blend.caption == f"{t:.3f}" and tab.way.exact.value() == t


def test_while_the_slider_moves_the_newest_place_wins_and_the_old_picture_stays(session, tab, qtbot):
    seen = []
    tab.questions.answered.connect(lambda key, answer: seen.append(answer.t) if key == "blend" else None)
    before = picture(tab.blend)
    for value in range(0, way.FINE + 1, 10):
        tab.way.slider.setValue(value)
        np.testing.assert_array_equal(picture(tab.blend), before)
    answered(qtbot, tab)
    assert seen == [1.0]


def test_the_exact_value_moves_the_slider_and_asks_once(session, tab, qtbot, monkeypatch):
    asked = []
    ask = session.shown.ask
    monkeypatch.setattr(session.shown, "ask", lambda *arguments: asked.append(arguments) or ask(*arguments))
    tab.way.exact.setValue(0.125)
    assert tab.way.slider.value() == 125 and len(asked) == 1 and asked[0][-1] == 0.125


def test_arrow_keys_move_the_slider(tab, qtbot):
    key = Qt.Key
    for pressed, expected in ((key.Key_Right, 0.51), (key.Key_Left, 0.5), (key.Key_PageUp, 0.6), (key.Key_End, 1.0),
                              (key.Key_Home, 0.0)):
        qtbot.keyClick(tab.way.slider, pressed)
        assert tab.way.t == pytest.approx(expected)


def test_a_picture_of_the_rows_moves_the_slider_there_and_is_outlined(tab, qtbot):
    qtbot.mouseClick(tab.strip, Qt.MouseButton.LeftButton, pos=tab.strip.tile_rect(2).center())
    assert tab.way.t == pytest.approx(0.3) and tab.strip.selected == tab.fade.selected == 2
    tab.way.exact.setValue(0.33)
    assert tab.strip.selected == tab.fade.selected == -1
    tab.way.exact.setValue(0.0)
    assert tab.strip.selected == -1


def test_the_spherical_path_turns_one_code_into_the_other(session, tab, qtbot):
    weights = runs.load_snapshot(session.shown.snapshot.path)
    weights["encoder.0.linear.bias"] -= torch.from_numpy(codes_of(session).mean(axis=0)).float()
    storage.write_tensors(session.shown.snapshot.path, weights, {})  # codes that lie all around zero
    codes = codes_of(session, "test")[:300]
    units = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    a, b = np.unravel_index(np.abs(units @ units.T).argmin(), (300, 300))  # a right angle
    session.shown.choose_pair(("test", int(a)), ("test", int(b)))
    answered(qtbot, tab)
    straight = picture(tab.blend).astype(int)
    button(tab, "Spherical").click()
    answered(qtbot, tab)
    left, right = codes[a], codes[b]
    angle, t = np.arccos(units[a] @ units[b]), np.arange(1, 11)[:, None] / 10
    arc = (np.sin((1 - t) * angle) * left + np.sin(t * angle) * right) / np.sin(angle)
    np.testing.assert_allclose(row(tab.strip), decoded(session, arc), atol=1)
    np.testing.assert_allclose(picture(tab.blend), decoded(session, arc[4:5])[0], atol=1)
    assert np.abs(picture(tab.blend) - straight).max() > 2  # grey levels, twice what is tolerated above


def test_play_goes_to_and_fro_from_where_it_is(tab):
    """By the clock, so that a late frame skips ahead and does not slow it down."""

    class Clock:
        now_ms = 0

        def start(self):
            self.now_ms = 0

        def elapsed(self):
            return self.now_ms

    tab.way._clock = Clock()
    tab.way.play.click()
    places = []
    for tenths in (0, 2, 5, 7, 12, 15, 17, 35):
        tab.way._clock.now_ms = tenths * way.CROSSING_MS / 10
        tab.way._tick()
        places.append(tab.way.t)
    assert places == pytest.approx([0.5, 0.7, 1.0, 0.8, 0.3, 0.0, 0.2, 0.0])
    tab.way.stop()


def test_play_moves_by_itself_and_stops_when_hidden(tab, qtbot):
    with qtbot.waitSignal(tab.way.moved, timeout=10_000):
        tab.way.play.click()
    assert tab.way.playing
    tab.hide()
    assert not tab.way.playing and not tab.way.play.isChecked()


def test_to_choose_a_place_stops_playing(tab, qtbot):
    tab.way.play.click()
    qtbot.mouseClick(tab.fade, Qt.MouseButton.LeftButton, pos=tab.fade.tile_rect(9).center())
    assert not tab.way.playing and tab.way.t == 1.0
    tab.way.play.click()
    tab.way.slider.sliderPressed.emit()
    assert not tab.way.playing


def test_images_are_chosen_by_index_class_and_random(session, tab, qtbot):
    tab.left.picker.chosen.emit("test", 12)
    assert session.shown.pair == (("test", 12), ("training", 8))
    split, label = tab.right.picker.findChildren(QComboBox)
    label.setCurrentIndex(4)  # class 3
    label.activated.emit(4)
    right = session.shown.pair[1]
    assert right[0] == "training" and tab.questions.contents.labels["training"][right[1]] == 3
    tab.right.picker.draw()
    answered(qtbot, tab)
    assert tab.questions.contents.labels["training"][session.shown.pair[1][1]] == 3
    np.testing.assert_array_equal(picture(tab.right.picture), ends(session)[0][1])
    split.setCurrentIndex(split.findData("test"))
    split.activated.emit(split.currentIndex())
    assert session.shown.pair[1][0] == "test"


def test_a_pair_picked_elsewhere_is_shown(session, tab, qtbot):
    session.shown.choose_pair(("validation", 2), ("test", 3))
    answered(qtbot, tab)
    assert (tab.left.picker.split, tab.left.picker.index) == ("validation", 2)
    np.testing.assert_array_equal(picture(tab.left.picture), ends(session)[0][0])


def test_it_follows_the_timeline_only_while_visible(session, tab, qtbot):
    before = row(tab.strip)
    tab.hide()
    session.shown.show_step(0)
    tab.way.exact.setValue(0.7)
    tab.show()
    answered(qtbot, tab)
    assert not np.array_equal(row(tab.strip), before)
    _, (left, right) = ends(session)
    np.testing.assert_allclose(picture(tab.blend), decoded(session, [0.7 * right + 0.3 * left])[0], atol=1)


def test_rows_and_animation_are_saved(session, tab, qtbot, tmp_path):
    with qtbot.waitSignal(export.notices().saved) as saved:
        tab.saving.save(tmp_path / "rows.png")
    assert saved.args == ["Saved rows.png."]
    sheet = PIL.Image.open(tmp_path / "rows.png")
    assert sheet.size == (10 * 114 + 2, 3 * 114 + 2)  # 8 pixels, 14 times as large, 2 between
    np.testing.assert_array_equal(np.asarray(sheet)[2 + 114:2 + 114 + 112:14, 2:114:14], row(tab.strip)[0])
    with qtbot.waitSignal(export.notices().saved):
        tab.saving.save(tmp_path / "way.gif")
    film = PIL.Image.open(tmp_path / "way.gif")
    assert film.n_frames > 20
    first = np.asarray(film.convert("L"))[::28, ::28]
    np.testing.assert_allclose(first, decoded(session, ends(session)[1][:1])[0], atol=2)


def test_a_file_that_cannot_be_written_is_said_and_nothing_is_lost(tab, qtbot, tmp_path):
    (tmp_path / "file").write_text("old")
    with qtbot.waitSignal(export.notices().failed) as failed:
        tab.saving.save(tmp_path / "file" / "rows.png")
    assert "Could not write rows.png" in failed.args[0]
    assert (tmp_path / "file").read_text() == "old"


def test_without_a_run_it_says_what_to_do(make_session, qtbot):
    tab = InterpolationTab(make_session())
    qtbot.addWidget(tab)
    tab.show()
    assert tab.stage.state == "empty"


@pytest.mark.parametrize(("typed", "written"), [
    ("way", "way.gif"), ("way.gif", "way.gif"), ("way.png", "way.gif"), ("run.2", "run.2.gif"),
    ("taken", "taken 2.gif")])
def test_a_file_has_the_kind_that_was_chosen_and_replaces_no_other(tab, qtbot, tmp_path, monkeypatch, typed, written):
    (tmp_path / "taken.gif").write_text("somebody's")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / typed), ""))
    with qtbot.waitSignal(export.notices().saved, timeout=20_000):
        tab.saving.button.menu().actions()[1].trigger()
    assert PIL.Image.open(tmp_path / written).format == "GIF"
    assert (tmp_path / "taken.gif").read_text() == "somebody's"
