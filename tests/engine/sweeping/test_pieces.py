"""Pieces: how long they are, and what a worker makes of one, as a worker's function is called."""

import pytest

from engine import data, experiment, sweep
from engine.events import Evaluation, Finished
from engine.runfiles.records import application_version
from engine.sweeping import piece as pieces
from engine.sweeping.piece import Done, PackedState, Piece, Refused, unpacked, work
from engine.sweeping.pieces import PIECE_S, SHORT_EPOCHS, Pieces
from tests.engine.sweeping.small import BASE, NO_DATA, small

RATE = {"field": "train.learning_rate", "values": [0.1, 0.2]}


def long(epochs=100, **settings):
    """Two trainings of so many epochs, and the length of their pieces."""
    made = small(RATE, base={**BASE, "train": {**BASE["train"], "epochs": epochs}}, **settings)
    return sweep.trials(made), Pieces(made)


def done(epochs, took_s):
    """What a piece of so many epochs said."""
    return Done((), "", None, "worker", epochs, took_s)


def order(**changes):
    """The first piece of a tiny training."""
    (trial, _) = sweep.trials(small(RATE))
    return Piece(**{"experiment": experiment.to_toml(trial.experiment), "data_dir": str(NO_DATA), "fingerprint": "",
                    "until_epoch": 1, "version": application_version(), **changes})


# How long


def test_a_short_training_is_one_piece_and_of_a_long_one_the_speed_is_measured_first():
    (trial, _), length = long(SHORT_EPOCHS)
    assert length.until(trial, 0) == SHORT_EPOCHS
    (trial, _), length = long(100)
    assert length.until(trial, 0) == 1


def test_a_piece_takes_about_half_a_minute():
    (one, other), length = long(100)
    length.note(one, done(1, 2.0))
    assert length.until(one, 1) == 1 + PIECE_S / 2 and length.until(other, 0) == PIECE_S / 2
    length.note(other, done(1, 10.0))
    assert length.until(one, 16) == 16 + PIECE_S / 2 and length.until(other, 1) == 1 + PIECE_S / 10
    length.note(one, done(1, 1000.0))
    assert length.until(one, 31) == 32
    assert length.until(other, 99) == 100  # and no more than there are


def test_what_is_asked_for_is_kept_to_and_what_may_be_pruned_is_looked_at():
    (trial, _), length = long(100, piece_epochs=7)
    length.note(trial, done(7, 1e-9))
    assert length.until(trial, 0) == 7 and length.until(trial, 98) == 100
    (trial, _), length = long(100, pruning=True, method="tpe")
    assert length.until(trial, 0) == 10
    (trial, _), length = long(3, pruning=True, method="tpe")
    assert length.until(trial, 0) == 1


def test_a_piece_is_a_share_of_its_training():
    (trial, _), length = long(100)
    assert length.note(trial, done(25, 1.0)) == 0.25
    (trial, _), length = long(0)
    assert length.note(trial, done(0.0, 1.0)) == 1.0 and length.until(trial, 0) == 0


def test_a_piece_that_did_nothing_says_nothing_of_the_speed():
    (one, other), length = long(100)
    length.note(one, done(1, 2.0))
    length.note(other, done(0.0, 50.0))
    assert length.until(other, 0) == PIECE_S / 2


# What comes of one


def test_a_piece_ends_with_the_checkpoint_from_which_the_next_goes_on():
    first = work(order())
    assert isinstance(first, Done) and first.epochs == 1 and first.took_s > 0 and first.picture.shape == (8, 8)
    state = [event for turn in first.turns for event in turn if isinstance(event, PackedState)][-1]
    assert state.epoch == 1 and not [event for turn in first.turns for event in turn if isinstance(event, Finished)]
    second = work(order(until_epoch=2, from_epoch=1, checkpoint=state.state, fingerprint=first.fingerprint))
    assert isinstance(second, Done) and second.epochs == 1
    assert [event.reason for event in second.turns[-1] if isinstance(event, Finished)] == ["finished"]
    told = [unpacked(event) for answer in (first, second) for turn in answer.turns for event in turn]
    whole = [event for turn in work(order(until_epoch=2)).turns for event in turn]
    losses = [(event.step, event.validation_loss) for event in told if isinstance(event, Evaluation)]
    assert losses == [(event.step, event.validation_loss) for event in whole if isinstance(event, Evaluation)]


def test_a_worker_keeps_the_images_and_nothing_else(monkeypatch):
    work(order())
    (kept,) = pieces._images.values()
    seen = []
    real = data.load
    monkeypatch.setattr(data, "load", lambda *given: seen.append(real(*given)) or seen[-1])
    work(order())
    assert seen == [kept] and list(pieces._images.values()) == [kept]


def test_another_version_is_refused_by_name():
    answer = work(order(version="99.0"))
    assert isinstance(answer, Refused) and answer.code == "sweep.version" and answer.fatal
    assert "99.0" in answer.message and application_version() in answer.message and pieces.name() in answer.message


def test_other_images_are_refused_by_name():
    answer = work(order(fingerprint="another"))
    assert isinstance(answer, Refused) and answer.code == "sweep.images" and answer.fatal
    assert "digits" in answer.message and pieces.name() in answer.message


@pytest.mark.parametrize(("changes", "code", "fatal"), [
    ({"experiment": "not = [a"}, "", False), ({"experiment": 'data = {dataset = "mnist"}'}, "data.", True),
    ({"checkpoint": b"no checkpoint"}, "", False)])
def test_whatever_is_wrong_with_a_piece_is_an_answer(changes, code, fatal):
    answer = work(order(**changes))
    assert isinstance(answer, Refused) and answer.code.startswith(code) and answer.fatal == fatal
    assert answer.message and "\n" not in answer.message


def test_an_error_without_a_name_of_its_own_is_called_by_its_kind(monkeypatch):
    monkeypatch.setattr(data, "load", lambda *given: 1 // 0)
    answer = work(order())
    assert (answer.code, answer.fatal) == ("sweep.failed", False) and answer.message.startswith("ZeroDivisionError: ")
