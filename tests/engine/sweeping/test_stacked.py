"""Trainings done together tell what they would have told alone: losses, ends, checkpoints; what differs is refused."""

from __future__ import annotations

import statistics

import pytest
import torch

from engine import data as datasets
from engine import train
from engine.blocks import Convolution, Linear
from engine.dataspec import Data
from engine.events import Checkpoint, Diverged, Evaluation, Finished, Snapshot, Step
from engine.experiment import Experiment, Model, Train, replaced, to_toml
from engine.inbox import Inbox, MoreEpochs
from engine.learning.progress import SHUFFLE
from engine.runfiles.records import application_version
from engine.sweeping import stacked
from engine.sweeping.piece import PackedState, Piece, Refused, unpacked, work
from engine.sweeping.stacked import train_together, work_together
from tests.conftest import small_dataset

CPU = torch.device("cpu")
PACING = train.Pacing(checkpoint_s=float("inf"), longest_s=float("inf"))
DENSE = Experiment(model=Model(encoder=(Linear(size=32),)), train=Train(batch_size=50, epochs=4))
CONVOLUTIONAL = replaced(DENSE, {"model.encoder": [
    Convolution(channels=4, stride=2, padding=1), Convolution(channels=6, padding=1, pool_kernel=2), Linear(size=8)]})
NETWORKS = {"dense": DENSE, "convolutional": CONVOLUTIONAL}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """The machine is shared, and small networks are fastest so."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def images():
    """500 training images of 28×28."""
    return small_dataset(500, 100, 100, side=28)


def cells(base, *changes):
    """An experiment for each of these changes of a base."""
    return [replaced(base, one) for one in changes]


def together(experiments, images):
    """All events of each experiment."""
    turns = list(train_together(experiments, images, CPU))
    return [[event for turn in turns for event in turn[place]] for place in range(len(experiments))]


def alone(experiment, images, checkpoint=None, *commands):
    """All events of a training of its own, with the pacing of a piece."""
    inbox = Inbox()
    for command in commands:
        inbox.put(command)
    events = train.train(experiment, images, inbox, pacing=PACING, checkpoint=checkpoint)
    return [event for turn in events for event in turn]


def only(kind, events):
    """The events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def losses(events):
    """The loss of every batch."""
    return [loss for step in only(Step, events) for loss in step.losses]


def outline(events):
    """What was told when; of the snapshots only the first and the last, and every batch for itself."""
    told = [(type(event).__name__, event.step) for event in events if not isinstance(event, Step)]
    kept = [event.step for event in only(Snapshot, events)]
    return [one for one in told if one[0] != "Snapshot" or one[1] in (kept[0], kept[-1])]


# The same as alone


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
@pytest.mark.parametrize("network", NETWORKS)
def test_without_dropout_the_losses_are_those_of_one_after_another(network, optimizer, images):
    base = replaced(NETWORKS[network], {"train.optimizer": optimizer})
    chosen = cells(base, {"train.learning_rate": 0.001, "train.momentum": 0.0, "train.weight_decay": 0.01},
                   {"train.learning_rate": 0.002}, {"train.learning_rate": 0.001, "train.seed": 3})
    for told, experiment in zip(together(chosen, images), chosen, strict=True):
        expected = alone(experiment, images)
        assert outline(told) == outline(expected)
        assert losses(told)[:20] == pytest.approx(losses(expected)[:20], abs=1e-5, rel=0)
        assert len(losses(told)) == 40
        assert told[-1].elapsed_s >= only(Step, told)[0].elapsed_s > 0 and told[-1].images_per_second > 0
        for field in ("training_loss", "validation_loss", "test_loss"):
            assert getattr(told[-1], field) == pytest.approx(getattr(expected[-1], field), rel=0.01)
        means = [[one.running_loss for one in only(Evaluation, events)][1:] for events in (told, expected)]
        assert means[0] == pytest.approx(means[1], rel=0.01)


def test_batch_normalization_has_averages_of_each_cell(images):
    base = replaced(CONVOLUTIONAL, {"train.optimizer": "sgd", "model.encoder.0.batch_normalization": True})
    chosen = cells(base, {"train.learning_rate": 0.01}, {"train.learning_rate": 0.1}, {"train.seed": 1})
    for told, experiment in zip(together(chosen, images), chosen, strict=True):
        expected = alone(experiment, images)
        assert losses(told)[:20] == pytest.approx(losses(expected)[:20], abs=1e-5, rel=0)
        ours, theirs = (only(Snapshot, events)[-1].weights for events in (told, expected))
        assert ours.keys() == theirs.keys()
        for name in ("encoder.0.normalization.running_var", "encoder.0.normalization.num_batches_tracked"):
            torch.testing.assert_close(ours[name], theirs[name], rtol=1e-3, atol=1e-5)


