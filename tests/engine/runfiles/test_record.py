"""Recording: what passes through is handed on unchanged and written once, whatever the disk does meanwhile."""

import errno
import os
import pathlib
import random
import shutil

import pytest
import torch

from engine import runs, storage
from engine.events import Checkpoint, Diverged, Evaluation, Finished, Intervention, Snapshot, State, Step
from engine.experiment import replaced
from engine.inbox import Inbox, MoreEpochs, SaveNow, SetLearningRate, Stop
from engine.runfiles import history, journal, lock, records
from engine.runfiles.notices import NewerVersion, NoCheckpoint, NotWritable, RunError
from engine.runs import Limits, Moved, RetrySave, Saved, SaveElsewhere, SaveFailed, Thinned
from engine.train import Pacing, train

OFTEN = Pacing(checkpoint_s=0)
AT_ONCE = Limits(line_s=0, visit_s=0)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def run(tiny, tiny_data, tmp_path):
    return runs.create(tmp_path / "runs", tiny, tiny_data.fingerprint, threads=1)


def recorded(run, data, inbox=None, limits=None, pacing=OFTEN, experiment=None):
    """Record a training of the run, fresh or resumed, turn by turn."""
    inbox = inbox or Inbox()
    state = runs.load_checkpoint(run).state
    events = train(experiment or run.experiment, data, inbox, threads=1, checkpoint=state, pacing=pacing)
    yield from runs.record(run, events, inbox, limits=limits)


def told(turns, *kinds):
    """The events of some kinds."""
    return [event for turn in turns for event in turn if isinstance(event, kinds)]


def weights_at_the_end(run):
    return runs.load_checkpoint(run).state.tensors


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def curve(run):
    """The metrics without times."""
    metrics = run.metrics()
    evaluations = [(it.step, it.epoch, it.running_loss, it.training_loss, it.validation_loss)
                   for it in metrics.evaluations]
    assert metrics.bad_lines == ()
    return metrics.step_index.tolist(), metrics.losses.tolist(), evaluations, metrics.interventions


@pytest.fixture(scope="module")
def undisturbed(tiny, tiny_data, tmp_path_factory):
    """The same run, left alone."""
    run = runs.create(tmp_path_factory.mktemp("undisturbed"), tiny, tiny_data.fingerprint, threads=1)
    list(recorded(run, tiny_data))
    return run


# Passing on


def test_events_pass_unchanged_and_in_order(run, tiny, tiny_data):
    """With what was saved told in between, and live snapshots not written."""
    def make():
        return train(tiny, tiny_data, Inbox(), threads=1, pacing=OFTEN, live_interval_s=0)

    plain = [event for turn in make() for event in turn]
    passed = told(runs.record(run, make()), Step, Evaluation, Snapshot, Checkpoint, Finished)
    assert [type(event) for event in passed] == [type(event) for event in plain]
    assert [event.losses for event in passed if isinstance(event, Step)] == [
        event.losses for event in plain if isinstance(event, Step)]
    live = [event for event in plain if isinstance(event, Snapshot) and not event.kept]
    assert live and {file.step for file in run.snapshots()}.isdisjoint({event.step for event in live})


def test_the_very_same_objects_are_handed_on(run):
    turns = [(Step(1, 0, (0.5,), 0.1, 10.0), Step(2, 0, (0.4,), 0.2, 10.0)), (),
             (Evaluation(2, 1.0, 0.45, 0.4, 0.4, 0.3),)]
    passed = list(runs.record(run, iter(turns)))
    assert len(passed) == 3 and all(one is two for turn, given in zip(passed, turns, strict=True)
                                    for one, two in zip(turn, given, strict=True))


def test_what_was_saved_is_told_and_is_there(run, tiny_data):
    saved = told(recorded(run, tiny_data, limits=AT_ONCE), Saved)
    snapshots = [(event.step, event.epoch) for event in saved if event.kind == "snapshot"]
    assert snapshots == [(0, 0.0), (4, 1.0), (8, 2.0), (12, 3.0)]
    assert snapshots == [(file.step, file.epoch) for file in run.snapshots()]
    assert [file.path for file in run.snapshots()] == [event.path for event in saved if event.kind == "snapshot"]
    assert saved[-1].kind == "checkpoint" and saved[-1].step == 12 and saved[-1].path.exists()


