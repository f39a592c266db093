"""A session that shows a tiny run, and tabs that look at it."""

import functools

import pytest
import torch

from engine import data, model, runs, train
from engine.inbox import Inbox
from tests.gui.conftest import tiny

LINEAR = {"model__encoder": ({"kind": "linear", "size": 4, "activation": "none"},), "train__learning_rate": 0.02}
"""A code of four numbers of either sign that tells the images apart after eight batches."""


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """``recorded(experiment)`` -> the folder of a run of it, trained once; to be copied, not used."""
    @functools.cache
    def make(experiment):
        images = data.load(experiment.data, tmp_path_factory.mktemp("data"))
        run = runs.create(tmp_path_factory.mktemp("runs"), experiment, images.fingerprint, threads=1)
        for _ in runs.record(run, train.train(experiment, images, Inbox(), threads=1), Inbox()):
            pass
        return run.folder

    return make


@pytest.fixture
def looking(make_session, recorded):
    """``looking(**changes)`` -> a session that shows a run of two epochs on 8×8 digits."""

    def make(**changes):
        experiment = tiny(**LINEAR | changes)
        session = make_session(experiment)
        session.shown.show_run(runs.adopt(recorded(experiment), session.runs_dir))
        return session

    return make


@pytest.fixture
def opened(qtbot):
    """``opened(Tab, session)`` -> that tab, shown, with every answer there."""

    def make(kind, session, size=(900, 600)):
        tab = kind(session)
        qtbot.addWidget(tab)
        tab.resize(*size)
        tab.show()
        answered(qtbot, tab)
        return tab

    return make


def answered(qtbot, tab):
    """Wait until the tab waits for nothing, and something was answered."""
    keys = ("contents", "page", "rank", "code", "plane", "blend", "strip", "save")
    qtbot.waitUntil(lambda: not any(tab.questions.waits(key) for key in keys) and tab.questions.contents is not None,
                    timeout=20_000)


def network(session):
    """The model of the shown snapshot, and its images: built here, apart from the session."""
    weights = runs.load_snapshot(session.shown.snapshot.path)
    return (model.from_weights(session.shown.experiment, weights),
            data.load(session.shown.experiment.data, session.data_dir))


def reconstructed(session, split="test"):
    """Inputs and outputs of a whole split, float (N, H, W) in [0, 1]."""
    autoencoder, images = network(session)
    inputs = images.split(split).images.float() / 255
    with torch.no_grad():
        return inputs[:, 0].numpy(), autoencoder(inputs)[:, 0].numpy()