def test_cells_of_one_seed_share_their_batches(images):
    chosen = cells(DENSE, {"train.learning_rate": 0.001}, {"train.learning_rate": 0.004})
    for told, experiment in zip(together(chosen, images), chosen, strict=True):
        assert losses(told) == pytest.approx(losses(alone(experiment, images)), abs=1e-5, rel=0)


def test_each_seed_has_its_own_weights_and_order(images):
    chosen = cells(DENSE, *({"train.seed": seed} for seed in (0, 1, 1, 2)))
    told = [losses(events) for events in together(chosen, images)]
    assert told[1] == pytest.approx(told[2], abs=1e-6)
    for ours, experiment in zip(told, chosen, strict=True):
        assert ours[:20] == pytest.approx(losses(alone(experiment, images))[:20], abs=1e-5, rel=0)


def test_evaluations_inside_an_epoch_and_of_a_sample_are_the_same(images):
    base = replaced(DENSE, {"train.evaluate_every": 4, "train.evaluation_images": 60, "train.epochs": 2,
                            "train.learning_rate": 0.01})
    chosen = cells(base, {"train.momentum": 0.5}, {"train.weight_decay": 0.1})
    for told, experiment in zip(together(chosen, images), chosen, strict=True):
        expected = alone(experiment, images)
        assert outline(told) == outline(expected)
        assert [(one.step, one.validation_loss) for one in only(Evaluation, told)] == [
            (one.step, pytest.approx(one.validation_loss, rel=1e-3)) for one in only(Evaluation, expected)]


def test_snapshots_are_of_the_ends_and_of_epochs_to_keep_and_no_epochs_are_a_training_too(images):
    kept, = together([replaced(DENSE, {"train.keep": (2,)})], images)
    assert [snapshot.step for snapshot in only(Snapshot, kept)] == [0, 20, 40]
    none = replaced(DENSE, {"train.epochs": 0})
    for told in together([none, none], images):
        assert outline(told) == outline(alone(none, images))


def test_with_dropout_the_means_over_cells_agree(images):
    base = replaced(DENSE, {"model.encoder.0.dropout": 0.2, "train.epochs": 8})
    chosen = cells(base, *({"train.seed": seed} for seed in range(8)))
    for field in ("training_loss", "validation_loss"):
        told, expected = (statistics.mean(getattr(events[-1], field) for events in both) for both in (
            together(chosen, images), [alone(experiment, images) for experiment in chosen]))
        assert told == pytest.approx(expected, rel=0.02)


def test_dropout_is_a_number_of_each_cell_and_0_among_them(images):
    chosen = cells(DENSE, *({"model.encoder.0.dropout": share} for share in (0.0, 0.3, 0.6)))
    none, some, much = together(chosen, images)
    assert losses(none) == pytest.approx(losses(alone(chosen[0], images)), abs=1e-5, rel=0)
    expected = [losses(alone(experiment, images)) for experiment in chosen]
    for told, wanted in zip((none, some, much), expected, strict=True):
        assert statistics.mean(losses(told)) == pytest.approx(statistics.mean(wanted), rel=0.02)
    assert only(Snapshot, some)[-1].weights.keys() == only(Snapshot, none)[-1].weights.keys()


# Ends


def test_a_cell_that_diverges_ends_and_disturbs_no_other(images):
    base = replaced(DENSE, {"train.optimizer": "sgd", "model.output": "none"})
    calm = [{"train.learning_rate": 0.01}, {"train.learning_rate": 0.05}]
    undisturbed = together(cells(base, *calm), images)
    first, wild, second = together(cells(base, calm[0], {"train.learning_rate": 1e6}, calm[1]), images)
    expected = alone(replaced(base, {"train.learning_rate": 1e6}), images)
    assert isinstance(wild[-1], Diverged) and (wild[-1].step, wild[-1].kept_step) == (
        expected[-1].step, expected[-1].kept_step)
    assert [c.step for c in only(Checkpoint, wild)] == [0]
    for told, wanted in zip((first, second), undisturbed, strict=True):
        assert isinstance(told[-1], Finished) and losses(told) == pytest.approx(losses(wanted), abs=1e-6, rel=0)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
