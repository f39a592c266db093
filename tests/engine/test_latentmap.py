"""The map's codes against independent computations, their order, the directions they keep, and what t-SNE refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine import explore, latentmap, model, tsne
from engine.answers import Progress, QuestionError
from tests.conftest import small_dataset


@pytest.fixture(scope="module")
def data():
    return small_dataset(training=300, validation=200)


@pytest.fixture(scope="module")
def network(tiny):
    torch.manual_seed(0)
    return model.build(tiny).eval()


def last(answers):
    return list(answers)[-1]


def codes(network, images):
    with torch.no_grad():
        return network.encode(images.float() / 255).flatten(1).double().numpy()


def test_two_dimensions_are_the_codes_numbers_in_the_order_of_the_map(network, data):
    found = last(explore.codes_map(network, data, "training", 120, (3, 1)))
    own = codes(network, data.training.images)[found.indices]
    np.testing.assert_allclose(found.points, own[:, [3, 1]], atol=1e-5)
    assert found.complete and len(set(found.indices.tolist())) == 120 and found.explained is None
    assert found.labels.tolist() == data.training.labels.numpy()[found.indices].tolist()


def test_principal_directions_span_the_largest_variance_of_the_fixed_images(network, data):
    found = last(explore.codes_map(network, data, "test", 16))
    fixed = codes(network, data.validation.images)
    rows = np.linalg.svd(fixed - fixed.mean(axis=0), full_matrices=False)[2][:2]
    own = (codes(network, data.test.images)[found.indices] - fixed.mean(axis=0)) @ rows.T
    np.testing.assert_allclose(np.abs(found.points), np.abs(own), atol=1e-4)


def test_answers_grow_and_earlier_points_stay_as_they_were(network, data):
    answers = explore.codes_map(network, data, "training", 300, (0, 1))
    parts = [part for part in answers if not isinstance(part, Progress)]
    sizes = [len(part.points) for part in parts]
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1] == 300 and len(parts) > 2
    assert [part.complete for part in parts] == [False] * (len(parts) - 1) + [True]
    np.testing.assert_array_equal(parts[0].points, parts[-1].points[:sizes[0]])


def test_fewer_images_are_the_first_of_more_and_the_order_is_that_of_every_snapshot(data):
    many, few = latentmap.map_indices(data, "training", 60_000), latentmap.map_indices(data, "training", 20)
    assert len(many) == 300 and many[:20].tolist() == few.tolist() and sorted(many.tolist()) == list(range(300))


def test_directions_follow_those_of_the_snapshot_before(network, data):
    own = last(explore.codes_map(network, data, "training", 300))
    turned = last(explore.codes_map(network, data, "training", 300, "pca", -own.anchors[:, ::-1]))
    np.testing.assert_allclose(turned.points, -own.points[:, ::-1], atol=1e-5)
    assert turned.explained == own.explained[::-1]


def test_a_map_that_was_asked_before_comes_at_once(network, data):
    first = last(explore.codes_map(network, data, "training", 300))
    again = [part for part in explore.codes_map(network, data, "training", 300) if not isinstance(part, Progress)]
    assert len(again) == 1 and again[0].complete
    np.testing.assert_array_equal(again[0].points, first.points)


def test_an_image_has_its_place_on_the_map(network, data):
    found = last(explore.codes_map(network, data, "training", 300))
    place = last(explore.map_place(network, data, "training", int(found.indices[7])))
    np.testing.assert_allclose((place.x, place.y), found.points[7], atol=1e-4)


def test_thumbnails_are_the_images(network, data):
    found = explore.thumbnails(network, data, "training", [5, 2])
    np.testing.assert_array_equal(found.images, data.training.images[[5, 2], 0].numpy())


@pytest.mark.parametrize("question", [
    lambda network, data: last(explore.codes_map(network, data, "training", 10, (0, 8))),
    lambda network, data: last(explore.map_place(network, data, "training", 300)),
    lambda network, data: explore.thumbnails(network, data, "test", [-1]),
    lambda network, data: last(explore.tsne_map(network, data, "test", 16)),
])
def test_what_is_not_there_is_refused_with_the_remedy(network, data, question):
    with pytest.raises(QuestionError, match="Choose"):
        question(network, data)


def test_tsne_of_more_than_it_takes_is_refused_and_without_scikit_learn_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(tsne, "available", lambda: True)
    with pytest.raises(QuestionError, match="up to 10,000"):
        tsne.check(10_001, 30, latentmap.LARGEST_TSNE)
    monkeypatch.setattr(tsne, "available", lambda: False)
    with pytest.raises(QuestionError, match="pip install scikit-learn"):
        tsne.check(500, 30, latentmap.LARGEST_TSNE)


def test_tsne_tells_three_heaps_apart_piece_by_piece_and_always_alike(monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(tsne, "ITERATIONS", 350)
    rng = np.random.default_rng(1)
    heaps = np.repeat(np.arange(3), 60)
    points = rng.standard_normal((3, 20))[heaps] * 4 + rng.standard_normal((180, 20))
    runs = [list(tsne.embedded(points, points[:, :2], 20)) for _ in range(2)]
    shares = [done for _, done in runs[0]]
    assert shares == sorted(shares) and shares[-1] == 1 and len(shares) > 300
    found = runs[0][-1][0]
    np.testing.assert_array_equal(found, runs[1][-1][0])
    centres = np.stack([found[heaps == heap].mean(axis=0) for heap in range(3)])
    nearest = np.linalg.norm(found[:, None] - centres, axis=2).argmin(axis=1)
    assert (nearest == heaps).mean() > 0.98


def test_equal_codes_have_a_map_too(monkeypatch):
    """A collapsed encoder: no distances, no directions."""
    pytest.importorskip("sklearn")
    monkeypatch.setattr(tsne, "ITERATIONS", 5)
    found = list(tsne.embedded(np.ones((40, 3)), np.zeros((40, 2)), 5))[-1][0]
    assert found.shape == (40, 2) and np.isfinite(found).all()


def test_one_can_stop_tsne_before_and_after_each_slow_part(monkeypatch):
    pytest.importorskip("sklearn")
    reduced = []
    monkeypatch.setattr(tsne, "_reduced", lambda codes: reduced.append(True) or codes)
    codes = np.random.default_rng(0).standard_normal((60, 3))
    answers = tsne.embedded(codes, codes[:, :2], 5.0)
    before = len(tsne.IMPORTED) + 1
    assert [next(answers) for _ in range(before)] == [(None, 0.0)] * before and not reduced
    assert next(answers) == (None, 0.0) and reduced
    answers.close()
