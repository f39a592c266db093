"""How long an epoch is, in images and in batches, as plain arithmetic. Loads no torch."""

from __future__ import annotations

import math

from engine.data import split_counts
from engine.datasets import folder
from engine.dataspec import class_count
from engine.experiment import Experiment

IMAGES = {"digits": 12_000, "mnist": 60_000, "fashion-mnist": 60_000, "kmnist": 60_000, "cifar-10": 50_000,
          "shapes": 2_000}
"""Data set -> training images before any are held out."""


def training_images(experiment: Experiment) -> int:
    """How many images an epoch has, as far as it is known without reading them; 0 for a folder never imported."""
    spec = experiment.data
    there = IMAGES[spec.dataset] if spec.dataset in IMAGES else folder.image_count(spec)
    if not there:
        return 0
    count, classes = split_counts(spec, there)[0], class_count(spec)
    return min(count, spec.images_per_class * classes) if spec.images_per_class and classes else count


def batches_per_epoch(experiment: Experiment, images: int) -> int:
    """How many batches this many images make; with batch normalization a last batch of 1 joins the one before."""
    size = experiment.train.batch_size
    joined = 1 < size < images and images % size == 1 and has_normalization(experiment)
    return math.ceil(images / size) - joined


def has_normalization(experiment: Experiment) -> bool:
    """Whether any block that learns, given or mirrored, normalizes over the batch."""
    if experiment.frozen_encoder:
        return False
    explicit = experiment.task == "autoencoder" and experiment.model.decoder != "mirror"
    blocks = [*experiment.model.encoder, *(experiment.model.decoder if explicit else ())]
    return any(getattr(block, "batch_normalization", False) for block in blocks)
