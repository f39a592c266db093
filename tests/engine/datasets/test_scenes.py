"""The built-in colour images: the same each time, balanced, told apart by more than chance, and lit."""

import hashlib

import numpy as np
import pytest

from engine import data
from engine.datasets import scenes
from engine.dataspec import CLASSES, IMAGE_SHAPES, Data


@pytest.fixture(scope="module")
def few():
    generator = np.random.Generator(np.random.PCG64(1))
    return scenes._some(generator, 200)


def test_they_are_colour_images_of_ten_classes_in_equal_shares(few):
    images, labels = few
    assert images.shape == (200, *(3, 96, 96)) and images.dtype == np.uint8
    assert np.bincount(labels).tolist() == [20] * 10 and len(scenes.NAMES) == CLASSES["shapes"]
    assert IMAGE_SHAPES["shapes"] == (3, scenes.SIDE)
    assert images.std(axis=(0, 2, 3)).min() > 30 and 60 < images.mean() < 190


def test_the_same_are_drawn_again_whatever_numpys_own_generator_does(few):
    np.random.seed(3)
    again = scenes._some(np.random.Generator(np.random.PCG64(1)), 200)
    np.testing.assert_array_equal(few[0], again[0])
    other = scenes._some(np.random.Generator(np.random.PCG64(2)), 200)
    assert (other[0] != few[0]).mean() > 0.5


def test_machines_whose_sines_differ_in_the_last_digits_draw_the_same(few, monkeypatch):
    for true in (np.cos, np.sin):
        monkeypatch.setattr(np, true.__name__, lambda x, true=true: true(x) * (1 + 4 * np.finfo(x.dtype).eps))
    again = scenes._some(np.random.Generator(np.random.PCG64(1)), 200)
    np.testing.assert_array_equal(few[0], again[0])
    assert hashlib.sha256(few[0].tobytes()).hexdigest()[:16] == "a322bf7eb1975868"


def test_every_shape_covers_some_of_its_image_and_none_all_of_it():
    grid = np.linspace(-1.5, 1.5, 90, dtype=np.float32)
    for name, shape in scenes.SHAPES.items():
        covered = (shape(grid[None, :], grid[:, None]) > 0).mean()
        assert 0.1 < covered < 0.6, name


def test_the_side_towards_the_light_is_brighter():
    labels = np.zeros(1, np.uint8)
    size, angle, shift = np.full((1, 1, 1), 0.5, np.float32), np.zeros((1, 1, 1), np.float32), [np.zeros((1, 1, 1))] * 2
    height = scenes._heights(labels, size, angle, shift, (0, 0))
    shade, glint = scenes._shading(height * size, [np.full((1, 1, 1), part) for part in (0.6, 0.0, 0.8)])
    assert shade[0, 48, 60] > shade[0, 48, 36] and glint[0].max() > 0.5


def test_the_data_set_is_there_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(scenes, "TRAINING", 60)
    monkeypatch.setattr(scenes, "TEST", 20)
    data.DATASETS["shapes"].__globals__["_drawn_shapes"].cache_clear()
    try:
        found = data.load(Data(dataset="shapes", image_size=32, seed=9), tmp_path / "nowhere")
        assert tuple(found.training.images.shape) == (54, 3, 32, 32) and len(found.test) == 20
        assert found.class_names == scenes.NAMES and data.status("shapes", tmp_path).state == "built in"
    finally:
        data.DATASETS["shapes"].__globals__["_drawn_shapes"].cache_clear()
