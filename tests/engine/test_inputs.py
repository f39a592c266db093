"""Inputs that differ from the images to be drawn: coarser ones, noisy ones, small ones, and what a network adds."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from engine import explore, inputs, model, shapes
from engine import train as training
from engine.blocks import Convolution, Linear
from engine.data import Split
from engine.dataspec import Data, Input
from engine.experiment import Experiment, Model, Train, from_toml, replaced, to_toml
from engine.inbox import Inbox
from engine.learning.batches import Batches

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC,
           "nearest": Image.Resampling.NEAREST}


def photographs(count=3, side=24, channels=3):
    """Smooth random pictures, uint8 (count, channels, side, side)."""
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(count, channels, 6, 6, generator=generator)
    return (torch.nn.functional.interpolate(coarse, size=(side, side), mode="bilinear") * 255).to(torch.uint8)


def by_pillow(image, side, by):
    """(C, H, W) -> (C, side, side), each channel resized by Pillow in floating point, which clips nothing between."""
    channels = [Image.fromarray(channel.numpy().astype(np.float32)) for channel in image]
    resized = np.stack([np.array(channel.resize((side, side), FILTERS[by])) for channel in channels])
    return resized.clip(0, 255).round()


def noisy_data(data, **given):
    """A data set with the fixed inputs of these settings."""
    spec = Input(**given)

    def split(name):
        one = data.split(name)
        return Split(one.images, one.labels, inputs.fixed(spec, one.images, name))

    return dataclasses.replace(data, training=split("training"), validation=split("validation"), test=split("test"),
                               input=spec)


@pytest.mark.parametrize("by", ["nearest", "bilinear", "bicubic"])
def test_enlargement_is_pillows(by):
    images = photographs(side=6)
    found = inputs.enlarged(images, 24, by)
    expected = np.stack([by_pillow(image, 24, by) for image in images])
    assert np.abs(found.numpy().astype(int) - expected).max() <= (0 if by == "nearest" else 1)


@pytest.mark.parametrize("by", ["bilinear", "bicubic"])
def test_reduction_is_pillows(by):
    images = photographs()
    found = inputs.reduced(images, Input(change="resolution", reduction=by, factor=3))
    expected = np.stack([by_pillow(image, 8, by) for image in images])
    assert np.abs(found.numpy().astype(int) - expected).max() <= 1


def test_reduction_by_area_averages_and_by_nearest_picks():
    images = photographs()
    averaged = inputs.reduced(images, Input(change="resolution", reduction="area", factor=4)).numpy()
    blocks = images.numpy().reshape(3, 3, 6, 4, 6, 4).mean((3, 5))
    assert np.abs(averaged - blocks).max() <= 0.501
    picked = inputs.reduced(images, Input(change="resolution", reduction="nearest", factor=4)).numpy()
    assert all(picked[n, c, y, x] in images[n, c, 4 * y:4 * y + 4, 4 * x:4 * x + 4].numpy()
               for n in range(3) for c in range(3) for y in range(6) for x in range(6))


def test_jpeg_is_what_a_file_would_hold_and_coarser_is_worse():
    for images in (photographs(side=32), photographs(side=32, channels=1)):
        errors = [(inputs.through_jpeg(images, quality).float() - images).abs().mean() for quality in (5, 95)]
        assert 0 < errors[1] < errors[0] < 60
    whole = inputs.fixed(Input(change="resolution", factor=1, jpeg_quality=50), images, "test")
    assert torch.equal(whole, inputs.through_jpeg(images, 50))


@pytest.mark.parametrize(("change", "strength"), [("gaussian", 0.2), ("salt-and-pepper", 0.4), ("masking", 0.4)])
def test_noise_is_what_it_says_and_stays_the_same(change, strength):
    images = torch.full((4, 3, 64, 64), 128, dtype=torch.uint8)
    spec = Input(change=change, strength=strength)
    found = inputs.fixed(spec, images, "validation")
    assert torch.equal(found, inputs.fixed(spec, images, "validation"))
    assert not torch.equal(found, inputs.fixed(spec, images, "test"))
    assert not torch.equal(found, inputs.fixed(spec.model_copy(update={"seed": 1}), images, "validation"))
    if change == "gaussian":
        assert abs(found.float().std() / 255 - strength) < 0.01 and abs(found.float().mean() - 128) < 1
        return
    changed = found != 128
    assert abs(changed.float().mean() - strength) < 0.02
    assert torch.equal(changed[:, 0], changed[:, 2]), "all channels of a pixel alike"
    black = (found == 0).float().mean()
    assert abs(black - (strength / 2 if change == "salt-and-pepper" else strength)) < 0.02
    assert set(found.unique().tolist()) == ({0, 128, 255} if change == "salt-and-pepper" else {0, 128})


def test_without_a_change_the_inputs_are_the_images(tiny_data):
    assert inputs.fixed(Input(), tiny_data.training.images, "training") is None
    assert tiny_data.training.inputs is tiny_data.training.images


def test_training_draws_noise_anew_and_measures_on_the_fixed(tiny, tiny_data):
    noisy = noisy_data(tiny_data, change="gaussian", strength=0.3)
    experiment = replaced(tiny, {"data.input.change": "gaussian", "data.input.strength": 0.3})
    batches = Batches(experiment, noisy.training.inputs, noisy.training.images, torch.device("cpu"),
                      torch.contiguous_format)
    batches.shuffle()
    order = batches.permutation[:batches.size].long()
    first, clean = (tensor.clone() for tensor in batches[0])
    second, _ = batches[0]
    assert torch.equal(clean, inputs.unit(noisy.training.images[order])) and not torch.equal(first, second)
    assert abs((first - clean).std() - 0.25) < 0.08  # clipped at black and white
    whole = [event for turn in training.train(experiment, noisy, Inbox()) for event in turn]
    last = next(event for event in reversed(whole) if isinstance(event, training.Evaluation))
    snapshot = next(event for event in reversed(whole) if isinstance(event, training.Snapshot))
    trained = model.from_weights(experiment, snapshot.weights)
    outputs = trained(inputs.unit(noisy.validation.inputs))
    expected = ((outputs - inputs.unit(noisy.validation.images)) ** 2).mean().item()
    assert last.validation_loss == pytest.approx(expected, rel=1e-4)


def test_a_resume_draws_the_noise_that_would_have_come(tiny, tiny_data):
    noisy = noisy_data(tiny_data, change="masking", strength=0.3)
    experiment = replaced(tiny, {"data.input.change": "masking", "train.epochs": 2})

    def end(checkpoint=None, stop_at=None):
        inbox, weights, state = Inbox(), None, None
        for turn in training.train(experiment, noisy, inbox, checkpoint=checkpoint):
            for event in turn:
                if isinstance(event, training.Step) and event.step == stop_at:
                    inbox.put(training.Stop())
                if isinstance(event, training.Checkpoint):
                    state = event.state
                if isinstance(event, training.Snapshot):
                    weights = event.weights
        return weights, state

    expected, _ = end()
    _, state = end(stop_at=3)
    resumed, _ = end(checkpoint=state)
    assert all(torch.equal(resumed[name], value) for name, value in expected.items())
    spoilt = dataclasses.replace(state, tensors={**state.tensors, "generator.noise": state.tensors["generator.cpu"]})
    other, _ = end(checkpoint=spoilt)
    assert not all(torch.equal(other[name], value) for name, value in expected.items()), "the noise makes a difference"


SMALL = Input(change="resolution", factor=6, enlargement="none")


@pytest.mark.parametrize("encoder", [
    (Convolution(channels=4, kernel=3, stride=2, padding=1, batch_normalization=True), Linear(size=7)),
    (Convolution(channels=4, kernel=3, padding=1, pool_kernel=2),), (Linear(size=9),)])
@pytest.mark.parametrize(("side", "factor"), [(48, 6), (40, 5), (32, 1), (96, 4), (30, 3)])
def test_a_small_input_is_enlarged_by_prime_steps(encoder, side, factor):
    given = SMALL.model_copy(update={"factor": factor})
    experiment = Experiment(data=Data(image_size=side, input=given), model=Model(encoder=encoder))
    plan = shapes.plan(experiment)
    assert not plan.problems and plan.image == (1, side // factor, side // factor)
    assert plan.decoder[-1].output == (1, side, side) and plan.decoder[-1].activation == "sigmoid"
    added = plan.decoder[len(encoder):]
    assert [layer.stride for layer in added] == {6: [2, 3], 5: [5], 1: [], 4: [2, 2], 3: [3]}[factor]
    assert all(layer.kernel == 2 * layer.stride for layer in added)
    network = model.build(experiment)
    assert network(torch.rand(2, *plan.image)).shape == (2, 1, side, side)
    assert sum(parameter.numel() for parameter in network.parameters()) == plan.parameters


def test_a_factor_that_does_not_divide_the_side_is_a_problem_with_its_remedy():
    experiment = Experiment(data=Data(image_size=50, input=SMALL))
    (problem,) = shapes.problems(experiment)
    assert problem.field == "data.input.factor" and "50" in problem.message
    assert not shapes.problems(replaced(experiment, problem.remedy.changes))


def test_a_residual_network_adds_to_its_input(tiny_data):
    experiment = Experiment(data=Data(image_size=8), train=Train(epochs=1), model=Model(
        encoder=(Linear(size=4),), output="none", residual=True))
    network = model.build(experiment).eval()
    images = inputs.unit(tiny_data.test.images)
    codes = network.encode(images)
    torch.testing.assert_close(network(images), images + network.decoder(codes))
    torch.testing.assert_close(network.decode(codes[:1], images[1:2]), images[1:2] + network.decoder(codes[:1]))
    answer = explore.code_of(network, tiny_data, "test", 3)
    assert answer.mse == pytest.approx(((network(images[3:4]) - images[3:4]) ** 2).mean().item(), rel=1e-4)
    plane = list(explore.code_plane(network, tiny_data, "test", 3, (0, 1), size=3))[-1]
    with torch.no_grad():
        for parameter in network.decoder.parameters():
            parameter.zero_()
    base = list(explore.code_plane(network, tiny_data, "test", 3, (0, 1), size=3))[-1]
    assert (base.pictures == tiny_data.test.images[3, 0].numpy()).all() and (plane.pictures != base.pictures).any()
    assert explore.contents(network, tiny_data).residual


def test_a_residual_network_that_cannot_be_is_refused():
    experiment = Experiment(data=Data(image_size=48, input=SMALL), model=Model(residual=True))
    problems = {problem.code: problem for problem in shapes.problems(experiment)}
    assert set(problems) == {"model.residual.size", "model.residual.output"}
    for problem in problems.values():
        experiment = replaced(experiment, problem.remedy.changes)
    assert not shapes.problems(experiment)


def test_views_show_what_the_network_is_given(tiny_data):
    experiment = Experiment(data=Data(image_size=8), model=Model(encoder=(Linear(size=4),)))
    network, noisy = model.build(experiment).eval(), noisy_data(tiny_data, change="masking", strength=0.5)
    answer = explore.reconstruct(network, noisy, "test", [2, 5])
    assert (answer.inputs == noisy.test.inputs[[2, 5], 0].numpy()).all()
    assert (answer.images == tiny_data.test.images[[2, 5], 0].numpy()).all()
    expected = network(inputs.unit(noisy.test.inputs[[2, 5]])) - inputs.unit(noisy.test.images[[2, 5]])
    np.testing.assert_allclose(answer.mse, (expected**2).mean((1, 2, 3)).detach().numpy(), rtol=1e-4)
    assert explore.reconstruct(network, tiny_data, "test", [2]).inputs is None


def test_an_experiment_says_nothing_of_inputs_that_are_the_images():
    plain = to_toml(Experiment())
    assert not any(word in plain for word in ("input", "residual", "folder", "recursive"))
    changed = Experiment(data=Data(input=SMALL), model=Model(residual=True))
    assert from_toml(to_toml(changed)) == changed


@pytest.mark.parametrize(("changes", "field"), [
    ({"data.dataset": "folder"}, "data.folder"),
    ({"data.input.change": "folder", "data.input.folder": "x"}, "data.input.folder"),
    ({"data.dataset": "folder", "data.folder": "x", "task": "classifier", "classifier.strategy": "scratch"},
     "data.class_count")])
def test_folders_that_are_not_chosen_are_named(changes, field):
    assert field in [problem.field for problem in shapes.problems(replaced(Experiment(), changes))]
