"""PSNR and SSIM against a direct reading of the paper, and what needs no network against Pillow and numpy."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from engine import baselines, explore, inputs, metrics, model
from engine.answers import Progress
from engine.blocks import Linear
from engine.data import Split
from engine.dataspec import Data, Input
from engine.experiment import Experiment, Model
from engine.quality import Quality
from tests.conftest import small_dataset


def random_images(count=2, channels=3, side=20, seed=0):
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(seed))


def ssim_of_the_paper(a, b):
    """Two (C, H, W) of float64: every window by itself, weighted means and deviations as equations 14 to 16 say."""
    place = np.arange(11) - 5
    window = np.exp(-(place[:, None]**2 + place[None, :]**2) / (2 * 1.5**2))
    window /= window.sum()
    values = []
    for one, other in zip(a, b, strict=True):
        for top in range(one.shape[0] - 10):
            for left in range(one.shape[1] - 10):
                x, y = (image[top:top + 11, left:left + 11] for image in (one, other))
                mean_x, mean_y = (window * x).sum(), (window * y).sum()
                var_x, var_y = (window * (x - mean_x)**2).sum(), (window * (y - mean_y)**2).sum()
                both = (window * (x - mean_x) * (y - mean_y)).sum()
                values.append((2 * mean_x * mean_y + 1e-4) * (2 * both + 9e-4)
                              / ((mean_x**2 + mean_y**2 + 1e-4) * (var_x + var_y + 9e-4)))
    return np.mean(values)


@pytest.mark.parametrize("noise", [0.02, 0.3])
def test_ssim_is_the_papers(noise):
    images = random_images()
    outputs = (images + noise * torch.randn(images.shape, generator=torch.Generator().manual_seed(1))).clamp(0, 1)
    expected = [ssim_of_the_paper(a, b) for a, b in zip(outputs.double().numpy(), images.double().numpy(), strict=True)]
    np.testing.assert_allclose(metrics.ssim(outputs, images).numpy(), expected, atol=2e-5)
    np.testing.assert_allclose(metrics.ssim(images, images).numpy(), 1, atol=1e-6)


def test_ssim_of_images_below_its_window_is_no_number():
    assert metrics.ssim(random_images(side=10), random_images(side=10)).isnan().all()
    assert metrics.ssim(random_images(side=11), random_images(side=11)).isfinite().all()


def test_psnr_is_that_of_its_definition():
    images, outputs = random_images(), random_images(seed=1)
    errors = ((outputs - images).double().numpy()**2).mean((1, 2, 3))
    np.testing.assert_allclose(metrics.psnr(outputs, images).numpy(), 10 * np.log10(1 / errors), rtol=1e-5)


def coarse_dataset(**given):
    """Colour images of 24×24 whose inputs are a third of that, enlarged again."""
    data = small_dataset(training=30, validation=8, test=9, side=24, channels=3)
    spec = Input(change="resolution", factor=3, **given)
    splits = {name: Split(data.split(name).images, None, inputs.fixed(spec, data.split(name).images, name))
              for name in ("training", "validation", "test")}
    return dataclasses.replace(data, **splits, input=spec)


def network(data):
    experiment = Experiment(data=Data(dataset="cifar-10", image_size=data.training.images.shape[-1], input=data.input),
                            model=Model(encoder=(Linear(size=5),)))
    return model.build(experiment).eval()


def last(answers):
    *before, answer = answers
    assert all(isinstance(it, Progress) for it in before)
    return answer


@pytest.mark.parametrize("enlargement", ["bicubic", "none"])
def test_a_split_is_measured_whole_with_what_it_must_beat(enlargement):
    data = coarse_dataset(enlargement=enlargement)
    built = network(data)
    answer = last(explore.quality(built, data, "test"))
    assert isinstance(answer, Quality) and answer.images == 9
    images = inputs.unit(data.test.images)
    outputs = built(inputs.unit(data.test.inputs)).detach()
    assert answer.rows[0].name == "network"
    assert answer.rows[0].mse == pytest.approx(((outputs - images)**2).mean().item(), rel=1e-5)
    assert answer.rows[0].psnr == pytest.approx(metrics.psnr(outputs, images).mean().item(), rel=1e-5)
    assert answer.rows[0].ssim == pytest.approx(metrics.ssim(outputs, images).mean().item(), abs=1e-5)
    mean = data.training.images.float().mean(0) / 255
    assert answer.of("mean image").mse == pytest.approx(((mean - images)**2).mean().item(), rel=1e-4)
    small = inputs.reduced(data.test.images, data.input)
    for by, kind in (("nearest", Image.Resampling.NEAREST), ("bicubic", Image.Resampling.BICUBIC)):
        enlarged = np.stack([[np.array(Image.fromarray(channel).resize((24, 24), kind)) for channel in image]
                             for image in small.numpy().astype(np.float32)]).clip(0, 255) / 255
        assert answer.of(by).mse == pytest.approx(((enlarged - images.numpy())**2).mean(), rel=0.01)
    assert (answer.of("input") is None) == (enlargement == "none")
    if enlargement == "bicubic":
        assert answer.of("input").mse == answer.of("bicubic").mse


def test_whole_images_have_no_enlargement_to_beat():
    data = small_dataset(side=12)
    experiment = Experiment(data=Data(image_size=12), model=Model(encoder=(Linear(size=4),)))
    answer = last(explore.quality(model.build(experiment).eval(), data, "validation"))
    assert [row.name for row in answer.rows] == ["network", "mean image"]


def test_pca_of_large_images_is_that_of_small_ones(monkeypatch):
    data = small_dataset(training=40, validation=12, side=9)
    by_pixels = last_of(baselines.decomposition(data))
    monkeypatch.setattr(baselines, "_kept", {})
    monkeypatch.setattr(baselines, "MOST_PIXELS", 10)
    by_images = last_of(baselines.decomposition(data))
    assert 4 <= by_images.most < 40
    count = 4
    np.testing.assert_allclose(by_images.training_mse[:count], by_pixels.training_mse[:count], rtol=1e-3)
    np.testing.assert_allclose(by_images.validation_mse[:count], by_pixels.validation_mse[:count], rtol=1e-3)
    monkeypatch.setattr(baselines, "_kept", {})
    monkeypatch.setattr(baselines, "MOST_NUMBERS", 81 * 10)
    assert last_of(baselines.decomposition(data)).most <= 10


def last_of(generator):
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def test_baselines_tell_what_enlargement_reaches():
    data = coarse_dataset()
    answer = last(explore.baselines(network(data), data))
    quality = last(explore.quality(network(data), data, "validation"))
    assert [by for by, _ in answer.enlargements] == ["nearest", "bilinear", "bicubic"]
    for by, mse in answer.enlargements:
        assert mse == pytest.approx(quality.of(by).mse, rel=1e-5)
    page = last(explore.substitutes(network(data), data, "test", [3, 1]))
    assert [by for by, *_ in page.enlarged] == ["nearest", "bilinear", "bicubic"]
    _, drawn, errors = page.enlarged[2]
    assert drawn.shape == (2, 24, 24, 3) and (drawn == data.test.inputs[[3, 1]].permute(0, 2, 3, 1).numpy()).all()
    difference = inputs.unit(data.test.inputs[[3, 1]]) - inputs.unit(data.test.images[[3, 1]])
    np.testing.assert_allclose(errors, difference.square().mean((1, 2, 3)), rtol=1e-4)
