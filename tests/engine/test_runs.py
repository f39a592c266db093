"""Run folders: made whole, listed whatever is in them, opened by name, locked, resumed with what is to be told."""

import errno
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import model, runs, storage
from engine.events import Checkpoint, Evaluation, Intervention, Step
from engine.experiment import Experiment, replaced
from engine.inbox import Inbox
from engine.runfiles import history, journal, lock, records
from engine.runfiles.notices import Locked, NotWritable, RunError
from engine.runfiles.records import Notes, RunState
from engine.terminal import listing
from engine.train import train
from tests.samples.make import EXPERIMENT, make

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A small run that came to its end, not to be changed."""
    return make(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def run(finished, tmp_path):
    """A copy of it."""
    return runs.adopt(finished.folder, tmp_path)


def edit(path, **values):
    """Change values of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def flip(path, place=-1):
    """Damage one bit."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


# Making


def test_a_new_run_has_its_settings_and_nothing_else(tmp_path):
    run = runs.create(tmp_path / "deep" / "runs", EXPERIMENT, "abc", device="cuda", threads=3)
    assert sorted(path.name for path in run.folder.iterdir()) == ["experiment.toml", "run.json"]
    assert run.experiment == EXPERIMENT and run.status == "new" and run.status_text == "Not started"
    info = run.info
    assert (info.schema_version, info.data_fingerprint, info.device, info.threads) == (1, "abc", "cuda", 3)
    assert info.versions["torch"] == torch.__version__.partition("+")[0] and info.version and info.created
    assert json.loads((run.folder / "run.json").read_bytes())["schema"] == 1
    assert run.name.endswith("_sample") and abs(info.created_s - time.time()) < 60


@pytest.mark.parametrize("name", ["", "ñandú 🙂", "a/b\\c:d*?\"<>|", "..", "CON", "x" * 200, "é" * 200, "trailing.",
                                  "two\nlines", "\u202eright", "-rf"])
def test_any_name_makes_a_folder_that_every_system_takes(tmp_path, name):
    experiment = EXPERIMENT.model_copy(update={"name": name})
    first, second = (runs.create(tmp_path, experiment, "") for _ in range(2))
    assert first.folder != second.folder and first.experiment.name == name
    assert first.folder.parent == tmp_path and len(first.name.encode()) < 150
    runs.check_name(Path("runs") / first.name, windows=True)
    assert set(runs.list_runs(tmp_path)) == {first, second}


@pytest.mark.parametrize("bad", ["CON", "nul.txt", "COM1", "trailing.", "trailing ", "what?", "a:b", "tab\tbed"])
def test_names_that_windows_cannot_have_are_refused_there(bad):
    with pytest.raises(NotWritable, match="this name cannot be used on this system"):
        runs.check_name(Path("folder") / bad / "runs", windows=True)


def test_two_folders_up_and_drives_are_names_windows_can_have():
    runs.check_name(Path("..") / ".." / "runs ñ 🙂", windows=True)


# Listing and opening


def test_no_folder_an_empty_one_and_a_file_hold_no_runs(tmp_path):
    (tmp_path / "file").write_text("x")
    assert runs.list_runs(tmp_path / "none") == runs.list_runs(tmp_path) == runs.list_runs(tmp_path / "file") == []


def test_runs_are_listed_newest_first_among_things_that_are_none(run, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "picture.png").write_bytes(b"x")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    newer = runs.create(tmp_path, EXPERIMENT, "")
    assert runs.list_runs(tmp_path) == [newer, run]


def test_a_run_whose_folder_cannot_be_read_is_damaged_and_hides_no_other(run, tmp_path, monkeypatch):
    other = runs.create(tmp_path, EXPERIMENT, "")
    scandir = os.scandir

    def worn_out(folder):
        if run.folder in Path(folder).parents:
            raise OSError(errno.EIO, "worn out")
        return scandir(folder)

    (run.folder / records.STATE).unlink()
    monkeypatch.setattr(os, "scandir", worn_out)
    rows = {row["name"]: (row["status"], row["details"]) for row in listing.recorded(tmp_path)}
    assert rows == {run.name: ("damaged", f"{run.name} cannot be read (the disk reports an error)."),
                    other.name: ("new", "Not started")}


def test_a_run_is_opened_by_name_and_by_folder(run, tmp_path):
    assert runs.open_run(run.name, tmp_path) == run
    assert runs.open_run(run.folder, tmp_path / "elsewhere") == run
    for name in ("no such run", "", "..", "x" * 300, "nul\0", Path("/nowhere")):
        with pytest.raises(RunError, match="There is no run"):
            runs.open_run(name, tmp_path)


def test_listing_loads_no_torch(run, tmp_path):
    code = ("import sys\nfrom pathlib import Path\nfrom engine import runs\n"
            f"(run,) = runs.list_runs(Path({str(tmp_path)!r}))\n"
            "assert run.status == 'finished' and run.snapshots() and len(run.metrics().losses) == 6\n"
            "assert runs.open_run(run.name, run.folder.parent).title == 'A sample'\n"
            "assert not {'torch', 'safetensors'} & set(sys.modules), 'loaded'")
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_titles_say_what_differs(tmp_path):
    base, rate, other = (runs.create(tmp_path, experiment, "") for experiment in (
        EXPERIMENT, replaced(EXPERIMENT, {"train.learning_rate": 0.01, "model.encoder.0.size": 9}),
        Experiment(name="other")))
    named = runs.create(tmp_path, EXPERIMENT, "")
    runs.write_notes(named, Notes(name="My best"))
    broken = runs.create(tmp_path, EXPERIMENT, "")
    (broken.folder / "experiment.toml").write_text("[")
    titles = runs.titles(runs.list_runs(tmp_path))
    assert titles[base.folder] == "sample" and titles[other.folder] == "other" and titles[named.folder] == "My best"
    assert titles[rate.folder] == "sample, size 9, learning rate 0.01"
    assert titles[broken.folder] == broken.name


def test_notes_are_kept_and_damaged_ones_set_aside(run):
    notes = Notes(name='"quoted" ñ', tags=("a", "🙂"), star=True, remarks="one\ntwo\\")
    runs.write_notes(run, notes)
    assert run.notes == notes and run.title == '"quoted" ñ'
    (run.folder / "notes.toml").write_bytes(b"\xff damaged")
    assert run.notes == Notes() and run.title == run.name
    runs.write_notes(run, notes)
    assert run.notes == notes and (run.folder / "notes.toml.damaged").read_bytes() == b"\xff damaged"


# Status


def test_a_finished_run_says_so_as_long_as_its_last_checkpoint_verifies(run, tmp_path):
    assert (run.status, run.status_text) == ("finished", "Finished")
    flip(run.checkpoints()[-1].path)
    assert runs.open_run(run.name, tmp_path).status == "interrupted"
    run.checkpoints()[-1].path.unlink()
    assert (run.status, run.status_text) == ("interrupted", "Interrupted at step 6")


def test_a_state_that_is_lost_loses_nothing(run):
    (run.folder / "state.json").unlink()
    assert run.status_text == "Interrupted at step 6" and run.state == RunState()
    (run.folder / "state.json").write_text('{"status": "finished", "step": "many"}')
    assert run.status == "interrupted"


@pytest.mark.parametrize(("state", "status", "text"), [
    ({"status": "running", "step": 4}, "interrupted", "Interrupted at step 6"),
    ({"status": "stopped", "step": 4, "reason": "user"}, "stopped", "Stopped at step 4"),
    ({"status": "stopped", "step": 4, "reason": "close"}, "stopped", "Stopped at step 4"),
    ({"status": "stopped", "step": 4, "reason": "SIGTERM"}, "stopped", "Stopped by the system at step 4"),
    ({"status": "failed", "step": 4, "error": "it broke"}, "failed", "Failed at step 4: it broke"),
    ({"status": "diverged", "step": 312, "learning_rate": 1e6, "loss": None, "kept_step": 300}, "diverged",
     "The loss became NaN at step 312 (learning rate 1e6 is likely too high). Step 300 is kept."),
])
def test_the_status_of_a_run_that_ended_otherwise(run, state, status, text):
    edit(run.folder / "state.json", **state)
    assert (run.status, run.status_text) == (status, text)


def test_training_is_the_status_while_a_live_process_holds_the_lock_and_no_longer(run):
    edit(run.folder / "state.json", status="running")
    with lock.held(run.folder):
        assert run.status == "running" and run.writable
    assert run.status == "interrupted" and not (run.folder / "run.lock").exists()


# Locks


def locked_by(run, **holder):
    """Write a lock as another process would."""
    mine = {"pid": os.getpid(), "started": lock.started(os.getpid()), "host": platform.node()}
    (run.folder / "run.lock").write_text(json.dumps({**mine, **holder}))


@pytest.fixture
def other_process():
    """A process that lives as long as the test."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.communicate(b"\n")


