"""The blocks of encoder and decoder as a person chooses them, before anything is solved. Loads no torch."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from engine.fields import Frozen, about

Activation = Literal["none", "relu", "leaky-relu", "elu", "gelu", "silu", "tanh", "sigmoid"]

Channels = Annotated[int, about("Channels", "Feature maps of this block. More can tell more patterns apart and cost "
                                "more time.", ge=1, le=65_536, low=1, high=512, log=True)]
Stride = Annotated[int, about("Stride", "Step of the window. 2 halves the side of an encoder's output and doubles a "
                              "decoder's.", unit="px", ge=1, le=512, low=1, high=4)]
Normalized = Annotated[bool, about("Batch normalization", "Normalizes each channel over the batch: usually faster and "
                                   "steadier training.")]
Activated = Annotated[Activation, about("Activation", "The non-linearity after the layer; without one, layers merge.")]
Dropout = Annotated[float, about("Dropout", "Share of values set to zero while training. More fights overfitting and "
                                 "slows learning.", ge=0, lt=1, low=0, high=0.8)]


class Convolution(Frozen):
    """Convolution, normalization, activation, dropout, pooling: in this order."""

    kind: Literal["convolution"] = "convolution"
    channels: Channels = 16
    kernel: Annotated[int, about("Kernel", "Side of the window each output pixel sees. Larger sees more context at "
                                 "more cost.", unit="px", ge=1, le=256, low=1, high=11)] = 3
    stride: Stride = 1
    padding: Annotated[int, about("Padding", "Zeros added around the image. More keeps the output larger.",
                                  unit="px", ge=0, le=256, low=0, high=5)] = 0
    batch_normalization: Normalized = False
    activation: Activated = "relu"
    dropout: Dropout = 0.0
    pool_kernel: Annotated[int, about("Pooling", "Side of the max-pooling window; 0 means no pooling. Larger makes the "
                                      "output smaller.", unit="px", ge=0, le=256, low=0, high=4)] = 0
    pool_stride: Annotated[int, about("Pooling stride", "Step of the pooling window; 0 means as large as the window. "
                                      "Larger makes the output smaller, smaller lets windows overlap.",
                                      unit="px", ge=0, le=256, low=0, high=4)] = 0


class Linear(Frozen):
    """Linear layer, normalization, activation, dropout; feature maps are flattened first."""

    kind: Literal["linear"] = "linear"
    size: Annotated[int, about("Size", "Numbers that leave this layer. In the last block this is the code: smaller "
                               "compresses more, larger draws more detail.",
                               ge=1, le=1_000_000_000, low=1, high=1024, log=True)] = 64
    batch_normalization: Normalized = False
    activation: Activated = "relu"
    dropout: Dropout = 0.0


class Reshape(Frozen):
    """A vector becomes feature maps (explicit decoders only)."""

    kind: Literal["reshape"] = "reshape"
    channels: Channels = 16
    side: Annotated[int, about("Side", "Side of each feature map.", unit="px", ge=1, le=256)] = 7


class TransposedConvolution(Frozen):
    """Transposed convolution, normalization, activation, dropout (explicit decoders only)."""

    kind: Literal["transposed-convolution"] = "transposed-convolution"
    channels: Channels = 16
    kernel: Annotated[int, about("Kernel", "Side of the window each input pixel paints. Larger makes the output larger "
                                 "and smoother, at more cost.",
                                 unit="px", ge=1, le=512, low=1, high=11)] = 3
    stride: Stride = 1
    padding: Annotated[int, about("Padding", "Pixels cut off at every edge. More makes the output smaller.",
                                  unit="px", ge=0, le=512, low=0, high=5)] = 0
    output_padding: Annotated[int, about("Output padding", "Pixels added at the right and lower edge; less than the "
                                         "stride. More makes the output larger.",
                                         unit="px", ge=0, le=511, low=0, high=3)] = 0
    batch_normalization: Normalized = False
    activation: Activated = "relu"
    dropout: Dropout = 0.0


EncoderBlock = Annotated[Convolution | Linear, pydantic.Field(discriminator="kind")]
DecoderBlock = Annotated[Linear | Reshape | TransposedConvolution | Convolution, pydantic.Field(discriminator="kind")]
Decoder = Annotated[
    Annotated[Literal["mirror"], pydantic.Tag("mirror")] | Annotated[tuple[DecoderBlock, ...], pydantic.Tag("blocks")],
    pydantic.Discriminator(lambda value: "mirror" if isinstance(value, str) else "blocks")]
