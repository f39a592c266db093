"""The map in the latent tab: which images lie where, what a click, a lasso and the timeline do, and t-SNE."""

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt

from engine import data, model, runs, tsne
from gui.latent.map_controls import TSNE_ITEM
from gui.plots import export
from gui.tabs.latent import MAP, LatentTab
from tests.gui.conftest import trained
from tests.gui.tabs.conftest import network


@pytest.fixture
def session(looking):
    return looking()


@pytest.fixture
def tab(session, opened, qtbot):
    result = opened(LatentTab, session, (1200, 700))
    result.mode.button(MAP).click()
    mapped(qtbot, result)
    return result


def mapped(qtbot, tab):
    """Wait until the map is complete and nothing is under way."""
    page = tab.map
    keys = ("contents", "codes", "place", "thumbs", "thumb", "inside")
    qtbot.waitUntil(lambda: page.map is not None and page.map.complete
                    and not any(page.questions.waits(key) for key in keys), timeout=20_000)


def codes_of(session, split="test"):
    autoencoder, images = network(session)
    with torch.no_grad():
        return autoencoder.encode(images.split(split).images.float() / 255).flatten(1).double().numpy()


def network_data(session):
    return data.load(session.shown.experiment.data, session.data_dir)


def at(tab, row):
    """Where a point lies in the cloud, in px."""
    room, (x, y) = tab.map.cloud.room, tab.map.cloud.px[row]
    return QPoint(round(room.left() + x), round(room.top() + y))


def lonely(tab):
    """Rows of points that are the nearest to their own place."""
    cloud = tab.map.cloud
    return [row for row in range(len(cloud.points)) if cloud.nearest(at(tab, row).x(), at(tab, row).y()) == row]


def around(tab, qtbot, low, high):
    """Draw the lasso around a box of the plane, with Shift."""
    cloud = tab.map.cloud
    (left, top), (right, bottom) = cloud.view.px(np.array([[low[0], high[1]], [high[0], low[1]]]))
    offset = cloud.room.topLeft()
    places = [QPoint(round(x + offset.x()), round(y + offset.y()))
              for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))]
    shift = Qt.KeyboardModifier.ShiftModifier
    qtbot.mousePress(cloud, Qt.MouseButton.LeftButton, shift, places[0])
    for place in places[1:]:
        qtbot.mouseMove(cloud, place)
    qtbot.mouseRelease(cloud, Qt.MouseButton.LeftButton, shift, places[-1])


def test_the_codes_of_the_split_lie_on_its_principal_directions(session, tab):
    page, fixed = tab.map, codes_of(session, "validation")
    fixed = fixed[np.linspace(0, len(fixed) - 1, 1000).round().astype(int)]
    rows = np.linalg.svd(fixed - fixed.mean(axis=0), full_matrices=False)[2][:2]
    own = (codes_of(session)[page.map.indices] - fixed.mean(axis=0)) @ rows.T
    np.testing.assert_allclose(np.abs(page.cloud.points), np.abs(own), atol=1e-3)
    assert "of the variance" in page.cloud.titles[0] and page.stage.state == "ready"
    assert len(page.legend.buttons) == 10 and not tab.plane.isVisible() and page.isVisible()


def test_two_dimensions_and_more_images(session, tab, qtbot):
    controls = tab.map.controls
    controls.kind.setCurrentIndex(1)
    controls.across.setValue(3)
    controls.up.setValue(2)
    controls.split.setCurrentIndex(2)
    mapped(qtbot, tab)
    now = tab.map.map
    assert now.split == "training" and sorted(now.indices.tolist()) == list(range(200))
    np.testing.assert_allclose(now.points, codes_of(session, "training")[now.indices][:, [3, 2]], atol=1e-4)
    assert "Dimension 3" in tab.map.cloud.titles[0]


def test_a_click_chooses_the_image_for_every_tab_and_the_ring_marks_it(session, tab, qtbot):
    row = lonely(tab)[3]
    qtbot.mouseClick(tab.map.cloud, Qt.MouseButton.LeftButton, pos=at(tab, row))
    assert (session.shown.split, session.shown.image) == ("test", int(tab.map.map.indices[row]))
    np.testing.assert_allclose(tab.map.cloud.rings[0][1:], tab.map.map.points[row], atol=1e-6)


