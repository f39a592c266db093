"""What an experiment and its images must have in common before they can be trained."""

from __future__ import annotations

import math
from typing import Any

from engine import shapes
from engine.data import Dataset
from engine.events import State
from engine.experiment import Experiment
from engine.fields import LABELS, ExperimentError
from engine.learning.epochs import batches_per_epoch


class TrainingError(Exception):
    """Settings and images that cannot be trained together; ``code`` and ``values`` say it in another language."""

    def __init__(self, code: str, message: str, **values: Any) -> None:
        self.code, self.values = code, values
        super().__init__(message)


def require_trainable(experiment: Experiment, images: int, checkpoint: State | None) -> None:
    """Raise ExperimentError or TrainingError if so many images cannot be learnt, or not from this checkpoint."""
    problems = shapes.problems(experiment)
    if problems:
        raise ExperimentError(problems)
    if not images:
        raise TrainingError("train.no_images", "There are no training images. Choose another data set or more images.")
    _require_batch(experiment, images)
    if checkpoint is not None:
        _require_same(experiment, images, checkpoint)


def require_labels(experiment: Experiment, data: Dataset) -> None:
    """Raise TrainingError if a classifier cannot be learnt from these images; for an autoencoder all are good."""
    if experiment.task == "autoencoder":
        return
    name = LABELS.get(data.name, data.name)
    if any(data.split(split).labels is None for split in ("training", "validation", "test")):
        raise TrainingError("classify.no_labels", f"{name} has no labels, so there are no classes to learn. Choose a "
                            "data set with labels.", dataset=data.name)
    labels = data.training.labels
    assert labels is not None
    missing = [class_ for number, class_ in enumerate(data.class_names) if not bool((labels == number).any())]
    if missing:
        raise TrainingError("classify.classes_missing", f"{len(missing)} of {len(data.class_names)} classes are "
                            f"missing from the training images: {', '.join(missing)}. Use more training images.",
                            missing=tuple(missing), classes=len(data.class_names))


def require_encoder(experiment: Experiment, given: bool) -> None:
    """Raise TrainingError for a probe or a fine-tuning without the encoder that it begins with."""
    if experiment.needs_encoder and not given:
        raise TrainingError("classify.no_encoder", "The encoder that this classifier begins with is missing. Choose "
                            "the run it comes from.", encoder=experiment.classifier.encoder)


def _require_batch(experiment: Experiment, images: int) -> None:
    """Batch normalization of single numbers has nothing to average over in a batch of one."""
    size = experiment.train.batch_size
    learns = () if experiment.frozen_encoder else shapes.plan(experiment).layers
    if min(size, images) == 1 and any(layer.batch_normalization and math.prod((layer.unpooled or layer.output)[1:]) == 1
                         for layer in learns):
        raise TrainingError("train.batch_of_one", "Batch normalization needs at least 2 images per batch; "
                            f"train.batch_size is {size} and there are {images} training images. Use larger batches or "
                            "remove batch normalization.", batch_size=size, images=images)


def _require_same(experiment: Experiment, images: int, checkpoint: State) -> None:
    """A position inside an epoch means something only among the same batches."""
    saved, saved_batches = checkpoint.values["images"], checkpoint.values["batches_per_epoch"]
    batches = batches_per_epoch(experiment, images)
    if (saved, saved_batches) != (images, batches):
        raise TrainingError("train.other_images", f"This checkpoint was made with {saved:,} training images in "
                            f"{saved_batches:,} batches; now there are {images:,} in {batches:,}. Use the data and "
                            "settings of its run.", saved=saved, images=images)
