"""A session without a window: the draft, a real training on tiny digits, what is shown, questions, and closing."""

import shutil

import numpy as np
import pytest
import torch

from engine import runs, storage
from engine.answers import Reconstructions
from engine.datasets import sources
from engine.events import Finished, Snapshot, Step
from engine.fields import Remedy
from gui import explain
from gui.draft import Draft
from gui.models import Models, SnapshotHandle
from gui.panels.status import StatusLine
from gui.shown import handles_of
from gui.workers import Failure
from tests.gui.conftest import closed, tiny, trained

# The draft


def test_edits_are_undone_and_repeated_one_by_one(qtbot):
    draft = Draft(tiny())
    draft.set("train.epochs", 3)
    draft.set("train.epochs", 4)
    draft.apply(Remedy("Use 8", {"train.batch_size": 8}))
    for epochs, batch in ((4, 50), (3, 50), (2, 50)):
        draft.undo()
        assert (draft.experiment.train.epochs, draft.experiment.train.batch_size) == (epochs, batch)
    assert not draft.can_undo
    draft.redo()
    draft.redo()
    assert draft.experiment.train.epochs == 4 and draft.can_redo
    draft.set("train.epochs", 9)
    assert not draft.can_redo


def test_merged_edits_are_one_until_the_merge_ends(qtbot):
    draft = Draft(tiny())
    for epochs in range(3, 9):
        draft.set("train.epochs", epochs, merge=True)
    draft.end_merge()
    draft.set("train.epochs", 10, merge=True)
    draft.set("train.batch_size", 10, merge=True)
    for epochs in (10, 8, 2):
        draft.undo()
        assert draft.experiment.train.epochs == epochs


def test_a_value_that_cannot_be_is_refused_with_its_problem_and_changes_nothing(qtbot):
    draft = Draft(tiny())
    told = []
    draft.changed.connect(told.append)
    problems = draft.set("train.epochs", -1)
    assert [problem.field for problem in problems] == ["train.epochs"]
    assert draft.experiment == tiny() and not draft.can_undo and told == []
    draft.set("train.epochs", 2)
    assert told == [], "the same value is no edit"


def test_problems_come_with_the_change(qtbot):
    draft = Draft(tiny())
    seen = []
    draft.changed.connect(lambda experiment: seen.append(draft.problems))
    draft.set("model.encoder.0.kernel", 99)
    assert [problem.code for problem in seen[0]] == ["layer.kernel_too_large"]


# Training


def test_a_training_goes_through_its_states_and_ends_as_a_recorded_run(qtbot, session):
    states, batches, started = [], [], []
    session.training.state_changed.connect(states.append)
    session.training.stepped.connect(batches.append)
    session.training.run_started.connect(started.append)
    outcome = trained(qtbot, session)
    assert isinstance(outcome, Finished) and outcome.reason == "finished" and outcome.step == 8
    assert states == ["starting", "running", "idle"]
    steps = [loss for batch in batches for event in batch if isinstance(event, Step) for loss in event.losses]
    assert len(steps) == 8 and all(isinstance(loss, float) for loss in steps)
    assert started == [session.shown.run] and started[0].status == "finished"
    assert session.training.progress.epoch == 2.0
    assert session.messages == []


def test_train_pressed_before_torch_is_there_is_kept(qtbot, make_session):
    session = make_session(load=False)
    states = []
    session.training.state_changed.connect(states.append)
    assert isinstance(trained(qtbot, session), Finished)
    assert states == ["loading", "idle", "starting", "running", "idle"]


def test_train_pressed_before_torch_is_there_can_be_forgotten(qtbot, make_session):
    session = make_session(load=False)
    session.start()
    session.stop()
    with qtbot.waitSignal(session.ready_changed, timeout=60_000):
        session.load_engine()
    assert session.training.state == "idle" and not session.training.at_work


