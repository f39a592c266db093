"""The application as it is started, used, closed in the middle of a training, and resumed: in processes of its own."""

import json
import os
import subprocess
import sys

import pytest

import resources
from engine import experiment as experiments
from engine import runs


@pytest.fixture
def alone(tmp_path):
    """An environment in which the application finds nothing of this user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUTOENCODER_EXPLORER")}
    return {**kept, "QT_QPA_PLATFORM": "offscreen", "AUTOENCODER_EXPLORER_CONFIG": str(tmp_path / "config"),
            "AUTOENCODER_EXPLORER_RUNS": str(tmp_path / "runs"), "AUTOENCODER_EXPLORER_DATA": str(tmp_path / "data")}


def start(environment, *arguments):
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=200)


def test_train_look_around_close_while_training_and_resume(alone, tmp_path):
    quick = experiments.load(resources.presets()["digits-quick"])
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "draft.toml").write_text(
        experiments.to_toml(experiments.replaced(quick, {"train.epochs": 2})), encoding="utf-8")

    done = start(alone, "-m", "tests.gui.person")
    assert (done.returncode, done.stderr) == (0, "")

    found = {run.name: run for run in runs.list_runs(tmp_path / "runs")}
    assert len(found) == 2  # the bundled one and ours
    ours = next(run for run in found.values() if run.status == "stopped")
    steps = ours.metrics().step_index
    assert 0 < steps[-1] < 2 * 169
    assert ours.checkpoints()[-1].step == steps[-1]

    resumed = start(alone, "main.py", "train", "--resume", ours.name)
    assert resumed.returncode == 0, resumed.stderr
    report = json.loads(resumed.stdout.splitlines()[-1])
    assert (report["status"], report["epochs"], report["parameters"]) == ("finished", 2, 53_473)
    assert report["validation_loss"] < 0.05
    again = runs.open_run(ours.name, tmp_path / "runs")
    assert list(again.metrics().step_index) == list(range(1, 2 * 169 + 1))