def test_an_image_that_is_not_on_the_map_is_marked_too(session, tab, qtbot):
    session.shown.choose_image("training", 5)
    mapped(qtbot, tab)
    place = np.array(tab.map.cloud.rings[0][1:])
    tab.map.controls.split.setCurrentIndex(2)
    mapped(qtbot, tab)
    row = int(np.flatnonzero(tab.map.map.indices == 5)[0])
    np.testing.assert_allclose(tab.map.map.points[row], place, atol=1e-3)


@pytest.mark.parametrize("by_shift", [True, False])
def test_two_clicks_choose_the_pair(session, tab, qtbot, by_shift):
    rows, cloud = lonely(tab)[2:4], tab.map.cloud
    if not by_shift:
        tab.map.controls.pair.click()
    modifier = Qt.KeyboardModifier.ShiftModifier if by_shift else Qt.KeyboardModifier.NoModifier
    before = session.shown.image
    for row in rows:
        qtbot.mouseClick(cloud, Qt.MouseButton.LeftButton, modifier, at(tab, row))
    left, right = (("test", int(tab.map.map.indices[row])) for row in rows)
    assert session.shown.pair == (left, right) and session.shown.image == before
    assert [ring[0] for ring in cloud.rings[-2:]] == ["Left", "Right"]


def test_the_lasso_lists_counts_per_class_and_images_and_they_go_to_a_file(session, tab, qtbot, tmp_path):
    page, points = tab.map, tab.map.map.points
    low, high = np.quantile(points, 0.3, axis=0), np.quantile(points, 0.7, axis=0)
    around(tab, qtbot, low, high)
    mapped(qtbot, tab)
    found = page.inside.found
    inside = ((points > low + 0.02) & (points < high - 0.02)).all(axis=1)
    assert set(page.map.indices[inside].tolist()) <= set(found.indices.tolist()) and page.inside.isVisible()
    assert len(found.indices) <= ((points > low - 0.02) & (points < high + 0.02)).all(axis=1).sum()
    labels = network(session)[1].test.labels.numpy()
    name, own = page.inside.counts.item(0, 0).text(), page.inside.counts.item(0, 1).text()
    label = page.cloud.names.index(name)
    assert own == f"{(labels[found.indices] == label).sum():,} of {(labels[page.map.indices] == label).sum():,}"
    assert len(page.inside.tiles) == min(120, len(found.indices))
    export.save(page.inside, tmp_path / "inside.csv")
    rows = (tmp_path / "inside.csv").read_text("utf-8-sig").splitlines()
    assert len(rows) == max(len(found.indices), len(found.counts())) + 1 and rows[0].startswith("split,image,x,y,class")
    assert rows[1].split(",")[:2] == ["test", str(found.indices[0])]
    page.cloud.setFocus()
    qtbot.keyClick(page.cloud, Qt.Key.Key_Escape)
    assert not page.inside.isVisible() and page.cloud.chosen_rows is None


def test_the_same_images_stay_listed_on_the_timeline_and_the_points_move(session, tab, qtbot):
    points = tab.map.map.points
    around(tab, qtbot, points.min(axis=0), np.median(points, axis=0))
    mapped(qtbot, tab)
    listed = tab.map.inside.found.indices
    session.shown.show_step(0)
    mapped(qtbot, tab)
    assert tab.map.inside.found.indices.tolist() == listed.tolist() and tab.map.inside.isVisible()
    assert not np.allclose(tab.map.map.points, points)
    np.testing.assert_allclose(np.sort(tab.map.inside.found.points, axis=0),
                               np.sort(tab.map.map.points[np.isin(tab.map.map.indices, listed)], axis=0))


def test_directions_keep_their_sign_from_plane_to_map_and_on_the_timeline(session, tab, qtbot):
    own = tab.map.map
    tab.directions.keep(session.shown.snapshot.run, -own.anchors)
    tab.map.questions.refresh()
    qtbot.waitUntil(lambda: np.allclose(tab.map.map.points, -own.points, atol=1e-4), timeout=20_000)
    for step in (4, 8):
        before = tab.map.map.anchors
        session.shown.show_step(step)
        mapped(qtbot, tab)
        assert min(np.corrcoef(before[:, axis], tab.map.map.anchors[:, axis])[0, 1] for axis in (0, 1)) > 0


