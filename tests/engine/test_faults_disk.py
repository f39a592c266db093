"""Disk and files that fail: the numbered cases of docs/reliability.md with their exact texts, and nothing lost."""

import errno
import json
import os
import pickle
import shutil
import subprocess
import sys
import time

import pytest
import torch

from engine import model, runs, storage
from engine.blocks import Linear
from engine.dataspec import Data
from engine.experiment import Experiment, Model, Train
from engine.runfiles import history, lock, records
from engine.runfiles.notices import (
    NewerVersion,
    NoCheckpoint,
    NotWritable,
    ProgramFile,
    RunError,
    number_text,
    size_text,
)
from engine.runfiles.saving import SaveFailed
from tests.samples.make import make


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A small run that came to its end, with checkpoints at steps 3 and 6."""
    return make(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def run(original, tmp_path):
    """A copy of it."""
    return runs.adopt(original.folder, tmp_path)


def contents(folder):
    """Path -> bytes of every file."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# 2, 3: killed around a rename


def test_2_what_was_half_written_goes_at_the_next_start_without_a_word(run, tmp_path):
    before = contents(run.folder)
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    for name in (f"checkpoints/step-000000009.safetensors.{process.pid}.tmp", "history/x.tmp",
                 f"run.lock.{process.pid}.stale.tmp"):
        (run.folder / name).write_bytes(b"half")
    unfinished = tmp_path / ".run.123.tmp"
    unfinished.mkdir()
    os.utime(unfinished, (time.time() - 7200,) * 2)
    (tmp_path / ".young.123.tmp").mkdir()
    runs.tidy(tmp_path)
    assert contents(run.folder) == before and run.status == "finished"
    assert not unfinished.exists() and (tmp_path / ".young.123.tmp").exists()


def test_2_what_a_live_process_is_writing_stays_and_goes_when_it_is_old(run, tmp_path):
    """Another window saves notes, or tries to lock, without holding the run."""
    young, old = (run.folder / f"{name}.{os.getpid()}.tmp" for name in ("notes.toml", "run.lock"))
    stale = run.folder / f"run.lock.{os.getpid()}.stale.tmp"
    for path in (young, old, stale):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    runs.tidy(tmp_path)
    assert young.exists() and stale.exists() and not old.exists()


def test_2_a_run_that_somebody_trains_is_not_tidied(run, tmp_path):
    (run.folder / "history" / "x.tmp").write_bytes(b"half")
    with lock.held(run.folder):
        mine = lock.holder(run.folder)
        (run.folder / lock.NAME).write_text(json.dumps({"pid": mine.pid, "started": mine.started, "host": "lab3"}))
        runs.tidy(tmp_path)
    assert (run.folder / "history" / "x.tmp").exists()


# 13, 16: texts; what happens then is tried in test_record and test_kill


@pytest.mark.parametrize(("failed", "text"), [
    (SaveFailed(1200, 48_000_000, 3_000_000, "the disk is full", None, 1150),
     "The disk is full: could not save step 1200 (needs 48 MB, 3 MB free). The checkpoint of step 1150 is safe."),
    (SaveFailed(1200, 48_000_000, None, "the disk is full", None, None),
     "The disk is full: could not save step 1200 (needs 48 MB). Nothing has been saved yet; "
     "the model is still in memory."),
    (SaveFailed(7, 10, 3_000_000, "permission denied", None, 5),
     "Permission denied: could not save step 7. The checkpoint of step 5 is safe."),
    (SaveFailed(7, 10, None, "the folder has disappeared", None, 5),
     "The folder has disappeared: could not save step 7. The model is still in memory and can be saved elsewhere."),
])
def test_13_and_16_what_is_said_when_a_save_fails(failed, text):
    assert failed.notice.message == text and failed.notice.code == "save.failed" and failed.asks_for_pause
    assert failed.notice.values["step"] == failed.step and failed.notice.values["kept_step"] == failed.kept_step


@pytest.mark.parametrize(("number", "reason"), [
    (errno.ENOSPC, "the disk is full"), (errno.EDQUOT, "the disk is full"), (errno.EFBIG, "the disk is full"),
    (errno.EACCES, "permission denied"), (errno.EROFS, "the disk is read-only"),
    (errno.EIO, "the disk reports an error")])
