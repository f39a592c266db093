"""Sizes, parameters and the mirrored decoder, against the formulas of the literature and by brute force."""

import dataclasses
import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine import dataspec, shapes
from engine import experiment as ex
from engine.blocks import Convolution, Linear, Reshape, TransposedConvolution
from engine.experiment import Experiment
from tests.engine.strategies import encoders, experiments, sides


def network(*encoder, decoder="mirror", side=28, output="sigmoid", dataset="mnist"):
    """An experiment with these blocks."""
    return Experiment(data=dataspec.Data(dataset=dataset, image_size=side),
                      model=ex.Model(encoder=encoder, decoder=decoder, output=output))


strided = network(Convolution(channels=8, stride=3), Convolution(channels=16, stride=3, activation="none"))


def test_two_strided_convolutions_have_the_published_sizes_and_parameters():
    plan = shapes.plan(strided)
    assert [layer.output for layer in plan.layers] == [(8, 9, 9), (16, 3, 3), (8, 9, 9), (1, 28, 28)]
    assert [layer.parameters for layer in plan.layers] == [80, 1168, 1160, 73]
    assert plan.parameters == 2481
    assert [layer.output_padding for layer in plan.decoder] == [0, 1]
    assert [layer.activation for layer in plan.layers] == ["relu", "none", "relu", "sigmoid"]
    assert (plan.code, plan.code_numbers, plan.compression) == ((16, 3, 3), 144, 784 / 144)


def test_three_strided_convolutions_count_11745():
    plan = shapes.plan(network(Convolution(channels=8, stride=2, padding=1),
                               Convolution(channels=16, stride=2, padding=1),
                               Convolution(channels=32, stride=2, activation="none")))
    assert plan.parameters == 11_745
    assert [(layer.padding, layer.output_padding) for layer in plan.decoder] == [(0, 0), (1, 1), (1, 1)]


def test_max_pooling_is_undone_by_the_same_transposed_convolutions():
    plan = shapes.plan(network(Convolution(channels=8, padding=1, pool_kernel=3),
                               Convolution(channels=16, padding=1, pool_kernel=3, activation="none")))
    assert plan.parameters == 2481
    assert [layer.output for layer in plan.encoder] == [(8, 9, 9), (16, 3, 3)]


@pytest.mark.parametrize(("code", "parameters"), [(64, 121_137), (256, 428_529)])
def test_an_explicit_decoder_is_taken_to_the_letter(code, parameters):
    encoder = (Convolution(channels=16, pool_kernel=2), Convolution(channels=32, pool_kernel=2), Linear(size=code))
    decoder = (Linear(size=800), Reshape(channels=32, side=5), TransposedConvolution(channels=16, kernel=5, stride=2),
               TransposedConvolution(channels=1, kernel=4, stride=2, activation="none"))
    plan = shapes.plan(network(*encoder, decoder=decoder))
    assert plan.problems == ()
    assert plan.parameters == parameters
    assert plan.decoder[-1].output == (1, 28, 28)
    assert plan.decoder[-1].activation == "sigmoid"


def test_formula_says_how_the_parameters_are_counted():
    plan = shapes.plan(network(Convolution(channels=8, padding=1, batch_normalization=True), Linear(size=64)))
    assert plan.encoder[0].formula == "3² × 1 × 8 + 8 + 2 × 8 = 96"
    assert plan.encoder[1].formula == "6,272 × 64 + 64 = 401,472"


def test_the_mirror_carries_the_settings_of_the_block_before():
    plan = shapes.plan(network(Convolution(activation="elu", dropout=0.1, batch_normalization=True),
                               Linear(size=9, activation="tanh", dropout=0.5), output="relu"))
    first, last = plan.decoder
    assert (first.activation, first.dropout, first.batch_normalization) == ("elu", 0.1, True)
    assert (last.activation, last.dropout, last.batch_normalization) == ("relu", 0.0, False)


def solvable(a, b, s, kernel):
    """The smallest p ≥ 0 with 0 ≤ op < s for this kernel, by trying all of them; None where there is none."""
    found = ((p, a - (b - 1) * s + 2 * p - kernel) for p in range(a + b * s + kernel))
    return next(((p, op) for p, op in found if 0 <= op < s), None)


