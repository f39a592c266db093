"""The network against its plan, the published counts, an own calculation in numpy, and other people's weights."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from torch.utils.flop_counter import FlopCounterMode

from engine import dataspec, model, shapes
from engine import experiment as ex
from engine.blocks import Convolution, Linear, Reshape, TransposedConvolution
from engine.experiment import Experiment
from engine.fields import ExperimentError
from tests.engine.strategies import experiments


def network(*encoder, decoder="mirror", side=28, output="sigmoid"):
    """An MNIST experiment with these blocks."""
    return Experiment(data=dataspec.Data(dataset="mnist", image_size=side),
                      model=ex.Model(encoder=encoder, decoder=decoder, output=output))


def parameters(network):
    """How many numbers training changes."""
    return sum(parameter.numel() for parameter in network.parameters())


def on_meta(experiment):
    """The network without memory, and an image for it."""
    with torch.device("meta"):
        return model.build(experiment).eval(), torch.empty(1, *experiment.image_shape)


def output_shapes(network, images):
    """Shape after every block, without the batch."""
    for block in [*network.encoder, *network.decoder]:
        images = block(images)
        yield tuple(images.shape[1:])


@settings(max_examples=100, deadline=None)
@given(experiments())
def test_what_is_planned_is_what_is_built(experiment):
    plan = shapes.plan(experiment)
    assume(not plan.problems)
    network, image = on_meta(experiment)
    blocks = [*network.encoder, *network.decoder]
    assert [parameters(block) for block in blocks] == [layer.parameters for layer in plan.layers]
    assert list(output_shapes(network, image)) == [layer.output for layer in plan.layers]
    assert network(image).shape == image.shape
    assert network.encode(image).shape[1:] == plan.code
    with FlopCounterMode(display=False) as counter:
        network(image)
    assert counter.get_total_flops() == 2 * plan.multiply_adds


@settings(max_examples=100, deadline=None)
@given(experiments())
def test_an_experiment_is_built_or_refused_with_the_layer_named(experiment):
    problems = shapes.plan(experiment).problems
    try:
        on_meta(experiment)
    except ExperimentError as error:
        assert error.problems == problems and problems[0].field.startswith("model.")
    else:
        assert not problems


MANSILLA = (Linear(size=800), Reshape(channels=32, side=5), TransposedConvolution(channels=16, kernel=5, stride=2),
            TransposedConvolution(channels=1, kernel=4, stride=2, activation="none"))


@pytest.mark.parametrize(("experiment", "count"), [
    (network(Convolution(channels=8, stride=3), Convolution(channels=16, stride=3, activation="none")), 2_481),
    (network(Convolution(channels=8, stride=2, padding=1), Convolution(channels=16, stride=2, padding=1),
             Convolution(channels=32, stride=2, activation="none")), 11_745),
    (network(Convolution(channels=8, padding=1, pool_kernel=3),
             Convolution(channels=16, padding=1, pool_kernel=3, activation="none")), 2_481),
    (network(Convolution(channels=16, dropout=0.2, pool_kernel=2), Convolution(channels=32, dropout=0.2, pool_kernel=2),
             Linear(size=64, dropout=0.2), decoder=MANSILLA), 121_137),
    (network(Linear(size=64, activation="sigmoid", dropout=0.1)), 784 * 64 + 64 + 64 * 784 + 784),
])
def test_published_networks_have_their_parameters(experiment, count):
    network, image = on_meta(experiment)
    assert parameters(network) == count
    assert network(image).shape == (1, 1, 28, 28)


def test_the_strided_network_is_the_published_one_layer_by_layer():
    network, _ = on_meta(network_of("mnist-strided"))
    assert str(network.encoder) == str(torch.nn.Sequential(
        named(convolution=torch.nn.Conv2d(1, 8, 3, 3), activation=torch.nn.ReLU()),
        named(convolution=torch.nn.Conv2d(8, 16, 3, 3))))
    assert str(network.decoder) == str(torch.nn.Sequential(
        named(convolution=torch.nn.ConvTranspose2d(16, 8, 3, 3), activation=torch.nn.ReLU()),
        named(convolution=torch.nn.ConvTranspose2d(8, 1, 3, 3, output_padding=1), activation=torch.nn.Sigmoid())))


def named(**parts):
    """A block of named parts."""
    block = torch.nn.Sequential()
    for name, part in parts.items():
        block.add_module(name, part)
    return block


def network_of(preset):
    """A preset that comes with the application."""
    return ex.load(Path(__file__).parents[2] / "resources" / "presets" / f"{preset}.toml")


def numpy_weights(network):
    """The weights in double precision."""
    return {key: value.double().numpy() for key, value in network.state_dict().items()}


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def test_a_dense_network_computes_what_numpy_computes():
    torch.manual_seed(1)
    network_ = model.build(network(Linear(size=5, activation="tanh"), side=8))
    images = torch.rand(3, 1, 8, 8)
    w = numpy_weights(network_)
    code = np.tanh(images.double().numpy().reshape(3, 64) @ w["encoder.0.linear.weight"].T + w["encoder.0.linear.bias"])
    expected = sigmoid(code @ w["decoder.0.linear.weight"].T + w["decoder.0.linear.bias"]).reshape(3, 1, 8, 8)
    np.testing.assert_allclose(network_.encode(images).detach().numpy(), code, atol=1e-5)
    np.testing.assert_allclose(network_(images).detach().numpy(), expected, atol=1e-5)


def convolve(image, weight, bias, stride, padding):
    """One image (C, H, W) with kernels (D, C, k, k), by the definition."""
    image = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    kernel = weight.shape[2]
    side = (image.shape[1] - kernel) // stride + 1
    corners = [stride * i for i in range(side)]
    windows = [[image[:, y:y + kernel, x:x + kernel] for x in corners] for y in corners]
    return np.einsum("ijckl,dckl->dij", np.array(windows), weight) + bias[:, None, None]


def paint(image, weight, bias, stride, padding, output_padding):
    """Transposed convolution by its definition: every pixel paints its kernel (C, D, k, k) onto the result."""
    kernel, side = weight.shape[2], image.shape[1]
    full = np.zeros((weight.shape[1], *[(side - 1) * stride + kernel + output_padding] * 2))
    for i in range(side):
        for j in range(side):
            y, x = stride * i, stride * j
            full[:, y:y + kernel, x:x + kernel] += np.einsum("c,cdkl->dkl", image[:, i, j], weight)
    end = full.shape[1] - padding
    return full[:, padding:end, padding:end] + bias[:, None, None]


def test_a_convolutional_network_computes_what_the_definition_says():
    torch.manual_seed(2)
    network_ = model.build(network(Convolution(channels=3, kernel=3, stride=2, padding=1), side=8, output="none"))
    images = torch.rand(2, 1, 8, 8)
    w, layer = numpy_weights(network_), network_.plan.decoder[0]
    codes = [np.maximum(convolve(image, w["encoder.0.convolution.weight"], w["encoder.0.convolution.bias"], 2, 1), 0)
             for image in images.double().numpy()]
    outputs = [paint(code, w["decoder.0.convolution.weight"], w["decoder.0.convolution.bias"], layer.stride,
                     layer.padding, layer.output_padding) for code in codes]
    np.testing.assert_allclose(network_.encode(images).detach().numpy(), codes, atol=1e-5)
    np.testing.assert_allclose(network_(images).detach().numpy(), outputs, atol=1e-5)


NORMALIZED = network(Convolution(channels=3, kernel=3, stride=2, batch_normalization=True, dropout=0.5), Linear(size=4),
                     side=8)


def trained_a_little(experiment):
    """A network whose weights and statistics are not the initial ones."""
    torch.manual_seed(3)
    network = model.build(experiment).train()
    for _ in range(3):
        network(torch.rand(4, *experiment.image_shape))
    return network


def test_weights_make_the_same_model_for_looking():
    network = trained_a_little(NORMALIZED)
    looking = model.from_weights(NORMALIZED, network.state_dict())
    images = torch.rand(2, 1, 8, 8)
    assert torch.equal(looking(images), network.eval()(images))
    assert not looking.training and not any(parameter.requires_grad for parameter in looking.parameters())
    assert looking.encoder[0].normalization.num_batches_tracked.item() == 3
    assert all(tensor.device.type == "cpu" for tensor in looking.state_dict().values())


def test_looking_draws_nothing_and_leaves_the_weights_alone():
    weights = trained_a_little(NORMALIZED).state_dict()
    before, copies = torch.get_rng_state(), {key: value.clone() for key, value in weights.items()}
    looking = model.from_weights(NORMALIZED, weights)
    looking(torch.zeros(2, 1, 8, 8))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(weights[key], copies[key]) for key in copies)


def refusal(experiment, weights):
    """What is said about weights that do not fit."""
    with pytest.raises(model.WeightsError) as caught:
        model.from_weights(experiment, weights)
    return caught.value


def test_weights_of_another_model_are_refused_by_the_first_layer_that_differs():
    other = network(Linear(size=128), side=8)
    error = refusal(network(Linear(size=32), side=8), model.build(other).state_dict())
    assert str(error) == "This checkpoint belongs to another model (encoder.0 is 32×64, file has 128×64)."
    assert error.code == "weights.other_model" and error.values["file"] == "128×64"


def test_weights_that_are_absent_or_too_many_or_of_another_type_are_refused():
    weights = model.build(NORMALIZED).state_dict()
    fewer = {key: value for key, value in weights.items() if key != "encoder.1.linear.bias"}
    assert "encoder.1 is 4, file has absent" in str(refusal(NORMALIZED, fewer))
    more = {**weights, "decoder.7.linear.bias": torch.zeros(2)}
    assert "decoder.7 is absent, file has 2" in str(refusal(NORMALIZED, more))
    halves = {key: value.half() if value.is_floating_point() else value for key, value in weights.items()}
    assert "encoder.0 is 3×1×3×3 float32, file has 3×1×3×3 float16" in str(refusal(NORMALIZED, halves))


def test_layers_that_do_not_fit_are_refused_before_anything_is_built():
    with pytest.raises(ExperimentError, match="kernel 9 does not fit"):
        model.build(network(Convolution(kernel=9), side=8))
