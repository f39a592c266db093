"""Training as events: their order, exact resume, commands, pacing; numbers against a plain loop."""

import json
import math
import random
import threading
from itertools import pairwise

import pytest
import torch
from safetensors.torch import load as read_tensors
from safetensors.torch import save as tensor_bytes

from engine import model, train
from engine.blocks import Convolution, Linear
from engine.data import fingerprint
from engine.experiment import Experiment, Model, replaced
from engine.inbox import Inbox, MoreEpochs, SaveNow, SetLearningRate, Stop
from engine.train import Checkpoint, Evaluation, Finished, Intervention, Pacing, Snapshot, State, Step
from tests.conftest import small_dataset


@pytest.fixture(autouse=True)
def one_thread():
    """The machine is shared, and small networks are fastest so."""
    torch.set_num_threads(1)


def run(experiment, data, *commands, **options):
    """All events of a run with these commands in the inbox."""
    inbox = Inbox()
    for command in commands:
        inbox.put(command)
    return [event for turn in train.train(experiment, data, inbox, **options) for event in turn]


def only(kind, events):
    """The events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def losses(events):
    """The loss of every batch."""
    return [loss for step in only(Step, events) for loss in step.losses]


def written(state):
    """A State that went through a file's bytes and back."""
    values = json.loads(json.dumps(dict(state.values), allow_nan=False))
    return State(read_tensors(tensor_bytes(dict(state.tensors))), values)


def same(one, other):
    """Whether two dictionaries of tensors are equal to the last bit."""
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


# What is told


