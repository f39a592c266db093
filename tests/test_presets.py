"""The presets against their reports: parameters by the formula, shapes, and what is definite to the letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import experiment as ex
from engine import shapes

FOLDER = Path(__file__).parents[1] / "resources" / "presets"
PRESETS = {path.stem: ex.load(path) for path in sorted(FOLDER.glob("*.toml"))}
NETWORKS = {name: preset for name, preset in PRESETS.items() if getattr(preset, "task", "autoencoder") == "autoencoder"}


def convolution(kernel, inputs, outputs):
    """K²·C·N + N, the formula of the first report; of a transposed convolution too."""
    return kernel**2 * inputs * outputs + outputs


def dense(inputs, outputs):
    return inputs * outputs + outputs


STRIDED = convolution(3, 1, 8) + convolution(3, 8, 16) + convolution(3, 16, 8) + convolution(3, 8, 1)
DEEP = STRIDED + convolution(3, 16, 32) + convolution(3, 32, 16)
CONVOLUTIONS = convolution(3, 1, 32) + convolution(3, 32, 64)


def dropout_network(code):
    """The third report's: two convolutions, a linear code, and kernels 5 and 4 on the way back."""
    there = convolution(3, 1, 16) + convolution(3, 16, 32) + dense(800, code)
    return there + dense(code, 800) + convolution(5, 32, 16) + convolution(4, 16, 1)


def latent_network(code, first_kernel, last_kernel):
    """The fourth report's, with the two kernels that the mirror solves."""
    back = convolution(first_kernel, 64, 32) + convolution(last_kernel, 32, 1)
    return CONVOLUTIONS + dense(64 * 7 * 7, code) + dense(code, 64 * 7 * 7) + back


