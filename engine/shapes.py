"""Sizes, parameters, multiply-adds and the mirrored decoder, as plain arithmetic.

``plan(experiment)`` walks the blocks once and gives the layers with their shapes, as far as they fit;
``problems(experiment)`` lists everything that is wrong. Neither loads torch.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.blocks import Convolution, DecoderBlock, Linear, Reshape, TransposedConvolution
from engine.dataspec import MINIMUM_SIDE
from engine.experiment import Experiment
from engine.fields import LABELS, Problem, Remedy

Shape = tuple[int, ...]
"""(channels, height, width) of feature maps, or (numbers,) of a vector."""

MAXIMUM_PARAMETERS = 500_000_000
"""More weights than this are refused: 2 GB in single precision, four times that while training."""

MAXIMUM_VALUES = 2**28
"""More numbers than this in one layer's output are refused: 1 GB for a single image."""


@dataclass(frozen=True)
class Layer:
    """One block of the network with everything solved: what model.py builds and the architecture tab shows."""

    part: str
    """'encoder', 'decoder' or 'classifier'."""
    index: int
    """Position in its part, from 0."""
    kind: str
    """'convolution', 'transposed-convolution', 'linear' or 'reshape'."""
    input: Shape
    output: Shape
    kernel: int = 0
    stride: int = 1
    padding: int = 0
    output_padding: int = 0
    batch_normalization: bool = False
    activation: str = "none"
    dropout: float = 0.0
    pool_kernel: int = 0
    pool_stride: int = 0
    unpooled: Shape = ()
    """Output before pooling."""

    @property
    def name(self) -> str:
        """The layer's name in the weights: ``encoder.0``."""
        return f"{self.part}.{self.index}"

    @property
    def parameters(self) -> int:
        """Weights and biases, those of batch normalization included."""
        return self._weights + self._biases + self._normalization

    @property
    def formula(self) -> str:
        """How the parameters are counted: ``3² × 1 × 8 + 8 = 80``."""
        if self.kind == "reshape":
            return ""
        product = f"{_grouped(math.prod(self.input))} × {_grouped(self._biases)}"
        if self.kernel:
            product = f"{self.kernel}² × {self.input[0]} × {self.output[0]}"
        normalization = f" + 2 × {self.output[0]}" if self.batch_normalization else ""
        return f"{product} + {_grouped(self._biases)}{normalization} = {_grouped(self.parameters)}"

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of the layer's product for one image; normalization and activation are not counted."""
        if self.kind == "convolution":
            return self._weights * math.prod(self.unpooled[1:])
        if self.kind == "transposed-convolution":
            return self._weights * math.prod(self.input[1:])
        return self._weights

    @property
    def _weights(self) -> int:
        if self.kind == "reshape":
            return 0
        if self.kind == "linear":
            return math.prod(self.input) * math.prod(self.output)
        return self.kernel**2 * self.input[0] * self.output[0]

    @property
    def _biases(self) -> int:
        if self.kind == "reshape":
            return 0
        return math.prod(self.output) if self.kind == "linear" else self.output[0]

    @property
    def _normalization(self) -> int:
        return 2 * self.output[0] if self.batch_normalization else 0


def _grouped(number: int) -> str:
    """50240 -> '50,240'."""
    return f"{number:,}"


@dataclass(frozen=True)
class Plan:
    """The layers of both parts as far as they fit, and what is wrong with the first that does not."""

    image: Shape
    """What the network sees."""
    encoder: tuple[Layer, ...]
    decoder: tuple[Layer, ...]
    """Empty for a classifier."""
    problems: tuple[Problem, ...] = ()
    classifier: tuple[Layer, ...] = ()
    """The linear layer to the classes; empty for an autoencoder."""
    residual: bool = False
    """Whether the decoder draws what is to be added to the input."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Encoder, then decoder or classifier."""
        return self.encoder + self.decoder + self.classifier

    @property
    def code(self) -> Shape:
        """Shape of the latent code."""
        return self.encoder[-1].output if self.encoder else self.image

    @property
    def code_numbers(self) -> int:
        """How many numbers the code has."""
        return math.prod(self.code)

    @property
    def compression(self) -> float:
        """Numbers of the image per number of the code; below 1 the code is larger than the image."""
        return math.prod(self.image) / self.code_numbers

    @property
    def parameters(self) -> int:
        """All weights and biases."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds for one image, there and back."""
        return sum(layer.multiply_adds for layer in self.layers)