def test_torch_that_could_not_be_loaded_is_tried_again_by_the_next_start(qtbot, make_session, monkeypatch):
    from gui import job

    session = make_session(load=False)
    status = StatusLine(session)
    qtbot.addWidget(status)
    with monkeypatch.context() as broken:
        broken.setattr(job, "load_engine", lambda: 1 / 0)
        session.start()
        qtbot.waitUntil(lambda: not session.busy and session.broken, timeout=5000)
    assert session.training.state == "idle" and "torch could not be loaded" in session.messages[-1].text
    assert status.text.text() == "torch could not be loaded"
    assert isinstance(trained(qtbot, session), Finished)
    assert status.text.text() == "Ready"


def test_pause_one_batch_and_continue(qtbot, make_session):
    session = make_session(tiny(train__epochs=50))
    steps = []
    session.training.stepped.connect(lambda batch: steps.extend(e.step for e in batch if isinstance(e, Step)))
    session.start(one_batch=True)
    qtbot.waitUntil(lambda: steps == [1] and session.training.state == "paused", timeout=20_000)
    for expected in ([1, 2], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5]):
        session.training.one_batch()
        qtbot.waitUntil(lambda expected=expected: steps == expected, timeout=20_000)
    with qtbot.waitSignal(session.training.finished, timeout=60_000) as finished:
        session.training.resume()
        session.stop()
    assert finished.args[0].reason == "stopped"
    assert session.shown.run.status == "stopped"


def test_stopping_a_paused_training_saves_and_resuming_ends_like_an_undisturbed_one(qtbot, make_session):
    session = make_session(tiny(train__epochs=3))
    session.start(one_batch=True)
    qtbot.waitUntil(lambda: session.training.state == "paused" and session.training.progress.step == 1, timeout=20_000)
    with qtbot.waitSignal(session.training.finished, timeout=20_000):
        session.stop()
    run = session.training.run
    assert run.status == "stopped" and run.checkpoints()[-1].step == 1
    with qtbot.waitSignal(session.training.finished, timeout=60_000) as finished:
        session.resume(run)
    assert finished.args[0].step == 12
    trained(qtbot, session)
    one, other = (runs.load_snapshot(r.snapshots()[-1].path) for r in (run, session.training.run))
    assert run.folder != session.training.run.folder
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_ten_more_epochs_go_on_from_a_finished_run(qtbot, session):
    trained(qtbot, session)
    run = session.shown.run
    with qtbot.waitSignal(session.training.finished, timeout=60_000) as finished:
        session.train_more(run, 3)
    assert finished.args[0].step == 20 and session.training.run == run
    assert session.training.progress.epochs == 5
    assert [record.field for record in run.metrics().interventions] == ["train.epochs"]


def test_a_learning_rate_changed_while_paused_is_noted(qtbot, make_session):
    session = make_session(tiny(train__epochs=20))
    session.start(one_batch=True)
    qtbot.waitUntil(lambda: session.training.progress.step == 1 and session.training.state == "paused", timeout=20_000)
    told = []
    session.training.stepped.connect(told.extend)
    session.training.set_learning_rate(0.5)
    qtbot.waitUntil(lambda: any(getattr(event, "field", "") == "train.learning_rate" for event in told), timeout=20_000)
    assert session.training.progress.step == 1
    with pytest.raises(ValueError, match="above 0"):
        session.training.set_learning_rate(0)


def test_resuming_while_another_trains_offers_the_queue_and_to_stop(qtbot, make_session):
    session = make_session(tiny(train__epochs=500))
    with qtbot.waitSignal(session.training.run_started, timeout=20_000):
        session.start()
    session.resume(session.training.run)
    message = session.messages[-1]
    assert [action.label for action in message.actions] == ["Add to the queue", "Stop it"]
    message.actions[0].run()
    assert [item.run for item in session.queue.items] == [session.training.run.folder]
    session.queue.pause()
    with qtbot.waitSignal(session.training.finished, timeout=20_000):
        message.actions[1].run()


def test_a_draft_with_a_problem_is_not_started(qtbot, session):
    session.draft.set("model.encoder.0.kernel", 99)
    session.start()
    assert session.training.state == "idle"
    assert session.messages[-1].text.startswith("Layer 0: kernel 99")
    session.messages[-1].actions[0].run()
    assert session.draft.problems == ()


