"""What training does when numbers, memory or somebody's code fail it."""

import gc
import math
import traceback
import weakref

import pytest
import torch

from engine import model, train
from engine.blocks import Convolution, Linear
from engine.experiment import replaced
from engine.fields import ExperimentError, Remedy
from engine.inbox import Inbox, SaveNow
from engine.learning import learner
from engine.train import Checkpoint, Diverged, Evaluation, Finished, OutOfMemory, Pacing, Snapshot, Step, TrainingError
from tests.conftest import small_dataset
from tests.engine.test_train import in_long_turns, losses, only, run


@pytest.fixture(autouse=True)
def one_thread():
    """The machine is shared, and small networks are fastest so."""
    torch.set_num_threads(1)


def finite(tensors):
    """Whether nothing in these tensors is NaN or infinite."""
    return all(tensor.isfinite().all() for tensor in tensors.values())


def failing_loss(monkeypatch, at, value=math.inf):
    """Let the loss of training batch number ``at`` be this value, whatever the network does."""
    calls, original = [], learner.Learner.loss

    def loss(self, inputs, targets):
        calls.append(len(inputs))
        return original(self, inputs, targets) + (value if len(calls) == at else 0)

    monkeypatch.setattr(learner.Learner, "loss", loss)


# Numbers that leave the finite ones


def test_a_learning_rate_of_a_million_ends_the_run_before_anything_good_is_overwritten(tiny, tiny_data):
    wild = replaced(tiny, {"train.optimizer": "sgd", "train.learning_rate": 1e6, "train.epochs": 50,
                           "model.output": "none"})
    events = run(wild, tiny_data, pacing=Pacing(checkpoint_s=0, longest_s=0))
    end = events[-1]
    assert isinstance(end, Diverged) and not math.isfinite(end.loss) and end.learning_rate == 1e6
    assert end.kept_step == only(Checkpoint, events)[-1].step < end.step
    assert all(finite(event.state.tensors) for event in only(Checkpoint, events))
    assert all(finite(event.weights) for event in only(Snapshot, events))
    assert all(map(math.isfinite, losses(events))) and len(only(Diverged, events)) == 1 and not only(Finished, events)


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_a_loss_that_is_not_finite_is_found_at_its_batch(tiny, tiny_data, monkeypatch, value):
    expected = losses(run(tiny, tiny_data))
    failing_loss(monkeypatch, 7, value)
    events = run(tiny, tiny_data, pacing=Pacing(checkpoint_s=0))
    assert (events[-1].step, events[-1].kept_step) == (7, 4)
    assert losses(events) == expected[:6]


def test_a_turn_of_many_batches_tells_those_before_the_bad_one(tiny, tiny_data, monkeypatch):
    expected = losses(run(tiny, tiny_data))
    failing_loss(monkeypatch, 7)
    events = [event for turn in in_long_turns(tiny, tiny_data, 1e9) for event in turn]
    assert losses(events) == expected[:6] and events[-1].step == 7
    assert all(finite(event.state.tensors) for event in only(Checkpoint, events))


def test_weights_that_are_not_finite_are_never_saved(tiny, tiny_data, monkeypatch):
    original = learner.Learner.update

    def update(self, loss):
        original(self, loss)
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls == 8:
            next(self.model.parameters()).data.view(-1)[0] = math.inf

    monkeypatch.setattr(learner.Learner, "update", update)
    events = run(tiny, tiny_data, pacing=Pacing(checkpoint_s=0))
    assert [type(event) for event in events[-2:]] == [Step, Diverged]
    assert (events[-1].step, events[-1].kept_step) == (8, 4) and math.isnan(events[-1].loss)
    assert [event.step for event in only(Snapshot, events)] == [0, 4]


def test_an_evaluation_that_is_not_finite_ends_the_run(tiny, tiny_data, monkeypatch):
    original = learner.Learner.measured
    calls = []
    monkeypatch.setattr(learner.Learner, "measured", lambda self, inputs, targets: (
        calls.append(1) or ((math.nan, 0) if len(calls) > 2 else original(self, inputs, targets))))
    events = run(tiny, tiny_data)
    assert [event.step for event in only(Evaluation, events)] == [0]
    assert isinstance(events[-1], Diverged) and (events[-1].step, events[-1].kept_step) == (4, 0)


def test_a_best_checkpoint_that_waits_is_told_before_the_end(tiny, tiny_data, monkeypatch):
    failing_loss(monkeypatch, 7)
    events = run(tiny, tiny_data)
    checkpoint, diverged = events[-2:]
    assert isinstance(checkpoint, Checkpoint) and checkpoint.best and checkpoint.step == diverged.kept_step == 4


def test_a_save_on_demand_of_spoilt_weights_saves_nothing(tiny, tiny_data):
    inbox = Inbox()
    job = train.Job(tiny, tiny_data, torch.device("cpu"), None, None, Pacing())
    job.advance(inbox.take())
    next(job.learner.model.parameters()).data.fill_(math.nan)
    job.progress.step += 1
    assert [type(event) for event in job.advance(SaveNow())] == [Diverged] and job.over


