"""What a classifier takes each image for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from engine import asking
from engine.answers import Confusion, Progress, QuestionError
from engine.data import Dataset
from engine.inputs import unit
from engine.model import Autoencoder, Classifier


def confusion(model: Autoencoder, data: Dataset, split: str) -> Iterator[Progress | Confusion]:
    """Every image of a split by its class and by the class it is taken for. Raises QuestionError."""
    source = data.split(split)
    if not isinstance(model, Classifier):
        raise QuestionError("question.no_classifier", "This run is an autoencoder: it names no classes. Train a "
                            "classifier on it.")
    if source.labels is None:
        raise QuestionError("question.no_labels", f"The {split} images have no labels to compare with. Choose another "
                            "split.", split=split)
    predictions = np.empty(len(source), np.int64)
    for piece in asking.pieces(len(source)):
        yield Progress(piece.start, len(source))
        predictions[piece] = scores(model, source.inputs[piece]).argmax(1).numpy()
    yield _counted(split, data.class_names, np.array(source.labels.numpy()), predictions)


@asking.asked
def scores(model: Classifier, images: Tensor) -> Tensor:
    """uint8 (B, C, H, W) -> (B, classes): a score for each class."""
    return model.classify(unit(images))


def _counted(split: str, names: tuple[str, ...], labels: np.ndarray, predictions: np.ndarray) -> Confusion:
    """(N,) classes and (N,) predictions as counts."""
    counts = np.zeros((len(names), len(names)), np.int64)
    np.add.at(counts, (labels, predictions), 1)
    accuracy = float(np.mean(labels == predictions)) if len(labels) else float("nan")
    return Confusion(split, names, counts, predictions, accuracy)