class _Misfit(Exception):
    """The first layer that does not fit, as a Problem."""

    def __init__(self, code: str, field: str, value: Any, message: str, remedy: Remedy | None = None,
                 **values: Any) -> None:
        super().__init__(message)
        self.problem = Problem(code, field, value, message, values, remedy)


def plan(experiment: Experiment) -> Plan:
    """Experiment -> its layers; stops at the first that does not fit and says so in ``problems``."""
    image = experiment.input_shape
    encoder: list[Layer] = []
    rest: list[Layer] = []
    problems: tuple[Problem, ...] = ()
    try:
        for layer in _encoder(experiment, image):
            encoder.append(layer)
        for layer in _classifier(experiment, encoder) if experiment.classes else _decoder(experiment, encoder):
            rest.append(layer)
    except _Misfit as misfit:
        problems = (misfit.problem,)
    if experiment.classes:
        return Plan(image, tuple(encoder), (), problems, tuple(rest))
    return Plan(image, tuple(encoder), tuple(rest), problems, residual=experiment.model.residual)


def _encoder(experiment: Experiment, image: Shape) -> Iterator[Layer]:
    """The encoder's layers, one after another, as long as they fit."""
    shape = image
    if not experiment.model.encoder:
        raise _Misfit("encoder.empty", "model.encoder", (), "The encoder needs at least one block. Add a block.")
    for index, block in enumerate(experiment.model.encoder):
        if isinstance(block, Linear):
            layer = _linear("encoder", index, block, shape)
        else:
            layer = _convolution("encoder", index, block, shape)
        yield _affordable(layer)
        shape = layer.output


def _classifier(experiment: Experiment, encoder: list[Layer]) -> Iterator[Layer]:
    """The linear layer from the code to the classes."""
    yield _affordable(Layer("classifier", 0, "linear", encoder[-1].output, (experiment.classes,),
                            activation=experiment.classifier.activation))


def _decoder(experiment: Experiment, encoder: list[Layer]) -> Iterator[Layer]:
    """The mirrored decoder with what enlarges its picture, or the given one, as long as it fits."""
    if experiment.model.decoder == "mirror":
        yield from (_affordable(layer) for layer in mirror(encoder, experiment))
    else:
        yield from _given(experiment, experiment.image_shape, encoder[-1].output)


def _linear(part: str, index: int, block: Linear, shape: Shape) -> Layer:
    return Layer(part, index, "linear", shape, (block.size,), batch_normalization=block.batch_normalization,
                 activation=block.activation, dropout=block.dropout)


def _convolution(part: str, index: int, block: Convolution, shape: Shape) -> Layer:
    """A convolution with its pooling, or the reason why it does not fit."""
    path = f"model.{part}.{index}"
    if len(shape) == 1:
        raise _Misfit("layer.convolution_after_linear", f"{path}.kind", block.kind, f"Layer {index}: a convolution "
                      "cannot follow a linear layer. Move it before the linear layer or remove it.", layer=index)
    side = _strided(f"{path}.kernel", "kernel", block.kernel, block.stride, shape[1], block.padding)
    unpooled = (block.channels, side, side)
    pool_stride = block.pool_stride or block.pool_kernel
    if block.pool_kernel:
        side = _strided(f"{path}.pool_kernel", "pooling", block.pool_kernel, pool_stride, side, 0)
    return Layer(part, index, "convolution", shape, (block.channels, side, side), kernel=block.kernel,
                 stride=block.stride, padding=block.padding, batch_normalization=block.batch_normalization,
                 activation=block.activation, dropout=block.dropout, pool_kernel=block.pool_kernel,
                 pool_stride=pool_stride if block.pool_kernel else 0, unpooled=unpooled)