def test_the_folder_at_the_end_is_the_one_that_was_promised(run, tiny_data):
    list(recorded(run, tiny_data))
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "checkpoints", "experiment.toml", "history", "metrics.jsonl", "run.json", "state.json"]
    state = run.state
    assert (run.status, state.step, state.epoch, state.best_step) == ("finished", 12, 3.0, 12)
    assert state.validation_loss == run.metrics().evaluations[-1].validation_loss and state.test_loss > 0
    assert len(run.checkpoints()) == 2 and state.elapsed_s > 0 and state.images_per_second > 0
    assert run.metrics().step_index.tolist() == list(range(1, 13))


def test_lines_are_few_and_none_spans_a_checkpoint(run, tiny_data, tiny):
    inbox = Inbox()
    events = train(replaced(tiny, {"train.epochs": 100}), tiny_data, inbox, threads=1, pacing=Pacing(checkpoint_s=1000))
    for turn in runs.record(run, events, inbox, limits=Limits(line_s=1000)):
        for step in told([turn], Step):
            if step.step in (130, 275):
                inbox.put(SaveNow())
        if told([turn], Saved) and turn[-1].step == 275:
            break
    lines = [values for _, values in storage.read_lines(run.folder / journal.NAME).records]
    assert [line["step"] for line in lines] in ([0, 130, 275], [0, 1, 130, 275])  # the first line comes at once
    assert run.checkpoints()[-1].step == 275


def test_metrics_are_flushed_within_the_interval(run):
    def events():
        for step in range(1, 2001):
            yield (Step(step, 0, (0.5,), 0.1, 10.0),)

    seen = []
    for _ in runs.record(run, events(), limits=Limits(line_s=0)):
        seen.append(len(run.metrics().losses))
        if len(seen) == 50:
            break
    assert seen == list(range(1, 51))


# Status


def test_the_run_is_locked_while_it_is_recorded_and_free_afterwards(run, tiny_data):
    turns = recorded(run, tiny_data)
    next(turns)
    assert run.status == "running" and lock.holder(run.folder) == lock.this_process()
    turns.close()
    assert run.status == "interrupted" and not (run.folder / lock.NAME).exists()


def test_a_run_whose_lock_cannot_be_written_is_refused_in_words(run, tiny_data, monkeypatch):
    def refuse(path, content):
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(lock, "_create", refuse)
    with pytest.raises(NotWritable, match=r"Cannot write to .* \(permission denied\)\. Choose another folder\."):
        next(recorded(run, tiny_data))


def test_closing_the_recording_closes_the_training_before_the_run_is_free(run):
    seen = []

    def events():
        try:
            while True:
                yield ()
        finally:
            seen.append(lock.holder(run.folder))

    turns = runs.record(run, events())
    next(turns)
    turns.close()
    assert seen == [lock.this_process()] and lock.holder(run.folder) is None


@pytest.mark.parametrize(("reason", "text"), [("user", "Stopped at step 5"), ("close", "Stopped at step 5"),
                                              ("SIGTERM", "Stopped by the system at step 5")])
def test_a_stopped_run_says_where_and_by_whom_and_goes_on(run, tiny_data, undisturbed, reason, text):
    inbox = Inbox()
    for turn in recorded(run, tiny_data, inbox):
        if any(isinstance(event, Step) and event.step == 5 for event in turn):
            inbox.put(Stop(reason))
    assert (run.status, run.status_text) == ("stopped", text)
    assert run.checkpoints()[-1].step == 5
    list(recorded(run, tiny_data))
    assert run.status == "finished" and run.state.reason == ""
    assert same(weights_at_the_end(run), weights_at_the_end(undisturbed)) and curve(run) == curve(undisturbed)