def test_a_run_that_another_process_trains_is_read_only(run, other_process):
    locked_by(run, pid=other_process.pid, started=lock.started(other_process.pid))
    text = f"This run is being trained by another window (process {other_process.pid})."
    assert run.status == "running" and not run.writable and run.read_only.message == text
    for forbidden in (lambda: next(runs.record(run, iter(()))), lambda: runs.take_over(run)):
        with pytest.raises(Locked) as caught:
            forbidden()
        assert caught.value.message == text
    assert len(run.metrics().losses) == 6  # looking is free


def test_a_second_recording_in_the_same_process_is_refused(run):
    with lock.held(run.folder), pytest.raises(Locked, match=f"process {os.getpid()}"):
        next(runs.record(run, iter(())))


def test_the_lock_of_a_dead_process_is_taken_silently(run):
    process = subprocess.Popen([sys.executable, "-c", ""])
    began = lock.started(process.pid)
    process.wait()
    locked_by(run, pid=process.pid, started=began)
    assert run.writable and run.status == "finished"
    with lock.held(run.folder) as mine:
        assert lock.holder(run.folder) == mine == lock.this_process()


def test_the_lock_of_a_process_whose_number_is_used_again_is_taken_silently(run, other_process):
    locked_by(run, pid=other_process.pid, started="another time")
    assert run.writable
    with lock.held(run.folder):
        pass


