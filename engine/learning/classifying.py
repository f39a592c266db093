"""A classifier that learns: cross-entropy, and for a probe an encoder that stays as it is to the last bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine import model
from engine.experiment import Experiment
from engine.learning.learner import Learner
from engine.model import Classifier


class ClassifierLearner(Learner):
    """Learns from images and labels; a probe from codes and labels, since those of a frozen encoder never change."""

    model: Classifier

    def __init__(self, experiment: Experiment, device: torch.device) -> None:
        self.learns_from_codes = experiment.frozen_encoder
        super().__init__(experiment, device)
        self._mode(training=True)

    def _trained(self) -> Iterator[nn.Parameter]:
        if self.learns_from_codes:
            self.model.encoder.requires_grad_(False)
            return self.model.classifier.parameters()
        return self.model.parameters()

    def loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1], or a probe's codes (B, n), and (B,) -> the mean loss, with its graph."""
        with self._autocast():
            scores = self._scores(inputs)
        return F.cross_entropy(scores.float(), targets)

    @torch.inference_mode()
    def measured(self, inputs: Tensor, targets: Tensor) -> tuple[float, int]:
        """The same -> their mean loss in eval mode, in single precision, and how many are classified rightly."""
        self._mode(training=False)
        try:
            scores = self._scores(inputs)
            return F.cross_entropy(scores, targets).item(), int((scores.argmax(1) == targets).sum())
        finally:
            self._mode(training=True)

    @torch.inference_mode()
    def codes(self, images: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] -> (B, n): their codes in eval mode, where dropout and normalization draw nothing."""
        self._mode(training=False)
        try:
            return self.model.encode(images).flatten(1)
        finally:
            self._mode(training=True)

    def take_encoder(self, weights: Mapping[str, Tensor]) -> None:
        """Begin with the encoder of these weights. Raises model.WeightsError."""
        model.take_encoder(self.model, weights)

    def _scores(self, inputs: Tensor) -> Tensor:
        return self.model.classify_codes(inputs) if self.learns_from_codes else self.model.classify(inputs)

    def _mode(self, training: bool) -> None:
        """Training or eval mode; a frozen encoder is always in the latter."""
        self.model.train(training)
        if self.learns_from_codes:
            self.model.encoder.eval()


def learner_for(experiment: Experiment, device: torch.device) -> Learner:
    """The learner of an experiment's task, with initial weights from torch's global generator."""
    kind = ClassifierLearner if experiment.task == "classifier" else Learner
    return kind(experiment, device)