@pytest.mark.parametrize("network", NETWORKS)
def test_the_last_checkpoint_goes_on_alone(network, optimizer, images):
    base = replaced(NETWORKS[network], {"train.optimizer": optimizer, "train.learning_rate": 0.0003})
    long = cells(base, {}, {"train.seed": 1, "train.momentum": 0.0})
    short = [replaced(one, {"train.epochs": 2}) for one in long]
    for experiment, told, longer in zip(short, together(short, images), together(long, images), strict=True):
        state, other = (only(Checkpoint, events)[-1].state for events in (told, alone(experiment, images)))
        assert state.tensors.keys() == other.tensors.keys() and state.values.keys() == other.values.keys()
        assert torch.equal(state.tensors[SHUFFLE], other.tensors[SHUFFLE])
        went_on = losses(alone(experiment, images, state, MoreEpochs(2)))
        assert went_on[:10] == pytest.approx(losses(longer)[20:30], abs=1e-5, rel=0)
        assert went_on == pytest.approx(losses(longer)[20:], rel=0.01)


# Pieces


@pytest.fixture(scope="module")
def few_digits(tmp_path_factory):
    """A data folder, and a small experiment on some built-in digits."""
    spec = Data(training_images=500, image_size=8)
    return tmp_path_factory.mktemp("data"), replaced(DENSE, {
        "data.training_images": 500, "data.image_size": 8, "train.epochs": 2, "train.evaluation_images": 100}), spec


def piece_of(few_digits, changes=None, **options):
    """A whole training as a piece."""
    folder, experiment, _ = few_digits
    return Piece(**{"experiment": to_toml(replaced(experiment, changes or {})), "data_dir": str(folder),
                    "fingerprint": "", "until_epoch": 2, "version": application_version(), **options})


def counted(monkeypatch):
    """How many experiments each call of train_together had."""
    sizes, real = [], train_together

    def counting(experiments, *others):
        sizes.append(len(experiments))
        return real(experiments, *others)

    monkeypatch.setattr(stacked, "train_together", counting)
    return sizes


def test_pieces_are_answered_in_order_whole_ones_together_and_others_alone(few_digits, monkeypatch):
    sizes = counted(monkeypatch)
    rates = [{"train.learning_rate": rate} for rate in (0.001, 0.002, 0.003)]
    half = piece_of(few_digits, until_epoch=1)
    pieces = [piece_of(few_digits, rates[0]), half, piece_of(few_digits, rates[1]), piece_of(few_digits, version="0"),
              piece_of(few_digits, rates[2])]
    answers = work_together(pieces, "cpu")
    assert sizes == [3]
    assert isinstance(answers[3], Refused) and answers[3].code == "sweep.version"
    assert (answers[1].epochs, answers[0].epochs) == (1.0, 2.0)
    for place in (0, 2, 4):
        expected = work(pieces[place])
        ours, theirs = ([event for turn in answer.turns for event in turn] for answer in (answers[place], expected))
        assert outline([unpacked(event) for event in ours]) == outline([unpacked(event) for event in theirs])
        assert ours[-1].validation_loss == pytest.approx(theirs[-1].validation_loss, rel=0.01)
        assert answers[place].fingerprint == expected.fingerprint
        assert abs(answers[place].picture.astype(int) - expected.picture.astype(int)).max() <= 2
        assert unpacked(next(event for event in ours if isinstance(event, PackedState))).step == 0


def test_halves_are_done_where_memory_is_short(few_digits, monkeypatch):
    sizes, real = [], train_together

    def short(experiments, *others):
        sizes.append(len(experiments))
        if len(experiments) > 2:
            raise torch.OutOfMemoryError("out of memory")
        return real(experiments, *others)

    monkeypatch.setattr(stacked, "train_together", short)
    pieces = [piece_of(few_digits, {"train.seed": seed, "train.evaluation_images": 0}) for seed in range(4)]
    answers = work_together(pieces, "cpu")
    assert sizes == [4, 2, 2] and len({answer.turns[-1][-1].validation_loss for answer in answers}) == 4


def test_other_images_and_a_broken_training_are_refused_one_by_one(few_digits):
    others = [piece_of(few_digits, {"train.seed": seed}, fingerprint="other") for seed in (0, 0)]
    assert [answer.code for answer in work_together(others, "cpu")] == ["sweep.images", "sweep.images"]
    torn = piece_of(few_digits, experiment="[")
    assert [type(answer) for answer in work_together([torn, torn], "cpu")] == [Refused, Refused]
    assert work_together([], "cpu") == []


def test_a_group_that_fails_is_done_one_after_another(few_digits, monkeypatch):
    def failing(*_):
        raise ValueError("no")

    monkeypatch.setattr(stacked, "train_together", failing)
    answers = work_together([piece_of(few_digits), piece_of(few_digits, {"train.learning_rate": 0.1})], "cpu")
    assert [answer.epochs for answer in answers] == [2.0, 2.0]
    assert datasets.load(few_digits[2], few_digits[0]).fingerprint == answers[0].fingerprint
