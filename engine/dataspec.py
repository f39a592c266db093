"""Which images an experiment uses: the data spec, by which they are read, cached and shared. Loads no torch."""

from __future__ import annotations

from typing import Annotated, Literal

from engine.fields import Frozen, about

DatasetName = Literal["digits", "mnist", "fashion-mnist", "kmnist", "cifar-10"]
Validation = Literal["hold-out", "test"]

IMAGE_SHAPES: dict[str, tuple[int, int]] = {
    "digits": (1, 28),
    "mnist": (1, 28),
    "fashion-mnist": (1, 28),
    "kmnist": (1, 28),
    "cifar-10": (3, 32),
}
"""Data set -> channels and side of its own images."""

CLASSES: dict[str, int] = {"digits": 10, "mnist": 10, "fashion-mnist": 10, "kmnist": 10, "cifar-10": 10}
"""Data set -> how many classes its labels tell apart."""

MINIMUM_SIDE, MAXIMUM_SIDE = 8, 256
"""Smallest and largest image side, in pixels."""


class Data(Frozen):
    """Which images, how large, and how they are split."""

    dataset: Annotated[DatasetName, about("Data set", "The images to learn. 'Digits' is built in and needs no "
                                          "network.")] = "digits"
    image_size: Annotated[int, about("Image size", "Side to which the images are resized; 0 keeps their own. Larger "
                                     "images hold more detail and train more slowly.", unit="px", ge=0, le=256)] = 0
    training_images: Annotated[int, about("Training images", "How many training images to use; 0 means all. Fewer "
                                          "train faster and overfit sooner.", ge=0, le=10_000_000)] = 0
    validation: Annotated[Validation, about("Validation", "Where the validation images come from. With the official "
                                            "test images no independent test is left.")] = "hold-out"
    hold_out: Annotated[float, about("Hold-out share", "Share of the training images kept for validation. More makes "
                                     "the validation loss steadier and leaves fewer images to learn from.",
                                     gt=0, le=0.5, low=0.05, high=0.5)] = 0.1
    seed: Annotated[int, about("Split seed", "Chooses which training images are held out.", ge=0, le=2**31 - 1)] = 0
    images_per_class: Annotated[int, about("Images per class", "How many training images of each class to use; 0 means "
                                           "all. Fewer ask how far few labels go.", ge=0, le=10_000_000)] = 0
    class_seed: Annotated[int, about("Class seed", "Chooses which images of each class are used, where not all are.",
                                     ge=0, le=2**31 - 1)] = 0
