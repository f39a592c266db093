"""What an experiment and its images must have in common before they can be trained."""

from __future__ import annotations

import math
from typing import Any

from engine import shapes
from engine.events import State
from engine.experiment import Experiment, ExperimentError
from engine.learning.batches import batches_per_epoch


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


def _require_batch(experiment: Experiment, images: int) -> None:
    """Batch normalization of single numbers has nothing to average over in a batch of one."""
    size = experiment.train.batch_size
    if min(size, images) == 1 and any(layer.batch_normalization and math.prod((layer.unpooled or layer.output)[1:]) == 1
                         for layer in shapes.plan(experiment).layers):
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