def test_a_zombie_holds_nothing(run):
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    began = lock.started(process.pid)
    process.stdout.read()  # it has ended, and nobody has waited for it
    deadline = time.monotonic() + 10
    while lock.started(process.pid) is not None and time.monotonic() < deadline:
        os.sched_yield()
    locked_by(run, pid=process.pid, started=began)
    assert run.writable
    process.wait()


def test_the_lock_of_another_host_is_taken_over_only_on_request(run):
    locked_by(run, host="lab3")
    assert run.status_text == run.read_only.message == "Locked by host lab3. Open read-only / Take over"
    assert run.status == "finished" and not run.writable
    with pytest.raises(Locked), lock.held(run.folder):
        pass
    runs.take_over(run)
    with lock.held(run.folder):
        assert run.writable


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"pid": "x", "started": 1, "host": 1}',
                                     b"[" * 99_999])
def test_a_lock_that_names_nobody_holds_nothing(run, content):
    (run.folder / "run.lock").write_bytes(content)
    assert run.writable
    with lock.held(run.folder):
        assert run.status == "running"


def test_a_lock_taken_while_we_looked_at_a_stale_one_is_left_in_place(run):
    dead = lock.Holder(1, "another time", platform.node())
    locked_by(run)
    lock._clear(run.folder / lock.NAME, dead)
    assert lock.holder(run.folder) == lock.this_process()
    assert [path.name for path in run.folder.glob("run.lock*")] == ["run.lock"]


def test_without_hard_links_a_lock_still_locks(run, monkeypatch):
    def refuse(*arguments):
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    with lock.held(run.folder), pytest.raises(Locked), lock.held(run.folder):
        pass
    with lock.held(run.folder):
        pass