def test_13_the_reason_is_in_words_and_the_sizes_are_told(run, monkeypatch, number, reason):
    from engine.events import Checkpoint, State

    def fail(path, data):
        raise OSError(number, "in the system's own words")

    state = State({"a": torch.zeros(1000)}, {})
    turns = runs.record(run, iter([(Checkpoint(8, 4.0, state, False),)]))
    real = storage.write_atomic
    monkeypatch.setattr(storage, "write_atomic", lambda path, data: (
        fail if path.suffix == ".safetensors" else real)(path, data))
    (failed,) = next(turns)
    assert (failed.reason, failed.step, failed.kept_step, failed.folder) == (reason, 8, 6, run.folder)
    assert 4000 < failed.needed < 6000 and failed.free == pytest.approx(shutil.disk_usage(run.folder).free, rel=0.2)


def test_sizes_and_numbers_are_written_for_people():
    assert [size_text(size) for size in (0, 999, 1000, 48_000_000, 1_400_000_000, 20_000_000_000)] == [
        "0 bytes", "999 bytes", "1 KB", "48 MB", "1.4 GB", "20 GB"]
    assert [number_text(number) for number in (1e6, 0.001, 1e-5, 2.5e-7, 3.0)] == [
        "1e6", "0.001", "1e-5", "2.5e-7", "3"]


# 14, 15: before the training


def test_14_too_little_space_is_said_before_the_training(tmp_path, monkeypatch):
    experiment = Experiment(data=Data(image_size=28), model=Model(encoder=(Linear(size=2530),)), train=Train())
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=80_000_000))
    warning = runs.free_space_warning(tmp_path / "not" / "there" / "yet", experiment)
    assert warning.message == f"Only 80 MB free in {tmp_path / 'not' / 'there' / 'yet'}; this run needs about 144 MB."
    assert warning.values["free"] == 80_000_000 and not (tmp_path / "not").exists()
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=146_000_000))
    assert runs.free_space_warning(tmp_path, experiment) is None


def test_14_the_estimate_is_close_to_a_checkpoint(run):
    from engine.shapes import plan

    parameters = plan(run.experiment).parameters
    assert run.checkpoints()[-1].bytes - 12 * parameters < 300_000


def test_15_a_folder_below_a_file_is_refused_before_anything_is_written(tmp_path, tiny):
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "runs", tmp_path / "file" / "deep" / "runs"):
        with pytest.raises(NotWritable) as caught:
            runs.create(folder, tiny, "")
        assert caught.value.message == f"Cannot write to {folder} (it is not a folder). Choose another folder."
    assert contents(tmp_path).keys() == {(tmp_path / "file").relative_to(tmp_path)}


@pytest.mark.parametrize("call", ["open", "write", "replace", "mkdir", "fsync"])
def test_15_no_permission_is_said_whichever_call_meets_it(tmp_path, tiny, monkeypatch, call):
    def refuse(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(NotWritable) as caught:
        runs.create(tmp_path / "runs", tiny, "")
    monkeypatch.undo()
    assert caught.value.message == f"Cannot write to {tmp_path / 'runs'} (permission denied). Choose another folder."
    assert contents(tmp_path) == {}


# 17: damaged checkpoints


def flip(path):
    """Damage one bit of the last tensor."""
    data = bytearray(path.read_bytes())
    data[-9] ^= 4
    path.write_bytes(data)


DAMAGE = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "one bit": flip,
    "random bytes": lambda path: path.write_bytes(os.urandom(5000)),
    "empty": lambda path: path.write_bytes(b""),
    "a picture": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(900)),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_17_a_damaged_checkpoint_is_passed_over_and_left_in_place(run, damage):
    damage(history.checkpoint_path(run.folder, 6))
    before = contents(run.folder)
    state, notices = runs.load_checkpoint(run)
    assert [notice.message for notice in notices] == [
        "Checkpoint step 6 is damaged (checksum does not match). Using step 3."]
    assert notices[0].values == {"step": 6, "used_step": 3}
    assert state.values["step"] == 3 and contents(run.folder) == before
    assert runs.open_run(run.name, run.folder.parent).status == "interrupted"


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_17_without_any_usable_checkpoint_the_rest_can_still_be_read(run, damage):
    for file in run.checkpoints():
        damage(file.path)
    with pytest.raises(NoCheckpoint) as caught:
        runs.load_checkpoint(run)
    assert caught.value.message == ("No usable checkpoint in this run; settings and 3 epochs of metrics can still be "
                                    "read.")
    assert caught.value.values == {"epochs": 3} and run.metrics().epochs == 3 and run.experiment.name == "sample"


# 18, 19, 20: damaged settings and metrics


