"""A training from its order on: what is refused before anything is computed, and what a resume is told."""

import dataclasses

import pytest
import torch

from engine import data as datasets
from engine import device, job, runs
from engine.device import OutOfMemory
from engine.experiment import replaced
from engine.fields import ExperimentError
from engine.inbox import Inbox
from engine.job import Order
from engine.learning.trainable import TrainingError


@pytest.fixture(autouse=True)
def images(tiny_data, monkeypatch):
    """The small images in place of those of the data set."""
    torch.set_num_threads(1)
    monkeypatch.setattr(datasets, "load", lambda spec, data_dir: tiny_data)
    return tiny_data


def order(experiment, folder, **values):
    return Order(experiment, folder / "data", folder / "runs", **{"device": "cpu", **values})


@pytest.mark.parametrize(("changes", "error"), [
    ({"model.encoder.0.kernel": 200}, ExperimentError),
    ({"train.batch_size": 1, "model.encoder.1.batch_normalization": True, "model.encoder.0.channels": 1,
      "model.encoder.0.kernel": 8, "model.encoder.0.padding": 0}, TrainingError)])
def test_what_cannot_be_trained_is_refused_before_anything_is_measured(tiny, tmp_path, monkeypatch, changes, error):
    measured = []
    monkeypatch.setattr(device, "measure_threads", lambda *_: measured.append(1) or 1)
    with pytest.raises(error):
        next(job.train(order(replaced(tiny, changes), tmp_path), Inbox()))
    assert not measured and runs.list_runs(tmp_path / "runs") == []


def test_memory_that_runs_out_while_threads_are_measured_has_its_remedy(tiny, tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 byte")

    monkeypatch.setattr(device, "measure_threads", fail)
    with pytest.raises(OutOfMemory, match=r"Not enough memory for batch 16\. Try 8\."):
        next(job.train(order(tiny, tmp_path), Inbox()))


def test_a_resume_with_other_images_than_the_run_began_with_says_so(tiny, tmp_path, images, monkeypatch):
    first = order(replaced(tiny, {"train.epochs": 1}), tmp_path, threads=1)
    run = next(event for turn in [*job.train(first, Inbox())] for event in turn if isinstance(event, job.Started)).run
    assert runs.load_checkpoint(run, fingerprint=images.fingerprint).notices == ()
    (notice,) = runs.load_checkpoint(run, fingerprint="of other images").notices
    assert notice.message == ("The run continues with other images than it began with; "
                              "results will not be bit-identical.")
    pixels = torch.zeros_like(images.training.images)
    other = dataclasses.replace(images, fingerprint="other", training=datasets.Split(pixels, None))
    monkeypatch.setattr(datasets, "load", lambda spec, data_dir: other)
    resumed = job.train(order(run.experiment, tmp_path, threads=1, run=run), Inbox())
    (started,) = next(resumed)
    resumed.close()
    assert started.notices == (notice,)


def test_a_resume_goes_on_where_the_run_began_and_not_on_the_fastest_device(tiny, tmp_path, monkeypatch):
    run = runs.create(tmp_path / "runs", tiny, "", device="cpu", threads=1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    resumed = job.train(order(tiny, tmp_path, device="auto", run=run), Inbox())
    (started,) = next(resumed)
    resumed.close()
    assert started.device == device.describe(torch.device("cpu"))