def test_of_many_processes_that_want_a_stale_lock_one_gets_it(run):
    locked_by(run, started="another time")
    code = ("import sys\nfrom pathlib import Path\nfrom engine.runfiles import lock\n"
            "from engine.runfiles.notices import Locked\n"
            f"input()\ntry:\n    with lock.held(Path({str(run.folder)!r})):\n        print('got', flush=True)\n"
            "        sys.stdin.readline()\nexcept Locked:\n    print('refused', flush=True)")
    many = [subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             cwd=Path(__file__).parents[2]) for _ in range(6)]
    for process in many:
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.stdout.readline().strip() for process in many]
    for process in many:
        process.communicate("\n")
    assert sorted(answers) == ["got"] + ["refused"] * 5
    assert [path.name for path in run.folder.glob("run.lock*")] == []


# Metrics


def test_a_million_steps_are_read_within_seconds_and_once(tmp_path):
    path = tmp_path / journal.NAME
    losses = torch.rand(250, generator=torch.Generator().manual_seed(0)).tolist()
    text = json.dumps(losses)
    path.write_text("".join(f'{{"step": {step}, "losses": {text}}}\n' for step in range(250, 1_000_001, 250)))
    started = time.monotonic()
    metrics = journal.read(path)
    assert time.monotonic() - started < 6
    assert len(metrics.losses) == 1_000_000 and metrics.step_index[-1] == 1_000_000
    assert metrics.losses[:250].tolist() == losses
    assert journal.read(path) is metrics


def test_what_is_told_is_read_as_it_was(tmp_path):
    record = journal.Record()
    assert not record
    told = [Evaluation(0, 0.0, None, 0.3, 0.4, 0.1), Step(2, 0, (0.1 + 0.2, 1e-300), 0.5, 99.0),
            Intervention(2, "train.epochs", 12), Intervention(2, "train.learning_rate", 1e-5),
            Evaluation(2, 1 / 3, 0.25, 0.1, 0.2, 0.7)]
    for event in told:
        record.add(event)
    storage.append_line(tmp_path / journal.NAME, record.line())
    metrics = journal.read(tmp_path / journal.NAME)
    assert metrics.losses.tolist() == [0.1 + 0.2, 1e-300] and metrics.step_index.tolist() == [1, 2]
    assert metrics.evaluations == (told[0], told[4]) and metrics.interventions == (told[2], told[3])
    assert not metrics.losses.flags.writeable


def lines(*records):
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def test_cutting_leaves_what_the_checkpoint_had_seen(tmp_path):
    path = tmp_path / journal.NAME
    seen = lines({"step": 2, "losses": [1, 2]}, {"step": 2, "evaluations": []})
    path.write_bytes(seen + lines({"step": 2, "interventions": []}, {"step": 4, "losses": [3, 4]}) + b'{"torn')
    assert journal.cut(path, 2, len(seen)) == len(seen) and path.read_bytes() == seen


def test_a_line_that_spans_the_checkpoint_is_cut_in_two(tmp_path):
    """The best checkpoint may be written after later batches have been told, and be all that is left."""
    path = tmp_path / journal.NAME
    evaluation = {"step": 3, "epoch": 1.0, "running_loss": None, "training_loss": 0.1, "validation_loss": 0.1,
                  "elapsed_s": 1.0}
    path.write_bytes(lines({"step": 2, "losses": [1, 2]},
                           {"step": 6, "losses": [3, 4, 5, 6], "evaluations": [evaluation, {**evaluation, "step": 6}]},
                           {"step": 8, "losses": [7, 8]}))
    journal.cut(path, 3, len(path.read_bytes()))
    metrics = journal.read(path)
    assert metrics.losses.tolist() == [1, 2, 3] and [told.step for told in metrics.evaluations] == [3]
    assert metrics.bad_lines == ()


def test_cutting_a_file_that_was_changed_goes_by_steps(tmp_path):
    path = tmp_path / journal.NAME
    good = lines({"step": 2, "losses": [1, 2]}, {"step": 4, "losses": [3, 4]})
    path.write_bytes(b"damaged beyond recognition\n" + good)
    journal.cut(path, 2, 17)
    assert journal.read(path).losses.tolist() == [1, 2] and journal.read(path).bad_lines == (1,)
    assert journal.cut(tmp_path / "none", 2, 17) == 0