# Faults


def test_a_runs_folder_that_cannot_be_written_is_said_before_the_training(qtbot, make_session, tmp_path):
    session = make_session()
    (tmp_path / "file").write_text("not a folder")
    session.runs_dir = tmp_path / "file" / "runs"
    session.start()
    assert session.training.state == "idle"
    assert session.messages[-1].text == (
        f"Cannot write to {session.runs_dir} (it is not a folder). Choose another folder.")


def test_a_nearly_full_disk_is_said_before_the_training_and_can_be_overruled(qtbot, session, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=80_000))
    session.start()
    message = session.messages[-1]
    assert message.text.startswith("Only 80 KB free in ") and session.training.state == "idle"
    assert [action.label for action in message.actions] == ["Start anyway"]
    with qtbot.waitSignal(session.training.finished, timeout=60_000):
        message.actions[0].run()


def test_a_resume_is_checked_as_a_start_is(qtbot, session, monkeypatch):
    trained(qtbot, session)
    run, usage = session.training.run, shutil.disk_usage("/")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=80_000))
        session.train_more(run, 1)
        message = session.messages[-1]
        assert message.text.startswith("Only 80 KB free in ") and session.training.state == "idle"
        with qtbot.waitSignal(session.training.finished, timeout=60_000) as finished:
            message.actions[0].run()
    assert finished.args[0].step == 12
    monkeypatch.setattr(sources, "status", lambda name, folder: sources.Status("missing", "not here"))
    session.train_more(run, 1)
    assert session.messages[-1].text.endswith("not here") and session.training.state == "idle"


def test_missing_data_offers_four_ways_on(qtbot, make_session):
    session = make_session(tiny(data__dataset="mnist"))
    session.start()
    message = session.messages[-1]
    assert [action.label for action in message.actions] == ["Download", "Use a file…", "Use a folder…",
                                                           "Use the built-in sample"]
    message.actions[3].run()
    assert session.draft.experiment.data.dataset == "digits"


def test_a_training_without_its_data_asks_for_its_own_and_not_for_the_forms(qtbot, session):
    session.training.experiment = tiny(data__dataset="kmnist")
    message = explain.failure(session, Failure("MissingData", "data.missing", {}, "KMNIST is not here.", ""))
    asked = []
    session.dialog_wanted.connect(asked.append)
    next(action for action in message.actions if action.label == "Use a file…").run()
    assert asked == ["data files: kmnist"]


def test_a_file_that_belongs_to_no_data_set_is_refused_and_left_alone(qtbot, make_session, tmp_path):
    session = make_session(tiny(data__dataset="mnist"))
    wrong = tmp_path / "holiday.png"
    wrong.write_bytes(b"no digits")
    with qtbot.waitSignal(session.downloads.finished, timeout=10_000):
        session.use_files("mnist", [wrong])
    assert session.messages[-1].kind == "error" and "MNIST" in session.messages[-1].text
    assert wrong.read_bytes() == b"no digits" and session.messages[-1].actions[0].label == "Download"


def test_a_loss_that_is_not_a_number_offers_a_restart_that_works(qtbot, make_session):
    unstable = {"train__learning_rate": 1e9, "train__optimizer": "sgd", "model__output": "none"}
    session = make_session(tiny(train__epochs=4, **unstable))
    with qtbot.waitSignal(session.training.finished, timeout=60_000):
        session.start()
    message = session.messages[-1]
    run = session.training.run
    assert run.status == "diverged" and "learning rate 1e9 is likely too high" in message.text
    assert message.text.startswith("The loss became")
    kept = run.checkpoints()[-1].step
    assert message.actions[0].label == f"Restart from step {kept} with lr ÷ 10"
    with qtbot.waitSignal(session.training.run_started, timeout=60_000), \
            qtbot.waitSignal(session.training.finished, timeout=60_000):
        message.actions[0].run()
    assert session.training.run.folder == run.folder