def test_an_exception_in_the_training_is_noted_and_passed_on(run, tiny_data, undisturbed):
    def failing(events):
        for turn in events:
            yield turn
            if any(isinstance(event, Step) and event.step == 6 for event in turn):
                raise ZeroDivisionError("custom loss\nsecond line")

    inbox = Inbox()
    events = failing(train(run.experiment, tiny_data, inbox, threads=1, pacing=OFTEN))
    with pytest.raises(ZeroDivisionError):
        list(runs.record(run, events, inbox))
    assert (run.status, run.status_text) == ("failed", "Failed at step 6: ZeroDivisionError: custom loss")
    assert run.metrics().step_index[-1] == 6 and run.checkpoints()[-1].step == 4
    list(recorded(run, tiny_data))
    assert run.state.error == "" and same(weights_at_the_end(run), weights_at_the_end(undisturbed))


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interruption_passes_and_the_run_can_go_on(run, tiny_data, undisturbed, interruption, monkeypatch):
    turns = recorded(run, tiny_data, limits=AT_ONCE)
    for turn in turns:
        if any(isinstance(event, Step) and event.step == 6 for event in turn):
            break
    with monkeypatch.context() as patch:
        def interrupt(*arguments):
            raise interruption

        patch.setattr(os, "replace", interrupt)
        with pytest.raises(interruption):
            list(turns)
    assert run.status_text == "Interrupted at step 4" and not (run.folder / lock.NAME).exists()
    list(recorded(run, tiny_data))
    assert same(weights_at_the_end(run), weights_at_the_end(undisturbed)) and curve(run) == curve(undisturbed)


def test_a_run_that_diverges_keeps_its_checkpoint_and_says_so(run, tiny_data, tiny):
    state = State({"a": torch.zeros(2)}, {"epochs": 3})
    turns = [(Step(1, 0, (0.5,), 0.1, 1.0), Checkpoint(1, 0.25, state, True)), (Step(2, 0, (0.9,), 0.2, 1.0),),
             (Diverged(3, float("nan"), 1e6, 1),)]
    list(runs.record(run, iter(turns)))
    assert run.status == "diverged" and run.checkpoints()[-1].step == 1
    assert run.status_text == ("The loss became NaN at step 3 (learning rate 1e6 is likely too high). Step 1 is kept.")


# Going on


def test_a_run_left_anywhere_ends_as_if_left_alone(run, tiny_data, undisturbed):
    """Left after a random number of turns, again and again, and resumed from whatever the newest checkpoint then is."""
    chance, left = random.Random(3), 0
    while run.status != "finished":
        turns = recorded(run, tiny_data, limits=AT_ONCE)
        for _ in range(chance.randint(1, 14)):
            next(turns, None)
        turns.close()
        left += 1
    assert left > 4
    assert same(weights_at_the_end(run), weights_at_the_end(undisturbed)) and curve(run) == curve(undisturbed)
    assert [file.step for file in run.snapshots()] == [file.step for file in undisturbed.snapshots()]


def test_interventions_are_kept_and_more_epochs_go_on(run, tiny_data):
    inbox = Inbox()
    for turn in recorded(run, tiny_data, inbox):
        if any(isinstance(event, Step) and event.step == 5 for event in turn):
            inbox.put(SetLearningRate(0.02))
            inbox.put(MoreEpochs(2))
    assert [(it.step, it.field, it.value) for it in run.metrics().interventions] == [
        (5, "train.learning_rate", 0.02), (5, "train.epochs", 5)]
    assert run.state.step == 20 and (run.state.interventions, run.state.changed_step) == (2, 5)
    assert run.experiment.train.epochs == 3  # written once


def test_a_resumed_run_says_of_itself_what_its_checkpoint_knows_and_not_what_came_after(run, tiny_data):
    """A change of the learning rate, then a few steps and an intervention that no checkpoint has seen."""
    inbox = Inbox()
    turns = recorded(run, tiny_data, inbox)
    for turn in turns:
        if any(isinstance(event, Step) and event.step == 5 for event in turn):
            inbox.put(SetLearningRate(0.005))
        if any(isinstance(event, Checkpoint) and event.step == 8 for event in turn):
            break
    turns.close()
    known = run.state
    assert (known.step, known.interventions, known.changed_step) == (8, 1, 5) and known.validation_loss is not None
    later = known.model_copy(update={"step": 11, "epoch": 2.75, "interventions": 3, "changed_step": 11,
                                     "validation_loss": 9.0, "training_loss": 9.0, "best_step": 11, "best_epoch": 2.75})
    records.write_state(run.folder, later)
    turns = recorded(run, tiny_data)
    next(turns)
    state = run.state
    turns.close()
    restored = ("step", "epoch", "interventions", "changed_step", "training_loss", "validation_loss", "best_step",
                "best_epoch")
    assert [getattr(state, name) for name in restored] == [getattr(known, name) for name in restored]