@given(encoders, sides)
def test_the_mirror_ends_in_the_images_size_with_the_least_kernel_and_padding(encoder, side):
    plan = shapes.plan(network(*encoder, side=side))
    assume(not plan.problems)
    assert plan.decoder[-1].output == plan.image
    for block, layer in zip(plan.encoder, reversed(plan.decoder), strict=True):
        if layer.kind == "linear":
            continue
        a, b, s = block.input[1], block.output[1], block.stride * max(1, block.pool_stride)
        assert a == (b - 1) * s - 2 * layer.padding + layer.kernel + layer.output_padding
        assert (layer.padding, layer.output_padding) == solvable(a, b, s, layer.kernel)
        assert all(solvable(a, b, s, kernel) is None for kernel in range(block.kernel, layer.kernel))
        if not block.pool_kernel:
            assert layer.kernel == block.kernel


@given(experiments())
def test_a_plan_is_whole_or_names_the_layer_that_does_not_fit(experiment):
    plan = shapes.plan(experiment)
    if not plan.problems:
        assert len(plan.encoder) == len(plan.decoder) == len(experiment.model.encoder)
        return
    (problem,) = plan.problems
    assert problem.field.startswith("model.")
    assert problem.message.endswith(".")


def fields_exist(experiment, changes):
    return set(changes) <= set(ex.flat(experiment)) | {"model.decoder"}


@pytest.mark.parametrize(("experiment", "code", "field"), [
    (network(), "encoder.empty", "model.encoder"),
    (network(Linear(), Convolution()), "layer.convolution_after_linear", "model.encoder.1.kind"),
    (network(Convolution(stride=4), Convolution(stride=4), Convolution(kernel=7)), "layer.kernel_too_large",
     "model.encoder.2.kernel"),
    (network(Convolution(kernel=25), Convolution(kernel=2, pool_kernel=5)), "layer.kernel_too_large",
     "model.encoder.1.pool_kernel"),
    (network(Linear(size=1_000_000_000)), "layer.too_large", "model.encoder.0"),
    (network(Convolution(channels=65_536, padding=128)), "layer.too_large", "model.encoder.0"),
    (network(Linear(), decoder=()), "decoder.empty", "model.decoder"),
    (network(Linear(), decoder=(Reshape(channels=2, side=3),)), "layer.reshape", "model.decoder.0"),
    (network(Linear(), decoder=(TransposedConvolution(),)), "layer.transposed_after_linear", "model.decoder.0"),
    (network(Convolution(), decoder=(TransposedConvolution(output_padding=1),)), "layer.output_padding",
     "model.decoder.0.output_padding"),
    (network(Convolution(), decoder=(TransposedConvolution(padding=99),)), "layer.transposed",
     "model.decoder.0.padding"),
    (network(Linear(), decoder=(Linear(size=784),)), "decoder.last", "model.decoder.0.activation"),
    (network(Linear(), decoder=(Linear(size=783, activation="none"),)), "decoder.output", "model.decoder.0"),
    (network(Linear(), side=5), "data.image_size", "data.image_size"),
    (ex.replaced(network(Linear(), output="relu"), {"train.loss": "bce"}), "train.loss.range", "train.loss"),
    (network(*[Linear(size=20_000)] * 3), "model.too_large", "model.encoder"),
])
def test_what_cannot_be_is_named_with_field_and_remedy(experiment, code, field):
    found = shapes.problems(experiment)
    assert [(p.code, p.field) for p in found] == [(code, field)]
    if found[0].remedy:
        assert fields_exist(experiment, found[0].remedy.changes)
        mended = ex.replaced(experiment, found[0].remedy.changes)
        assert code not in [p.code for p in shapes.problems(mended)]


def test_the_message_says_layer_size_and_what_to_do():
    (problem,) = shapes.problems(network(Convolution(stride=7), Convolution(kernel=2), Convolution(kernel=7)))
    assert problem.message == "Layer 2: kernel 7 does not fit 3×3. Reduce the kernel or remove a stride."
    assert problem.values == {"layer": 2, "what": "kernel", "kernel": 7, "side": 3}


def test_the_layers_before_the_bad_one_are_still_shown():
    plan = shapes.plan(network(Convolution(), Convolution(kernel=99)))
    assert [layer.name for layer in plan.encoder] == ["encoder.0"]
    assert plan.decoder == ()


@given(st.integers(1, 64), st.integers(1, 64))
def test_a_dense_network_is_counted_by_hand(hidden, code):
    plan = shapes.plan(network(Linear(size=hidden), Linear(size=code)))
    by_hand = (784 + 1) * hidden + (hidden + 1) * code + (code + 1) * hidden + (hidden + 1) * 784
    assert plan.parameters == by_hand
    assert plan.multiply_adds == 2 * (784 * hidden + hidden * code)


def test_layers_are_values():
    layer = shapes.plan(strided).encoder[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        layer.kernel = 4
    assert math.prod(layer.output) == 648
