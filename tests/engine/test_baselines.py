"""PCA and the mean image, against a singular value decomposition of the training images and their projections."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from engine import baselines
from engine.answers import Progress
from tests.conftest import small_dataset


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(baselines, "_kept", {})


def with_code(*code):
    return SimpleNamespace(plan=SimpleNamespace(code=code))


def last(answers):
    found = list(answers)
    assert all(isinstance(it, Progress) for it in found[:-1])
    return found[-1]


def flat(split):
    return split.images.flatten(1).numpy().astype(float) / 255


@pytest.mark.parametrize("code", [(1,), (5,), (4, 2, 2)])
def test_the_error_of_held_out_images_is_that_of_their_projections(code):
    data = small_dataset(training=600, validation=70)
    training, validation = flat(data.training), flat(data.validation)
    mean, components = training.mean(0), int(np.prod(code))
    _, _, directions = np.linalg.svd(training - mean, full_matrices=False)
    projected = mean + (validation - mean) @ directions[:components].T @ directions[:components]
    found = last(baselines.baselines(with_code(*code), data))
    assert found.components == components and found.reason == ""
    assert found.pca_mse == pytest.approx(((projected - validation) ** 2).mean(), rel=1e-9)
    assert found.mean_mse == pytest.approx(((mean - validation) ** 2).mean(), rel=1e-9)


def test_a_code_as_large_as_the_image_has_no_pca_and_says_why():
    found = last(baselines.baselines(with_code(64), small_dataset()))
    assert found.pca_mse is None and "64 numbers" in found.reason


def test_pictures_and_errors_of_chosen_images():
    data = small_dataset()
    found = last(baselines.substitutes(with_code(63), data, "validation", [3, 1]))
    images = flat(data.validation)[[3, 1]]
    assert found.indices.tolist() == [3, 1] and found.pca.shape == found.mean_image.shape == (2, 8, 8)
    mean = flat(data.training).mean(0)
    np.testing.assert_allclose(found.mean_mse, ((images - mean) ** 2).mean(1), rtol=1e-5)
    assert (found.pca_mse < found.mean_mse).all()
    assert np.abs(found.mean_image[0].astype(int) - mean.reshape(8, 8) * 255).max() <= 0.5 + 1e-9
    assert last(baselines.substitutes(with_code(64), data, "validation", [0])).pca is None


def test_one_decomposition_serves_every_code_size():
    data = small_dataset(training=600)
    assert len(list(baselines.baselines(with_code(3), data))) > 1
    assert len(list(baselines.baselines(with_code(9), data))) == 1, "it is computed once for each data set"
