"""Makes the sample run of the present schema: ``python -m tests.samples.make``. A released one is never made again."""

import platform
from pathlib import Path

import torch

from engine import runs, storage
from engine.blocks import Linear
from engine.dataspec import Data
from engine.experiment import Experiment, Model, Train
from engine.inbox import Inbox, SetLearningRate
from engine.runfiles import records
from engine.runfiles.records import Notes
from engine.train import Step, train
from tests.conftest import small_dataset

SAMPLES = Path(__file__).parent

EXPERIMENT = Experiment(name="sample", note="Opened by the tests of every later version.",
                        data=Data(image_size=8), model=Model(encoder=(Linear(size=4),)),
                        train=Train(batch_size=32, epochs=3, seed=7, keep=(2,)))


def make(folder: Path) -> runs.Run:
    """Train a tiny run with an intervention and notes; -> the run, in a new folder of ``folder``."""
    torch.set_num_threads(1)
    data, inbox = small_dataset(), Inbox()
    run = runs.create(folder, EXPERIMENT, data.fingerprint, threads=1)
    for turn in runs.record(run, train(EXPERIMENT, data, inbox, threads=1), inbox):
        if any(isinstance(event, Step) and event.step == 3 for event in turn):
            inbox.put(SetLearningRate(0.002))
    runs.write_notes(run, Notes(name="A sample", tags=("ñ", "tiny"), star=True, remarks="Two lines,\nthis is one."))
    return run


if __name__ == "__main__":
    platform.node = lambda: "sample-host"
    make(SAMPLES).folder.rename(SAMPLES / f"schema-{records.SCHEMA}")
    storage.sync_folder(SAMPLES)