PARAMETERS = {
    "mnist-strided": STRIDED, "mnist-maxpool": STRIDED, "mnist-strided-deep": DEEP,
    **{f"mnist-dense-{size}": dense(784, size) + dense(size, 784) for size in (64, 128, 256, 512)},
    **{f"mnist-dense-adam-{size}": dense(784, size) + dense(size, 784) for size in (64, 128, 256, 512)},
    "mnist-dense-512-long": dense(784, 512) + dense(512, 784),
    "fashion-dropout": dropout_network(64), "fashion-dropout-01": dropout_network(64),
    "fashion-dropout-01-256": dropout_network(256), "fashion-sgd": dropout_network(256),
    **{f"fashion-latent-{size}": latent_network(size, 3, 3) for size in (64, 512, 1024)},
    "fashion-strided": latent_network(512, 3, 3),
    "fashion-convolutional": CONVOLUTIONS + convolution(3, 64, 32) + convolution(3, 32, 1),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_preset_has_the_parameters_of_the_formula(name):
    assert shapes.plan(PRESETS[name]).parameters == PARAMETERS[name]


def test_the_numbers_that_the_reports_name():
    assert (STRIDED, DEEP, dropout_network(64), dropout_network(256)) == (2_481, 11_745, 121_137, 428_529)


def test_every_network_of_the_reports_is_counted():
    own = {"digits-quick", "photos-residual", "fashion-denoising", "shapes-quick"}
    assert set(NETWORKS) == {*PARAMETERS, *PHOTOS, *own}


def photo_network(blocks, code, normalized):
    """Encoder blocks as (kernel, inputs, outputs), the side of the last maps, and the kernels of the solved mirror."""
    convolutions, side, back = blocks
    last = convolutions[-1][2]
    there = sum(convolution(*block) for block in convolutions) + dense(last * side**2, code)
    mirrored = zip(back, [(c[2], c[1]) for c in reversed(convolutions)], strict=True)
    again = dense(code, last * side**2) + sum(convolution(kernel, *ends) for kernel, ends in mirrored)
    channels = [c[2] for c in convolutions]
    return there + again + (2 * (sum(channels) + sum(channels)) if normalized else 0)


THREE = [(7, 3, 32), (6, 32, 64), (4, 64, 128)]
STRIDES = ([*THREE, (3, 128, 256)], 6, (3, 4, 6, 7))
POOLED = ([*THREE, (3, 128, 256)], 5, (3, 4, 6, 7))
DEEPER = ([*THREE, (4, 128, 256), (4, 256, 512), (3, 512, 1024)], 4, (3, 4, 4, 4, 6, 7))
ENDS = ([(7, 3, 32), (5, 32, 64), (4, 64, 128), (3, 128, 256)], 5, (3, 4, 5, 7))
EVERY = ([*THREE, (3, 128, 256)], 4, (3, 4, 6, 7))
PHOTOS = {
    "photos-1": (STRIDES, 200, False), "photos-2": (POOLED, 200, False), "photos-3": (POOLED, 200, True),
    "photos-4": (DEEPER, 200, True), "photos-5": (ENDS, 200, True), "photos-6": (EVERY, 200, True),
    "photos-7": (EVERY, 200, True), "photos-8": (EVERY, 500, True), "photos-9": (EVERY, 200, True),
}


@pytest.mark.parametrize("name", PHOTOS)
def test_a_network_for_photographs_is_the_reports(name):
    preset = PRESETS[name]
    assert shapes.plan(preset).decoder[-1].output == (3, 96, 96)
    train, given = preset.train, preset.data.input
    assert (train.loss, train.optimizer, train.learning_rate, train.batch_size, train.epochs) == (
        "mse", "adam", 0.001, 32, 40)
    assert (given.change, given.factor, given.enlargement, preset.model.output) == ("resolution", 4, "bicubic", "relu")
    assert (preset.data.validation_share, preset.data.test_share) == (0.075, 0.075)
    *blocks, code = preset.model.encoder
    assert {block.activation for block in preset.model.encoder} == {"sigmoid" if name == "photos-7" else "relu"}
    assert {block.batch_normalization for block in blocks} == {PHOTOS[name][2]} and code.size == PHOTOS[name][1]
    dropped = [0.15, 0.15, 0.0, 0.0] if name == "photos-9" else [0.0] * len(blocks)
    assert [block.dropout for block in blocks] == dropped


def table_row(preset):
    """The blocks of a preset as the report's table prints them."""
    return " · ".join(f"{b.kernel},{b.stride},{b.padding}→{b.channels}"
                      + (f" + P {b.pool_kernel},{b.pool_stride}" if b.pool_kernel else "")
                      for b in preset.model.encoder[:-1])


def test_the_blocks_are_those_of_the_table():
    six = "7,1,1→32 + P 3,2 · 6,1,1→64 + P 2,2 · 4,1,1→128 + P 2,2 · 3,1,0→256 + P 2,2"
    assert [table_row(PRESETS[f"photos-{number}"]) for number in range(1, 10)] == [
        "7,2,1→32 · 6,2,1→64 · 4,2,1→128 · 3,2,1→256",
        *["7,2,1→32 · 6,2,1→64 · 4,2,1→128 · 3,1,1→256 + P 3,2"] * 2,
        "7,2,1→32 · 6,2,1→64 · 4,2,1→128 · 4,1,1→256 · 4,1,1→512 · 3,1,1→1024 + P 3,2",
        "7,1,1→32 + P 3,2 · 5,2,1→64 · 4,2,1→128 · 3,1,1→256 + P 3,2", *[six] * 4]


CLASSIFIERS = {
    "fashion-classifier": ("fashion-dropout", "fine-tune", "relu"),
    "fashion-classifier-probe": ("fashion-dropout", "probe", "relu"),
    "fashion-probe-512": ("fashion-latent-512", "probe", "none"),
    "fashion-fine-tune-512": ("fashion-latent-512", "fine-tune", "none"),
    "fashion-scratch-512": ("fashion-latent-512", "scratch", "none"),
}


def test_every_classifier_of_the_reports_is_there():
    assert set(PRESETS) - set(NETWORKS) == set(CLASSIFIERS)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_has_the_encoder_it_names_and_a_linear_layer(name):
    encoder = CLASSIFIERS[name][0]
    preset, base = PRESETS[name], PRESETS[encoder]
    assert (preset.classifier.encoder, preset.classifier.strategy, preset.classifier.activation) == CLASSIFIERS[name]
    assert (preset.model.encoder, preset.data) == (base.model.encoder, base.data)
    there = {"fashion-dropout": convolution(3, 1, 16) + convolution(3, 16, 32) + dense(800, 64) + dense(64, 10),
             "fashion-latent-512": CONVOLUTIONS + dense(64 * 7 * 7, 512) + dense(512, 10)}[encoder]
    assert shapes.plan(preset).parameters == there
    train = preset.train
    assert (train.optimizer, train.learning_rate, train.batch_size, train.epochs) == ("adam", 0.001, 100, 15)
    assert "no independent test" in preset.note and "does not state" in preset.note


@pytest.mark.parametrize(("name", "preset"), PRESETS.items())
def test_a_preset_is_named_sourced_explained_and_can_be_trained(name, preset):
    assert (preset.name, bool(preset.source), bool(preset.note)) == (name, True, True)
    mine = ex.with_folder_of(preset, ex.replaced(ex.Experiment(), {"data.folder": "photographs"}))
    assert shapes.problems(mine) == ()
    lacks = {"data.folder"} if preset.data.dataset == "folder" else set()
    assert {problem.field for problem in shapes.problems(preset)} == lacks


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_a_preset_of_a_report_says_that_no_independent_test_is_left(name):
    assert PRESETS[name].data.validation == "test"
    assert "no independent test" in PRESETS[name].note


@pytest.mark.parametrize(("name", "sides"), [
    ("mnist-strided", [9, 3]), ("mnist-maxpool", [9, 3]), ("mnist-strided-deep", [14, 7, 3]),
    ("fashion-dropout", [13, 5]), ("fashion-latent-512", [14, 7]), ("fashion-strided", [14, 7]),
])
def test_the_sides_of_the_feature_maps(name, sides):
    layers = shapes.plan(PRESETS[name]).encoder
    assert [layer.output[-1] for layer in layers if len(layer.output) == 3] == sides


@pytest.mark.parametrize(("name", "expected"), [
    ("mnist-strided-deep", ("adam", 0.001, 1e-5, 64, 20)),
    ("mnist-dense-512", ("sgd", 0.95, 0.0, 1000, 150)),
    ("mnist-dense-512-long", ("sgd", 0.95, 0.0, 1000, 500)),
    ("fashion-dropout", ("adam", 0.001, 0.0, 100, 15)),
    ("fashion-sgd", ("sgd", 0.001, 0.0, 100, 15)),
    ("fashion-latent-512", ("adam", 0.001, 0.0, 100, 10)),
])
def test_how_a_preset_is_trained(name, expected):
    train = PRESETS[name].train
    assert (train.optimizer, train.learning_rate, train.weight_decay, train.batch_size, train.epochs) == expected


def test_momentum_and_dropout_are_those_of_the_reports():
    assert PRESETS["mnist-dense-64"].train.momentum == 0.95
    assert PRESETS["fashion-sgd"].train.momentum == 0.0
    for name, share in {"mnist-dense-64": 0.1, "fashion-dropout": 0.2, "fashion-dropout-01": 0.1}.items():
        assert {block.dropout for block in PRESETS[name].model.encoder} == {share}


def test_the_epochs_of_the_figures_are_kept():
    assert {10, 50, 100, 500} <= set(PRESETS["mnist-dense-512-long"].train.keep)
    assert 5 in PRESETS["mnist-dense-512"].train.keep
