"""Feature maps, kernels and dead units, compared with the same numbers computed by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from engine import data, explore, model
from engine.answers import Progress, QuestionError
from engine.blocks import Convolution, Linear
from tests.gui.conftest import tiny

MIXED = tiny(model__encoder=(
    Convolution(channels=8, stride=1, padding=1, batch_normalization=True, pool_kernel=2, pool_stride=2),
    Convolution(channels=3, stride=2, padding=1, dropout=0.3), Linear(size=5, activation="tanh")))


@pytest.fixture(scope="module")
def images():
    return data.load(MIXED.data, data.default_data_dir())


@pytest.fixture
def network():
    torch.manual_seed(3)
    return model.build(MIXED)


def input_of(images, index):
    return images.test.images[index:index + 1].float() / 255


def answered(question):
    *partial, last = question
    assert all(isinstance(answer, Progress) for answer in partial) and partial
    return last


def test_every_block_with_its_shapes_and_stages(network, images):
    layers = explore.layer_list(network, images).layers
    assert [(layer.name, layer.kind, layer.output, layer.is_code) for layer in layers] == [
        (f"{layer.part}.{layer.index}", layer.kind, layer.output, layer.part == "encoder" and layer.index == 2)
        for layer in network.plan.layers]
    assert [layer.input for layer in layers] == [layer.input for layer in network.plan.layers]
    assert layers[0].stages == ("convolution", "normalization", "activation", "pooling")
    assert layers[1].stages == ("convolution", "activation"), "dropout does nothing to a picture"
    assert layers[2].stages == ("linear", "activation")
    assert [layer.number for layer in layers] == [1, 2, 3, 1, 2, 3]
    for layer in layers:
        assert layer.kernels == len(explore.kernels(network, images, layer.name, 0, 10_000).values)


def test_the_maps_of_each_stage_are_those_of_the_parts_one_after_another(network, images):
    network.train()
    convolution, normalization, activation, pooling = network.encoder[0]
    with torch.no_grad():
        values = {"convolution": convolution(input_of(images, 4))}
        values["normalization"] = normalization.eval()(values["convolution"])
        values["activation"] = activation(values["normalization"])
        values["pooling"] = pooling(values["activation"])
    normalization.train()
    for stage, expected in values.items():
        answer = explore.layer_maps(network, images, "test", 4, "encoder.0", stage)
        assert answer.stage == stage
        np.testing.assert_allclose(answer.values, expected[0].numpy(), atol=1e-6)
    assert network.training and network.encoder[0].normalization.training, "as it was"
    assert answer.label == images.test.labels[4]
    np.testing.assert_array_equal(answer.image, images.test.images[4, 0].numpy())
    assert explore.layer_maps(network, images, "test", 4, "encoder.0", "unknown").stage == "pooling"
    assert not network.encoder[0]._forward_hooks


@pytest.mark.parametrize("index", range(6))
def test_the_output_of_every_block_of_encoder_and_decoder(network, images, index):
    network.eval()
    blocks = [*network.encoder, *network.decoder]
    with torch.no_grad():
        expected = nn.Sequential(*blocks[:index + 1])(input_of(images, 7))[0].numpy()
    answer = explore.layer_maps(network, images, "test", 7, network.plan.layers[index].name)
    np.testing.assert_allclose(answer.values, expected, atol=1e-6)


def test_a_linear_layer_of_the_decoder_gives_maps_before_its_activation_too(network, images):
    place = next(layer for layer in explore.layer_list(network, images).layers
                 if layer.part == "decoder" and layer.kind == "linear")
    first, last = (explore.layer_maps(network, images, "test", 0, place.name, stage) for stage in (
        place.stages[0], place.stages[-1]))
    assert len(place.output) == 3 and first.values.shape == last.values.shape == place.output
    np.testing.assert_allclose(np.maximum(first.values, 0), last.values, atol=1e-6)


def test_an_unknown_layer_is_named(network, images):
    for ask in (explore.layer_maps, ):
        with pytest.raises(QuestionError, match=r"no layer encoder\.9\. Choose one of its 6"):
            ask(network, images, "test", 0, "encoder.9")
    with pytest.raises(QuestionError, match=r"no layer encoder\.9"):
        list(explore.dead_units(network, images, "encoder.9"))
    with pytest.raises(QuestionError, match="no layer"):
        explore.kernels(network, images, "")
    with pytest.raises(QuestionError, match="not among the test images"):
        explore.layer_maps(network, images, "test", 10**6, "encoder.0")


def test_kernels_are_the_weights_with_their_units(network, images):
    weight = network.encoder[1].convolution.weight.detach().numpy()
    answer = explore.kernels(network, images, "encoder.1", 6, 5)
    assert answer.units.tolist() == [[0, 6], [0, 7], [1, 0], [1, 1], [1, 2]] and answer.first == 6
    for values, (unit, source) in zip(answer.values, answer.units, strict=True):
        np.testing.assert_array_equal(values, weight[unit, source])
    assert answer.limit == pytest.approx(abs(weight).max()), "of the whole layer"
    transposed = network.plan.layers[-1]
    weight = network.decoder[-1].convolution.weight.detach().numpy()
    answer = explore.kernels(network, images, transposed.name)
    for values, (unit, source) in zip(answer.values, answer.units, strict=True):
        np.testing.assert_array_equal(values, weight[source, unit])


def test_weights_of_linear_layers_are_pictures_where_there_is_a_picture(network, images):
    looking = explore.kernels(network, images, "encoder.2", 0, 100)
    expected = network.encoder[2].linear.weight.detach().numpy().reshape(5, *network.plan.encoder[2].input)
    for values, (unit, source) in zip(looking.values, looking.units, strict=True):
        np.testing.assert_array_equal(values, expected[unit, source])
    drawing = explore.kernels(network, images, "decoder.0", 0, 100)
    shape = network.plan.decoder[0].output
    expected = network.decoder[0].linear.weight.detach().numpy()
    for values, (unit, source) in zip(drawing.values, drawing.units, strict=True):
        np.testing.assert_array_equal(values, expected[:, unit].reshape(shape)[source])


def test_between_two_vectors_all_weights_are_one_picture(images):
    dense = model.build(tiny(model__encoder=(Linear(size=6), Linear(size=2))))
    answer = explore.kernels(dense, images, "encoder.1")
    np.testing.assert_array_equal(answer.values, dense.encoder[1].linear.weight.detach().numpy()[None])
    assert explore.kernels(dense, images, "encoder.0", 999).first == 5, "no page beyond the last"


def test_dead_units_are_those_that_never_change_on_the_fixed_images(network, images):
    with torch.no_grad():
        network.encoder[0].normalization.bias[2] = -100
        network.encoder[0].normalization.bias[5] = -100
        network.encoder[2].linear.weight[3] = 0
    answer = answered(explore.dead_units(network, images, "encoder.0"))
    assert answer.units.tolist() == [2, 5] and (answer.total, answer.images) == (8, 1000)
    assert answered(explore.dead_units(network, images, "encoder.2")).units.tolist() == [3]
    maps = explore.layer_maps(network, images, "test", 0, "encoder.0").values
    assert not maps[[2, 5]].any() and maps[[0, 1, 3, 4, 6, 7]].any()


def test_a_unit_alive_in_the_last_image_only_is_alive(network, images):
    *_, last = explore.fixed_indices(images)
    before = images.validation.images.clone()
    try:
        images.validation.images.fill_(0)
        images.validation.images[last] = before[last]
        assert len(answered(explore.dead_units(network, images, "decoder.0")).units) == 0
        images.validation.images.fill_(0)
        assert len(answered(explore.dead_units(network, images, "decoder.0")).units) > 0
    finally:
        images.validation.images.copy_(before)


def test_a_classifier_has_its_last_layer_in_place_of_a_decoder(images):
    torch.manual_seed(3)
    classifier = model.build(tiny(task="classifier", classifier__strategy="scratch", model__encoder=(
        Convolution(channels=8, stride=2, padding=1), Linear(size=5)))).eval()
    layers = explore.layer_list(classifier, images).layers
    assert [layer.name for layer in layers] == ["encoder.0", "encoder.1", "classifier.0"]
    assert layers[-1].output == (10,) and layers[-1].stages == ("linear",) and layers[1].is_code
    with torch.no_grad():
        expected = classifier.classify(input_of(images, 1))[0].numpy()
    answer = explore.layer_maps(classifier, images, "test", 1, "classifier.0")
    np.testing.assert_allclose(answer.values, expected, atol=1e-6)
    weight = classifier.classifier[0].linear.weight.detach().numpy()
    np.testing.assert_array_equal(explore.kernels(classifier, images, "classifier.0").values, weight.T[None])
    assert answered(explore.dead_units(classifier, images, "classifier.0")).total == 10


def test_the_first_convolutions_of_a_report(images):
    """Eight maps of 14×14: by stride 2, and by stride 1 with 2×2 max pooling."""
    whole = data.load(tiny(data__image_size=0).data, data.default_data_dir())
    for block in (Convolution(channels=8, stride=2, padding=1),
                  Convolution(channels=8, stride=1, padding=1, pool_kernel=2, pool_stride=2)):
        network = model.build(tiny(data__image_size=0, model__encoder=(block,)))
        assert explore.layer_maps(network, whole, "test", 0, "encoder.0").values.shape == (8, 14, 14)
