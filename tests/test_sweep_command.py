"""The command that sweeps: its table, its exit codes, going on, and what it refuses."""

import json
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

import main
import resources
from engine import command, sweep
from engine.sweeping.told import Told
from engine.terminal.sweepline import SweepLine
from tests.engine.sweeping.small import threads_for_workers

SWEEP = """
name = "small"
base = { data = {dataset = "digits", training_images = 200, image_size = 8}, model = {encoder = [{kind = "linear", size = 6}], output = "none"}, train = {epochs = 2, batch_size = 20, optimizer = "sgd"} }
[[axes]]
field = "train.learning_rate"
values = [0.05, 0.2, 1e6]
"""  # noqa: E501


@pytest.fixture(autouse=True)
def quick_workers():
    with threads_for_workers():
        yield


@pytest.fixture
def call(tmp_path, capsys):
    """Run the command -> code, out, err, and the last line's JSON."""
    def run(*arguments):
        folders = ["--runs", str(tmp_path / "runs"), "--data-dir", str(tmp_path / "data")]
        try:
            code = main.main(["sweep", *arguments, *folders, "--workers", "1"])
        except SystemExit as stopped:
            code = stopped.code
        out, err = capsys.readouterr()
        lines = out.splitlines()
        answer = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else None
        return SimpleNamespace(code=code, out=out, err=err, answer=answer)
    return run


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SWEEP, encoding="utf-8")
    return str(path)


def test_a_sweep_ends_with_its_table(call, small):
    result = call(small)
    assert result.code == 0 and len(result.out.splitlines()) == 1
    answer = result.answer
    assert answer["status"] == "finished" and Path(answer["sweep"]).is_dir()
    trials = answer["trials"]
    assert [trial["values"] for trial in trials] == [{"train.learning_rate": rate} for rate in (0.05, 0.2, 1e6)]
    assert [trial["status"] for trial in trials] == ["finished", "finished", "diverged"]
    assert all(0 < trial["validation_loss"] < 1 for trial in trials[:2])
    assert all(Path(trial["run"]).is_dir() for trial in trials)
    assert "3/3 runs  1 diverged  lowest loss" in result.err


def test_set_changes_the_base(call, small):
    trials = call(small, "--set", "train.epochs=1").answer["trials"]
    assert [trial["epochs"] for trial in trials[:2]] == [1, 1]


def test_a_signal_stops_it_and_its_folder_is_continued(call, small, monkeypatch):
    tell, told = SweepLine.tell, []

    def interrupting(line, event):
        tell(line, event)
        if isinstance(event, Told) and not told:
            told.append(event)
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(SweepLine, "tell", interrupting)
    stopped = call(small)
    assert stopped.code == 128 + signal.SIGTERM and stopped.answer["status"] == "stopped"
    first = stopped.answer["trials"][0]
    assert first["status"] == "finished"
    for name in (stopped.answer["sweep"], Path(stopped.answer["sweep"]).name):
        again = call(name)
        assert again.code == 0 and again.answer["status"] == "finished"
        assert again.answer["sweep"] == stopped.answer["sweep"] and again.answer["trials"][0] == first
        assert [trial["status"] for trial in again.answer["trials"]] == ["finished", "finished", "diverged"]


@pytest.mark.parametrize(("text", "arguments", "said"), [
    ("", ["no-such"], "neither a preset (fashion-latent, "),
    ("", [], "axes: Choose at least one field that varies"),
    ("[[axes]]\nfield = 'train.speed'\nvalues = [1]", [], "train.speed is no field of the experiment"),
    ("[[axes]]\nfield = 'train.seed'\nvalues = []", [], "train.seed has no values"),
    ("base = 'nothing'", [], "there is no preset 'nothing'"),
    ("[[axes]]\nfield = 'train.seed'\nrange = {low = 0, high = 1000000, count = 100000}", [], "100,000 trainings"),
    ("axes = 3", [], "axes: "),
    ("not toml", [], "not a sweep"),
    ("[[axes]]\nfield = 'train.seed'\nvalues = [1]", ["--set", "train.nothing=1"], "train.nothing"),
])
def test_what_cannot_be_swept_is_refused_in_a_line(call, tmp_path, text, arguments, said):
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    result = call(*(arguments if arguments[:1] == ["no-such"] else [str(path), *arguments]))
    assert result.code == 2 and said in result.err and result.out == ""
    assert not (tmp_path / "runs").exists()


def test_an_interrupted_sweep_keeps_its_settings(call, small):
    name = call(small).answer["sweep"]
    result = call(name, "--set", "train.epochs=5")
    assert result.code == 2 and "goes on with its own settings" in result.err


def test_a_scheduler_that_is_not_there_is_a_failure_in_a_line(call, small):
    result = call(small, "--cluster", "tcp://127.0.0.1:1")
    assert result.code == 1 and "The scheduler tcp://127.0.0.1:1 cannot be reached" in result.err


def test_impossible_cells_are_named_before_the_start(call, tmp_path):
    path = tmp_path / "sizes.toml"
    path.write_text(SWEEP.replace("train.learning_rate", "model.encoder.0.size").replace("[0.05, 0.2, 1e6]", "[0, 4]"))
    result = call(str(path))
    assert result.code == 0 and [trial["status"] for trial in result.answer["trials"]] == ["impossible", "finished"]
    assert "run 0 is left out: " in result.err


def test_every_bundled_sweep_can_be_trained_and_comes_back_equal(capsys):
    for name, path in resources.sweeps().items():
        made = sweep.load(path)
        assert made.name == name and made.source and made.note and sweep.problems(made) == ()
        assert not any(trial.problems for trial in sweep.trials(made))
        assert sweep.from_toml(sweep.to_toml(made)) == made
    assert main.main(["list", "sweeps"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in resources.sweeps()) and " 361 " in listed


def test_the_sweep_of_the_report_is_what_it_says():
    made = sweep.load(resources.sweeps()["mnist-dense-lr-momentum"])
    first, *_, last = sweep.trials(made)
    assert sweep.count(made) == 361 and first.experiment.train.epochs == 5
    assert dict(first.values) == {"train.learning_rate": 0.05, "train.momentum": 0.05}
    assert (last.experiment.train.learning_rate, last.experiment.train.momentum) == (0.95, 0.95)
    assert command.find_experiment("mnist-dense-64").model == last.experiment.model