def test_near_points_are_images_and_the_mouse_says_which(session, tab, qtbot):
    cloud = tab.map.cloud
    while len(cloud.in_view) > 60:
        cloud.look(cloud.view.zoomed(1.2, cloud.view.width / 2, cloud.view.height / 2))
    mapped(qtbot, tab)
    images = network(session)[1].test.images
    assert set(cloud.images) == set(cloud.in_view.tolist())
    row = next(row for row in cloud.in_view.tolist() if cloud.nearest(at(tab, row).x(), at(tab, row).y()) == row)
    np.testing.assert_array_equal(cloud.images[row], images[int(tab.map.map.indices[row]), 0].numpy())
    qtbot.mouseMove(cloud, at(tab, row))
    index = int(tab.map.map.indices[row])
    assert cloud.card.lines[0] == f"Image {index} · {tab.map.questions.contents.class_of('test', index)}"
    np.testing.assert_array_equal(cloud.card.image, images[index, 0].numpy())


def test_a_class_is_hidden_by_a_click_on_its_name(tab, qtbot):
    tab.map.legend.buttons[3].click()
    assert 3 not in tab.map.cloud.labels[tab.map.cloud.shown_rows]
    tab.map.legend.buttons[3].click()
    assert 3 in tab.map.cloud.labels[tab.map.cloud.shown_rows]


def test_it_asks_only_while_it_is_shown(session, tab, qtbot):
    tab.show_mode(0)
    before = tab.map.map
    session.shown.show_step(0)
    assert not tab.map.questions.waits("codes") and tab.map.map is before
    tab.show_mode(MAP)
    qtbot.waitUntil(lambda: tab.map.map is not before and tab.map.map.complete, timeout=20_000)


def test_it_moves_while_it_trains_and_ends_with_the_newest_snapshot(looking, opened, qtbot):
    session = looking(train__epochs=3)
    tab = opened(LatentTab, session, (1200, 700))
    tab.show_mode(MAP)
    tab.map.controls.kind.setCurrentIndex(1)
    mapped(qtbot, tab)
    run = session.shown.run
    trained(qtbot, session)
    assert session.shown.run.folder != run.folder and session.shown.live
    step = session.shown.snapshot.step
    qtbot.waitUntil(lambda: tab.map._map_of == (session.shown.run.folder, step) and tab.map.map.complete,
                    timeout=20_000)
    snapshot = session.shown.snapshot
    weights = snapshot.weights if snapshot.path is None else runs.load_snapshot(snapshot.path)
    autoencoder = model.from_weights(session.shown.experiment, weights)
    images = network_data(session).test.images[torch.from_numpy(tab.map.map.indices)]
    with torch.no_grad():
        np.testing.assert_allclose(tab.map.map.points, autoencoder.encode(images.float() / 255)[:, :2], atol=1e-4)