def test_a_full_disk_pauses_the_training_and_a_retry_goes_on(qtbot, make_session, monkeypatch):
    session = make_session(tiny(train__epochs=3))
    write, full = storage.write_atomic, [True]

    def write_atomic(path, data):
        if full[0] and path.suffix == ".safetensors" and "step" in path.name:
            raise OSError(28, "No space left on device")
        write(path, data)

    monkeypatch.setattr(storage, "write_atomic", write_atomic)
    session.start()
    qtbot.waitUntil(lambda: session.training.state == "blocked", timeout=20_000)
    message = session.messages[-1]
    assert message.text.startswith("The disk is full: could not save step 0")
    assert [action.label for action in message.actions] == ["Free space and retry", "Save elsewhere…", "Stop"]
    assert [action.keeps for action in message.actions] == [False, True, False]
    full[0] = False
    with qtbot.waitSignal(session.training.finished, timeout=60_000) as finished:
        message.actions[0].run()
    assert finished.args[0].step == 12 and session.training.run.status == "finished"


def test_a_full_disk_can_be_left_for_another_folder(qtbot, make_session, monkeypatch, tmp_path):
    session = make_session(tiny(train__epochs=3))
    write, place = storage.write_atomic, tmp_path / "runs"

    def write_atomic(path, data):
        if place in path.parents and path.suffix == ".safetensors" and "00" in path.name and "step" in path.name:
            raise OSError(28, "No space left on device")
        write(path, data)

    monkeypatch.setattr(storage, "write_atomic", write_atomic)
    session.start()
    qtbot.waitUntil(lambda: session.training.state == "blocked", timeout=20_000)
    with qtbot.waitSignal(session.training.finished, timeout=60_000):
        session.save_elsewhere(tmp_path / "elsewhere")
    assert session.training.run.folder.parent == tmp_path / "elsewhere"
    assert session.training.run.status == "finished"
    assert session.shown.run == session.training.run
    qtbot.waitUntil(lambda: [row.run for row in session.runs.rows] == [session.training.run], timeout=10_000)
    assert session.settings.runs_dir == str(tmp_path / "elsewhere")


def test_a_full_disk_can_be_given_up(qtbot, make_session, monkeypatch):
    session = make_session(tiny(train__epochs=3))
    write = storage.write_atomic

    def write_atomic(path, data):
        if path.suffix == ".safetensors":
            raise OSError(28, "No space left on device")
        write(path, data)

    monkeypatch.setattr(storage, "write_atomic", write_atomic)
    session.start()
    qtbot.waitUntil(lambda: session.training.state == "blocked", timeout=20_000)
    with qtbot.waitSignal(session.training.finished, timeout=20_000):
        session.messages[-1].actions[2].run()
    assert session.training.state == "idle"


def test_an_exception_in_the_training_ends_it_with_a_message_and_the_next_works(qtbot, session, monkeypatch):
    from engine import losses

    monkeypatch.setitem(losses.LOSSES, "mse", lambda output, image: 1 / 0)
    trained(qtbot, session)
    message = session.messages[-1]
    assert "division by zero" in message.text and "Traceback" in message.details
    assert session.training.run.status == "failed" and session.training.state == "idle"
    monkeypatch.undo()
    assert isinstance(trained(qtbot, session), Finished)


def test_memory_that_runs_out_offers_a_smaller_batch_that_works(qtbot, session, monkeypatch):
    from engine.model import Autoencoder

    forward = Autoencoder.forward

    def greedy(model, images):
        if len(images) > 25 and torch.is_grad_enabled():
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate")
        return forward(model, images)

    monkeypatch.setattr(Autoencoder, "forward", greedy)
    trained(qtbot, session)
    message = session.messages[-1]
    assert message.text.startswith("Not enough memory for batch 50.")
    assert message.actions[0].label == "Try 25"
    with qtbot.waitSignal(session.training.finished, timeout=60_000) as finished:
        message.actions[0].run()
    assert isinstance(finished.args[0], Finished) and session.draft.experiment.train.batch_size == 25


