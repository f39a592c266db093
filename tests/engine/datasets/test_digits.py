"""The built-in digits: the same everywhere, balanced, legible, neither trivial nor out of reach for a small network."""

import hashlib
import subprocess
import sys
import time

import numpy as np
import pytest

from engine.datasets import digits


@pytest.fixture(scope="module")
def drawn():
    return digits.draw()


def test_they_are_the_same_on_every_machine(drawn):
    """Whoever changes a pixel changes every run trained on them: raise digits.VERSION with this sum."""
    digest = hashlib.sha256()
    for images, labels in drawn:
        digest.update(images.tobytes() + labels.tobytes())
    assert (digits.VERSION, digest.hexdigest()) == (
        1, "e1a99b28adf37df0bcf85efa02c4e8f00e3df67a540e1e30e5c4c105731042b5")


def test_size_range_and_balance(drawn):
    (training, training_labels), (test, test_labels) = drawn
    assert training.shape == (12_000, 28, 28) and test.shape == (2_000, 28, 28)
    assert training.dtype == test.dtype == training_labels.dtype == np.uint8
    assert np.bincount(training_labels).tolist() == [1_200] * 10
    assert np.bincount(test_labels).tolist() == [200] * 10
    assert training.min() == 0 and training.max() == 255
    assert len(set(training_labels[:50].tolist())) == 10, "classes come mixed"


def test_they_are_written_large_and_stay_inside(drawn):
    images = drawn[0][0]
    inked = images > 96
    rows, columns = inked.any(axis=2), inked.any(axis=1)
    heights = 28 - rows.argmax(axis=1) - rows[:, ::-1].argmax(axis=1)
    assert np.percentile(heights, 10) >= 20 and np.percentile(heights, 90) <= 25
    on_border = rows[:, 0] | rows[:, -1] | columns[:, 0] | columns[:, -1]
    assert on_border.mean() < 0.06
    grey = ((images > 20) & (images < 235)).sum() / inked.sum()
    assert 0.3 < grey < 1.5, "strokes have smooth edges and a solid middle"


def test_no_two_are_alike_and_classes_differ_more_than_their_members(drawn):
    (training, labels), (test, _) = drawn
    assert len({image.tobytes() for image in np.concatenate([training, test])}) == 14_000
    means = np.stack([training[labels == digit].mean(axis=0) for digit in range(10)])
    spread = np.stack([training[labels == digit].std(axis=0).mean() for digit in range(10)])
    assert spread.min() > 20, "each class varies"
    distances = np.abs(means[:, None] - means[None]).mean(axis=(2, 3))
    assert distances[~np.eye(10, dtype=bool)].min() > 8


def test_unseen_ones_are_recognised_by_their_nearest_neighbour(drawn):
    """Legible means that the class is in the picture: 1-nearest neighbour finds it, a class mean does not always."""
    (training, labels), (test, test_labels) = drawn
    known = training[:4_000].reshape(4_000, -1).astype(np.float32)
    asked = test[:300].reshape(300, -1).astype(np.float32)
    nearest = (known**2).sum(axis=1) - 2 * asked @ known.T
    assert (labels[nearest.argmin(axis=1)] == test_labels[:300]).mean() > 0.9
    means = np.stack([training[labels == digit].mean(axis=0).ravel() for digit in range(10)])
    guesses = ((means**2).sum(axis=1) - 2 * asked @ means.T).argmin(axis=1)
    assert (guesses == test_labels[:300]).mean() < 0.97


def test_a_small_dense_autoencoder_needs_several_epochs(drawn):
    """64 hidden neurons: after one epoch clearly worse than after four, and by then far better than the mean image."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        images, unseen = (torch.from_numpy(split[0].reshape(len(split[0]), -1) / np.float32(255)) for split in drawn)
        layers = torch.nn.Linear(784, 64), torch.nn.ReLU(), torch.nn.Linear(64, 784), torch.nn.Sigmoid()
        model = torch.nn.Sequential(*layers)
        optimizer = torch.optim.Adam(model.parameters(), 1e-3)
        losses = []
        for _ in range(4):
            for batch in torch.randperm(len(images)).split(100):
                loss = torch.nn.functional.mse_loss(model(images[batch]), images[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            losses.append(torch.nn.functional.mse_loss(model(unseen), unseen).item())
    torch.set_num_threads(threads)
    variance = unseen.var(dim=0, correction=0).mean().item()
    assert losses[0] > 0.6 * variance and losses[0] > 2 * losses[3] and losses[3] < 0.4 * variance


def test_drawing_needs_no_torch_and_draws_from_no_global_generator():
    code = ("import sys, numpy; before = numpy.random.get_state()[1].tobytes(); from engine.datasets import digits; "
            "digits.draw(20, 10); assert numpy.random.get_state()[1].tobytes() == before; "
            "assert not {'torch', 'PIL'} & set(sys.modules)")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_they_are_drawn_in_less_than_two_seconds_of_one_core():
    started = time.process_time()
    digits.draw()
    assert time.process_time() - started < 2


def test_another_seed_draws_other_digits():
    (one, labels), _ = digits.draw(50, 10, seed=1)
    (other, other_labels), _ = digits.draw(50, 10, seed=2)
    assert not np.array_equal(one, other)
    assert np.bincount(labels).tolist() == np.bincount(other_labels).tolist() == [5] * 10
