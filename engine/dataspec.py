"""Which images an experiment uses: the data spec, by which they are read, cached and shared. Loads no torch."""

from __future__ import annotations

from typing import Annotated, Literal

from engine.fields import Frozen, about

Change = Literal["none", "resolution", "gaussian", "salt-and-pepper", "masking", "folder"]
Classes = Literal["none", "folders"]
Colour = Literal["rgb", "grey"]
DatasetName = Literal["digits", "mnist", "fashion-mnist", "kmnist", "cifar-10", "shapes", "folder"]
Enlargement = Literal["none", "nearest", "bilinear", "bicubic"]
Fit = Literal["crop", "pad", "stretch"]
Reduction = Literal["nearest", "bilinear", "bicubic", "area"]
Validation = Literal["hold-out", "test"]

IMAGE_SHAPES: dict[str, tuple[int, int]] = {
    "digits": (1, 28),
    "mnist": (1, 28),
    "fashion-mnist": (1, 28),
    "kmnist": (1, 28),
    "cifar-10": (3, 32),
    "shapes": (3, 96),
    "folder": (3, 96),
}
"""Data set -> channels and side of its own images; a folder's are brought to this side where none is chosen."""

CLASSES: dict[str, int] = {"digits": 10, "mnist": 10, "fashion-mnist": 10, "kmnist": 10, "cifar-10": 10,
                           "shapes": 10}
"""Data set -> how many classes its labels tell apart; a folder says so itself."""

FOLDER_FIELDS = ("folder", "recursive", "classes", "class_count", "colour", "fit")
"""What says which images of a person's own are used, and how they are read."""

NOISES = ("gaussian", "salt-and-pepper", "masking")
"""Changes of the input that are drawn anew in every epoch of a training."""

MINIMUM_SIDE, MAXIMUM_SIDE = 8, 256
"""Smallest and largest image side, in pixels."""


def class_count(data: Data) -> int:
    """How many classes the images have; 0 where they have none."""
    return CLASSES.get(data.dataset, data.class_count)


class Input(Frozen):
    """How the image that the network is given differs from the one that it is to draw."""

    change: Annotated[Change, about("Input", "What is done to the image before the network sees it; it always learns "
                                    "to draw the unchanged one.")] = "none"
    factor: Annotated[int, about("Factor", "How many times smaller the input's side is made. Larger leaves less to go "
                                 "by; 1 keeps the side.", ge=1, le=32, low=1, high=8)] = 4
    reduction: Annotated[Reduction, about("Made smaller by", "How the pixels of the smaller image are found: 'area' "
                                          "averages, 'nearest' picks.")] = "area"
    jpeg_quality: Annotated[int, about("JPEG quality", "The small image is compressed as JPEG of this quality; 0 "
                                       "leaves it alone. Lower is coarser.", ge=0, le=100, low=0, high=95)] = 0
    enlargement: Annotated[Enlargement, about("Enlarged by", "How the small image is brought back to the old size; "
                                              "'none' leaves it small and lets the network enlarge.")] = "bicubic"
    strength: Annotated[float, about("Strength", "Standard deviation of Gaussian noise, or the share of the pixels "
                                     "that are changed. More is harder.", ge=0, le=1, low=0, high=0.9)] = 0.3
    folder: Annotated[str, about("Input folder", "Where the inputs lie: files with the names of the images to be "
                                 "drawn.", max_length=4000)] = ""
    seed: Annotated[int, about("Noise seed", "Chooses the noise of the validation and test images, which stays the "
                               "same.", ge=0, le=2**31 - 1)] = 0


class Data(Frozen):
    """Which images, how large, how they are split, and what the network sees of them."""

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
    folder: Annotated[str, about("Folder", "Where the images of the data set 'folder' lie.", max_length=4000)] = ""
    classes: Annotated[Classes, about("Classes", "Whether each folder in it is a class, or there are none.")] = "none"
    class_count: Annotated[int, about("Number of classes", "How many classes the folder has; a classifier needs to "
                                      "know it.", ge=0, le=100_000)] = 0
    recursive: Annotated[bool, about("Folders below", "Whether images in folders below it belong to it.")] = False
    colour: Annotated[Colour, about("Colour", "Whether a folder's images are used in colour or in grey. Colour is "
                                    "three numbers for each pixel.")] = "rgb"
    fit: Annotated[Fit, about("Fit", "How an image becomes square: its middle is cut out, it is set on black, or it is "
                              "stretched.")] = "crop"
    validation_share: Annotated[float, about("Validation share", "Share of a folder's images kept for validation. "
                                             "More makes its loss steadier.", gt=0, le=0.5, low=0.01,
                                             high=0.5)] = 0.075
    test_share: Annotated[float, about("Test share", "Share of a folder's images that no decision sees until the end.",
                                       gt=0, le=0.4, low=0.01, high=0.4)] = 0.075
    input: Input = Input()