def test_a_broken_torchvision_says_how_to_fix_it_and_the_rest_works(qtbot, session, monkeypatch):
    import sys

    class Broken:
        def __getattr__(self, name):
            raise RuntimeError("operator torchvision::nms does not exist")

    session.draft.set("data.image_size", 9)
    for name in ("torchvision.transforms.v2.functional", "torchvision.transforms.v2", "torchvision.transforms"):
        monkeypatch.setitem(sys.modules, name, Broken())
    trained(qtbot, session)
    message = session.messages[-1]
    assert message.text.startswith("Built-in data sets need a matching torchvision (found torch ")
    assert [action.label for action in message.actions] == ["How to fix"]
    message.actions[0].run()
    assert "pip install" in session.messages[-1].text
    session.draft.set("data.image_size", 0)
    assert isinstance(trained(qtbot, session), Finished)


def test_the_history_is_bounded_by_the_settings(qtbot, make_session):
    session = make_session(tiny(train__epochs=30), history_snapshots=5)
    trained(qtbot, session)
    assert len(session.shown.snapshots) == 5
    assert session.shown.snapshots[0].step == 0


def test_a_measured_number_of_threads_is_measured_once(qtbot, make_session, monkeypatch):
    from engine import device

    measured = []
    monkeypatch.setattr(device, "measure_threads", lambda experiment, images: measured.append(experiment) or 1)
    session = make_session()
    session.change_settings(threads=0)
    trained(qtbot, session)
    trained(qtbot, session)
    session.draft.set("train.batch_size", 25)
    trained(qtbot, session)
    assert [experiment.train.batch_size for experiment in measured] == [50, 25]


# What is shown


def test_the_timeline_of_a_run_is_shown_and_live_follows_it(qtbot, session):
    shown, seen = session.shown, []
    shown.changed.connect(seen.append)
    trained(qtbot, session)
    assert [handle.step for handle in shown.snapshots] == [0, 4, 8]
    assert all(handle.path is not None and handle.path.is_file() for handle in shown.snapshots)
    assert shown.live and shown.snapshot.step == 8 and seen[-1] == shown.snapshot
    shown.show_position(0)
    assert not shown.live and shown.snapshot.step == 0
    shown.show_step(5)
    assert shown.snapshot.step == 4 and shown.position == 1
    shown.show_position(99)
    assert shown.live and shown.snapshot.step == 8


def test_one_run_is_looked_at_while_another_trains(qtbot, session):
    trained(qtbot, session)
    first = session.shown.run
    session.draft.set("train.epochs", 400)
    with qtbot.waitSignal(session.training.run_started, timeout=20_000):
        session.start()
    session.shown.show_run(first)
    session.shown.show_position(0)
    told = []
    session.shown.changed.connect(told.append)
    start = session.training.progress.step
    qtbot.waitUntil(lambda: session.training.progress.step > start + 20, timeout=20_000)
    assert session.shown.run == first and told == []
    assert [handle.step for handle in session.shown.snapshots] == [0, 4, 8]


def test_a_question_is_answered_for_the_shown_snapshot(qtbot, session):
    trained(qtbot, session)
    answers = {}
    for position in (0, 2):
        session.shown.show_position(position)
        with qtbot.waitSignal(session.shown.answered, timeout=20_000) as answered:
            number = session.shown.ask("test", "reconstruct", "test", [0, 1, 2])
        key, told, answers[position] = answered.args
        assert (key, told) == ("test", number)
    assert isinstance(answers[0], Reconstructions)
    assert np.array_equal(answers[0].images, answers[2].images)
    assert not np.array_equal(answers[0].outputs, answers[2].outputs)


def test_a_question_about_live_weights_does_not_change_the_training(qtbot, make_session):
    """The same losses with and without questions."""
    losses = []
    for ask in (False, True):
        session = make_session(tiny(train__epochs=10))
        told = []
        session.training.stepped.connect(
            lambda batch, told=told: told.extend(x for e in batch if isinstance(e, Step) for x in e.losses))
        if ask:
            session.shown.changed.connect(lambda _, s=session: s.shown.ask("live", "reconstruct", "test", [0, 1]))
        trained(qtbot, session)
        losses.append(told)
    assert losses[0] == losses[1] and len(losses[0]) == 40


