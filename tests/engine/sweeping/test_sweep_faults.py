"""Sweeps on a disk that is full, and folders that go: case 13 of docs/reliability.md, with what is drawn and pruned."""

import errno
import os
import shutil

import optuna
import pytest

from engine import runs, storage
from engine.experiment import to_toml
from engine.runfiles.notices import RunError
from engine.runfiles.records import application_version
from engine.runfiles.saving import SaveFailed
from engine.sweep import trials
from engine.sweeping.folder import SweepFolder
from engine.sweeping.piece import Piece, work
from engine.sweeping.recording import Recording
from engine.sweeping.told import Begun, Swept, Told
from tests.engine.sweeping.small import MOMENTA, NO_DATA, carried_out, of, small, table, threads_for_workers, weights

WIDE = {"field": "train.learning_rate", "values": [0.05, 0.2, 1e6]}
SIZES = {"field": "model.encoder.0.size", "values": [6, 0]}


@pytest.fixture(autouse=True)
def quick_workers():
    """Workers that are threads."""
    with threads_for_workers():
        yield


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The end of a sweep that was left alone."""
    with threads_for_workers():
        return carried_out(small(WIDE, SIZES, piece_epochs=1), tmp_path_factory.mktemp("alone"))[-1]


@pytest.fixture
def full_disk(monkeypatch):
    """A disk that takes ``at`` writes more, and then refuses ``left`` of them."""
    real, state = storage._write, {"at": 10**9, "left": 0, "refused": 0}

    def write(descriptor, data):
        state["at"] -= 1
        if state["at"] < 0 and state["left"] > 0:
            state["left"] -= 1
            state["refused"] += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor, data)

    monkeypatch.setattr(storage, "_write", write)
    return state


@pytest.mark.parametrize("at", [4, 11, 23])
def test_a_disk_that_is_full_for_a_while_is_said_and_changes_nothing(tmp_path, alone, full_disk, at):
    """Case 13, at the making of a run, in its middle, and later."""
    full_disk.update(at=at, left=4)
    events = carried_out(small(WIDE, SIZES, piece_epochs=1), tmp_path)
    assert full_disk["refused"] == 4
    failures = of(SaveFailed, events)
    assert failures and all("disk is full" in failure.notice.message for failure in failures)
    assert events[-1].complete and table(events[-1].rows) == table(alone.rows)
    assert weights(events[-1].folder) == weights(alone.folder)
    remembered = [row.status for row, _ in events[-1].folder.results().rows.values()]
    assert len(remembered) - remembered.count("impossible") == 3


def test_while_the_disk_is_full_a_sweep_can_be_stopped_and_goes_on_later(tmp_path, alone, full_disk):
    full_disk.update(at=11, left=10**6)
    settings = small(WIDE, SIZES, piece_epochs=1)
    events = carried_out(settings, tmp_path, stop_after=lambda event: isinstance(event, SaveFailed))
    stopped = events[-1]
    assert isinstance(stopped, Swept) and not stopped.complete
    assert not any(event.over for event in of(Told, events) if event.row.status not in ("finished", "diverged"))
    full_disk.update(left=0)
    events = carried_out(settings, tmp_path, stopped.folder)
    assert table(events[-1].rows) == table(alone.rows) and weights(stopped.folder) == weights(alone.folder)


def test_the_end_of_a_training_that_cannot_be_written_is_no_end(tmp_path, full_disk):
    """The worker is done, the disk takes nothing more, and the user stops: the trial is not over."""
    settings = small({"field": "train.momentum", "values": [0.5]})
    full_disk.update(at=6, left=10**6)
    events = carried_out(settings, tmp_path, stop_after=lambda event: isinstance(event, SaveFailed))
    assert of(SaveFailed, events) and not of(Told, events) and not events[-1].complete
    full_disk.update(left=0)
    assert carried_out(settings, tmp_path, events[-1].folder)[-1].complete


def test_a_folder_that_vanishes_while_its_trial_is_trained_is_said_and_trained_anew_later(tmp_path, alone):
    settings = small(WIDE, SIZES, piece_epochs=1)
    seen = []

    def vanish(event):
        """Delete the run after its first piece; stop once that was said."""
        if isinstance(event, Told) and not event.over and not seen:
            seen.append(event)
            shutil.rmtree(event.row.folder)
        return isinstance(event, SaveFailed)

    events = carried_out(settings, tmp_path, stop_after=vanish)
    assert "disappeared" in of(SaveFailed, events)[0].notice.message and not events[-1].complete
    again = carried_out(settings, tmp_path, events[-1].folder)[-1]
    assert table(again.rows) == table(alone.rows) and weights(again.folder) == weights(alone.folder)


# A recording


def recording(folder, **settings):
    """A recording of the first trial of a sweep, its run, and the piece that tells of it."""
    trial, *_ = trials(small(MOMENTA, **settings))
    run = runs.Run(folder / "00000")
    piece = Piece(to_toml(trial.experiment), str(NO_DATA), "", 1, version=application_version())
    return Recording(run, trial, "images", 1), run, piece


def test_a_recording_knows_how_far_its_training_is_and_lets_go_of_the_run(tmp_path):
    made, run, piece = recording(tmp_path)
    assert list(made.take(work(piece).turns)) == [] and run.status == "running"
    assert (made.epochs, made.over, made.ended) == (1, False, False) and made.checkpoint
    assert [epoch for epoch, _ in made.evaluations] == [0.0, 1.0]
    made.close()
    assert run.status == "interrupted" and run.writable


def test_a_training_that_is_pruned_says_so(tmp_path):
    made, run, piece = recording(tmp_path)
    list(made.take(work(piece).turns))
    list(made.prune())
    made.close()
    assert run.status == "stopped" and run.state.reason == "pruned" and run.state.epoch == 1.0
    assert run.state.validation_loss == made.evaluations[-1][1] and run.status_text == "Stopped at step 10"


def test_a_training_that_failed_keeps_its_last_checkpoint(tmp_path):
    made, run, piece = recording(tmp_path)
    list(made.take(work(piece).turns))
    made.fail(RunError("sweep.failed", "The cat sat on it."))
    assert run.status == "failed" and run.state.error == "The cat sat on it." and run.writable
    assert run.checkpoints()[-1].step == 10


def test_a_failure_before_the_first_piece_is_noted_too(tmp_path):
    made, run, _ = recording(tmp_path)
    made.fail(RunError("sweep.failed", "It never began."))
    assert run.status == "failed" and run.state.error == "It never began." and run.writable


def test_a_failure_that_cannot_be_noted_is_no_second_one(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    made, run, _ = recording(tmp_path / "file")
    made.fail(RunError("sweep.failed", "It never began."))
    assert not run.folder.exists()


def test_where_not_even_the_folder_can_be_made_that_is_said_until_it_can(tmp_path):
    (tmp_path / "trials").write_bytes(b"")
    made, run, piece = recording(tmp_path / "trials")
    writing = made.take(work(piece).turns)
    for _ in range(2):
        (failed,) = next(writing)
        assert failed.kept_step is None and failed.folder == tmp_path / "trials"
    assert not made.ended
    (tmp_path / "trials").unlink()
    assert list(writing) == [] and run.checkpoints()[-1].step == 10
    made.close()


# What is drawn


DRAWN = {"field": "train.learning_rate", "range": {"low": 0.01, "high": 0.5, "log": True}}


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_a_drawn_sweep_stopped_and_continued_has_the_combinations_of_an_undisturbed_one(tmp_path, method):
    settings = small(DRAWN, method=method, trials=5, piece_epochs=1, seeds=[1, 2])
    third = lambda event: isinstance(event, Told) and event.over and event.row.number == 3  # noqa: E731
    first = carried_out(settings, tmp_path / "one", stop_after=third)
    assert not first[-1].complete and len(first[-1].rows) < 10
    second = carried_out(settings, tmp_path / "one", first[-1].folder)
    assert second[-1].complete and len(second[-1].rows) == 10
    over = {row.number for row in first[-1].rows if row.over}
    assert not over & {event.trial.number for event in of(Begun, second)}
    if method == "random":
        whole = carried_out(settings, tmp_path / "two")[-1]
        assert table(second[-1].rows) == table(whole.rows) and weights(second[-1].folder) == weights(whole.folder)


def test_a_trial_that_is_hopeless_is_ended_early_and_over(tmp_path):
    """The worst learning rate comes last by chance of the seed, when there are enough others to compare with."""
    settings = small({"field": "train.learning_rate", "values": [1e-9, 0.1, 0.2, 0.3]}, method="random", trials=14,
                     pruning=True)
    swept = carried_out(settings, tmp_path)[-1]
    assert swept.complete
    pruned = [row for row in swept.rows if row.status == "stopped"]
    assert pruned and all(row.epoch == 1.0 and row.over for row in pruned)
    assert {row.values["train.learning_rate"] for row in pruned} >= {1e-9}
    assert {swept.folder.run_of(swept.folder.trials()[row.number]).state.reason for row in pruned} == {"pruned"}
    again = carried_out(settings, tmp_path, swept.folder)
    assert not of(Begun, again) and table(again[-1].rows) == table(swept.rows)


@pytest.mark.parametrize("what", ["cells.jsonl", "study.db"])
def test_a_draw_that_cannot_be_written_down_is_said_and_drawn_again(tmp_path, monkeypatch, what):
    settings, left = small(DRAWN, method="random", trials=3), [2]
    whole = carried_out(settings, tmp_path / "whole")[-1]

    def refuse(real, error):
        def call(*given, **named):
            if left[0]:
                left[0] -= 1
                raise error
            return real(*given, **named)
        return call

    if what == "study.db":
        monkeypatch.setattr(optuna.study.Study, "ask", refuse(optuna.study.Study.ask, RuntimeError("disk is full")))
    else:
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        monkeypatch.setattr(SweepFolder, "note_drawn", refuse(SweepFolder.note_drawn, full))
    events = carried_out(settings, tmp_path / "refused")
    failures = of(SaveFailed, events)
    assert len(failures) == 2 and all("disk is full" in failure.notice.message for failure in failures)
    assert events[-1].complete and table(events[-1].rows) == table(whole.rows)


def test_a_folder_that_cannot_be_written_is_said_by_name(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RunError):
        carried_out(small(), tmp_path / "file")
