"""What a network that has learnt nothing makes of an image: the feature maps of a first layer with random kernels."""

from __future__ import annotations

from pathlib import Path

import torch

from engine import data, featuremaps, model
from engine.experiment import Experiment
from engine.layeranswers import LayerMaps


def first_maps(experiment: Experiment, data_dir: Path, split: str, index: int) -> LayerMaps:
    """The feature maps of one image at the first layer of an untrained network, whose kernels the seed decides.

    Raises ExperimentError, DataError, QuestionError.
    """
    images = data.load(experiment.data, data_dir)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(experiment.train.seed)
        network = model.build(experiment)
    return featuremaps.layer_maps(network, images, split, index, "encoder.0")