def test_a_snapshot_that_could_not_be_saved_yet_is_on_the_timeline(qtbot, session):
    trained(qtbot, session)
    shown = session.shown
    weights = runs.load_snapshot(shown.snapshots[-1].path)
    shown.take(shown.run, [Snapshot(12, 3.0, weights, kept=True)])
    assert [handle.step for handle in shown.snapshots] == [0, 4, 8, 12]
    assert shown.snapshot.step == 12 and shown.snapshot.path is None
    shown.take(shown.run, [Snapshot(14, 3.5, weights, kept=False)])
    assert [handle.step for handle in shown.snapshots] == [0, 4, 8, 12] and shown.snapshot.step == 14
    with qtbot.waitSignal(shown.answered, timeout=20_000):
        shown.ask("test", "reconstruct", "test", [0])


def test_there_is_nothing_to_ask_without_a_run(qtbot, session):
    assert session.shown.ask("key", "reconstruct", "test", [0]) == 0


def test_a_failing_question_is_told_as_text(qtbot, session):
    trained(qtbot, session)
    with qtbot.waitSignal(session.shown.failed, timeout=20_000) as failed:
        number = session.shown.ask("key", "reconstruct", "test", [10**9])
    assert failed.args[:2] == ["key", number] and failed.args[2]


def test_what_failed_for_its_data_is_asked_again_when_there_are_others(qtbot, session, tmp_path):
    trained(qtbot, session)
    told = []
    session.shown.changed.connect(told.append)
    session.use_data_dir(tmp_path)
    assert told == [], "nothing had failed"
    with qtbot.waitSignal(session.shown.failed, timeout=20_000):
        session.shown.ask("test", lambda model, data: 1 / 0)
    session.use_data_dir(tmp_path)
    session.use_data_dir(tmp_path)
    assert told == [session.shown.snapshot]


def test_chosen_images_are_told_once_and_reset_with_another_data_set(qtbot, session):
    told = []
    session.shown.image_changed.connect(told.append)
    session.shown.choose_image("training", 5)
    session.shown.choose_image("training", 5)
    assert told == [("training", 5)] and (session.shown.split, session.shown.image) == ("training", 5)
    session.shown.choose_pair(("test", 3), ("test", 4))
    assert session.shown.pair == (("test", 3), ("test", 4))


def test_a_damaged_run_is_shown_without_an_experiment(qtbot, session):
    trained(qtbot, session)
    run = session.shown.run
    (run.folder / "experiment.toml").write_text("name = [")
    session.shown.show_run(runs.open_run(run.name, session.runs_dir))
    assert session.shown.experiment is None and session.shown.ask("key", "reconstruct", "test", [0]) == 0


# Models


def test_models_are_kept_up_to_a_limit_in_bytes():
    experiment = tiny()
    from engine.model import build

    def handle(step):
        return SnapshotHandle("run", step, 0.0, None, dict(build(experiment).state_dict()))

    size = sum(t.numel() * t.element_size() for t in handle(0).weights.values())
    models = Models(limit_bytes=2 * size)
    handles = [handle(step) for step in range(3)]
    first = models.model(handles[0], experiment)
    models.model(handles[1], experiment)
    assert models.model(handles[0], experiment) is first
    models.model(handles[2], experiment)
    assert models.model(handles[0], experiment) is first
    assert len(models._models) == 2


def test_building_models_draws_nothing_from_the_global_generator():
    from engine.model import build

    weights = dict(build(tiny()).state_dict())
    state = torch.random.get_rng_state()
    Models().model(SnapshotHandle("run", 0, 0.0, None, weights), tiny())
    assert torch.equal(state, torch.random.get_rng_state())


# Closing


def test_closing_while_training_saves_a_checkpoint_at_that_step(qtbot, make_session):
    session = make_session(tiny(train__epochs=5000))
    with qtbot.waitSignal(session.training.run_started, timeout=20_000):
        session.start()
    qtbot.waitUntil(lambda: session.training.progress.step > 5, timeout=20_000)
    closed(qtbot, session)
    run = session.training.run
    assert run.status == "stopped"
    assert run.resume_point()[0].step == run.state.step >= session.training.progress.step > 5


