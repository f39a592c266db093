"""Pieces of a sweep that are done together where that can be: what pays on a GPU, and only there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch

from engine import device as devices
from engine import experiment as experiments
from engine.data import Dataset
from engine.experiment import Experiment
from engine.fields import ExperimentError
from engine.learning.epochs import batches_per_epoch
from engine.runfiles.records import application_version
from engine.sweeping.alike import alike, groups
from engine.sweeping.group import train_together
from engine.sweeping.piece import Done, Piece, Refused, loaded, name, one_at_a_time, packed, probed, work

__all__ = ["alike", "groups", "train_together", "work_together"]


def work_together(pieces: Sequence[Piece], device: str = "auto") -> list[Done | Refused]:
    """Do several pieces, those together that can be, and give an answer for each; raises as little as ``work``."""
    answers: dict[int, Done | Refused] = {}
    for places in _groups(pieces):
        answers |= zip(places, _done([pieces[place] for place in places], device), strict=True)
    return [answers[place] for place in range(len(pieces))]


def _groups(pieces: Sequence[Piece]) -> list[list[int]]:
    """Places of the pieces that can be done together: whole trainings on the same images that are alike."""
    found = []
    whole: dict[tuple[str, str], list[int]] = {}
    settings: list[Experiment] = []
    for place, piece in enumerate(pieces):
        experiment = _whole(piece)
        settings.append(experiment or Experiment())
        if experiment is None:
            found.append([place])
        else:
            whole.setdefault((piece.data_dir, repr(piece.probe)), []).append(place)
    for places in whole.values():
        found += [[places[one] for one in group] for group in groups([settings[place] for place in places])]
    return found


def _whole(piece: Piece) -> Experiment | None:
    """The experiment of a piece that is a whole training for this version of the program; else None."""
    if piece.version != application_version() or piece.checkpoint or piece.from_epoch:
        return None
    try:
        experiment = experiments.from_toml(piece.experiment)
    except ExperimentError:
        return None
    return experiment if piece.until_epoch >= experiment.train.epochs else None


def _done(pieces: Sequence[Piece], device: str) -> list[Done | Refused]:
    """Do pieces together; one alone, and those that fail together, one after another; halves where memory is short."""
    short = False
    if len(pieces) > 1:
        try:
            chosen = devices.choose(device)
            with one_at_a_time:
                return _together(pieces, chosen)
        except Exception as error:
            short = devices.is_out_of_memory(error)
    if short:  # only here are the frames gone that held the tensors
        devices.release(chosen)
        half = len(pieces) // 2
        return _done(pieces[:half], device) + _done(pieces[half:], device)
    return [work(piece, device) for piece in pieces]


class OtherImages(Exception):
    """The images here are not those of the sweep."""


def _together(pieces: Sequence[Piece], device: torch.device) -> list[Done | Refused]:
    """Whole trainings that are alike -> what came of each. Raises OtherImages, DataError, as train_together does."""
    settings = [experiments.from_toml(piece.experiment) for piece in pieces]
    images = loaded(settings[0], pieces[0])
    if any(piece.fingerprint not in ("", images.fingerprint) for piece in pieces):
        raise OtherImages
    torch.set_num_threads(pieces[0].threads)
    began_s = time.monotonic()
    told: list[list[tuple[Any, ...]]] = [[] for _ in pieces]
    for turn in train_together(settings, images, device):
        for turns, events in zip(told, turn, strict=True):
            if events:
                turns.append(tuple(packed(event) for event in events))
    took_s = (time.monotonic() - began_s) / len(pieces)
    return [_answer(experiment, images, tuple(turns), piece, took_s)
            for experiment, turns, piece in zip(settings, told, pieces, strict=True)]


def _answer(experiment: Experiment, images: Dataset, turns: tuple[tuple[Any, ...], ...], piece: Piece,
            took_s: float) -> Done:
    """What a piece told; its time is its share of the time that all took."""
    step = max((event.step for turn in turns for event in turn), default=0)
    epochs = step / batches_per_epoch(experiment, len(images.training))
    picture, original = probed(experiment, images, turns, piece.probe)
    return Done(turns, images.fingerprint, picture, name(), epochs, took_s, original)