def test_snapshots_of_a_future_that_does_not_come_are_forgotten(run, tiny_data):
    """Killed at step 9, resumed at 4 and stopped at 6: the snapshot of step 8 belongs to no training any more."""
    turns = recorded(run, tiny_data, limits=AT_ONCE, pacing=Pacing(checkpoint_s=1000))
    for turn in turns:
        if any(isinstance(event, Step) and event.step == 9 for event in turn):
            turns.close()
    assert [file.step for file in run.snapshots()] == [0, 4, 8] and run.checkpoints()[-1].step < 8
    inbox = Inbox()
    thinned = []
    for turn in recorded(run, tiny_data, inbox, limits=AT_ONCE):
        thinned += told([turn], Thinned)
        if any(isinstance(event, Step) and event.step == 6 for event in turn):
            inbox.put(Stop())
    assert [file.step for file in run.snapshots()] == [0, 4] and len(thinned) == 1
    assert run.metrics().step_index[-1] == 6


def test_an_intervention_ends_the_future_that_had_been_recorded(run, tiny_data):
    """Killed at step 9, resumed at 4, changed at 5: what was step 8 is another network's."""
    turns = recorded(run, tiny_data, limits=AT_ONCE, pacing=Pacing(checkpoint_s=1000))
    for turn in turns:
        if any(isinstance(event, Step) and event.step == 9 for event in turn):
            turns.close()
    inbox, seen = Inbox(), []
    inbox.put(SetLearningRate(0.02))
    turns = recorded(run, tiny_data, inbox, limits=AT_ONCE)
    for turn in turns:
        seen += told([turn], Intervention)
        if seen:
            break
    assert len(seen) == 1 and seen[0].step < 8 and [file.step for file in run.snapshots()][-1] <= seen[0].step
    turns.close()


def test_a_damaged_run_and_one_of_a_later_version_are_refused_and_left_alone(run, tiny_data):
    list(recorded(run, tiny_data))
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    info = run.folder / records.INFO
    for content, error in ((before[info].replace(b'"schema": 1', b'"schema": 2'), NewerVersion), (b"{", RunError)):
        info.write_bytes(content)
        with pytest.raises(error):
            next(runs.record(run, iter(())))
    info.write_bytes(before[info])
    for file in run.checkpoints():
        file.path.write_bytes(b"damaged")
        before[file.path] = b"damaged"
    with pytest.raises(NoCheckpoint):
        next(runs.record(run, iter(())))
    assert {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()} == before


# Bounds


def test_the_history_stays_bounded_and_keeps_its_ends(run, tiny):
    state = State({"a": torch.zeros(2)}, {})

    def events():
        for epoch in range(1, 121):
            snapshot = Snapshot(epoch * 10, float(epoch), {"a": torch.full((10,), float(epoch))}, True)
            yield (Step(epoch * 10, epoch - 1, (0.5,) * 10, 0.1, 1.0), snapshot)
            if epoch % 50 == 0:
                yield (Checkpoint(epoch * 10, float(epoch), state, False),)

    turns = list(runs.record(run, events(), limits=Limits(visit_s=0, snapshots=20)))
    epochs = [file.epoch for file in run.snapshots()]
    assert len(epochs) == 20 and epochs[0] == 1 and epochs[-1] == 120
    gone = [path for event in told(turns, Thinned) for path in event.paths]
    assert len(gone) == 100 and not any(path.exists() for path in gone)


def test_snapshots_of_quick_epochs_wait_and_those_that_would_be_thinned_are_never_written(run):
    state = State({"a": torch.zeros(2)}, {})
    quick = tuple(Snapshot(epoch, float(epoch), {"a": torch.zeros(3)}, True) for epoch in range(2, 300))
    turns = runs.record(run, iter([quick[:1], quick[1:], (Checkpoint(300, 300.0, state, False),)]),
                        limits=Limits(visit_s=1000, snapshots=20))
    next(turns)
    assert len(told([next(turns)], Saved)) == 0
    saved = told(turns, Saved)
    assert len(saved) == 20 and len(run.snapshots()) == 20 and saved[-1].kind == "checkpoint"