# Memory


def out_of_memory(*_):
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def cannot_allocate(*_):
    """What torch really raises on this processor."""
    return torch.empty(2**58)


def python_cannot(*_):
    raise MemoryError


@pytest.mark.parametrize("failure", [out_of_memory, cannot_allocate, python_cannot])
def test_a_batch_that_does_not_fit_is_named_with_half_of_it(tiny, tiny_data, monkeypatch, failure):
    with monkeypatch.context() as patch:
        patch.setattr(model.Autoencoder, "forward", failure)
        with pytest.raises(OutOfMemory) as caught:
            run(tiny, tiny_data)
    error = caught.value
    assert str(error) == "Not enough memory for batch 16. Try 8."
    assert (error.code, error.values) == ("memory.cpu", {"batch_size": 16, "half": 8, "device": "cpu"})
    assert error.remedy == Remedy("Try 8", {"train.batch_size": 8})
    again = run(replaced(tiny, error.remedy.changes), tiny_data)
    assert isinstance(again[-1], Finished), "without a restart"


def test_running_out_of_memory_gives_the_memory_back(tiny, tiny_data, monkeypatch):
    models = []
    build = model.build
    monkeypatch.setattr(model, "build", lambda experiment: models.append(weakref.ref(m := build(experiment))) or m)
    monkeypatch.setattr(model.Autoencoder, "forward", out_of_memory)
    with pytest.raises(OutOfMemory) as caught:
        run(tiny, tiny_data)
    assert models and all(reference() is None for reference in models), "even while the error is held"
    assert "Tried to allocate" not in "".join(traceback.format_exception(caught.value))


def test_one_image_that_does_not_fit_has_no_half(tiny, tiny_data, monkeypatch):
    monkeypatch.setattr(model.Autoencoder, "forward", out_of_memory)
    with pytest.raises(OutOfMemory, match="Make the model or the images smaller") as caught:
        run(replaced(tiny, {"train.batch_size": 1}), tiny_data)
    assert caught.value.remedy is None


# Other people's code, and settings that cannot be


@pytest.mark.parametrize("failure", [ValueError("my loss is broken"), RuntimeError("shapes do not match")])
def test_an_error_in_a_loss_comes_out_as_it_is_and_leaves_nothing_behind(tiny, tiny_data, monkeypatch, failure):
    def broken(outputs, images):
        raise failure

    monkeypatch.setitem(learner.LOSSES, "mse", broken)
    with pytest.raises(type(failure), match=str(failure)):
        run(tiny, tiny_data)
    monkeypatch.undo()
    assert isinstance(run(tiny, tiny_data)[-1], Finished)


@pytest.mark.parametrize(("size", "images"), [(1, 8), (16, 1)])
def test_one_number_per_batch_cannot_be_normalized(tiny, size, images):
    experiment = replaced(tiny, {"train.batch_size": size, "model.encoder": [Linear(size=4, batch_normalization=True)]})
    with pytest.raises(TrainingError, match="needs at least 2 images per batch") as caught:
        run(experiment, small_dataset(training=images))
    assert caught.value.code == "train.batch_of_one" and caught.value.values == {"batch_size": size, "images": images}


def test_maps_of_more_than_one_pixel_are_normalized_even_alone(tiny):
    experiment = replaced(tiny, {"train.batch_size": 1, "train.epochs": 1, "model.encoder": [
        Convolution(channels=4, stride=2, padding=1, batch_normalization=True)]})
    assert isinstance(run(experiment, small_dataset(training=3))[-1], Finished)


def test_no_images_and_layers_that_do_not_fit_are_refused_before_the_first_event(tiny, tiny_data):
    with pytest.raises(TrainingError, match="no training images"):
        run(tiny, small_dataset(training=0))
    with pytest.raises(ExperimentError, match="kernel 9 does not fit"):
        run(replaced(tiny, {"model.encoder": [Convolution(kernel=9)]}), tiny_data)


def test_a_checkpoint_of_other_images_or_another_model_is_refused(tiny, tiny_data):
    state = only(Checkpoint, run(tiny, tiny_data))[-1].state
    with pytest.raises(TrainingError, match="made with 64 training images in 4 batches; now there are 50 in 4"):
        run(tiny, small_dataset(training=50), checkpoint=state)
    with pytest.raises(TrainingError, match="in 4 batches; now there are 64 in 8"):
        run(replaced(tiny, {"train.batch_size": 8}), tiny_data, checkpoint=state)
    with pytest.raises(model.WeightsError, match=r"encoder.1 is 9×64, file has 8×64"):
        run(replaced(tiny, {"model.encoder.1.size": 9}), tiny_data, checkpoint=state)


def test_closing_the_generator_ends_it_quietly(tiny, tiny_data):
    running = train.train(tiny, tiny_data, Inbox())
    next(running)
    running.close()
    gc.collect()
    assert list(running) == []