# History


def files(*steps, pinned=(), size=1):
    return [history.SnapshotFile(step, step / 10, Path(str(step)), step in pinned, size) for step in steps]


def test_the_history_is_thinned_evenly_and_stays_bounded():
    kept = []
    for step in range(0, 20_000, 10):
        kept = [*kept, *files(step, pinned=(0, 10, 12_340))]
        gone = set(history.to_thin(kept, 200, 10**9))
        kept = [file for file in kept if file not in gone]
        assert len(kept) <= 200
    steps = [file.step for file in kept]
    gaps = sorted(two - one for one, two in pairwise(steps))
    assert steps[:2] == [0, 10] and steps[-1] == 19_990 and 12_340 in steps
    assert len(kept) == 200 and gaps[-1] <= 160 and gaps[len(gaps) // 2] >= 80


def test_bytes_are_bounded_too_but_never_at_the_cost_of_what_is_pinned():
    assert [file.step for file in history.to_thin(files(*range(10), size=100), 200, 650)] == [1, 3, 5, 7]
    everything = files(*range(10), pinned=range(10), size=100)
    assert history.to_thin(everything, 3, 100) == ()
    assert history.to_thin(files(5), 0, 0) == ()  # the newest always stays


def test_names_tell_steps_and_epochs_exactly(tmp_path):
    for step, epoch in ((0, 0.0), (20, 20 / 117), (10**12, 1e-7), (468, 4.0)):
        path = history.snapshot_path(tmp_path, step, epoch)
        storage.make_folder(path.parent)
        path.write_bytes(b"x")
    for name in ("step-000000001-epoch-e.safetensors", "step-000000001-epoch--1.safetensors", "other", "step-x",
                 "step-000000001-epoch-1e999.safetensors", "a.tmp"):
        (tmp_path / history.HISTORY / name).write_bytes(b"x")
    found = {file.step: (file.epoch, file.pinned) for file in history.snapshots(tmp_path, keep=(4,))}
    assert found == {0: (0.0, True), 20: (20 / 117, True), 468: (4.0, True), 10**12: (1e-7, True)}
    assert not {file.step: file.pinned for file in history.snapshots(tmp_path)}[468]


def test_the_newest_two_checkpoints_and_the_best_stay():
    present = [history.CheckpointFile(step, Path(str(step)), 1) for step in (10, 20, 30, 40)]
    assert [file.step for file in history.to_prune(present, 10)] == [20]
    assert [file.step for file in history.to_prune(present, None)] == [10, 20]
    assert [file.step for file in history.to_prune(present, 40)] == [10, 20]


# Weights and resuming


def test_a_snapshot_gives_a_model_and_a_damaged_one_says_so(run):
    newest = run.snapshots()[-1]
    autoencoder = model.from_weights(run.experiment, runs.load_snapshot(newest.path))
    assert autoencoder(torch.rand(2, 1, 8, 8)).shape == (2, 1, 8, 8)
    flip(newest.path)
    with pytest.raises(RunError, match=r"Snapshot step 6 is damaged \(checksum does not match\)\."):
        runs.load_snapshot(newest.path)


def test_a_run_goes_on_from_its_newest_checkpoint(run, finished):
    resumption = runs.load_checkpoint(run)
    assert resumption.notices == () and resumption.state.values["step"] == 6
    assert resumption.state.weights.keys() == runs.load_snapshot(run.snapshots()[-1].path).keys()


def test_a_run_that_never_came_to_a_checkpoint_begins_anew(tmp_path):
    run = runs.create(tmp_path, EXPERIMENT, "")
    assert runs.load_checkpoint(run) == (None, ())


def test_everything_that_keeps_a_resume_from_being_exact_is_told_once(run, monkeypatch):
    def told(**where):
        return [notice.message for notice in runs.load_checkpoint(run, **where).notices]

    assert told(device="cpu", threads=1) == []
    assert told(device="cuda:0", threads=1) == ["The run continues on CUDA; results will not be bit-identical."]
    assert told(threads=2) == ["The run continues with 2 threads instead of 1; results will not be bit-identical."]
    present = records.package_version("torch")
    monkeypatch.setattr(records, "package_version", lambda package: "9.9")
    assert told(threads=2) == [f"The run continues with torch 9.9 instead of {present}, with 2 threads instead of 1; "
                               "results will not be bit-identical."]
    list(runs.record(run, iter([(Checkpoint(8, 4.0, runs.load_checkpoint(run).state, False),)]), threads=2))
    assert told(threads=2) == []


# Samples of released schemas


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("schema-*")), ids=lambda path: path.name)
def test_runs_of_every_released_schema_open_and_go_on(sample, tmp_path, tiny_data):
    run = runs.adopt(sample, tmp_path)
    assert (run.title, run.status, run.writable) == ("A sample", "finished", True)
    assert run.experiment == EXPERIMENT and run.best_step == 6 and run.notes.star and run.state.changed_step == 3
    metrics = run.metrics()
    assert len(metrics.losses) == 6 and metrics.epochs == 3 and metrics.warning is None
    assert [(it.step, it.value) for it in metrics.interventions] == [(3, 0.002)]
    assert [(file.step, file.pinned) for file in run.snapshots()] == [(0, True), (2, True), (4, True), (6, False)]
    for file in run.snapshots():
        model.from_weights(run.experiment, runs.load_snapshot(file.path))
    state, inbox = runs.load_checkpoint(run).state, Inbox()
    list(runs.record(run, train(run.experiment, tiny_data, inbox, checkpoint=state), inbox))
    assert run.status == "finished"


