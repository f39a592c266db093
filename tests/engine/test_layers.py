"""Blocks against the formulas they stand for, and their order."""

import math

import pytest
import torch

from engine import layers
from engine.shapes import Layer

CONVOLUTION = Layer("encoder", 0, "convolution", (3, 9, 9), (4, 3, 3), kernel=2, stride=1, padding=0,
                    unpooled=(4, 8, 8), batch_normalization=True, activation="relu", dropout=0.5,
                    pool_kernel=3, pool_stride=2)


def names(block):
    """The parts of a block, in order."""
    return [name for name, _ in block.named_children()]


def test_a_block_is_convolution_normalization_activation_dropout_pooling():
    block = layers.block(CONVOLUTION)
    assert names(block) == ["convolution", "normalization", "activation", "dropout", "pooling"]
    assert block(torch.rand(2, 3, 9, 9)).shape == (2, 4, 3, 3)


def test_the_values_pass_through_in_that_order():
    block = layers.block(CONVOLUTION).eval()
    images = torch.rand(2, 3, 9, 9)
    weight, bias = block.convolution.weight, block.convolution.bias
    expected = torch.nn.functional.conv2d(images, weight, bias) / math.sqrt(1 + 1e-5)  # statistics are still 0 and 1
    expected = torch.nn.functional.max_pool2d(expected.clamp(min=0), 3, 2)
    torch.testing.assert_close(block(images), expected)


def test_parts_that_do_nothing_are_left_out():
    block = layers.block(Layer("encoder", 0, "linear", (6,), (2,)))
    assert names(block) == ["flatten", "linear"]


def test_a_linear_layer_that_ends_in_maps_is_unflattened_before_the_rest():
    block = layers.block(Layer("decoder", 0, "linear", (5,), (2, 3, 3), batch_normalization=True, activation="tanh",
                               dropout=0.1))
    assert names(block) == ["flatten", "linear", "unflatten", "normalization", "activation", "dropout"]
    assert isinstance(block.normalization, torch.nn.BatchNorm2d) and block.normalization.num_features == 2
    codes = torch.rand(4, 5)
    block.eval()
    maps = (codes @ block.linear.weight.T + block.linear.bias).reshape(4, 2, 3, 3)
    torch.testing.assert_close(block(codes), (maps / math.sqrt(1 + 1e-5)).tanh())


def test_a_vector_is_normalized_number_by_number():
    block = layers.block(Layer("encoder", 0, "linear", (2, 3, 3), (5,), batch_normalization=True))
    assert isinstance(block.normalization, torch.nn.BatchNorm1d) and block.normalization.num_features == 5
    assert block(torch.rand(4, 2, 3, 3)).shape == (4, 5)


def test_reshape_keeps_the_numbers_and_their_order():
    block = layers.block(Layer("decoder", 0, "reshape", (12,), (3, 2, 2)))
    assert torch.equal(block(torch.arange(24.0).reshape(2, 12)), torch.arange(24.0).reshape(2, 3, 2, 2))


def test_a_block_never_writes_into_its_input():
    block = layers.block(Layer("decoder", 0, "reshape", (4,), (1, 2, 2), activation="relu"))
    codes = torch.tensor([[-1.0, 2.0, -3.0, 4.0]])
    assert block(codes).flatten().tolist() == [0, 2, 0, 4]
    assert codes.tolist() == [[-1, 2, -3, 4]]


FORMULAS = {
    "none": lambda x: x,
    "relu": lambda x: max(x, 0.0),
    "leaky-relu": lambda x: x if x > 0 else 0.01 * x,
    "elu": lambda x: x if x > 0 else math.exp(x) - 1,
    "gelu": lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))),
    "silu": lambda x: x / (1 + math.exp(-x)),
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
}


@pytest.mark.parametrize("name", layers.ACTIVATIONS)
def test_an_activation_is_its_formula(name):
    values = [-3.0, -0.5, 0.0, 0.25, 2.0]
    expected = [FORMULAS[name](value) for value in values]
    assert layers.ACTIVATIONS[name]()(torch.tensor(values)).tolist() == pytest.approx(expected, abs=1e-6)
