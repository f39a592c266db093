"""Precision, recall and F1 per class, against scikit-learn and by hand."""

import numpy as np
import pytest

from engine.metrics import per_class


def test_per_class_agrees_with_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 10, 2_000)
    guesses = np.where(generator.random(2_000) < 0.6, labels, generator.integers(0, 10, 2_000))
    found = per_class(sklearn.confusion_matrix(labels, guesses))
    precision, recall, f1, _ = sklearn.precision_recall_fscore_support(labels, guesses)
    np.testing.assert_allclose(found.precision, precision)
    np.testing.assert_allclose(found.recall, recall)
    np.testing.assert_allclose(found.f1, f1)


def test_per_class_by_hand():
    found = per_class(np.array([[3, 1, 0], [2, 4, 0], [0, 0, 0]]))
    np.testing.assert_allclose(found.precision, [3 / 5, 4 / 5, np.nan])
    np.testing.assert_allclose(found.recall, [3 / 4, 4 / 6, np.nan])
    np.testing.assert_allclose(found.f1, [2 * 3 / 9, 2 * 4 / 11, np.nan])


def test_a_class_that_is_never_guessed_has_no_precision_and_an_f1_of_nothing():
    found = per_class(np.array([[0, 5], [0, 5]]))
    assert np.isnan(found.precision[0]) and (found.recall[0], found.f1[0]) == (0, 0)