def _strided(path: str, what: str, kernel: int, stride: int, side: int, padding: int) -> int:
    """Side after a window of this kernel and stride: floor((side + 2·padding - kernel) / stride) + 1."""
    padded = side + 2 * padding
    if kernel > padded:
        layer = int(path.split(".")[2])
        raise _Misfit("layer.kernel_too_large", path, kernel, f"Layer {layer}: {what} {kernel} does not fit "
                      f"{side}×{side}. Reduce the {what} or remove a stride.",
                      Remedy(f"Use {what} {padded}", {path: padded}), layer=layer, what=what, kernel=kernel, side=side)
    return (padded - kernel) // stride + 1


def _affordable(layer: Layer) -> Layer:
    """The layer, unless its weights or its output alone are beyond any machine."""
    if layer.parameters > MAXIMUM_PARAMETERS or math.prod(layer.unpooled or layer.output) > MAXIMUM_VALUES:
        raise _Misfit("layer.too_large", f"model.{layer.part}.{layer.index}", layer.parameters, f"Layer {layer.index}: "
                      f"{_grouped(layer.parameters)} parameters are too many. Make it smaller or pool before it.",
                      layer=layer.index, parameters=layer.parameters, limit=MAXIMUM_PARAMETERS)
    return layer


def mirror(encoder: list[Layer], experiment: Experiment) -> Iterator[Layer]:
    """The encoder in reverse. Layer i undoes encoder block i and carries the activation, normalization and dropout of
    block i - 1; the last layer has only the output activation.

    Where the image to be drawn is larger than the input, the layer that undoes block 0 is not the last: it keeps that
    block's channels, activation and normalization for the layers that enlarge.
    """
    steps = _enlarging_steps(experiment)
    for position, block in enumerate(reversed(encoder)):
        carried, output = (encoder[block.index - 1] if block.index else None), block.input
        if block.index == 0 and steps:
            carried, output = block, (block.output[0] if block.kernel else block.input[0], *block.input[1:])
        layer = Layer("decoder", position, "linear", block.output, output,
                      batch_normalization=carried.batch_normalization if carried else False,
                      activation=carried.activation if carried else experiment.model.output,
                      dropout=carried.dropout if carried else 0.0)
        layer = solve(block, layer) if block.kind == "convolution" else layer
        yield layer
    yield from _enlarging(layer, steps, experiment)


def _enlarging_steps(experiment: Experiment) -> list[int]:
    """The prime factors of how many times larger the drawn image's side is than the input's: 12 -> [2, 2, 3]."""
    side, wanted = experiment.input_shape[1], experiment.image_shape[1]
    if wanted % side:
        raise _Misfit("input.factor", "data.input.factor", experiment.data.input.factor, f"The image's side {wanted} "
                      f"is no multiple of the input's side {side}. Choose a factor that divides {wanted}, or have the "
                      "input enlarged.", Remedy("Enlarge the input", {"data.input.enlargement": "bicubic"}),
                      factor=experiment.data.input.factor, side=side, wanted=wanted)
    rest, steps = wanted // side, []
    for prime in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31):
        while rest % prime == 0:
            rest //= prime
            steps.append(prime)
    return steps


def _enlarging(last: Layer, steps: list[int], experiment: Experiment) -> Iterator[Layer]:
    """A transposed convolution of kernel 2q and stride q for each step q: a side a becomes q·a."""
    for number, q in enumerate(steps, 1):
        ends = number == len(steps)
        padding, channels = (q + 1) // 2, experiment.image_shape[0] if ends else last.output[0]
        layer = dataclasses.replace(
            last, index=last.index + 1, kind="transposed-convolution", input=last.output,
            output=(channels, *(q * side for side in last.output[1:])), kernel=2 * q, stride=q, padding=padding,
            output_padding=2 * padding - q)
        if ends:
            layer = dataclasses.replace(layer, batch_normalization=False, dropout=0.0,
                                        activation=experiment.model.output)
        yield layer
        last = layer