@pytest.mark.parametrize(("name", "content", "text"), [
    ("run.json", b'{\n "schema": 1,\n "version": \n}', "settings unreadable: line 4"),
    ("run.json", b'{\n "schema": 1,\n oops}', "settings unreadable: line 3"),
    ("run.json", b'{\n\n\xff}', "settings unreadable: line 3"),
    ("run.json", b"[]", "settings unreadable: it is no run.json"),
    ("run.json", b'{"schema": 1, "threads": "many"}', "settings unreadable: threads Input should be a valid integer, "
                                                      "unable to parse string as an integer"),
    ("run.json", None, "settings unreadable: run.json is missing"),
    ("experiment.toml", b"\n\nname = oops\n", "settings unreadable: line 3"),
    ("experiment.toml", b"\n\nname = ", "settings unreadable: its end is missing"),
    ("experiment.toml", b"[train]\nepochs = -1", "settings unreadable: train.epochs Input should be greater than or "
                                                  "equal to 0"),
    ("experiment.toml", b"\n\xff", "settings unreadable: line 2"),
    ("experiment.toml", None, "settings unreadable: experiment.toml is missing"),
])
def test_18_a_run_with_damaged_settings_stays_in_the_list_and_shows_its_curves(run, tmp_path, name, content, text):
    other = runs.adopt(run.folder, tmp_path)
    (run.folder / name).unlink()
    if content is not None:
        (run.folder / name).write_bytes(content)
    assert (run.status, run.status_text) == ("damaged", text) and not run.writable
    assert set(runs.list_runs(tmp_path)) == {run, other} and other.status == "finished"
    assert len(run.metrics().losses) == 6 and [file.step for file in run.snapshots()] == [0, 2, 4, 6]


def test_18_settings_that_a_person_edited_are_read_as_they_are(run):
    path = run.folder / "experiment.toml"
    path.write_text(path.read_text() + "\n# a remark\n")
    assert run.status == "finished" and run.experiment.name == "sample"


def test_19_good_lines_are_drawn_and_bad_ones_numbered(tmp_path, tiny):
    run = runs.create(tmp_path, tiny, "")
    lines = [{"step": 10 * number, "losses": [0.5] * 10} for number in range(1, 4211)]
    text = [json.dumps(line) for line in lines]
    text[310] = text[310][:20]
    text[311] = "\x00garbage"
    (run.folder / "metrics.jsonl").write_text("\n".join(text) + "\n")
    metrics = run.metrics()
    assert metrics.warning.message == "2 of 4 210 lines could not be read (lines 311, 312)"
    assert metrics.warning.values == {"bad": 2, "total": 4210, "lines": (311, 312)}
    assert len(metrics.losses) == 42_080 and metrics.step_index[3100] == 3121


@pytest.mark.parametrize("bad", [
    '{"step": 3, "losses": [NaN]}', '{"step": 3, "losses": [Infinity]}', '{"step": 2, "losses": [0.5]}',
    '{"step": 1, "losses": [0.5]}', '{"step": -3, "losses": [0.5]}', '{"step": 3.5, "losses": [0.5]}',
    '{"losses": [0.5]}', '{"step": 3, "losses": "many"}', '{"step": 3, "losses": [[1]]}',
    '{"step": 3, "losses": ["1"]}', "[]", "3", "null", "",
    '{"step": 3, "losses": [1' + "0" * 400 + "]}", '{"step": 1e400, "losses": [1]}', '{"step": 3, "losses": {"a": 1}}',
    '{"step": 3, "evaluations": [{}]}', '{"step": 3, "evaluations": 5}', '{"step": 3, "interventions": [{"step": 3}]}',
    '{"step": ' + "9" * 30 + ', "losses": [1]}',
])
def test_19_what_a_line_cannot_be_is_passed_over(tmp_path, tiny, bad):
    run = runs.create(tmp_path, tiny, "")
    (run.folder / "metrics.jsonl").write_text(
        f'{{"step": 2, "losses": [0.9, 0.8]}}\n{bad}\n{{"step": 4, "losses": [0.7, null]}}\n')
    metrics = run.metrics()
    assert metrics.step_index.tolist() == [1, 2, 3, 4] and metrics.losses[:3].tolist() == [0.9, 0.8, 0.7]
    assert metrics.warning.message == "1 of 3 lines could not be read (line 2)"


def test_19_numbers_beyond_all_bounds_are_gaps(tmp_path, tiny):
    run = runs.create(tmp_path, tiny, "")
    (run.folder / "metrics.jsonl").write_text('{"step": 3, "losses": [0.5, 1e999, -1e999]}\n')
    assert [str(loss) for loss in run.metrics().losses] == ["0.5", "nan", "nan"]


FILES = ("experiment.toml", "run.json", "state.json", "metrics.jsonl", "checkpoints/step-000000006.safetensors")