def test_pinned_epochs_survive_the_thinning(tiny, tiny_data, tmp_path):
    run = runs.create(tmp_path, replaced(tiny, {"train.keep": (33, 77)}), "")
    snapshots = [(Snapshot(epoch, float(epoch), {"a": torch.zeros(3)}, True),) for epoch in range(100)]
    list(runs.record(run, iter(snapshots), limits=Limits(visit_s=0, snapshots=6)))
    assert {0.0, 1.0, 33.0, 77.0, 99.0} <= {file.epoch for file in run.snapshots()} and len(run.snapshots()) == 6


def test_the_newest_two_checkpoints_and_the_best_stay(run):
    state = State({"a": torch.zeros(2)}, {})
    best = {20}
    turns = [(Checkpoint(step, step / 10, state, step in best),) for step in range(10, 100, 10)]
    list(runs.record(run, iter(turns)))
    assert [file.step for file in run.checkpoints()] == [20, 80, 90] and run.best_step == 20
    list(runs.record(run, iter([(Checkpoint(100, 10.0, state, False),)])))  # a new recording knows it from the file
    assert [file.step for file in run.checkpoints()] == [20, 90, 100]
    list(runs.record(run, iter([(Checkpoint(20, 2.0, state, True), Checkpoint(110, 11.0, state, False))])))
    assert [file.step for file in run.checkpoints()] == [20, 100, 110]


# When the disk fails


class FailingDisk:
    """``os`` calls of one name fail while ``broken``."""

    def __init__(self, monkeypatch, call="write", number=errno.ENOSPC):
        self.broken, self.failures = False, 0
        real = getattr(os, call)

        def unreliable(*arguments, **options):
            if self.broken:
                self.failures += 1
                if call == "close":  # some disks say only now that they did not write
                    real(*arguments)
                raise OSError(number, os.strerror(number))
            return real(*arguments, **options)
        monkeypatch.setattr(os, call, unreliable)


@pytest.mark.parametrize("call", ["write", "open", "fsync", "replace", "close"])
@pytest.mark.parametrize("step", [1, 4, 8, 12])
def test_after_a_retry_everything_is_as_if_nothing_had_happened(run, tiny_data, undisturbed, monkeypatch, call, step):
    disk = FailingDisk(monkeypatch, call)
    failures, inbox = [], Inbox()
    for turn in recorded(run, tiny_data, inbox, limits=AT_ONCE):
        failures += told([turn], SaveFailed)
        if any(isinstance(event, Step) and event.step == step for event in turn) and not failures:
            disk.broken = True
        if len(failures) == 3:
            disk.broken = False
            inbox.put(RetrySave())
    assert len(failures) == 3 and all(failure.asks_for_pause for failure in failures)
    assert run.status == "finished" and inbox.empty()
    assert same(weights_at_the_end(run), weights_at_the_end(undisturbed)) and curve(run) == curve(undisturbed)
    one, two = ([storage.read(file.path) for file in them.snapshots()] for them in (run, undisturbed))
    assert one == two
    assert not list(run.folder.rglob(f"*{storage.TEMPORARY}"))


def test_the_training_waits_while_it_cannot_be_saved_and_other_commands_wait_too(run, tiny_data, monkeypatch):
    disk, inbox = FailingDisk(monkeypatch), Inbox()
    turns = recorded(run, tiny_data, inbox)
    for turn in turns:
        if any(isinstance(event, Step) and event.step == 3 for event in turn):
            break
    disk.broken = True
    inbox.put(SetLearningRate(0.02))
    failed = next(turns)
    for _ in range(5):
        assert [type(event) for event in next(turns)] == [SaveFailed] and inbox.empty()  # a paused pump can rest
    inbox.put(MoreEpochs(1))
    next(turns)
    disk.broken = False
    rest = [*failed, *(event for turn in turns for event in turn)]
    assert [event.field for event in rest if isinstance(event, Intervention)] == ["train.learning_rate", "train.epochs"]
    assert [event.step for event in rest if isinstance(event, Step)] == list(range(4, 17))


def test_an_event_is_told_once_and_after_it_is_saved(run, tiny_data, monkeypatch):
    disk, order = FailingDisk(monkeypatch), []
    for turn in recorded(run, tiny_data):
        for event in turn:
            order.append(type(event).__name__)
            if isinstance(event, Step | SaveFailed):
                disk.broken = isinstance(event, Step) and event.step == 12
    end = order[order.index("SaveFailed"):]
    assert end[:2] == ["SaveFailed", "Saved"] and end[-1] == "Finished" and end.count("Finished") == 1


