"""The blocks a person can choose: a solved Layer of :mod:`engine.shapes` -> a torch module."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator

from torch import nn

from engine.shapes import Layer

Part = tuple[str, nn.Module]
"""A module and its name inside the block, as in ``encoder.0.convolution.weight``."""

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "none": nn.Identity,
    "relu": nn.ReLU,
    "leaky-relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


def convolution(layer: Layer) -> Iterator[Part]:
    """(B, *input) -> (B, *unpooled): Conv2d."""
    yield "convolution", nn.Conv2d(layer.input[0], layer.output[0], layer.kernel, layer.stride, layer.padding)


def transposed_convolution(layer: Layer) -> Iterator[Part]:
    """(B, *input) -> (B, *output): ConvTranspose2d."""
    yield "convolution", nn.ConvTranspose2d(layer.input[0], layer.output[0], layer.kernel, layer.stride, layer.padding,
                                            layer.output_padding)


def linear(layer: Layer) -> Iterator[Part]:
    """(B, *input) -> (B, *output): feature maps are flattened before and restored after."""
    yield "flatten", nn.Flatten()
    yield "linear", nn.Linear(math.prod(layer.input), math.prod(layer.output))
    yield from _unflatten(layer)


def reshape(layer: Layer) -> Iterator[Part]:
    """(B, *input) -> (B, *output), the same numbers."""
    yield "flatten", nn.Flatten()
    yield from _unflatten(layer)


def _unflatten(layer: Layer) -> Iterator[Part]:
    if len(layer.output) > 1:
        yield "unflatten", nn.Unflatten(1, layer.output)


LAYERS: dict[str, Callable[[Layer], Iterator[Part]]] = {
    "convolution": convolution,
    "transposed-convolution": transposed_convolution,
    "linear": linear,
    "reshape": reshape,
}
"""Kind -> the parts that come first in its block."""


def block(layer: Layer) -> nn.Sequential:
    """Layer, normalization, activation, dropout, pooling; parts that do nothing are left out."""
    return nn.Sequential(OrderedDict([*LAYERS[layer.kind](layer), *_rest(layer)]))


def _rest(layer: Layer) -> Iterator[Part]:
    """What every block may carry after its layer."""
    if layer.batch_normalization:
        normalization = nn.BatchNorm1d if len(layer.output) == 1 else nn.BatchNorm2d
        yield "normalization", normalization(layer.output[0])
    if layer.activation != "none":
        yield "activation", ACTIVATIONS[layer.activation]()
    if layer.dropout:
        yield "dropout", nn.Dropout(layer.dropout)
    if layer.pool_kernel:
        yield "pooling", nn.MaxPool2d(layer.pool_kernel, layer.pool_stride)
