"""Training as a generator of events: it contains the work and nothing else."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile
from typing import Any, Literal

import torch
from torch import Tensor

from engine import device as devices
from engine.data import Dataset
from engine.device import OutOfMemory
from engine.events import Checkpoint, Diverged, Evaluation, Event, Finished, Intervention, Snapshot, State, Step
from engine.experiment import Experiment
from engine.inbox import Inbox, MoreEpochs, SaveNow, SetLearningRate, Stop
from engine.learning.batches import Batches
from engine.learning.classifying import ClassifierLearner, learner_for
from engine.learning.evaluate import Evaluator, Measured, code_room, targets_of
from engine.learning.learner import finite
from engine.learning.progress import Pacing, Progress, Speed, capture, restore
from engine.learning.trainable import TrainingError, require_encoder, require_labels, require_trainable

__all__ = ["Checkpoint", "Diverged", "Evaluation", "Event", "Finished", "Inbox", "Intervention", "MoreEpochs",
           "OutOfMemory", "Pacing", "SaveNow", "SetLearningRate", "Snapshot", "State", "Step", "Stop", "TrainingError",
           "train"]

Events = tuple[Event, ...]
EARLY = (20, 40)
"""Batches of the first epoch after which a snapshot is kept: how the first strokes appear."""


def train(experiment: Experiment, data: Dataset, inbox: Inbox, *, device: str = "cpu", threads: int | None = None,
          checkpoint: State | None = None, live_interval_s: float | None = None,
          pacing: Pacing | None = None, encoder: Mapping[str, Tensor] | None = None) -> Iterator[Events]:
    """Train, or go on from a checkpoint: one batch a turn on the CPU; before each turn one command is obeyed.

    ``encoder``: the weights that a probe or a fine-tuning begins with.
    Raises OutOfMemory, TrainingError, device.DeviceError, model.WeightsError, experiment.ExperimentError.
    """
    chosen = devices.choose(device)
    if threads:
        torch.set_num_threads(threads)
    try:
        job = Job(experiment, data, chosen, checkpoint, live_interval_s, pacing or Pacing(), encoder)
        while not job.over:
            yield job.advance(inbox.take())
        return
    except (RuntimeError, MemoryError) as error:
        if not devices.is_out_of_memory(error):
            raise
    # Only here is the exception gone, and with it the frames that held the tensors.
    job = None  # type: ignore[assignment]
    devices.release(chosen)
    raise OutOfMemory(experiment.train.batch_size, chosen.type)


class _NotFinite(Exception):
    """A loss, or a weight (NaN then), is not finite at a step."""

    def __init__(self, step: int, loss: float = math.nan) -> None:
        super().__init__(step, loss)
        self.step, self.loss = step, loss


class Job:
    """One run at work: what comes next follows from its progress alone, so that it can be left anywhere."""

    def __init__(self, experiment: Experiment, data: Dataset, device: torch.device, checkpoint: State | None,
                 live_interval_s: float | None, pacing: Pacing, encoder: Mapping[str, Tensor] | None = None) -> None:
        require_trainable(experiment, len(data.training.images), checkpoint)
        require_labels(experiment, data)
        require_encoder(experiment, encoder is not None or checkpoint is not None)
        torch.manual_seed(experiment.train.seed)
        self.pacing, self._every, self._tests = pacing, experiment.train.evaluate_every, data.independent_test
        self._epochs_between = experiment.train.epochs_between
        self.learner = learner_for(experiment, device)
        if encoder is not None and isinstance(self.learner, ClassifierLearner):
            self.learner.take_encoder(encoder)
        self._unencoded = data.training.inputs if self.learner.learns_from_codes else None
        """The images of a probe until their codes are there: computed once, in eval mode."""
        inputs = data.training.inputs if self._unencoded is None else code_room(self.learner, len(data.training))
        targets = targets_of(experiment, data.training)
        self.batches = Batches(experiment, inputs, targets, device, self.learner.memory_format)
        self.evaluator = Evaluator(experiment, data, self.learner, pacing)
        if not self.batches.noise.draws:  # else what is learnt from is not what is measured
            self.evaluator.share("training", self.batches.inputs, self.batches.targets)
        self.progress = Progress(experiment.train.epochs, experiment.train.learning_rate)
        if checkpoint is not None:
            self.progress = restore(checkpoint, self.learner, self.batches)
        self.over = False
        self._one_by_one = device.type == "cpu"
        """Whether a turn is one batch, whose loss is looked at at once; elsewhere that would make the device wait."""
        self._fresh = checkpoint is None
        self._live_interval_s = live_interval_s
        self._turn_s = self._saved_s = self._shown_s = time.monotonic()
        self._kept_step = self.progress.step
        self._speed = Speed()
        self._measuring: Iterator[Events] | None = None
        self._best: Checkpoint | None = None
        self._copy: tuple[int, dict[str, Tensor]] = (-1, {})

    def advance(self, command: Any) -> Events:
        """Obey a command, or do the next piece of work; a number that is not finite ends the run."""
        self._turn_s = time.monotonic()
        events: list[Event] = []
        try:
            events.extend(self._opening())
            for event in self._obey(command) if command is not None else self._work():
                events.append(event)
            events.extend(self._overdue())
        except _NotFinite as found:
            events.extend(self._diverged(found))
        self.progress.elapsed_s = self._elapsed_s()
        return tuple(events)

    def _opening(self) -> Iterator[Event]:
        """The untrained weights, first of all."""
        if self._fresh:
            self._fresh = False
            yield self._snapshot(kept=True)

    def _work(self) -> Iterator[Event]:
        """Encode what a probe learns from; evaluate where that is due, else learn, else test, else finish."""
        if self._unencoded is not None:
            yield from self._measure(self._encode)
        elif self._evaluation_due():
            yield from self._measure(self._evaluate)
        elif self.progress.step < self._last_step:
            yield from self._learn()
        elif self._tests and self.progress.tested_step != self.progress.step:
            yield from self._measure(self._test)
        else:
            yield from self._end("finished")

    def _obey(self, command: Any) -> Iterator[Event]:
        """Answer a command without computing a batch; those meant for others pass."""
        if isinstance(command, Stop):
            yield from self._end("stopped")
        elif isinstance(command, SetLearningRate):
            self.progress.learning_rate = command.value
            self.learner.set_learning_rate(command.value)
            yield from self._intervene("train.learning_rate", command.value)
        elif isinstance(command, MoreEpochs):
            self.progress.epochs += command.count
            self.progress.finished = False
            yield from self._intervene("train.epochs", self.progress.epochs)
        elif isinstance(command, SaveNow):
            yield from self._save()

    def _intervene(self, field: str, value: float | int) -> Iterator[Event]:
        """Note that a field changed, and save at once."""
        step = self.progress.step
        self.progress.interventions.append({"step": step, "field": field, "value": value})
        yield Intervention(step, field, value)
        yield from self._save()

    # Learning

    def _learn(self) -> Iterator[Event]:
        """One turn of batches, and the snapshot that is due after it."""
        self._measuring = None  # a test that more epochs made premature
        started, images = time.monotonic(), self.progress.trained_images
        losses = torch.stack([self._batch() for _ in range(self._batches_in_turn())]).tolist()
        seconds = time.monotonic() - started
        self._speed.add(len(losses), self.progress.trained_images - images, seconds)
        self.progress.trained_s += seconds
        yield from self._told(losses)
        if self._snapshot_due():
            yield self._snapshot(kept=True)
        elif self._live_interval_s is not None and time.monotonic() - self._shown_s >= self._live_interval_s:
            yield self._snapshot(kept=False)

    def _batch(self) -> Tensor:
        """Learn the next batch; its loss stays on the device."""
        progress, position = self.progress, self.progress.step % self.batches.per_epoch
        if position == 0:
            self.batches.shuffle()
            progress.loss_sum = 0.0
        loss = self.learner.loss(*self.batches[position])
        self.learner.update(loss)
        progress.step += 1
        progress.trained_images += self.batches.count(position)
        return loss.detach()

    def _told(self, losses: list[float]) -> Iterator[Event]:
        """The losses of a turn's batches, up to the first that is not finite."""
        progress, good = self.progress, tuple(takewhile(math.isfinite, losses))
        for loss in good:
            progress.loss_sum += loss
        step = progress.step - len(losses) + len(good)
        if good:
            epoch = (step - 1) // self.batches.per_epoch
            yield Step(step, epoch, good, self._elapsed_s(), self._speed.images_per_second)
        if len(good) < len(losses):
            raise _NotFinite(step + 1, losses[len(good)])

    def _batches_in_turn(self) -> int:
        """One on the CPU; elsewhere as many as fill the turn, but none past a step at which something is due."""
        if self._one_by_one:
            return 1
        step, periods = self.progress.step, [self.batches.per_epoch, *([self._every] if self._every else [])]
        left = [period - step % period for period in periods] + [early - step for early in EARLY if early > step]
        return max(1, min(*left, self._speed.batches_in(self.pacing.turn_s)))

    # Looking

    def _evaluation_due(self) -> bool:
        """At the end of an epoch, or every so many batches, unless it was done."""
        step, every = self.progress.step, self._every
        due = self._epoch_counts() or bool(every and step % every == 0)
        return due and self.progress.evaluated_step != step

    def _epoch_counts(self) -> bool:
        """Whether this is the end of an epoch after which one looks: every one, every so many, and the last."""
        step = self.progress.step
        return step % (self.batches.per_epoch * self._epochs_between) == 0 or step == self._last_step

    def _measure(self, measure: Callable[[], Iterator[Events]]) -> Iterator[Event]:
        """The next piece of an evaluation or test, or of encoding."""
        self._measuring = self._measuring or measure()
        yield from next(self._measuring)

    def _encode(self) -> Iterator[Events]:
        """The codes that a probe learns from; nothing for every piece."""
        assert self._unencoded is not None
        yield from self.evaluator.encode(self._unencoded, self.batches.inputs)
        self._measuring = self._unencoded = None
        yield ()

    def _evaluate(self) -> Iterator[Events]:
        """Training and validation loss; nothing for every piece, at last the Evaluation and its checkpoint."""
        training = yield from self.evaluator.measure("training")
        validation = yield from self.evaluator.measure("validation")
        self._measuring = None
        self._require_finite(training.loss, validation.loss)
        evaluation = self._evaluated(training, validation)
        yield (evaluation, *self._after_evaluation(validation.loss))

    def _evaluated(self, training: Measured, validation: Measured) -> Evaluation:
        """What was measured, noted."""
        progress, per_epoch = self.progress, self.batches.per_epoch
        progress.training_loss, progress.training_accuracy = training
        progress.validation_loss, progress.validation_accuracy = validation
        progress.evaluated_step = progress.step
        closed = progress.step > 0 and progress.step % per_epoch == 0
        running = progress.loss_sum / per_epoch if closed else None
        return Evaluation(progress.step, self._epoch, running, training.loss, validation.loss, self._elapsed_s(),
                          training.accuracy, validation.accuracy)

    def _test(self) -> Iterator[Events]:
        """The loss of images that no decision has seen; nothing for every piece."""
        test = yield from self.evaluator.measure("test")
        self._measuring = None
        self._require_finite(test.loss)
        self.progress.test_loss, self.progress.test_accuracy = test
        self.progress.tested_step = self.progress.step
        yield ()

    def _require_finite(self, *losses: float) -> None:
        for loss in losses:
            if not math.isfinite(loss):
                raise _NotFinite(self.progress.step, loss)

    # Saving

    def _after_evaluation(self, validation: float) -> Iterator[Event]:
        """Note the best; save after an epoch, but not too often: a best one in between is held until the next save."""
        progress = self.progress
        best = progress.best_loss is None or validation < progress.best_loss
        if best:
            progress.best_step, progress.best_loss = progress.step, validation
        if progress.step >= self._last_step:
            return  # the last checkpoint comes with the test loss
        pause = self._since(self._saved_s) < self.pacing.checkpoint_s and progress.step > 0
        if not pause and (best or progress.step % self.batches.per_epoch == 0):
            yield from self._save()
        elif best:
            self._best = self._checkpoint()

    def _overdue(self) -> Iterator[Event]:
        """A checkpoint when the last one is too long ago."""
        late = self._since(self._saved_s) >= self.pacing.longest_s
        if late and not self.over and self._kept_step < self.progress.step:
            yield from self._save()

    def _save(self) -> Iterator[Event]:
        """A checkpoint of now, after the best one if that was held back."""
        now = self._checkpoint()
        if self._best is not None and not now.best:
            yield self._best
        self._best = None
        self._saved_s, self._kept_step = time.monotonic(), now.step
        yield now

    def _checkpoint(self) -> Checkpoint:
        progress = dataclasses.replace(self.progress, elapsed_s=self._elapsed_s())
        state = capture(progress, self._weights(), self.learner, self.batches)
        return Checkpoint(self.progress.step, self._epoch, state, self.progress.best_step == self.progress.step)

    def _snapshot_due(self) -> bool:
        """After some batches of the first epoch, and after every epoch."""
        step, per_epoch = self.progress.step, self.batches.per_epoch
        return self._epoch_counts() or (step in EARLY and step < per_epoch)

    def _snapshot(self, kept: bool) -> Snapshot:
        self._shown_s = time.monotonic()
        return Snapshot(self.progress.step, self._epoch, self._weights(), kept)

    def _weights(self) -> dict[str, Tensor]:
        """Copies of the weights, taken once a step. Raises _NotFinite: nothing that is saved may be spoilt."""
        if self._copy[0] != self.progress.step:
            weights = self.learner.weights()
            if not finite(weights.values()):
                raise _NotFinite(self.progress.step)
            self._copy = self.progress.step, weights
        return self._copy[1]

    # Ending

    def _end(self, reason: Literal["finished", "stopped"]) -> Iterator[Event]:
        """A last checkpoint and the summary."""
        self.over, self.progress.finished = True, reason == "finished"
        yield from self._save()
        progress, per_epoch = self.progress, self.batches.per_epoch
        tested = progress.tested_step == progress.step
        test_loss, test_accuracy = (progress.test_loss, progress.test_accuracy) if tested else (None, None)
        best_epoch = None if progress.best_step is None else progress.best_step / per_epoch
        speed = progress.trained_images / progress.trained_s if progress.trained_s else 0.0
        yield Finished(progress.step, self._epoch, reason, progress.training_loss, progress.validation_loss, test_loss,
                       progress.best_step, best_epoch, self._elapsed_s(), speed, progress.training_accuracy,
                       progress.validation_accuracy, test_accuracy)

    def _diverged(self, found: _NotFinite) -> Iterator[Event]:
        """The end of a run whose numbers left the finite ones; what was good before is kept."""
        self.over = True
        if self._best is not None:
            self._kept_step = self._best.step
            yield self._best
        yield Diverged(found.step, found.loss, self.progress.learning_rate, self._kept_step)

    @property
    def _last_step(self) -> int:
        return self.progress.epochs * self.batches.per_epoch

    @property
    def _epoch(self) -> float:
        return self.progress.step / self.batches.per_epoch

    def _elapsed_s(self) -> float:
        """Time spent in turns; a pause between them does not count."""
        return self.progress.elapsed_s + self._since(self._turn_s)

    @staticmethod
    def _since(moment_s: float) -> float:
        return time.monotonic() - moment_s
