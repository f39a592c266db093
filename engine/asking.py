"""How a question runs a model: in eval mode, without gradients, in short pieces, and with copies as its answer."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from engine.answers import Indices, Numbers, Pictures, Progress, QuestionError
from engine.data import Dataset, Split
from engine.inputs import unit
from engine.latent import Vectors
from engine.metrics import mse_per_image
from engine.model import Autoencoder

Answer = TypeVar("Answer")

PIECE_S = 0.008
"""About how long a piece of a long question takes, so that a shorter question hardly waits for it."""

SMALLEST_PIECE, LARGEST_PIECE = 8, 256
"""Images in a piece."""

def asked(compute: Callable[..., Any]) -> Callable[..., Any]:
    """Run a computation on a model in eval mode, without gradients, and leave the model as it was."""

    @functools.wraps(compute)
    @torch.inference_mode()
    def asked(model: Autoencoder, *arguments: Any) -> Any:
        training = model.training
        if training:
            model.eval()
        try:
            return compute(model, *arguments)
        finally:
            if training:
                model.train()

    return asked


@asked
def encode(model: Autoencoder, inputs: Tensor) -> Tensor:
    """uint8 (B, C, h, w) -> (B, *code)."""
    return model.encode(unit(inputs))


@asked
def decode(model: Autoencoder, codes: Tensor, base: Tensor) -> Tensor:
    """(B, *code) -> (B, C, H, W), not clipped; ``base``, uint8 inputs (1 or B, C, H, W), is what a residual network
    draws on."""
    return model.decode(codes, unit(base))


@asked
def forward(model: Autoencoder, inputs: Tensor) -> Tensor:
    """uint8 (B, C, h, w) -> the reconstruction, not clipped."""
    return model(unit(inputs))


@asked
def squared_errors(model: Autoencoder, inputs: Tensor, images: Tensor) -> Tensor:
    """Inputs and images to be drawn, uint8 -> (B,) mean squared error of each image."""
    return mse_per_image(model(unit(inputs)), unit(images))


def pieces(count: int) -> Iterator[slice]:
    """0 ... count in slices whose work takes this thread about PIECE_S, found out as it goes."""
    start, size = 0, SMALLEST_PIECE
    while start < count:
        begin_s = time.thread_time()
        yield slice(start, min(count, start + size))
        start += size
        taken_s = time.thread_time() - begin_s
        if taken_s < PIECE_S / 2:
            size = min(LARGEST_PIECE, 2 * size)
        elif taken_s > PIECE_S:
            size = max(SMALLEST_PIECE, size // 2)


def pictures(images: Tensor) -> Pictures:
    """(B, C, H, W), uint8 or float in [0, 1] (clipped) -> (B, H, W) or (B, H, W, 3) of one's own."""
    if images.dtype != torch.uint8:
        images = (images.nan_to_num().clamp(0, 1) * 255).round().to(torch.uint8)
    ordered = images[:, 0] if images.shape[1] == 1 else images.permute(0, 2, 3, 1)
    return np.array(ordered.numpy(), order="C")


def floats(values: Tensor) -> Numbers:
    return np.array(values.numpy(), dtype=np.float32)


def chosen(data: Dataset, split: str, indices: Sequence[int] | Indices) -> tuple[Split, Indices]:
    """The split and the indices in it. Raises QuestionError for an index that the split does not have."""
    images, chosen = data.split(split), np.array(indices, dtype=np.int64).reshape(-1)
    wrong = chosen[(chosen < 0) | (chosen >= len(images))]
    if len(wrong):
        raise QuestionError("question.index", f"Image {wrong[0]} is not among the {split} images. Choose 0 to "
                            f"{len(images) - 1}.", index=int(wrong[0]), split=split, last=len(images) - 1)
    return images, chosen


def single(values: Vectors) -> Numbers:
    return values.astype(np.float32)


def label(split: Split, index: int) -> int | None:
    return None if split.labels is None else int(split.labels[index])


def reporting(work: Generator[None, None, Answer], progress: Progress) -> Generator[Progress, None, Answer]:
    """Work whose end is not foreseen, with the same progress at each of its pauses."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
        yield progress
