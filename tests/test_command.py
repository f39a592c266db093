"""The command line: what it prints, where, and with which exit code it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import main
from engine import command, job, runs
from engine.datasets.sources import DataError
from engine.events import Step
from engine.experiment import from_toml
from engine.terminal.interrupt import Interrupted, Signals

ROOT = Path(__file__).parent.parent
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

TINY = """
name = "tiny"
data = {dataset = "digits", image_size = 8, training_images = 300}
model = {encoder = [{kind = "linear", size = 8}]}
train = {epochs = 3, batch_size = 50, learning_rate = 0.01}
"""


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    """An experiment of 18 batches, as a TOML file."""
    path = tmp_path / "tiny.toml"
    path.write_text(TINY, encoding="utf-8")
    return str(path)


Call = Callable[..., SimpleNamespace]


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture) -> Call:
    """Run the command in this process, its runs below tmp_path -> code, out, err, and the last line's JSON."""
    def run(*arguments: str) -> SimpleNamespace:
        threads = ["--threads", "1"] if arguments[0] in ("train", "classify") and "--threads" not in arguments else []
        folders = ["--runs", str(tmp_path / "runs"), "--data-dir", str(tmp_path / "data")]
        try:
            code = main.main([*arguments, *folders, *threads])
        except SystemExit as stopped:
            code = stopped.code
        out, err = capsys.readouterr()
        lines = out.splitlines()
        answer = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else None
        return SimpleNamespace(code=code, out=out, err=err, answer=answer)
    return run


def lines(text: str) -> list[str]:
    """The lines of a text, for messages that must be exactly one."""
    return text.splitlines()


# train


def test_a_training_ends_with_one_json_object(call: Call, tiny: str, tmp_path: Path) -> None:
    result = call("train", tiny)
    assert result.code == 0
    assert len(lines(result.out)) == 1
    answer = result.answer
    assert answer.keys() >= {"run", "parameters", "epochs", "train_loss", "validation_loss", "test_loss",
                             "images_per_second", "device", "threads"}
    assert Path(answer["run"]).parent == (tmp_path / "runs").resolve()
    assert answer["parameters"] == 64 * 8 + 8 + 8 * 64 + 64
    assert (answer["epochs"], answer["status"], answer["device"], answer["threads"]) == (3, "finished", "cpu", 1)
    assert 0 < answer["train_loss"] < 0.2 and 0 < answer["validation_loss"] < 0.2 and 0 < answer["test_loss"] < 0.2
    assert answer["images_per_second"] > 0
    assert "note" not in answer
    assert "epoch 3/3" in result.err


def test_settings_are_applied_and_where_validation_is_the_test_it_is_said(call: Call, tiny: str) -> None:
    fields = ("train.epochs=1", "data.validation=test", "train.optimizer=sgd")
    result = call("train", tiny, *(part for field in fields for part in ("--set", field)))
    settings = runs.Run(Path(result.answer["run"])).experiment
    assert (settings.train.epochs, settings.train.optimizer) == (1, "sgd")
    assert result.answer["test_loss"] is None
    assert result.answer["note"] == "no independent test"


def test_no_epochs_give_the_untrained_network_as_a_run(call: Call, tiny: str) -> None:
    result = call("train", tiny, "--set", "train.epochs=0")
    assert (result.code, result.answer["epochs"]) == (0, 0)
    assert result.answer["validation_loss"] > 0