def test_stop_gives_up_what_cannot_be_saved(run, tiny_data, monkeypatch):
    disk, inbox = FailingDisk(monkeypatch), Inbox()
    kept = None
    for turn in recorded(run, tiny_data, inbox):
        if any(isinstance(event, Step) and event.step == 6 for event in turn):
            disk.broken = True
        if failures := told([turn], SaveFailed):
            kept = failures[0].kept_step
            inbox.put(Stop())
    assert kept == 4 and disk.failures and not (run.folder / lock.NAME).exists()
    disk.broken = False
    assert run.status == "interrupted" and run.resume_point()[0].step == 4


@pytest.mark.parametrize(("reason", "text"), [
    ("user", "Stopped at step 4"), ("SIGTERM", "Stopped by the system at step 4")])
def test_who_stopped_what_could_not_be_saved_is_kept(run, tiny_data, monkeypatch, reason, text):
    inbox, write = Inbox(), storage.write_atomic

    def full(path, data):
        if path.suffix == ".safetensors" and "step-000000008" in path.name:
            raise OSError(errno.ENOSPC, "full")
        write(path, data)

    monkeypatch.setattr(storage, "write_atomic", full)
    for turn in recorded(run, tiny_data, inbox):
        if told([turn], SaveFailed):
            inbox.put(Stop(reason))
    assert (run.state.reason, run.status_text) == (reason, text)


def test_saving_elsewhere_takes_the_run_along(run, tiny_data, undisturbed, monkeypatch, tmp_path):
    """Even when the first other folder is no good either."""
    inbox, moved, failures = Inbox(), [], []
    write = storage.write_atomic

    def full_here(path, data):
        if run.folder in path.parents and path.suffix == ".safetensors":
            raise OSError(errno.ENOSPC, "full")
        write(path, data)

    (tmp_path / "file").write_text("x")
    (tmp_path / "elsewhere").mkdir()
    for turn in recorded(run, tiny_data, inbox, limits=AT_ONCE):
        moved += told([turn], Moved)
        if any(isinstance(event, Step) and event.step == 5 for event in turn):
            monkeypatch.setattr(storage, "write_atomic", full_here)
        for failure in told([turn], SaveFailed):
            failures.append(failure.folder)
            inbox.put(SaveElsewhere(tmp_path / ("elsewhere" if len(failures) > 1 else "file")))
    assert failures == [run.folder, tmp_path / "file"]
    (new,) = (event.run for event in moved)
    assert new.folder == tmp_path / "elsewhere" / run.name and new.status == "finished" and run.status == "interrupted"
    assert same(weights_at_the_end(new), weights_at_the_end(undisturbed)) and curve(new) == curve(undisturbed)
    assert [file.step for file in new.snapshots()] == [0, 4, 8, 12]
    assert run.resume_point()[0].step == 4 and not (new.folder / lock.NAME).exists()


def test_saving_elsewhere_works_before_anything_has_failed(run, tiny_data, undisturbed, tmp_path):
    inbox, moved = Inbox(), []
    (tmp_path / "elsewhere").mkdir()
    for turn in recorded(run, tiny_data, inbox):
        moved += told([turn], Moved)
        if any(isinstance(event, Step) and event.step == 6 for event in turn):
            inbox.put(SaveElsewhere(tmp_path / "elsewhere"))
    assert len(moved) == 1 and curve(moved[0].run) == curve(undisturbed)
    assert not (run.folder / lock.NAME).exists() and not (moved[0].run.folder / lock.NAME).exists()