# Arbitrary content

KEYS = ["schema", "step", "losses", "status", "versions", "pid", "evaluations", "name", "tags", "threads",
        "experiment_sha256"]
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner,
                                                                max_size=4), max_leaves=8)
NASTY = [b"", b"\xef\xbb\xbf", b"[" * 100_000, b'{"a":' * 50_000, b"1e999", b"a = 1e999\n", b"a = " + b"[" * 50_000,
         b"null", b'{"schema": 1}', b'{"schema": 1e400}', b'{"step": 1, "losses": [1e999, "x"]}\n']
contents = (st.binary(max_size=300) | st.sampled_from(NASTY) | json_values.map(lambda value: lines(value)[:-1])
            | st.lists(json_values, max_size=4).map(lambda values: lines(*values)))


@pytest.fixture(scope="module")
def shelf(finished, tmp_path_factory):
    """A folder with a good run, to which others are added."""
    folder = tmp_path_factory.mktemp("shelf")
    return folder, runs.adopt(finished.folder, folder)


@given(name=st.sampled_from(["experiment.toml", "run.json", "state.json", "notes.toml", "metrics.jsonl", "run.lock",
                             "checkpoints/step-000000006.safetensors", "history/step-000000006-epoch-3.safetensors"]),
       content=contents)
@settings(max_examples=150, deadline=None)
def test_arbitrary_content_is_never_another_error_and_hides_no_other_run(shelf, name, content):
    folder, other = shelf
    run = runs.Run(Path(shutil.copytree(other.folder, folder / "damaged")))
    try:
        (run.folder / name).write_bytes(content)
        look_everywhere(run, other)
    finally:
        shutil.rmtree(run.folder)


def look_everywhere(run, other):
    """Everything that can be asked of a run; only our own errors may come of it."""
    folder = run.folder.parent
    assert set(runs.list_runs(folder)) == {run, other} and other.status == "finished"
    assert set(runs.titles([run, other])) == {run.folder, other.folder}
    for look in (lambda: run.status_text, lambda: run.title, lambda: run.experiment, lambda: run.info, run.metrics,
                 lambda: run.metrics().warning, run.snapshots, lambda: runs.load_checkpoint(run),
                 lambda: runs.load_snapshot(run.snapshots()[-1].path), lambda: run.read_only,
                 lambda: runs.open_run(run.name, folder), lambda: list(runs.record(run, iter(())))):
        try:
            look()
        except RunError as error:
            assert error.code and error.message