def test_a_run_tells_the_untrained_network_every_batch_every_epoch_and_its_end(tiny, tiny_data):
    events = run(tiny, tiny_data)
    assert isinstance(events[0], Snapshot) and (events[0].step, events[0].kept) == (0, True)
    assert [(step.step, step.epoch, len(step.losses)) for step in only(Step, events)] == [
        (number, (number - 1) // 4, 1) for number in range(1, 13)]
    assert [(e.step, e.epoch) for e in only(Evaluation, events)] == [(0, 0.0), (4, 1.0), (8, 2.0), (12, 3.0)]
    assert [s.step for s in only(Snapshot, events)] == [0, 4, 8, 12]
    assert [c.step for c in only(Checkpoint, events)] == [0, 12]
    end = events[-1]
    assert isinstance(end, Finished) and (end.step, end.epoch, end.reason) == (12, 3.0, "finished")
    assert isinstance(events[-2], Checkpoint) and events[-2].state.values["finished"]
    assert end.training_loss == only(Evaluation, events)[-1].training_loss
    assert end.elapsed_s >= only(Step, events)[-1].elapsed_s > 0 and end.images_per_second > 0


def test_it_learns(tiny, tiny_data):
    evaluations = only(Evaluation, run(replaced(tiny, {"train.epochs": 30}), tiny_data))
    assert evaluations[-1].validation_loss < 0.6 * evaluations[0].validation_loss


def plain_loop(experiment, data):
    """The loop of the tutorials: contiguous, not fused, float images. Returns batch losses and the model."""
    torch.manual_seed(experiment.train.seed)
    network = model.build(experiment).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=experiment.train.learning_rate)
    generator = torch.Generator().manual_seed(experiment.train.seed)
    images, found = data.training.images.float() / 255, []
    for _ in range(experiment.train.epochs):
        order = torch.randperm(len(images), generator=generator)
        for start in range(0, len(images), experiment.train.batch_size):
            batch = images[order[start:start + experiment.train.batch_size]]
            loss = ((network(batch) - batch) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            found.append(loss.item())
    return found, network.eval()


@pytest.mark.parametrize("channels", [1, 3])
def test_losses_are_those_of_a_plain_loop(tiny, channels):
    data = small_dataset(training=50, channels=channels)
    experiment = replaced(tiny, {"data.dataset": "cifar-10" if channels == 3 else "digits", "model.encoder": [
        Convolution(channels=4, stride=2, padding=1), Convolution(channels=6, kernel=2), Linear(size=8)]})
    expected, network = plain_loop(experiment, data)
    events = run(experiment, data)
    assert losses(events) == pytest.approx(expected, rel=1e-4)
    last = only(Evaluation, events)[-1]
    for split, told in ((data.training, last.training_loss), (data.validation, last.validation_loss),
                        (data.test, events[-1].test_loss)):
        images = split.images.float() / 255
        assert told == pytest.approx(((network(images) - images) ** 2).mean().item(), rel=1e-4)


def test_the_size_of_the_pieces_does_not_change_a_mean_loss(tiny, tiny_data):
    whole, pieces = (run(tiny, tiny_data, pacing=Pacing(chunk_numbers=numbers))[-1] for numbers in (10**9, 64 * 7))
    for name in ("training_loss", "validation_loss", "test_loss"):
        assert getattr(pieces, name) == pytest.approx(getattr(whole, name), rel=1e-5)


def test_the_running_loss_is_the_mean_of_the_epochs_batches(tiny, tiny_data):
    events = run(replaced(tiny, {"train.evaluate_every": 3}), tiny_data)
    batches, evaluations = losses(events), only(Evaluation, events)
    assert [e.step for e in evaluations] == [0, 3, 4, 6, 8, 9, 12]
    assert [e.step for e in evaluations if e.running_loss is not None] == [4, 8, 12]
    for evaluation in evaluations:
        if evaluation.running_loss is not None:
            assert evaluation.running_loss == pytest.approx(math.fsum(batches[evaluation.step - 4:evaluation.step]) / 4)


def test_early_snapshots_are_those_of_20_and_40_batches_of_the_first_epoch(tiny, tiny_data):
    events = run(replaced(tiny, {"train.batch_size": 1, "train.epochs": 2}), tiny_data)
    assert [s.step for s in only(Snapshot, events)] == [0, 20, 40, 64, 128]
    events = run(replaced(tiny, {"train.batch_size": 4}), tiny_data)
    assert [s.step for s in only(Snapshot, events)] == [0, 16, 32, 48], "the first epoch had no 20 batches"


def test_a_snapshot_is_a_copy_that_safetensors_can_write_and_that_looks_like_its_evaluation(tiny):
    data = small_dataset(channels=3)
    experiment = replaced(tiny, {"data.dataset": "cifar-10", "model.encoder": [
        Convolution(channels=4, stride=2, padding=1), Convolution(channels=8, stride=2, padding=1)]})
    events = run(experiment, data)
    validation = data.validation.images.float() / 255
    for snapshot, evaluation in zip(only(Snapshot, events), only(Evaluation, events), strict=True):
        restored = model.from_weights(experiment, read_tensors(tensor_bytes(dict(snapshot.weights))))
        loss = ((restored(validation) - validation) ** 2).mean().item()
        assert loss == pytest.approx(evaluation.validation_loss, rel=1e-5)


def test_live_snapshots_come_only_on_request_and_are_not_kept(tiny, tiny_data):
    assert all(snapshot.kept for snapshot in only(Snapshot, run(tiny, tiny_data)))
    live = only(Snapshot, run(tiny, tiny_data, live_interval_s=0.0))
    assert [(s.step, s.kept) for s in live] == [(n, n % 4 == 0) for n in range(13)]
    assert [s.step for s in only(Snapshot, run(tiny, tiny_data, live_interval_s=1e9))] == [0, 4, 8, 12]


def test_without_an_independent_test_there_is_no_test_loss(tiny):
    assert run(tiny, small_dataset(independent_test=False))[-1].test_loss is None


def test_no_epochs_is_a_run_of_the_untrained_network(tiny, tiny_data):
    events = run(replaced(tiny, {"train.epochs": 0}), tiny_data)
    assert [type(event) for event in events] == [Snapshot, Evaluation, Checkpoint, Finished]
    assert events[-2].best and events[-1].best_step == 0 and events[-1].test_loss is not None


def test_the_images_stay_as_they_are(tiny):
    data = small_dataset()
    run(tiny, data)
    assert fingerprint((data.training, data.validation, data.test)) == data.fingerprint


def test_the_best_step_is_that_of_the_lowest_validation_loss(tiny, tiny_data):
    events = run(replaced(tiny, {"train.epochs": 12, "train.learning_rate": 0.3}), tiny_data)
    best = min(only(Evaluation, events), key=lambda evaluation: evaluation.validation_loss)
    assert (events[-1].best_step, events[-1].best_epoch) == (best.step, best.epoch)


# Exact resume


CASES = {
    "adam, channels last": {"data.dataset": "cifar-10", "model.encoder": [
        Convolution(channels=4, stride=2, padding=1, dropout=0.2), Convolution(channels=6, kernel=2), Linear(size=8)]},
    "batch normalization, dropout, momentum": {"train.optimizer": "sgd", "train.momentum": 0.8, "model.encoder": [
        Convolution(channels=4, stride=2, padding=1, batch_normalization=True, dropout=0.3),
        Linear(size=8, dropout=0.1)]},
    "evaluations inside an epoch": {"train.evaluate_every": 3, "train.evaluation_images": 10},
    "adamw, odd batches": {"train.optimizer": "adamw", "train.weight_decay": 0.1, "train.batch_size": 11},
    "rmsprop, bfloat16": {"train.optimizer": "rmsprop", "train.learning_rate": 0.001, "train.precision": "bfloat16"},
    "sgd without momentum, dense": {"train.optimizer": "sgd", "train.momentum": 0, "train.learning_rate": 0.5,
                                    "model.encoder": [Linear(size=8, dropout=0.2)]},
}


def interrupted(experiment, data, rng):
    """Events of a run that is stopped after a few turns, again and again, each time with a spoilt global generator."""
    events, state = [], None
    while not only(Finished, events) or events[-1].reason == "stopped":
        inbox, turns = Inbox(), rng.randrange(1, 12)
        torch.manual_seed(rng.randrange(10**6))
        for turn in train.train(experiment, data, inbox, checkpoint=state, pacing=Pacing(chunk_numbers=3000)):
            events.extend(turn)
            turns -= 1
            if turns == 0:
                inbox.put(Stop())
        state = written(only(Checkpoint, events)[-1].state)
    return events


@pytest.mark.parametrize("case", CASES)
def test_a_run_that_is_stopped_anywhere_ends_like_one_that_is_not(tiny, case):
    experiment = replaced(tiny, CASES[case])
    data = small_dataset(channels=experiment.image_shape[0])
    whole = run(experiment, data, pacing=Pacing(chunk_numbers=3000))
    pieces = interrupted(experiment, data, random.Random(case))
    assert len(only(Finished, pieces)) > 3, "not interrupted often enough to say anything"
    assert losses(pieces) == losses(whole)
    assert same(only(Checkpoint, pieces)[-1].state.tensors, only(Checkpoint, whole)[-1].state.tensors)
    for kind in (Evaluation, Snapshot):
        assert [event.step for event in only(kind, pieces)] == [event.step for event in only(kind, whole)]
    for piece, one in zip(only(Evaluation, pieces), only(Evaluation, whole), strict=True):
        assert (piece.running_loss, piece.training_loss, piece.validation_loss) == (
            one.running_loss, one.training_loss, one.validation_loss)
    ends = pieces[-1], whole[-1]
    assert ends[0].best_step == ends[1].best_step and ends[0].test_loss == ends[1].test_loss


def test_looking_more_often_changes_nothing(tiny, tiny_data):
    dropout = replaced(tiny, {"model.encoder": [Linear(size=8, dropout=0.3)]})
    plain = run(dropout, tiny_data)
    watched = run(replaced(dropout, {"train.evaluate_every": 1}), tiny_data, live_interval_s=0.0,
                  pacing=Pacing(checkpoint_s=0, longest_s=0, chunk_numbers=1))
    assert losses(watched) == losses(plain)


def test_a_stop_during_an_evaluation_leaves_it_to_be_repeated(tiny, tiny_data):
    inbox, events = Inbox(), []
    for turn in train.train(tiny, tiny_data, inbox, pacing=Pacing(chunk_numbers=1)):
        events.extend(turn)
        if only(Step, events) and only(Step, events)[-1].step == 4 and not turn:
            inbox.put(Stop())
    assert [e.step for e in only(Evaluation, events)] == [0]
    again = run(tiny, tiny_data, checkpoint=written(only(Checkpoint, events)[-1].state))
    assert [type(event) for event in again[:2]] == [Evaluation, Step] and again[0].step == 4
    assert losses(events) + losses(again) == losses(run(tiny, tiny_data))


def test_a_finished_run_is_not_trained_again(tiny, tiny_data):
    first = run(tiny, tiny_data)
    again = run(tiny, tiny_data, checkpoint=only(Checkpoint, first)[-1].state)
    assert [type(event) for event in again] == [Checkpoint, Finished]
    assert (again[-1].test_loss, again[-1].validation_loss) == (first[-1].test_loss, first[-1].validation_loss)


# Commands


def test_ten_more_epochs_of_a_finished_run_are_those_of_a_longer_one(tiny, tiny_data):
    longer = run(replaced(tiny, {"train.epochs": 13}), tiny_data)
    short = run(tiny, tiny_data)
    more = run(tiny, tiny_data, MoreEpochs(10), checkpoint=written(only(Checkpoint, short)[-1].state))
    assert more[0] == Intervention(12, "train.epochs", 13) and isinstance(more[1], Checkpoint)
    assert losses(short) + losses(more) == losses(longer)
    assert same(only(Checkpoint, more)[-1].state.weights, only(Checkpoint, longer)[-1].state.weights)
    assert (more[-1].step, more[-1].test_loss) == (52, longer[-1].test_loss)


def test_the_learning_rate_changes_at_once_is_saved_and_survives(tiny, tiny_data):
    inbox, events, plain = Inbox(), [], replaced(tiny, {"train.optimizer": "sgd", "train.momentum": 0})
    running = train.train(plain, tiny_data, inbox)
    while len(only(Step, events)) < 2:
        events.extend(next(running))
    inbox.put(SetLearningRate(1e-30))
    intervention, checkpoint = next(running)
    assert intervention == Intervention(2, "train.learning_rate", 1e-30)
    assert checkpoint.step == 2 and checkpoint.state.values["interventions"] == [
        {"step": 2, "field": "train.learning_rate", "value": 1e-30}]
    after = only(Checkpoint, [event for turn in running for event in turn])[-1].state
    assert same(after.weights, checkpoint.state.weights), "this learning rate moves nothing"
    resumed = only(Checkpoint, run(plain, tiny_data, checkpoint=written(checkpoint.state)))[-1].state
    assert same(resumed.weights, checkpoint.state.weights)
    assert resumed.values["learning_rate"] == 1e-30 and len(resumed.values["interventions"]) == 1


@pytest.mark.parametrize(("command", "kinds"), [
    (SaveNow(), [Checkpoint]), (SetLearningRate(0.5), [Intervention, Checkpoint]),
    (MoreEpochs(2), [Intervention, Checkpoint]), (Stop(), [Checkpoint, Finished]), ("for somebody else", [])])
def test_a_command_is_answered_without_a_batch(tiny, tiny_data, command, kinds):
    inbox, events = Inbox(), []
    running = train.train(tiny, tiny_data, inbox)
    while not only(Step, events):
        events.extend(next(running))
    inbox.put(command)
    inbox.put(command)
    assert [type(event) for event in next(running)] == kinds
    assert inbox.peek() == command, "one command a turn"


def test_a_stop_before_the_first_turn_still_saves(tiny, tiny_data):
    events = run(tiny, tiny_data, Stop())
    assert [type(event) for event in events] == [Snapshot, Checkpoint, Finished]
    assert events[-1].reason == "stopped" and events[-1].training_loss is None and events[-1].best_step is None
    assert losses(run(tiny, tiny_data, checkpoint=events[1].state)) == losses(run(tiny, tiny_data))


def test_more_epochs_during_the_last_test_put_it_off(tiny, tiny_data):
    inbox, events = Inbox(), []
    for turn in train.train(tiny, tiny_data, inbox, pacing=Pacing(chunk_numbers=1)):
        events.extend(turn)
        testing = not turn and isinstance(events[-1], Evaluation) and events[-1].step == 12
        if testing and inbox.empty():
            inbox.put(MoreEpochs(1))
    longer = run(replaced(tiny, {"train.epochs": 4}), tiny_data, pacing=Pacing(chunk_numbers=1))
    assert only(Intervention, events) == [Intervention(12, "train.epochs", 4)]
    assert events[-1].test_loss == longer[-1].test_loss and losses(events) == losses(longer)


@pytest.mark.parametrize("make", [lambda: SetLearningRate(0.0), lambda: SetLearningRate(math.nan),
                                  lambda: MoreEpochs(0)])
def test_an_impossible_command_is_refused_where_it_is_made(make):
    with pytest.raises(ValueError, match="use"):
        make()


def test_the_inbox_loses_nothing_between_threads():
    inbox, taken = Inbox(), []
    threads = [threading.Thread(target=lambda n=n: [inbox.put((n, i)) for i in range(500)]) for n in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) or not inbox.empty():
        command = inbox.take()
        if command is not None:
            taken.append(command)
    assert sorted(taken) == [(n, i) for n in range(4) for i in range(500)]
    assert all([i for m, i in taken if m == n] == list(range(500)) for n in range(4)), "in order"
    assert inbox.take() is None and inbox.peek() is None


# Pacing


class Clock:
    """A clock that moves when it is told, and by a second at every batch."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(train.time, "monotonic", lambda: self.now)


def paced(experiment, data, clock, seconds_per_turn, **options):
    """Events of a run whose turns are so far apart."""
    events = []
    for turn in train.train(experiment, data, Inbox(), **options):
        events.extend(turn)
        clock.now += seconds_per_turn
    return events


def test_checkpoints_come_at_most_every_5_s_at_epoch_ends(tiny, tiny_data, monkeypatch):
    experiment = replaced(tiny, {"train.epochs": 8})
    events = paced(experiment, tiny_data, Clock(monkeypatch), 1.1)
    # An epoch takes four turns of batches and three of evaluation, so 5 s have always passed.
    assert [c.step for c in only(Checkpoint, events)] == [0, 4, 8, 12, 16, 20, 24, 28, 32]
    events = paced(experiment, tiny_data, Clock(monkeypatch), 0.3)
    # 2.1 s an epoch: every third, and the last.
    assert [c.step for c in only(Checkpoint, events)] == [0, 12, 24, 32]


def test_a_checkpoint_is_never_older_than_60_s(tiny, tiny_data, monkeypatch):
    events = paced(replaced(tiny, {"train.batch_size": 1, "train.epochs": 1}), tiny_data, Clock(monkeypatch), 7.0)
    steps = [c.step for c in only(Checkpoint, events)]
    assert len(steps) > 6 and max(b - a for a, b in pairwise(steps)) <= 9
    assert any(step % 64 for step in steps)


def test_pauses_do_not_count_as_time(tiny, tiny_data, monkeypatch):
    assert paced(tiny, tiny_data, Clock(monkeypatch), 3600.0)[-1].elapsed_s == 0


def test_a_best_checkpoint_that_came_too_soon_is_saved_before_the_next(tiny, tiny_data):
    inbox, events = Inbox(), []
    restless = replaced(tiny, {"train.epochs": 12, "train.learning_rate": 0.3})
    for turn in train.train(restless, tiny_data, inbox):
        events.extend(turn)
        if only(Evaluation, turn) and not any(isinstance(e, Checkpoint) for e in turn):
            inbox.put(SaveNow())
    saved, worse = set(), 0
    for checkpoint in only(Checkpoint, events):
        best = checkpoint.state.values["best_step"]
        worse += best != checkpoint.step
        assert checkpoint.best == (best == checkpoint.step)
        saved.add(checkpoint.step)
        assert best in saved, "the best one is durable before a later one speaks of it"
    assert worse, "this learning rate should make some epochs worse"


def test_the_best_of_a_quick_run_is_saved_though_no_time_passed(tiny, tiny_data):
    restless = replaced(tiny, {"train.epochs": 12, "train.learning_rate": 0.3})
    events = run(restless, tiny_data, pacing=Pacing(checkpoint_s=1e9))
    found = [(checkpoint.step, checkpoint.best) for checkpoint in only(Checkpoint, events)]
    assert found == [(0, True), (events[-1].best_step, True), (48, False)]


# Batches


@pytest.mark.parametrize(("images", "size", "expected"), [
    (1, 16, [1]), (2, 16, [2]), (15, 16, [15]), (17, 16, [17]), (33, 16, [16, 17]), (34, 16, [16, 16, 2])])
def test_a_last_batch_of_one_joins_the_one_before_where_it_is_normalized(tiny, images, size, expected, monkeypatch):
    seen = []
    original = model.Autoencoder.forward

    def forward(self, batch):
        if self.training:
            seen.append(len(batch))
        return original(self, batch)

    monkeypatch.setattr(model.Autoencoder, "forward", forward)
    experiment = replaced(tiny, {"train.batch_size": size, "train.epochs": 1, "model.encoder": [
        Convolution(channels=4, stride=2, padding=1, batch_normalization=True)]})
    events = run(experiment, small_dataset(training=images))
    assert seen == expected and isinstance(events[-1], Finished)
    seen.clear()
    run(replaced(experiment, {"model.encoder.0.batch_normalization": False}), small_dataset(training=images))
    assert sum(seen) == images and max(seen) <= size


def test_every_image_is_seen_once_an_epoch_in_a_new_order(tiny, tiny_data, monkeypatch):
    seen = []
    original = model.Autoencoder.forward
    monkeypatch.setattr(model.Autoencoder, "forward", lambda self, batch: (
        seen.extend(batch.flatten(1).tolist()) if self.training else None) or original(self, batch))
    run(replaced(tiny, {"train.epochs": 2}), tiny_data)
    everything = sorted((tiny_data.training.images.flatten(1).float() / 255).tolist())
    assert sorted(seen[:64]) == everything and sorted(seen[64:]) == everything
    assert seen[:64] != seen[64:]


def test_evaluation_images_are_always_the_same_few(tiny, tiny_data, monkeypatch):
    seen = []
    original = model.Autoencoder.forward
    monkeypatch.setattr(model.Autoencoder, "forward", lambda self, batch: (
        None if self.training else seen.append(batch.clone())) or original(self, batch))
    run(replaced(tiny, {"train.epochs": 1, "train.evaluation_images": 5}), tiny_data)
    training, validation, *rest = seen
    assert len(training) == len(validation) == 5
    assert torch.equal(rest[0], training) and torch.equal(rest[1], validation)
    assert len(rest[2]) == 16, "the test is not sampled"


# Device and precision


def test_the_run_sets_its_own_number_of_threads(tiny, tiny_data):
    torch.set_num_threads(2)
    next(train.train(tiny, tiny_data, Inbox(), threads=1))
    assert torch.get_num_threads() == 1


def test_half_precision_learns_about_the_same_and_keeps_single_weights(tiny, tiny_data):
    exact, rough = (run(replaced(tiny, {"train.precision": p}), tiny_data) for p in ("float32", "bfloat16"))
    assert losses(rough) != losses(exact)
    assert losses(rough) == pytest.approx(losses(exact), rel=0.05)
    assert {t.dtype for t in rough[-2].state.weights.values()} == {torch.float32}


def test_cross_entropy_trains_in_half_precision(tiny, tiny_data):
    events = run(replaced(tiny, {"train.precision": "bfloat16", "train.loss": "bce"}), tiny_data)
    assert losses(events)[-1] < losses(events)[0]


def in_long_turns(experiment, data, turn_s):
    """Turns of a job that reads losses once a turn, as on CUDA."""
    job = train.Job(experiment, data, torch.device("cpu"), None, None, Pacing(turn_s=turn_s))
    job._one_by_one = False
    while not job.over:
        yield job.advance(None)


def test_turns_of_many_batches_end_where_something_is_due_and_learn_the_same(tiny, tiny_data):
    experiment = replaced(tiny, {"train.batch_size": 1, "train.epochs": 2, "train.evaluate_every": 50})
    events = [event for turn in in_long_turns(experiment, tiny_data, 1e9) for event in turn]
    assert [step.step for step in only(Step, events)] == [1, 20, 40, 50, 64, 100, 128]
    single = run(experiment, tiny_data)
    assert losses(events) == losses(single)
    assert [(type(e), e.step) for e in events if not isinstance(e, Step)] == [
        (type(e), e.step) for e in single if not isinstance(e, Step)]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_gpu_learns_like_the_processor_and_its_snapshots_are_on_the_host(tiny, tiny_data, precision):
    experiment = replaced(tiny, {"train.precision": precision})
    there, here = run(experiment, tiny_data, device="cuda"), run(experiment, tiny_data)
    assert losses(there) == pytest.approx(losses(here), rel=0.05)
    assert {t.device.type for t in there[-2].state.tensors.values()} == {"cpu"}
    state = written(only(Checkpoint, there)[-1].state)
    assert isinstance(run(experiment, tiny_data, MoreEpochs(1), device="cuda", checkpoint=state)[-1], Finished)
    assert isinstance(run(experiment, tiny_data, MoreEpochs(1), checkpoint=state)[-1], Finished)


def test_a_network_of_every_kind_of_layer_is_trained(tiny_data):
    encoder = (Convolution(channels=3, padding=1, batch_normalization=True, pool_kernel=2),
               Linear(size=6, activation="tanh"))
    experiment = Experiment(data={"image_size": 8}, model=Model(encoder=encoder), train={"epochs": 2, "batch_size": 8})
    values = losses(run(experiment, tiny_data))
    assert len(values) == 16 and values[-1] < values[0]