def test_what_cannot_be_read_of_the_old_folder_is_left_behind(run, tiny_data, undisturbed, tmp_path, monkeypatch,
                                                              caplog):
    """And only the checkpoints that came along count as safe."""
    elsewhere, inbox, failures = tmp_path / "elsewhere", Inbox(), []
    elsewhere.mkdir()
    newest = history.checkpoint_path(run.folder, 8)
    read, write = pathlib.Path.read_bytes, storage.write_atomic

    def unreadable(path):
        if path == newest:
            raise OSError(errno.EIO, "worn out")
        return read(path)

    def full(path, data):
        if path.name == history.checkpoint_path(run.folder, 12).name and not failures:
            raise OSError(errno.ENOSPC, "full")
        write(path, data)

    monkeypatch.setattr(pathlib.Path, "read_bytes", unreadable)
    monkeypatch.setattr(storage, "write_atomic", full)
    moved = []
    for turn in recorded(run, tiny_data, inbox):
        moved += told([turn], Moved)
        failures += told([turn], SaveFailed)
        if any(isinstance(event, Step) and event.step == 10 for event in turn):
            inbox.put(SaveElsewhere(elsewhere))
    new = moved[0].run
    assert [failure.kept_step for failure in failures] == [4] and str(newest) in caplog.text
    assert [file.step for file in new.checkpoints()] == [4, 12]
    assert new.status == "finished" and same(weights_at_the_end(new), weights_at_the_end(undisturbed))


def test_when_another_folder_cannot_be_locked_the_run_stays_held_where_it_is(run, tiny_data, tmp_path, monkeypatch):
    elsewhere, inbox, failures = tmp_path / "elsewhere", Inbox(), []
    elsewhere.mkdir()
    create = lock._create

    def refuse(path, content):
        if elsewhere in path.parents:
            raise PermissionError(errno.EACCES, "no")
        return create(path, content)

    monkeypatch.setattr(lock, "_create", refuse)
    for turn in recorded(run, tiny_data, inbox):
        if any(isinstance(event, Step) and event.step == 6 for event in turn):
            inbox.put(SaveElsewhere(elsewhere))
        if told([turn], SaveFailed):
            failures.append((lock.holder(run.folder) == lock.this_process(), list(elsewhere.iterdir())))
    assert failures == [(True, [])]
    assert run.status == "finished" and not (run.folder / lock.NAME).exists()


def test_when_the_folder_disappears_the_model_can_be_saved_elsewhere(run, tiny_data, undisturbed, tmp_path):
    inbox, moved, failures = Inbox(), [], []
    (tmp_path / "elsewhere").mkdir()
    for turn in recorded(run, tiny_data, inbox):
        moved += told([turn], Moved)
        failures += told([turn], SaveFailed)
        if any(isinstance(event, Step) and event.step == 6 for event in turn):
            shutil.rmtree(run.folder)
        if len(failures) == 2 and not moved:
            inbox.put(SaveElsewhere(tmp_path / "elsewhere"))
    assert [failure.reason for failure in failures] == ["the folder has disappeared"] * 2
    assert failures[0].notice.message == ("The folder has disappeared: could not save step 8. "
                                          "The model is still in memory and can be saved elsewhere.")
    new = moved[0].run
    assert new.status == "finished" and new.experiment == undisturbed.experiment
    assert same(weights_at_the_end(new), weights_at_the_end(undisturbed))


def test_what_cannot_be_deleted_stops_nothing_and_goes_later(run, monkeypatch, caplog):
    state = State({"a": torch.zeros(2)}, {})
    disk = FailingDisk(monkeypatch, "unlink", errno.EACCES)
    turns = runs.record(run, iter([(Checkpoint(step, 0.5, state, False),) for step in range(1, 7)]))
    next(turns)
    disk.broken = True
    for _ in range(4):
        assert not told([next(turns)], SaveFailed)
    assert len(run.checkpoints()) == 5 and "could not be deleted" in caplog.text
    disk.broken = False
    list(turns)
    assert [file.step for file in run.checkpoints()] == [5, 6]


def test_damaged_checkpoints_are_left_in_place_and_never_counted(run):
    state = State({"a": torch.zeros(2)}, {})
    list(runs.record(run, iter([(Checkpoint(step, 0.5, state, False),) for step in (10, 20)])))
    damaged = history.checkpoint_path(run.folder, 20)
    damaged.write_bytes(b"damaged")
    list(runs.record(run, iter([(Checkpoint(step, 0.5, state, False),) for step in (12, 14)])))
    assert [file.step for file in run.checkpoints()] == [12, 14, 20] and damaged.read_bytes() == b"damaged"
    list(runs.record(run, iter([(Checkpoint(20, 0.5, state, False),)])))
    assert damaged.with_name(damaged.name + ".damaged").read_bytes() == b"damaged"
    assert [file.step for file in run.checkpoints()] == [14, 20] and storage.verify(damaged)["step"] == 20