def solve(block: Layer, layer: Layer) -> Layer:
    """The transposed convolution that undoes an encoder block, with the rest taken from ``layer``.

    With input side a, output side b and stride s (convolution × pooling): a = (b − 1)·s − 2p + k + op, 0 ≤ op < s, with
    the smallest p ≥ 0 and the encoder's kernel k, else the next larger one that solves it.
    """
    a, b, s = block.input[1], block.output[1], block.stride * (block.pool_stride or 1)
    for kernel in itertools.count(block.kernel):
        rest = a - (b - 1) * s - kernel
        padding = max(0, -(rest // 2))
        output_padding = rest + 2 * padding
        if output_padding < s:
            break
    return dataclasses.replace(layer, kind="transposed-convolution", kernel=kernel, stride=s, padding=padding,
                               output_padding=output_padding)


def _given(experiment: Experiment, image: Shape, code: Shape) -> Iterator[Layer]:
    """An explicit decoder, layer by layer; it must end in the image's shape without an activation of its own."""
    shape, blocks = code, experiment.model.decoder
    for index, block in enumerate(blocks):
        layer = _given_layer(index, block, shape)  # type: ignore[arg-type]
        shape = layer.output
        if index == len(blocks) - 1:
            layer = _last(experiment, layer, image)
        yield _affordable(layer)
    if not blocks:
        raise _Misfit("decoder.empty", "model.decoder", (), "The decoder needs at least one block.", MIRROR)


MIRROR = Remedy("Mirror the encoder", {"model.decoder": "mirror"})


def _given_layer(index: int, block: DecoderBlock, shape: Shape) -> Layer:
    """One layer of an explicit decoder."""
    if isinstance(block, Linear):
        return _linear("decoder", index, block, shape)
    if isinstance(block, Convolution):
        return _convolution("decoder", index, block, shape)
    if isinstance(block, Reshape):
        return _reshape(index, block, shape)
    return _transposed(index, block, shape)


def _reshape(index: int, block: Reshape, shape: Shape) -> Layer:
    wanted = (block.channels, block.side, block.side)
    numbers, needed = math.prod(shape), math.prod(wanted)
    if numbers != needed:
        raise _Misfit("layer.reshape", f"model.decoder.{index}", wanted, f"Decoder layer {index}: {numbers} numbers "
                      f"cannot be reshaped to {_product(wanted)} = {needed}. Change the linear layer before it.",
                      layer=index, numbers=numbers, needed=needed)
    return Layer("decoder", index, "reshape", shape, wanted)


def _transposed(index: int, block: TransposedConvolution, shape: Shape) -> Layer:
    path = f"model.decoder.{index}"
    if len(shape) == 1:
        raise _Misfit("layer.transposed_after_linear", path, block.kind, f"Decoder layer {index}: a transposed "
                      "convolution needs feature maps. Add a reshape block before it.", layer=index)
    side = (shape[1] - 1) * block.stride - 2 * block.padding + block.kernel + block.output_padding
    if side < 1:
        raise _Misfit("layer.transposed", f"{path}.padding", block.padding, f"Decoder layer {index}: padding "
                      f"{block.padding} leaves nothing of its output. Reduce the padding.",
                      Remedy("Use padding 0", {f"{path}.padding": 0}), layer=index, padding=block.padding)
    if block.output_padding >= block.stride and block.output_padding:
        largest = block.stride - 1
        raise _Misfit("layer.output_padding", f"{path}.output_padding", block.output_padding, f"Decoder layer {index}: "
                      f"output padding {block.output_padding} must be less than the stride {block.stride}.",
                      Remedy(f"Use output padding {largest}", {f"{path}.output_padding": largest}),
                      layer=index, output_padding=block.output_padding, stride=block.stride)
    return Layer("decoder", index, block.kind, shape, (block.channels, side, side), kernel=block.kernel,
                 stride=block.stride, padding=block.padding, output_padding=block.output_padding,
                 batch_normalization=block.batch_normalization, activation=block.activation, dropout=block.dropout)


def _last(experiment: Experiment, layer: Layer, image: Shape) -> Layer:
    """The last layer with the output activation, reshaped to the image when its numbers agree."""
    path = f"model.decoder.{layer.index}"
    if layer.batch_normalization or layer.dropout or layer.activation != "none":
        plain = {"activation": "none", "dropout": 0.0, "batch_normalization": False}
        raise _Misfit("decoder.last", f"{path}.activation", layer.activation, f"Decoder layer {layer.index}: the last "
                      "layer has only the output activation. Remove its activation, dropout and normalization.",
                      Remedy("Remove them", {f"{path}.{name}": value for name, value in plain.items()}),
                      layer=layer.index)
    flat = len(layer.output) == 1 and math.prod(layer.output) == math.prod(image)
    if layer.output != image and not flat:
        got, wanted = _product(layer.output), _product(image)
        raise _Misfit("decoder.output", path, layer.output, f"Decoder layer {layer.index}: the decoder ends in {got}, "
                      f"the images are {wanted}. Change the decoder or mirror the encoder.", MIRROR,
                      layer=layer.index, got=got, wanted=wanted)
    return dataclasses.replace(layer, output=image, activation=experiment.model.output)


def _product(shape: Shape) -> str:
    """(16, 7, 7) -> '16×7×7'."""
    return "×".join(map(str, shape))


def problems(experiment: Experiment) -> tuple[Problem, ...]:
    """Everything that keeps this experiment from being trained, each with its remedy; empty when nothing does."""
    layers = plan(experiment)
    return (*_small_images(experiment), *layers.problems, *_too_many(layers), *_loss(experiment), *_source(experiment),
            *_folders(experiment), *_residual(experiment))


def _small_images(experiment: Experiment) -> Iterator[Problem]:
    side = experiment.image_shape[1]
    if side < MINIMUM_SIDE:
        yield Problem("data.image_size", "data.image_size", side, f"Images of {side} pixels are too small; use "
                      f"{MINIMUM_SIDE} or more, or 0 for their own size.", {"side": side, "least": MINIMUM_SIDE},
                      Remedy(f"Use {MINIMUM_SIDE}", {"data.image_size": MINIMUM_SIDE}))


def _too_many(layers: Plan) -> Iterator[Problem]:
    if layers.parameters > MAXIMUM_PARAMETERS:
        yield Problem("model.too_large", "model.encoder", layers.parameters, f"The network has "
                      f"{_grouped(layers.parameters)} parameters, more than {_grouped(MAXIMUM_PARAMETERS)}. Make its "
                      "layers smaller.", {"parameters": layers.parameters, "limit": MAXIMUM_PARAMETERS})


def _loss(experiment: Experiment) -> Iterator[Problem]:
    if experiment.loss == "bce" and experiment.model.output != "sigmoid":
        yield Problem("train.loss.range", "train.loss", "bce", f"{LABELS['bce']} needs outputs between 0 and 1. Use "
                      "the sigmoid as output activation or another loss.", {},
                      Remedy("Use sigmoid", {"model.output": "sigmoid"}))


def _source(experiment: Experiment) -> Iterator[Problem]:
    if experiment.needs_encoder and not experiment.classifier.encoder:
        yield Problem("classifier.encoder", "classifier.encoder", "", "No encoder is chosen. Name the run or the "
                      "preset whose encoder is to be used, or train from scratch.", {},
                      Remedy("From scratch", {"classifier.strategy": "scratch"}))


def _folders(experiment: Experiment) -> Iterator[Problem]:
    """Images and inputs that are said to lie in folders need these."""
    data = experiment.data
    if data.dataset == "folder" and not data.folder:
        yield Problem("data.folder", "data.folder", "", "No folder is chosen. Choose the folder with your images.")
    if data.input.change == "folder" and (data.dataset != "folder" or not data.input.folder):
        yield Problem("input.folder", "data.input.folder", data.input.folder, "Inputs from a folder need an image "
                      "folder as the data set and a second folder with the same file names.", {},
                      Remedy("Use the images themselves", {"data.input.change": "none"}))
    if data.dataset == "folder" and experiment.task == "classifier" and not data.class_count:
        yield Problem("data.class_count", "data.class_count", 0, "A classifier needs the number of classes of its "
                      "folder. Import the folder with one folder for each class.")


def _residual(experiment: Experiment) -> Iterator[Problem]:
    """What is added to the input must have its size, and must be free to be negative."""
    if not experiment.model.residual or experiment.task == "classifier":
        return
    if experiment.input_shape != experiment.image_shape:
        yield Problem("model.residual.size", "model.residual", True, "A residual network adds to its input, which is "
                      "smaller than the image. Have the input enlarged.", {},
                      Remedy("Enlarge the input", {"data.input.enlargement": "bicubic"}))
    if experiment.model.output != "none":
        yield Problem("model.residual.output", "model.output", experiment.model.output, "A residual network must be "
                      "able to take away from its input. Use no output activation.", {},
                      Remedy("Use none", {"model.output": "none"}))