def test_20_two_thousand_runs_five_damaged_are_listed_within_a_second(run, tmp_path):
    many = tmp_path / "many"
    many.mkdir()
    for number in range(2000):
        folder = many / f"2026-11-20_15-04-05_{number}"
        (folder / "checkpoints").mkdir(parents=True)
        for name in FILES:
            os.link(run.folder / name, folder / name)
    for number in (0, 7, 77, 777, 1999):
        damaged = many / f"2026-11-20_15-04-05_{number}" / ("run.json" if number < 1000 else "experiment.toml")
        damaged.unlink()
        damaged.write_bytes(b"{\n\n,\xff")
    times = []
    for _ in range(3):
        for read in (records._info, records._state, records._settings_problem, records._experiment):
            read.cache_clear()  # as in a process that has just begun
        started = time.process_time()  # of this process alone: other work on the machine does not count
        statuses = [found.status for found in runs.list_runs(many)]
        times.append(time.process_time() - started)
    assert statuses.count("damaged") == 5 and statuses.count("finished") == 1995
    assert min(times) < 1.0, times


# 25: from the future


def test_25_a_run_from_a_later_version_is_read_and_never_written(run, monkeypatch):
    monkeypatch.setattr(records, "application_version", lambda: "1.4")
    info = run.folder / "run.json"
    info.write_text(json.dumps({"schema": 2, "version": "2.1", "threads": "in another form", "new": [1]}))
    (run.folder / "experiment.toml").write_text("[something]\nnew = 1\n")
    before = contents(run.folder)
    text = "Made with version 2.1; this is 1.4. Open read-only?"
    assert run.status == "finished" and run.newer.message == run.read_only.message == text
    for write in (lambda: runs.write_notes(run, runs.Notes(name="mine")), lambda: next(runs.record(run, iter(())))):
        with pytest.raises(NewerVersion, match=r"Made with version 2\.1"):
            write()
    assert len(run.metrics().losses) == 6 and runs.load_snapshot(run.snapshots()[0].path)
    runs.tidy(run.folder.parent)
    assert contents(run.folder) == before


# 27: names


@pytest.mark.parametrize("name", ["two words", "ñandú", "🙂", "a/../b", "trailing.", "CON", "x" * 200, "-rf", "%s{}"])
def test_27_folders_with_unusual_names_work(tmp_path, tiny, name):
    run = runs.create(tmp_path / name / "runs", tiny, "")
    assert runs.list_runs(tmp_path / name / "runs") == [run] and run.status == "new"
    assert runs.open_run(run.name, tmp_path / name / "runs").experiment == tiny


@pytest.mark.parametrize("name", ["x" * 300, "loop", "loop/runs", "nul\0byte"])
def test_27_names_that_cannot_be_are_refused_before_any_work(tmp_path, tiny, name):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(NotWritable) as caught:
        runs.check_writable(tmp_path / name)
    assert caught.value.message == f"{tmp_path / name}: this name cannot be used on this system"
    with pytest.raises(NotWritable):
        runs.create(tmp_path / name, tiny, "")
    assert [path.name for path in tmp_path.iterdir()] == ["loop"]
    assert runs.list_runs(tmp_path / name) == []


# 43, 44: other people's weights


def test_43_weights_of_another_model_are_refused_by_layer(run):
    weights = runs.load_snapshot(run.snapshots()[-1].path)
    other = Experiment(data=Data(image_size=8), model=Model(encoder=(Linear(size=9),)))
    with pytest.raises(model.WeightsError) as caught:
        model.from_weights(other, weights)
    assert str(caught.value) == "This checkpoint belongs to another model (encoder.0 is 9×64, file has 4×64)."


class Harmful:
    """Makes a file when unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch '{self.marker}'",)


@pytest.mark.parametrize("save", [
    lambda thing, path: torch.save(thing, path),
    lambda thing, path: torch.save(thing, path, _use_new_zipfile_serialization=False),
    lambda thing, path: path.write_bytes(pickle.dumps(thing)),
], ids=["torch", "old torch", "pickle"])
def test_44_a_file_that_carries_code_is_not_opened(run, tmp_path, save):
    marker = tmp_path / "marker"
    for path in (run.snapshots()[-1].path, run.checkpoints()[-1].path):
        save({"weights": torch.zeros(3), "harm": Harmful(marker)}, path)
    with pytest.raises(ProgramFile) as caught:
        runs.load_snapshot(run.snapshots()[-1].path)
    assert caught.value.message == "This file contains program code and was not opened."
    assert runs.load_checkpoint(run).state.values["step"] == 3
    assert not marker.exists()


def test_every_error_carries_a_code_and_values():
    error = RunError("a.code", "A text.", step=3)
    assert (error.notice.code, error.notice.message, error.notice.values) == ("a.code", "A text.", {"step": 3})