def test_tsne_has_progress_and_cancel_and_is_not_computed_anew_by_itself(session, tab, qtbot, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(tsne, "ITERATIONS", 40)
    controls, page = tab.map.controls, tab.map
    controls.count.setCurrentIndex(0)
    controls.split.setCurrentIndex(2)
    mapped(qtbot, tab)
    controls.kind.setCurrentIndex(TSNE_ITEM)
    assert controls.stop.isVisible() and not controls.compute.isVisible()
    qtbot.waitUntil(lambda: page.map.axes is None and page.map.complete, timeout=30_000)
    qtbot.waitUntil(lambda: not page.questions.waits("codes"))
    assert controls.compute.isVisible() and not controls.compute.isEnabled() and "step 8" in page.note.text()
    points = page.map.points
    session.shown.show_step(0)
    assert not page.questions.waits("codes") and page.map.points is points and controls.compute.isEnabled()
    monkeypatch.setattr(tsne, "ITERATIONS", 100_000)
    controls.compute.click()
    assert controls.stop.isVisible()
    qtbot.waitUntil(lambda: page.map.points is not points, timeout=30_000)
    controls.stop.click()
    assert not page.questions.waits("codes") and controls.compute.isEnabled() and not page.map.complete


def test_without_scikit_learn_tsne_is_disabled_and_says_the_command(session, opened, monkeypatch):
    monkeypatch.setattr(tsne, "available", lambda: False)
    controls = opened(LatentTab, session).map.controls
    item = controls.kind.model().item(TSNE_ITEM)
    assert not item.isEnabled() and "pip install scikit-learn" in item.toolTip()


def test_a_code_of_one_number_and_a_damaged_snapshot(looking, opened, qtbot):
    session = looking(model__encoder=({"kind": "linear", "size": 1, "activation": "none"},))
    tab = opened(LatentTab, session, (1200, 700))
    tab.show_mode(MAP)
    mapped(qtbot, tab)
    assert tab.map.stage.state == "ready" and "does not vary" in tab.map.cloud.titles[1]
    tab.map.cloud.grab()
    before = tab.map.map
    session.shown.snapshots[0].path.write_bytes(b"damaged")
    session.shown.show_step(0)
    qtbot.waitUntil(lambda: tab.map.stage.state == "failed", timeout=20_000)
    assert tab.map.map is before, "what was shown stays"


def test_another_run_begins_a_map_of_its_own(session, tab, recorded, qtbot):
    from tests.gui.conftest import tiny

    other = tiny(model__encoder=({"kind": "linear", "size": 3, "activation": "none"},))
    tab.map.controls.kind.setCurrentIndex(1)
    tab.map.controls.across.setValue(3)
    mapped(qtbot, tab)
    session.shown.show_run(runs.adopt(recorded(other), session.runs_dir))
    mapped(qtbot, tab)
    assert tab.map.controls.across.maximum() == 2 and tab.map.stage.state == "ready"


def test_a_classifier_has_a_map_and_no_plane(session, tab, recorded, qtbot):
    from tests.gui.conftest import tiny
    from tests.gui.tabs.conftest import LINEAR

    scratch = tiny(**LINEAR, task="classifier", classifier__strategy="scratch")
    tab.show_mode(0)
    session.shown.show_run(runs.adopt(recorded(scratch), session.runs_dir))
    qtbot.waitUntil(lambda: tab.mode.checkedId() == MAP and not tab.questions.waits("code"), timeout=20_000)
    mapped(qtbot, tab)
    assert tab.stage.state == tab.map.stage.state == "ready"
    assert not tab.mode.button(0).isEnabled() and not tab.output.isVisible()
    assert "no decoder" in tab.mode.button(0).toolTip()
    assert tab.code.strip.caption == "Code of 4 numbers"


def test_the_plane_comes_back_after_a_classifier_only_where_it_was_shown(session, tab, recorded, qtbot):
    from tests.gui.conftest import tiny
    from tests.gui.tabs.conftest import LINEAR

    autoencoder = session.shown.run
    scratch = runs.adopt(recorded(tiny(**LINEAR, task="classifier", classifier__strategy="scratch")), session.runs_dir)
    for mode in (0, MAP):
        tab.show_mode(mode)
        session.shown.show_run(scratch)
        qtbot.waitUntil(lambda: not tab.mode.button(0).isEnabled(), timeout=20_000)
        assert tab.mode.checkedId() == MAP
        session.shown.show_run(autoencoder)
        qtbot.waitUntil(lambda: tab.mode.button(0).isEnabled(), timeout=20_000)
        assert tab.mode.checkedId() == mode and "no decoder" not in tab.mode.button(0).toolTip()
        qtbot.waitUntil(lambda: not any(map(tab.questions.waits, ("contents", "code", "plane"))), timeout=20_000)


def test_an_image_that_tsne_left_out_has_no_ring(session, tab, qtbot, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(tsne, "ITERATIONS", 5)
    session.shown.choose_image("training", 3)
    mapped(qtbot, tab)
    assert tab.map.cloud.rings
    tab.map.controls.kind.setCurrentIndex(TSNE_ITEM)
    qtbot.waitUntil(lambda: tab.map.map.axes is None and tab.map.map.complete, timeout=30_000)
    assert not tab.map.cloud.rings
