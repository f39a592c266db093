"""Images from drawn codes: repeatable, without touching a training, with true neighbours, and the best by the rule."""

import dataclasses

import numpy as np
import pytest
import torch

from engine import explore, generation, inputs, model
from engine.answers import Progress, QuestionError
from engine.blocks import Convolution, Linear
from engine.data import Split
from engine.dataspec import Data, Input
from engine.experiment import Experiment, Model
from engine.generated import Recipe

ENCODER = (Linear(size=4, activation="none"),)


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(generation, "_codes", type(generation._codes)())
    monkeypatch.setattr(generation, "_fits", type(generation._fits)())


@pytest.fixture
def network():
    torch.manual_seed(3)
    return model.build(Experiment(data=Data(image_size=8), model=Model(encoder=ENCODER))).eval()


def last(answers):
    *before, answer = answers
    assert all(isinstance(it, Progress) for it in before)
    return answer


def codes(network, split):
    return network.encode(inputs.unit(split.inputs)).flatten(1).detach().double().numpy()


@pytest.mark.parametrize("kind", ["standard", "diagonal", "full", "classes", "mixture", "around"])
def test_a_recipe_repeats_with_its_seed_and_changes_with_another(network, tiny_data, kind):
    recipe = Recipe(kind=kind, count=5, components=2, splits=("training", "test"))
    one, again = (last(explore.generate(network, tiny_data, recipe)) for _ in range(2))
    other = last(explore.generate(network, tiny_data, dataclasses.replace(recipe, seed=1)))
    np.testing.assert_array_equal(one.codes, again.codes)
    assert one.pictures.shape == (5, 8, 8) and (one.codes != other.codes).any()
    outputs = network.decode(torch.from_numpy(one.codes.astype(np.float32)))
    np.testing.assert_array_equal(one.pictures, inputs.to_bytes(outputs)[:, 0].numpy())
    assert one.fitted == (0 if kind == "standard" else len(tiny_data.training) + len(tiny_data.test))


def test_drawing_touches_no_global_generator(network, tiny_data):
    before = torch.get_rng_state(), np.random.get_state()[1].tobytes()
    last(explore.generate(network, tiny_data, Recipe(kind="mixture", components=2)))
    last(explore.ten_best(network, tiny_data, Recipe(), draws=30))
    assert torch.equal(torch.get_rng_state(), before[0]) and np.random.get_state()[1].tobytes() == before[1]


def test_the_fit_is_of_the_chosen_splits(network, tiny_data):
    answer = last(explore.generate(network, tiny_data, Recipe(("validation",), "diagonal", 0.0)))
    np.testing.assert_allclose(answer.codes[0], codes(network, tiny_data.validation).mean(0), atol=1e-6)
    assert answer.fitted == len(tiny_data.validation)
    with pytest.raises(QuestionError, match="at least one split"):
        last(explore.generate(network, tiny_data, Recipe(())))


def test_around_an_image_the_middle_is_its_code(network, tiny_data):
    answer = last(explore.generate(network, tiny_data, Recipe(kind="around", temperature=0.0, image=("test", 5))))
    np.testing.assert_allclose(answer.codes[0], codes(network, tiny_data.test)[5], atol=1e-6)


def test_the_ten_best_are_those_of_the_rule(network, tiny_data):
    recipe = Recipe(count=3, seed=4)
    answer = last(explore.ten_best(network, tiny_data, recipe, draws=40, keep=6))
    everything = last(explore.generate(network, tiny_data, dataclasses.replace(recipe, count=40)))
    drawn = everything.codes.astype(np.float32)
    seen = inputs.to_bytes(network.decode(torch.from_numpy(drawn)))
    back = network.encode(inputs.unit(seen)).detach().numpy().astype(np.float64)
    trip = np.sqrt(((back - everything.codes)**2).mean(1))
    score = (-everything.log_density).argsort().argsort() + trip.argsort().argsort()
    np.testing.assert_array_equal(answer.codes, everything.codes[score.argsort(kind="stable")[:6]])
    np.testing.assert_allclose(answer.round_trip, trip[score.argsort(kind="stable")[:6]], rtol=1e-3)
    assert answer.drawn == 40 and answer.pictures.shape == (6, 8, 8)


def test_the_round_trip_goes_through_the_runs_change_of_the_input(network, tiny_data):
    spec = Input(change="resolution", factor=4)
    splits = {name: tiny_data.split(name) for name in ("training", "validation", "test")}
    changed = {name: Split(split.images, split.labels, inputs.fixed(spec, split.images, name))
               for name, split in splits.items()}
    coarse = dataclasses.replace(tiny_data, **changed, input=spec, fingerprint="coarse")
    plain = last(explore.ten_best(network, tiny_data, Recipe(kind="standard"), draws=20, keep=20))
    through = last(explore.ten_best(network, coarse, Recipe(kind="standard"), draws=20, keep=20))
    assert sorted(plain.round_trip) != sorted(through.round_trip)


