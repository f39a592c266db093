"""A sweep from order to end with one worker: every trial is a run as if trained alone, whatever comes in between."""

import shutil
from pathlib import Path

import pytest

from engine import data, device, runs, sweep
from engine.fields import ExperimentError
from engine.inbox import Inbox
from engine.runfiles import lock
from engine.runfiles.notices import RunError
from engine.sweeping.conduct import conduct
from engine.sweeping.folder import SETTINGS, SweepFolder, create
from engine.sweeping.study import StudyError
from engine.sweeping.told import Begun, Drawn, Opened, Staffed, SweepOrder, Swept, Told
from engine.train import train
from tests.engine.sweeping.small import (
    BASE,
    NO_DATA,
    RATES,
    carried_out,
    digest,
    inspect,
    of,
    small,
    table,
    threads_for_workers,
    weights,
)

WIDE = {"field": "train.learning_rate", "values": [0.05, 0.2, 1e6]}
SIZES = {"field": "model.encoder.0.size", "values": [6, 0]}


@pytest.fixture(autouse=True)
def quick_workers(whole):
    """All but the first sweep, which has a process for its worker, are done by threads."""
    with threads_for_workers():
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Events of a sweep in pieces of an epoch: six trainings, three of which cannot be, and one diverges."""
    return carried_out(small(WIDE, SIZES, piece_epochs=1), tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def folder(whole):
    """Its folder."""
    return whole[-1].folder


def test_every_event_comes_in_its_order(whole):
    opened, staffed = whole[:2]
    assert isinstance(opened, Opened) and opened.total == 6 and [trial.number for trial in opened.trials] == [*range(6)]
    assert [row.status for row in opened.rows] == ["pending", "impossible"] * 3
    assert isinstance(staffed, Staffed) and staffed.workers == 1
    assert [event.trial.number for event in of(Begun, whole)] == [0, 2, 4]
    for number, pieces in ((0, 2), (2, 2), (4, 1)):
        told = [event for event in of(Told, whole) if event.row.number == number]
        assert [event.over for event in told] == [False] * (pieces - 1) + [True]
        assert whole.index(told[0]) > next(place for place, event in enumerate(whole)
                                           if isinstance(event, Begun) and event.trial.number == number)
    last = whole[-1]
    assert last.complete and of(Swept, whole) == [last]
    assert [row.status for row in last.rows] == ["finished", "impossible"] * 2 + ["diverged", "impossible"]


def test_each_piece_brings_the_probe_image_along(whole):
    pictures = [event.picture for event in of(Told, whole) if event.row.status in ("running", "finished")]
    assert len(pictures) == 4 and all(picture.shape == (8, 8) and picture.dtype == "uint8" for picture in pictures)
    assert (pictures[0] != pictures[-1]).any()


def test_the_folder_tells_afterwards_what_was_told(whole, folder):
    swept = whole[-1]
    assert folder.sweep == small(WIDE, SIZES, piece_epochs=1)
    assert table(folder.rows(folder.trials())) == table(swept.rows)
    assert folder.results().pictures.keys() >= {0, 2}


def test_every_trial_is_a_run_that_opens(folder):
    statuses = {}
    for trial in folder.trials():
        run = folder.run_of(trial)
        assert run.folder.is_dir() == (not trial.problems)
        if not trial.problems:
            opened = runs.open_run(run.name, run.folder.parent)
            statuses[trial.number] = opened.status
            assert opened.experiment == trial.experiment and opened.writable and opened.problem is None
            assert len(opened.snapshots()) >= 1
    assert statuses == {0: "finished", 2: "finished", 4: "diverged"}


def test_a_trial_in_pieces_equals_the_same_experiment_trained_alone(folder, tmp_path):
    images = data.load(folder.sweep.base.data, NO_DATA)
    for trial in folder.trials():
        if trial.number not in (0, 2):
            continue
        alone = runs.create(tmp_path, trial.experiment, images.fingerprint, threads=1)
        for _ in runs.record(alone, train(trial.experiment, images, Inbox(), threads=1), Inbox()):
            pass
        swept = folder.run_of(trial)
        assert digest(swept) == digest(alone)
        assert swept.info.data_fingerprint == images.fingerprint
        for name in ("training_loss", "validation_loss", "test_loss", "best_step", "step"):
            assert getattr(swept.state, name) == getattr(alone.state, name)


def test_in_one_piece_a_sweep_has_the_same_numbers(folder, tmp_path):
    events = carried_out(small(WIDE, SIZES), tmp_path)
    assert [event.over for event in of(Told, events)] == [True] * 3
    assert table(events[-1].rows) == table(folder.rows(folder.trials()))
    assert weights(events[-1].folder) == weights(folder)


def test_as_many_workers_as_do_most_give_the_same_numbers(folder, tmp_path):
    events = carried_out(folder.sweep, tmp_path, workers=0)
    assert of(Staffed, events)[0].workers == min(3, device.physical_cores())
    assert table(events[-1].rows) == table(folder.rows(folder.trials()))
    assert weights(events[-1].folder) == weights(folder)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="asks the system for open files")
def test_nothing_of_a_sweep_stays_open(folder):
    carried_out(folder.sweep, folder.folder.parent, folder)
    held = [link.resolve() for link in Path("/proc/self/fd").iterdir()]
    assert not [path for path in held if path.is_relative_to(folder.folder)]


def test_a_sweep_that_is_complete_is_not_trained_again(folder):
    before = {path: path.read_bytes() for path in folder.folder.rglob("*") if path.is_file() and path.suffix != ".db"}
    events = carried_out(folder.sweep, folder.folder.parent, folder)
    assert [type(event) for event in events] == [Opened, Swept] and events[-1].complete
    after = {path: path.read_bytes() for path in folder.folder.rglob("*") if path.is_file() and path.suffix != ".db"}
    assert after == before


# What is stopped, and goes on


def test_stopped_and_continued_no_trial_is_trained_twice(tmp_path):
    settings = small(piece_epochs=1)
    finished = lambda event: isinstance(event, Told) and event.over and event.row.number == 1  # noqa: E731
    first = carried_out(settings, tmp_path, stop_after=finished)
    stopped = first[-1]
    assert isinstance(stopped, Swept) and not stopped.complete
    statuses = [row.status for row in stopped.rows]
    assert statuses[:2] == ["finished", "finished"] and "pending" in statuses and "running" not in statuses
    inspect(stopped.folder)
    begun = {event.trial.number for event in of(Begun, first)}
    kept = {number: one for number, one in weights(stopped.folder).items() if statuses[number] == "finished"}
    half = [number for number in begun if statuses[number] == "interrupted"]

    second = carried_out(settings, tmp_path, stopped.folder)
    assert second[-1].complete and {row.status for row in second[-1].rows} == {"finished"}
    assert not {event.trial.number for event in of(Begun, second)} & set(kept)
    assert [event.trial.number for event in of(Begun, second)] == [
        number for number in range(6) if statuses[number] != "finished"]
    for number in half:  # one epoch of two is left
        assert len([event for event in of(Told, second) if event.row.number == number]) == 1
    undisturbed = carried_out(settings, tmp_path / "other")
    assert table(second[-1].rows) == table(undisturbed[-1].rows)
    assert weights(second[-1].folder) == weights(undisturbed[-1].folder)
    assert kept.items() <= weights(second[-1].folder).items()


def test_what_was_in_the_middle_when_the_sweep_was_stopped_is_interrupted_there(tmp_path):
    base = {**BASE, "train": {**BASE["train"], "epochs": 5}}
    settings = small({"field": "train.momentum", "values": [0.5]}, base=base, piece_epochs=1)
    (row,) = carried_out(settings, tmp_path, stop_after=lambda event: isinstance(event, Told))[-1].rows
    assert row.status == "interrupted" and not row.over and row.validation_loss is not None
    assert row.epoch in (1, 2)  # a piece that was back by then is kept


def test_left_in_the_middle_a_trial_goes_on_from_its_checkpoint(tmp_path):
    """As after a crash: nobody stops the sweep, it is just not advanced any more."""
    settings = small({"field": "train.momentum", "values": [0.5]}, piece_epochs=1)
    conductor = conduct(SweepOrder(settings, NO_DATA, tmp_path, workers=1), Inbox())
    told = next(event for turn in conductor for event in turn if isinstance(event, Told))
    assert not told.over and told.row.status == "running"
    conductor.close()
    (folder,) = [path.parent for path in tmp_path.glob(f"*/{SETTINGS}")]
    (run,) = runs.list_runs(folder / "trials")
    assert run.status == "interrupted" and run.checkpoints()[-1].step == 10
    events = carried_out(settings, tmp_path, SweepFolder(folder))
    assert len(of(Told, events)) == 1 and events[-1].complete
    assert run.status == "finished" and run.metrics().step_index.tolist() == list(range(1, 21))


@pytest.fixture
def copied(folder, tmp_path):
    """A copy of the sweep that came to its end."""
    shutil.copytree(folder.folder, tmp_path / "copy")
    return SweepFolder(tmp_path / "copy")


def test_what_is_finished_is_kept_even_if_its_run_is_damaged_later(copied, folder, tmp_path):
    run = copied.run_of(copied.trials()[2])
    (run.folder / "experiment.toml").write_bytes(b"\x00")
    events = carried_out(copied.sweep, tmp_path, copied)
    assert not of(Begun, events) and table(events[-1].rows) == table(folder.rows(folder.trials()))


@pytest.mark.parametrize("fate", ["experiment.toml", "run.json", "checkpoints", "new", "all"])
def test_a_run_damaged_between_is_put_aside_and_trained_anew(tmp_path, folder, copied, fate):
    """Nothing of it is deleted, and the table is the one of a sweep that was left alone."""
    (copied.folder / "results.jsonl").unlink()  # as it is of a trial that was not over
    run = copied.run_of(copied.trials()[2])
    if fate == "all":
        shutil.rmtree(run.folder)
    elif fate in ("checkpoints", "new"):
        for file in run.checkpoints():
            file.path.unlink()
        if fate == "new":  # nothing was trained, and the settings are damaged
            (run.folder / "metrics.jsonl").unlink()
            (run.folder / "run.json").write_bytes(b"{")
    else:
        (run.folder / fate).write_bytes(b"\x00\xff")
    events = carried_out(copied.sweep, tmp_path, copied)
    assert [event.trial.number for event in of(Begun, events)] == [2]
    assert table(events[-1].rows) == table(folder.rows(folder.trials())) and weights(copied) == weights(folder)
    aside = run.folder.with_name(f"{run.name}.damaged")
    assert aside.is_dir() == (fate != "all")


def test_a_folder_of_another_sweep_is_refused(folder, tmp_path):
    with pytest.raises(StudyError) as caught:
        carried_out(small(WIDE), tmp_path, folder)
    assert caught.value.code == "study.other"


def test_a_folder_of_a_later_version_is_refused_by_the_field_it_does_not_know(tmp_path):
    made = create(tmp_path, small())
    path = made.folder / SETTINGS
    path.write_text("quantum = true\n" + path.read_text())
    with pytest.raises(ExperimentError) as caught:
        carried_out(small(), tmp_path, made)
    assert [problem.field for problem in caught.value.problems] == ["quantum"]


def test_images_that_are_others_than_the_sweep_began_with_are_refused_by_name(copied, tmp_path):
    shutil.rmtree(copied.run_of(copied.trials()[2]).folder)
    info = copied.run_of(copied.trials()[0]).folder / "run.json"
    fingerprint = copied.run_of(copied.trials()[0]).info.data_fingerprint
    info.write_text(info.read_text().replace(fingerprint, "another"))
    with pytest.raises(RunError) as caught:
        carried_out(copied.sweep, tmp_path, copied)
    assert caught.value.code == "sweep.images" and "other images of digits" in caught.value.message
    assert copied.row(copied.trials()[0]).status == "finished"


# What fails


def test_one_that_fails_is_noted_and_the_others_go_on(tmp_path):
    """Case 49: there is nothing to normalize over in a batch of one, which only the training finds out."""
    normalized = {"field": "model.encoder.0.batch_normalization", "values": [False, True]}
    sizes = {"field": "train.batch_size", "values": [20, 1]}
    events = carried_out(small(normalized, sizes, base={**BASE, "train": {"epochs": 1}}), tmp_path)
    swept = events[-1]
    assert [row.status for row in swept.rows] == ["finished", "finished", "finished", "failed"] and swept.complete
    (told,) = [event for event in of(Told, events) if event.row.status == "failed"]
    run = swept.folder.run_of(swept.folder.trials()[3])
    assert told.over and told.message.startswith("Batch normalization needs") and run.state.error == told.message
    again = carried_out(swept.folder.sweep, tmp_path, swept.folder)
    assert not of(Begun, again) and table(again[-1].rows) == table(swept.rows)


def test_images_that_only_some_lack_fail_those_alone(tmp_path):
    folders = {"field": "data.dataset", "values": ["mnist", "digits"]}
    events = carried_out(small(folders), tmp_path)
    assert [row.status for row in events[-1].rows] == ["failed", "finished"] and events[-1].complete
    (told,) = [event for event in of(Told, events) if event.row.status == "failed"]
    assert "MNIST" in told.message


def test_images_that_all_lack_end_the_sweep_by_name(tmp_path):
    base = sweep.parse({"base": {**small().base.model_dump(), "data": {"dataset": "mnist"}},
                        "axes": [{"field": "train.momentum", "values": [0.1, 0.2, 0.3]}]})
    with pytest.raises(RunError) as caught:
        carried_out(base, tmp_path)
    assert caught.value.code.startswith("data.")


def test_untrained_networks_are_a_sweep_too(tmp_path):
    events = carried_out(small({"field": "train.epochs", "values": [0, 1]}), tmp_path)
    assert [(row.status, row.epoch) for row in events[-1].rows] == [("finished", 0), ("finished", 1)]


def test_a_sweep_of_which_nothing_can_be_needs_no_workers(tmp_path):
    events = carried_out(small({"field": "train.batch_size", "values": [0, -1]}), tmp_path)
    assert [type(event) for event in events] == [Opened, Swept] and events[-1].complete


def test_what_is_wrong_with_the_sweep_is_said_before_there_is_a_folder(tmp_path):
    with pytest.raises(ExperimentError):
        carried_out(small({"field": "train.speed", "values": [1]}), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_sweep_that_another_process_trains_is_left_alone(tmp_path):
    made = create(tmp_path, small(RATES))
    before = sorted(path.name for path in made.folder.iterdir())
    with lock.held(made.folder), pytest.raises(RunError, match="is being trained by process") as refused:
        carried_out(small(RATES), tmp_path, folder=made)
    assert refused.value.code == "sweep.locked"
    assert sorted(path.name for path in made.folder.iterdir()) == before
    assert carried_out(small(RATES), tmp_path, folder=made)[-1].complete and lock.holder(made.folder) is None


def test_what_cannot_be_is_counted_among_what_is_over(folder):
    assert folder.progress() == (6, 6)
    assert [row.folder is None for row in folder.rows(folder.trials())] == [False, True] * 3


def test_drawn_trainings_are_told_with_all_their_seeds_before_the_first_begins(tmp_path):
    events = carried_out(small(WIDE, method="random", trials=2, seeds=[1, 2]), tmp_path)
    drawn = of(Drawn, events)
    assert [[trial.number for trial in event.trials] for event in drawn] == [[0, 1], [2, 3]]
    assert [row.status for row in drawn[0].rows] == ["pending", "pending"]
    assert events.index(drawn[0]) < events.index(of(Begun, events)[0])


def test_a_finished_training_of_a_pruning_sweep_can_be_trained_anew(tmp_path):
    settings = small({"field": "train.learning_rate", "range": {"low": 0.05, "high": 0.5}}, method="tpe", trials=3,
                     pruning=True)
    done = carried_out(settings, tmp_path)[-1]
    shutil.rmtree(done.rows[1].folder)
    again = carried_out(settings, tmp_path, folder=done.folder)[-1]
    assert again.complete and table(again.rows)[1][2] == table(done.rows)[1][2]


def test_pruning_counts_only_for_what_is_drawn_once():
    drawn = {"method": "tpe", "trials": 3}
    assert small(RATES, pruning=True, **drawn).prunes
    assert not small(RATES, pruning=True).prunes and not small(RATES, pruning=True, seeds=[1, 2], **drawn).prunes