def test_a_finished_run_is_not_trained_again(call: Call, tiny: str) -> None:
    first = call("train", tiny)
    folder = Path(first.answer["run"])
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    for arguments in ([str(folder)], [folder.name], [folder.name, tiny]):
        again = call("train", "--resume", *arguments)
        assert (again.code, again.out) == (0, first.out)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@POSIX
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_at_the_batch_and_the_resumed_run_ends_as_if_undisturbed(
        number: signal.Signals, code: int, call: Call, tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = call("train", tiny).answer
    tell, steps = command.Ticker.tell, []

    def interrupting(ticker: Any, event: Any) -> None:
        tell(ticker, event)
        if isinstance(event, Step):
            steps.append(event.step)
            if event.step == 8:
                signal.raise_signal(number)

    monkeypatch.setattr(command.Ticker, "tell", interrupting)
    stopped = call("train", tiny)
    assert (stopped.code, stopped.answer["status"]) == (code, "stopped")
    run = runs.Run(Path(stopped.answer["run"]))
    assert run.status_text == "Stopped by the system at step 8"
    assert [file.step for file in run.checkpoints()][-1] == 8

    resumed = call("train", "--resume", run.name)
    assert resumed.code == 0
    assert steps == list(range(1, 19))
    same = ("parameters", "epochs", "train_loss", "validation_loss", "test_loss", "status")
    assert {key: resumed.answer[key] for key in same} == {key: undisturbed[key] for key in same}
    assert run.status == "finished"


@POSIX
def test_a_real_signal_ends_a_real_process(tiny: str, tmp_path: Path) -> None:
    arguments = [sys.executable, "main.py", "train", tiny, "--set", "train.epochs=100000", "--threads", "1",
                 "--runs", str(tmp_path / "runs")]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None and child.stdout is not None
        while "epoch 2/" not in (line := child.stderr.readline()):
            assert line, "the training ended by itself"
        child.send_signal(signal.SIGTERM)
        child.stderr.read()
        answer = json.loads(child.stdout.read())
    assert child.returncode == 143
    run = runs.Run(Path(answer["run"]))
    assert run.status_text.startswith("Stopped by the system at step ")
    assert run.resume_point() is not None


@POSIX
def test_a_second_signal_ends_the_process_at_once() -> None:
    code = """
import sys, time
from engine.terminal.interrupt import Signals
with Signals() as signals:
    signals.saving = True
    sys.stdout.write("ready\\n"); sys.stdout.flush()
    while not signals.number:
        time.sleep(0.01)
    sys.stdout.write("noted\\n"); sys.stdout.flush()
    while True:
        time.sleep(1)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "noted\n"
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=30) == 143


@POSIX
def test_a_signal_before_there_is_anything_to_save_ends_the_command(call: Call, tiny: str, tmp_path: Path,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "train", lambda order, inbox: signal.raise_signal(signal.SIGINT))
    result = call("train", tiny)
    assert (result.code, result.out, result.err) == (130, "", "Interrupted by SIGINT.\n")
    assert not (tmp_path / "runs").exists()


@POSIX
def test_the_handlers_of_before_come_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted), Signals():
        signal.raise_signal(signal.SIGTERM)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


# classify


@pytest.mark.parametrize("strategy", ["probe", "fine-tune", "scratch"])
def test_a_classifier_on_a_run_ends_with_its_accuracies_and_its_confusion(strategy: str, call: Call, tiny: str,
                                                                          tmp_path: Path) -> None:
    source = call("train", tiny).answer["run"]
    fields = ("--set", "train.epochs=2")
    result = call("classify", source, "--strategy", strategy, "--step", "best", *fields)
    assert (result.code, len(lines(result.out))) == (0, 1)
    answer = result.answer
    assert answer["parameters"] == 64 * 8 + 8 + 8 * 10 + 10
    assert 0 < answer["train_accuracy"] <= 1 and 0 < answer["validation_accuracy"] <= 1
    assert [len(row) for row in answer["confusion"]] == [10] * 10 and len(answer["classes"]) == 10
    right, images = sum(answer["confusion"][i][i] for i in range(10)), sum(map(sum, answer["confusion"]))
    assert right / images == pytest.approx(answer["validation_accuracy"])
    run = runs.Run(Path(answer["run"]))
    assert (run.experiment.task, run.experiment.classifier.strategy) == ("classifier", strategy)
    assert "accuracy" in result.err
    again = call("train", "--resume", run.name)
    assert (again.code, again.answer["confusion"]) == (0, answer["confusion"])
    rows = {row["name"]: row for row in json.loads(call("list", "runs", "--json").out)}
    assert rows[run.name]["validation_accuracy"] == answer["validation_accuracy"]
    assert rows[Path(source).name]["validation_accuracy"] is None


def test_the_reports_are_listed_as_markdown_and_as_json(call: Call) -> None:
    told = call("list", "reports")
    rows = json.loads(call("list", "reports", "--json").out)

    assert told.code == 0
    assert told.out.count("### ") == 5
    assert "| Code of 512 | validation loss | 0.0074 |  |  | missing |" in told.out
    assert {"preset": "mnist-strided", "quantity": "parameters", "reported": 2481.0, "ours": 2481}.items() <= \
        next(row for row in rows if row["preset"] == "mnist-strided").items()


def test_a_classifier_takes_a_run_by_name_by_preset_or_from_elsewhere(call: Call, tiny: str, tmp_path: Path) -> None:
    source = Path(call("train", tiny, "--set", "train.epochs=1").answer["run"])
    fields = ("--strategy", "probe", "--set", "train.epochs=1")
    for name in (source.name, "tiny", str(source)):
        answer = call("classify", name, *fields).answer
        assert runs.Run(Path(answer["run"])).experiment.classifier.encoder == source.name
    elsewhere = source.rename(tmp_path / "elsewhere")
    answer = call("classify", str(elsewhere), *fields).answer
    assert runs.Run(Path(answer["run"])).experiment.classifier.encoder == str(elsewhere.resolve())


def test_a_classifier_s_experiment_says_what_to_train_first(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "probe.toml"
    path.write_text(f'{TINY}task = "classifier"\nclassifier = {{encoder = "fashion-dropout"}}\n', encoding="utf-8")
    result = call("train", str(path))
    assert (result.code, result.out, len(lines(result.err))) == (1, "", 1)
    assert "Train fashion-dropout first" in result.err
    assert runs.list_runs(tmp_path / "runs") == []


@pytest.mark.parametrize(("arguments", "told"), [
    (["no-such-run", "--strategy", "probe"], "There is no run no-such-run"),
    (["SOURCE", "--strategy", "guess"], "invalid choice: 'guess'"),
    (["SOURCE"], "the following arguments are required: --strategy"),
    (["SOURCE", "--strategy", "probe", "--step", "first"], "use a step's number, best or last"),
    (["SOURCE", "--strategy", "probe", "--set", "train.epochs=-1"], "train.epochs: "),
])
def test_a_classifier_with_bad_arguments_is_refused(arguments: list[str], told: str, call: Call, tiny: str,
                                                    tmp_path: Path) -> None:
    source = call("train", tiny, "--set", "train.epochs=0").answer["run"]
    result = call("classify", *(source if part == "SOURCE" else part for part in arguments))
    assert (result.code, result.out) == (2, "")
    assert told in result.err
    assert len(runs.list_runs(tmp_path / "runs")) == 1


# bad arguments


def test_resuming_with_another_experiment_names_the_fields(call: Call, tiny: str) -> None:
    name = Path(call("train", tiny, "--set", "train.epochs=1").answer["run"]).name
    result = call("train", "--resume", name, tiny, "--set", "train.learning_rate=0.5")
    assert (result.code, result.out) == (2, "")
    assert len(lines(result.err)) == 1
    assert "train.epochs is 1 in the run, not 3" in result.err
    assert "train.learning_rate is 0.01 in the run, not 0.5" in result.err
    assert call("train", "--resume", name, "--set", "train.seed=7").code == 2


def test_resuming_with_another_name_of_the_same_experiment_is_no_difference(call: Call, tiny: str) -> None:
    name = Path(call("train", tiny).answer["run"]).name
    assert call("train", "--resume", name, tiny, "--set", "name='another name'").code == 0


@pytest.mark.parametrize(("arguments", "told"), [
    (["train"], "Name an experiment"),
    (["train", "no-such-preset"], "neither a preset (digits-quick, "),
    (["train", "digits-quick", "--set", "train.epochs"], "write it as field=value"),
    (["train", "digits-quick", "--set", "train.epoch=3"], "train.epoch: "),
    (["train", "digits-quick", "--set", "train.epochs=-1"], "train.epochs: "),
    (["train", "digits-quick", "--set", "model.encoder.0.kernel=99"], "kernel 99 does not fit"),
    (["train", "digits-quick", "--threads", "0"], "'0' is not a whole number of 1 or more"),
    (["train", "digits-quick", "--device", "tpu"], "invalid choice: 'tpu'"),
    (["train", "--resume", "no-such-run"], "There is no run no-such-run"),
    (["list", "everything"], "invalid choice: 'everything'"),
    (["destroy"], "invalid choice: 'destroy'"),
])
def test_bad_arguments_are_told_and_nothing_is_done(arguments: list[str], told: str, call: Call,
                                                    tmp_path: Path) -> None:
    result = call(*arguments)
    assert (result.code, result.out) == (2, "")
    assert told in result.err
    assert not (tmp_path / "runs").exists()


def test_all_problems_are_told_at_once(call: Call) -> None:
    result = call("train", "digits-quick", "--set", "train.epochs=-1", "--set", "train.batch_size=0")
    assert result.code == 2
    assert [line.partition(":")[0] for line in lines(result.err)] == ["train.batch_size", "train.epochs"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"train = [", b"a = 1", b"[" * 100_000])
def test_a_file_that_is_no_experiment_is_refused(content: bytes, call: Call, tmp_path: Path) -> None:
    """An empty file is a legal experiment with every default, but of a length that a test need not wait for."""
    path = tmp_path / "strange.toml"
    path.write_bytes(content)
    result = call("train", str(path), *(["--set", "train.epochs=-1"] if not content else []))
    assert (result.code, result.out, len(lines(result.err))) == (2, "", 1)


def test_a_folder_is_no_experiment(call: Call, tmp_path: Path) -> None:
    result = call("train", str(tmp_path))
    assert (result.code, len(lines(result.err))) == (2, 1)


# what is missing, what fails


def test_a_data_set_that_is_not_here_is_missing(call: Call, tmp_path: Path) -> None:
    result = call("train", "mnist-strided")
    assert (result.code, result.out, len(lines(result.err))) == (3, "", 1)
    assert not (tmp_path / "runs").exists()


def test_a_device_that_is_not_here_is_missing(call: Call, tiny: str) -> None:
    import torch

    absent = next(name for name, there in (("mps", torch.backends.mps.is_available()),
                                           ("cuda", torch.cuda.is_available())) if not there)
    result = call("train", tiny, "--device", absent)
    assert (result.code, result.out, len(lines(result.err))) == (3, "", 1)
    assert f"device is '{absent}'" in result.err


def test_a_torchvision_that_does_not_go_with_torch_is_missing(call: Call, tiny: str,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    def mismatched(order: Any, inbox: Any) -> None:
        raise DataError("data.torchvision", "Built-in data sets need a matching torchvision.")

    monkeypatch.setattr(job, "train", mismatched)
    result = call("train", tiny)
    assert (result.code, result.err) == (3, "Built-in data sets need a matching torchvision.\n")


def test_an_interrupt_anywhere_is_one_line(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command.listing, "presets", interrupted)
    result = call("list", "presets")
    assert (result.code, result.out, result.err) == (130, "", "Interrupted by SIGINT.\n")


def test_a_run_that_may_not_be_written_is_refused_before_torch_is_loaded(tiny: str, tmp_path: Path) -> None:
    run = runs.create(tmp_path / "runs", from_toml(TINY), "")
    info = run.folder / "run.json"
    info.write_text(json.dumps({**json.loads(info.read_text()), "schema": 99, "version": "9.0"}))
    code = f"""
import sys, main
assert main.main(["train", {tiny!r}, "--resume", {str(run.folder)!r}]) == 1
assert "torch" not in sys.modules
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stderr.startswith("Made with version 9.0;") and len(lines(result.stderr)) == 1


def test_a_loss_that_leaves_the_finite_numbers_is_a_failure(call: Call, tiny: str) -> None:
    result = call("train", tiny, "--set", "train.optimizer=sgd", "--set", "model.output=none",
                  "--set", "train.learning_rate=1e9")
    assert (result.code, result.out) == (1, "")
    assert "learning rate 1e9 is likely too high" in lines(result.err)[-1]


def test_a_folder_that_cannot_be_written_is_a_failure(tiny: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    below_a_file = tmp_path / "tiny.toml" / "runs"
    assert main.main(["train", tiny, "--runs", str(below_a_file), "--threads", "1"]) == 1
    out, err = capsys.readouterr()
    assert (out, len(lines(err))) == ("", 1)
    assert f"Cannot write to {below_a_file}" in err


@POSIX
def test_a_full_disk_is_a_failure_that_says_what_is_safe(tmp_path: Path) -> None:
    """No file may grow beyond 100 kB here; a checkpoint of digits-quick has six times that."""
    code = ("import resource, sys, main; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
            "sys.exit(main.main(['train', 'digits-quick', '--threads', '1', '--set', 'data.training_images=200', "
            f"'--runs', {str(tmp_path)!r}]))")
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (1, "")
    last = lines(result.stderr)[-1]
    assert last.startswith("The disk is full: could not save step 0 (needs ")
    assert last.endswith("then resume the run.")


def test_an_unexpected_failure_is_one_line_and_its_traceback_is_one_option_away(
        call: Call, tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(order: Any, inbox: Any) -> None:
        raise ValueError("first line\nsecond line")

    monkeypatch.setattr(job, "train", broken)
    result = call("train", tiny)
    assert (result.code, result.out, result.err) == (1, "", "ValueError: first line second line\n")
    assert "in broken" in call("train", tiny, "--traceback").err


def test_streams_that_are_not_there_do_not_matter(tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows starts a program without a console so."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main.main(["train", tiny, "--runs", str(tmp_path), "--threads", "1"]) == 0
    assert main.main(["list", "presets"]) == 0
    assert main.main(["train", "no-such-preset"]) == 2


@POSIX
def test_a_reader_that_has_gone_is_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run([sys.executable, "main.py", "list", "presets"], cwd=ROOT, stdout=writing,
                            stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (result.returncode, result.stderr) == (1, "")


# no Qt, and no torch where none is needed


def test_no_qt_is_imported_and_torch_only_to_train(tiny: str, tmp_path: Path) -> None:
    code = f"""
import sys, main
def loaded(*names): return set(names) & sys.modules.keys()
assert main.main(["list", "presets"]) == main.main(["list", "datasets"]) == main.main(["list", "runs"]) == 0
assert not loaded("torch", "PySide6", "pyqtgraph")
assert main.main(["train", {tiny!r}, "--runs", {str(tmp_path)!r}, "--threads", "1"]) == 0
assert loaded("torch", "PySide6", "shiboken6", "pyqtgraph", "gui") == {{"torch"}}
"""
    environment = {**os.environ, "AUTOENCODER_EXPLORER_RUNS": str(tmp_path)}
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


# list


def test_presets_are_listed_in_aligned_columns(call: Call) -> None:
    result = call("list", "presets")
    heading, *rows = lines(result.out)
    assert (result.code, result.err) == (0, "")
    names = [row.split()[0] for row in rows]
    assert names[0] == "digits-quick"
    assert {"mnist-strided", "mnist-dense-512", "fashion-latent-64"} < set(names)
    end = heading.index("parameters") + len("parameters")
    assert {"53,473", "2,481", "121,137"} < {row[:end].split()[-1] for row in rows}
    assert {"32", "16×3×3", "512"} < {row[heading.index("code"):].split()[0] for row in rows}


def test_data_sets_are_listed_with_what_is_here(call: Call) -> None:
    found = {row["name"]: row["status"] for row in json.loads(call("list", "datasets", "--json").out)}
    assert found.pop("folder") == "present"
    assert found == dict.fromkeys(("digits", "shapes"), "built in") | dict.fromkeys(
        ("mnist", "fashion-mnist", "kmnist", "cifar-10"), "missing")


def test_runs_are_listed_damaged_ones_included(call: Call, tiny: str) -> None:
    assert call("list", "runs").out == "No runs.\n"
    good = Path(call("train", tiny, "--set", "train.epochs=1").answer["run"])
    bad = Path(call("train", tiny, "--set", "train.epochs=0").answer["run"])
    (bad / "run.json").write_text("{\n\n!")
    found = {row["name"]: row["status"] for row in json.loads(call("list", "runs", "--json").out)}
    assert found == {good.name: "finished", bad.name: "damaged"}
    assert "settings unreadable: line 3" in call("list", "runs").out


def test_options_before_and_after_the_command_mean_the_same() -> None:
    parser = main.parser()
    assert parser.parse_args(["--runs", "a", "list", "runs"]).runs == Path("a")
    assert parser.parse_args(["list", "runs", "--runs", "a"]).runs == Path("a")
    assert parser.parse_args(["list", "runs"]).runs is None


# export


def test_an_export_ends_with_its_folder(call: Call, tiny: str, tmp_path: Path) -> None:
    name = Path(call("train", tiny).answer["run"]).name
    result = call("export", name, "--to", str(tmp_path / "año 🎉"))
    assert result.code == 0
    assert Path(result.answer["folder"]) == (tmp_path / "año 🎉" / "report").resolve()
    assert result.answer["tables"] == ["comparison"] and result.answer["skipped"] == []
    assert all((Path(result.answer["folder"]) / figure).is_file() for figure in result.answer["figures"])


def test_an_export_names_damaged_runs_and_refuses_what_is_no_run(call: Call, tiny: str, tmp_path: Path) -> None:
    name, bad = (Path(call("train", tiny, "--set", "train.epochs=1").answer["run"]).name for _ in range(2))
    (tmp_path / "runs" / bad / "experiment.toml").write_text("x = [", encoding="utf-8")
    result = call("export", name, bad, "--to", str(tmp_path))
    assert (result.code, [it["run"] for it in result.answer["skipped"]]) == (0, [bad])
    assert len(lines(result.err)) == 1 and bad in result.err
    (tmp_path / "file").write_text("", encoding="utf-8")
    for arguments, code in [([bad, "--to", str(tmp_path)], 1), ([name, "--to", str(tmp_path / "file" / "x")], 1),
                            (["none", "--to", str(tmp_path)], 2), ([name], 2)]:
        refused = call("export", *arguments)
        assert (refused.code, refused.out) == (code, "")


# quality


def test_quality_measures_runs_beside_what_needs_no_network(call: Call, tiny: str) -> None:
    name = Path(json.loads(call("train", tiny, "--threads", "1").out.splitlines()[-1])["run"]).name
    result = call("quality", name, "--split", "validation")
    answer = json.loads(result.out.splitlines()[-1])
    assert result.code == 0 and answer["split"] == "validation"
    assert set(answer["runs"][name]) == {"network", "mean image"}
    assert set(answer["runs"][name]["network"]) == {"mse", "psnr", "ssim"} and "PSNR" in result.err
    assert call("quality", "nothing-of-this-name").code == 2