def test_neighbours_are_the_nearest_of_all_training_images(network, tiny_data, monkeypatch):
    drawn = last(explore.generate(network, tiny_data, Recipe(count=6)))
    answer = last(explore.neighbours(network, tiny_data, drawn.codes, ("test", 0)))
    training = tiny_data.training.images.float().flatten(1).numpy() / 255
    shown = network.decode(torch.from_numpy(drawn.codes.astype(np.float32))).detach().clamp(0, 1).flatten(1).numpy()
    distances = np.sqrt(((shown[:, None] - training[None])**2).mean(2))
    np.testing.assert_array_equal(answer.indices, distances.argmin(1))
    np.testing.assert_allclose(answer.distance, distances.min(1), atol=1e-4)
    np.testing.assert_array_equal(answer.pictures, tiny_data.training.images[answer.indices, 0].numpy())
    real = codes(network, tiny_data.training)
    apart = np.sqrt(((drawn.codes[:, None] - real[None])**2).sum(2))
    np.testing.assert_allclose(answer.code_distance, apart.min(1), atol=1e-4)
    among = np.sqrt(((real[:, None] - real[None])**2).sum(2)) + np.diag(np.full(len(real), np.inf))
    assert answer.usual == pytest.approx(np.median(among.min(1)), rel=1e-4)


def test_classes_that_are_not_there_are_named(network, tiny_data):
    without = dataclasses.replace(tiny_data, **{name: Split(tiny_data.split(name).images, None)
                                                for name in ("training", "validation", "test")}, fingerprint="none")
    with pytest.raises(QuestionError, match="no classes"):
        last(explore.generate(network, without, Recipe(kind="classes")))


def test_codes_of_feature_maps_and_colour_are_drawn_too(tiny_data):
    torch.manual_seed(0)
    experiment = Experiment(data=Data(image_size=8), model=Model(
        encoder=(Convolution(channels=3, stride=2, padding=1),), output="none", residual=True))
    built = model.build(experiment).eval()
    answer = last(explore.generate(built, tiny_data, Recipe(count=4, image=("test", 2))))
    assert answer.codes.shape == (4, 48) and answer.pictures.shape == (4, 8, 8)
    with torch.no_grad():
        for parameter in built.decoder.parameters():
            parameter.zero_()
    base = last(explore.generate(built, tiny_data, Recipe(count=4, image=("test", 2))))
    assert (base.pictures == tiny_data.test.images[2, 0].numpy()).all(), "drawn on the chosen image's input"


def test_a_training_that_is_looked_at_between_its_batches_ends_with_the_same_weights(tiny_data):
    experiment = Experiment(data=Data(image_size=8), model=Model(
        encoder=(Linear(size=4, activation="none", dropout=0.1),)))

    def trained(look):
        torch.manual_seed(0)
        built = model.build(experiment).train()
        optimizer = torch.optim.Adam(built.parameters())
        for start in range(0, 24, 8):
            images = inputs.unit(tiny_data.training.images[start:start + 8])
            (built(images) - images).square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()
            if look:
                last(explore.ten_best(built, tiny_data, Recipe(kind="mixture", components=2), draws=20))
        assert built.training
        return built.state_dict()

    for looked, alone in zip(trained(True).values(), trained(False).values(), strict=True):
        assert torch.equal(looked, alone)


def test_an_own_image_that_became_another_is_the_middle(network, tiny_data):
    for picture in (tiny_data.test.images[:1], tiny_data.test.images[1:2]):
        with_own = dataclasses.replace(tiny_data, own=Split(picture, None))
        answer = last(explore.generate(network, with_own, Recipe(kind="around", temperature=0.0, image=("own", 0))))
        expected = network.encode(inputs.unit(picture)).detach().double().numpy()[0]
        np.testing.assert_allclose(answer.codes[0], expected, atol=1e-6)


def test_of_large_codes_fewer_are_kept(network, tiny_data, monkeypatch):
    monkeypatch.setattr(generation, "MOST_NUMBERS", 4 * 10)
    for split in ("training", "test", "validation"):
        answer = last(explore.generate(network, tiny_data, Recipe((split,), "full")))
        assert answer.fitted == 10
    assert sum(kept.size for _, kept, _ in generation._codes.values()) <= 40