def test_a_closing_that_is_taken_back_goes_on_training_to_the_same_end(qtbot, make_session):
    session = make_session(tiny(train__epochs=30))
    with qtbot.waitSignal(session.training.run_started, timeout=20_000):
        session.start()
    run, told = session.training.run, []
    session.closed.connect(lambda: told.append(True))
    session.training.finished.connect(told.append)
    session.close()
    session.closing.take_back()
    qtbot.waitUntil(lambda: len(told) == 2, timeout=60_000)
    assert [outcome.reason for outcome in told] == ["stopped", "finished"]
    assert session.training.run == run and run.status == "finished" and session.training.progress.step == 120
    trained(qtbot, session)
    one, other = (runs.load_snapshot(r.snapshots()[-1].path) for r in (run, session.training.run))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_paused_training_is_still_paused_when_its_closing_is_taken_back(qtbot, make_session):
    session = make_session(tiny(train__epochs=30))
    session.start(one_batch=True)
    qtbot.waitUntil(lambda: session.training.state == "paused" and session.training.progress.step == 1, timeout=20_000)
    states, steps = [], []
    session.training.state_changed.connect(states.append)
    session.training.stepped.connect(lambda batch: steps.extend(e.step for e in batch if isinstance(e, Step)))
    session.close()
    session.closing.take_back()
    qtbot.waitUntil(lambda: session.training.state == "paused", timeout=20_000)
    assert states == ["saving", "idle", "starting", "paused"] and steps == []
    session.training.one_batch()
    qtbot.waitUntil(lambda: steps == [2], timeout=20_000)


def test_closing_before_torch_is_there_waits_for_it(qtbot, make_session):
    session = make_session(load=False)
    session.load_engine()
    session.start()
    closed(qtbot, session)
    assert not session.training.at_work


def test_snapshots_come_live_while_training(qtbot, make_session):
    session = make_session(tiny(data__training_images=0, train__batch_size=1))  # an epoch takes seconds
    told = []
    session.training.stepped.connect(told.extend)
    session.start()
    qtbot.waitUntil(lambda: any(isinstance(e, Snapshot) and not e.kept for e in told), timeout=20_000)
    assert session.shown.live and session.shown.snapshot.step > 0


def test_failures_of_every_thread_are_in_the_log(qtbot, session, monkeypatch, caplog):
    from engine import losses, runs
    from engine.datasets import download
    from gui import reporter

    monkeypatch.setattr(reporter.logger, "propagate", True)
    trained(qtbot, session)
    with qtbot.waitSignal(session.shown.failed, timeout=20_000):
        session.shown.ask("test", lambda model, data: {}["question"])
    monkeypatch.setitem(losses.LOSSES, "mse", lambda output, image: [].pop())
    trained(qtbot, session)
    monkeypatch.setattr(download, "download", lambda name, folder: 1 / 0)
    with qtbot.waitSignal(session.downloads.finished, timeout=5000):
        session.download("mnist")
    monkeypatch.setattr(runs, "list_runs", lambda folder: [][1])
    with qtbot.waitSignal(session.runs.failed, timeout=20_000):
        session.refresh_runs()
    for what in ("pop from empty list", "division by zero", "KeyError: 'question'", "list index out of range"):
        assert f"{what}\n" in caplog.text


def test_any_run_can_be_asked_whichever_is_shown(qtbot, hear, session):
    trained(qtbot, session)
    first = session.shown.run
    session.draft.set("train.seed", 7)
    trained(qtbot, session)
    assert session.shown.run.folder != first.folder
    newest = handles_of(first)[-1]
    with hear(session.shown.answered) as heard:
        session.shown.ask_of("other", newest, first.experiment, "reconstruct", "test", [0, 1])
    other = heard[-1][2]
    with hear(session.shown.answered) as heard:
        session.shown.ask("mine", "reconstruct", "test", [0, 1])
    mine = heard[-1][2]
    assert (other.images == mine.images).all() and (other.outputs != mine.outputs).any()
