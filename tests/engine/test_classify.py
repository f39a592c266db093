"""Classifiers: what is learnt and what stays, exact resume, the encoder they begin with, budgets, refusals."""

import dataclasses
import math
import shutil

import pytest
import torch
import torch.nn.functional as F

from engine import classify, device, encoders, forecast, job, model, runs, shapes, train
from engine import data as datasets
from engine.answers import QuestionError
from engine.blocks import Convolution, Linear
from engine.data import Split
from engine.dataspec import Data
from engine.experiment import Classifier, from_toml, replaced, to_toml
from engine.explore import confusion, reconstruct
from engine.fields import ExperimentError
from engine.inbox import Inbox, MoreEpochs, SetLearningRate, Stop
from engine.job import Order, Started
from engine.learning.classifying import ClassifierLearner
from engine.learning.epochs import batches_per_epoch, training_images
from engine.learning.trainable import TrainingError
from engine.runfiles.notices import DamagedFile, RunError
from engine.train import Checkpoint, Evaluation, Finished, Intervention, Pacing, Snapshot, Step
from tests.conftest import small_dataset

STRATEGIES = ("probe", "fine-tune", "scratch")
PACING = Pacing(checkpoint_s=0.0, longest_s=0.0)


@pytest.fixture(autouse=True)
def one_thread():
    """The machine is shared, and small networks are fastest so."""
    torch.set_num_threads(1)


@pytest.fixture
def lively(tiny):
    """An encoder in which a wrong mode or a step too many would show: normalization and dropout."""
    encoder = (Convolution(channels=4, stride=2, padding=1, batch_normalization=True, dropout=0.2),
               Linear(size=8, dropout=0.2))
    return tiny.model_copy(update={"model": tiny.model.model_copy(update={"encoder": encoder})})


@pytest.fixture
def source(lively, tiny_data, tmp_path):
    """A finished run of an autoencoder, to take the encoder of."""
    experiment = replaced(lively, {"train.epochs": 2})
    run = runs.create(tmp_path / "runs", experiment, tiny_data.fingerprint, threads=1)
    for _ in runs.record(run, train.train(experiment, tiny_data, Inbox(), threads=1), threads=1):
        pass
    assert run.status == "finished"
    return run


def classifier(source, strategy, **changes):
    """A classifier of four batches an epoch."""
    return classify.experiment_for(source, strategy, changes={"train.batch_size": 16, "train.epochs": 3,
                                                              "train.learning_rate": 0.01, **changes})


def encoder_of(source):
    return encoders.weights_at(source, "last")[1]


def told(experiment, data, source, *commands, **options):
    """All events of a training with these commands in the inbox."""
    inbox = Inbox()
    for command in commands:
        inbox.put(command)
    encoder = encoder_of(source) if experiment.needs_encoder and "checkpoint" not in options else None
    return [event for turn in train.train(experiment, data, inbox, encoder=encoder, **options) for event in turn]


def only(kind, events):
    return [event for event in events if isinstance(event, kind)]


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


# What is learnt


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_classifier_tells_losses_and_accuracies(strategy, source, tiny_data):
    events = told(classifier(source, strategy), tiny_data, source)
    looks = only(Evaluation, events)
    assert [(e.step, e.epoch) for e in looks] == [(0, 0.0), (4, 1.0), (8, 2.0), (12, 3.0)]
    assert all(0 <= e.training_accuracy <= 1 and 0 <= e.validation_accuracy <= 1 for e in looks)
    assert looks[0].validation_loss == pytest.approx(math.log(10), rel=0.2)
    end = events[-1]
    assert isinstance(end, Finished)
    last = looks[-1]
    assert (end.training_accuracy, end.validation_accuracy) == (last.training_accuracy, last.validation_accuracy)
    assert 0 <= end.test_accuracy <= 1


def test_an_autoencoder_tells_no_accuracy(tiny, tiny_data):
    events = told(tiny, tiny_data, None)
    assert {(e.training_accuracy, e.validation_accuracy) for e in only(Evaluation, events)} == {(None, None)}
    assert events[-1].test_accuracy is None


def test_it_learns_to_tell_brightness_apart(source):
    data = small_dataset(400, 100, 100)
    bright = [Split(s.images, (s.images.float().mean((1, 2, 3)) / 25.6).long().clamp(0, 9))
              for s in (data.training, data.validation, data.test)]
    bright[0].labels[:10] = torch.arange(10)
    data = dataclasses.replace(data, training=bright[0], validation=bright[1], test=bright[2])
    end = told(classifier(source, "fine-tune", **{"train.epochs": 20}), data, source)[-1]
    assert end.validation_accuracy > 0.5


def plain_loop(experiment, data, weights):
    """The loop of the tutorials. Returns the loss of every batch."""
    torch.manual_seed(experiment.train.seed)
    network = model.build(experiment)
    if weights is not None:
        network.encoder.load_state_dict({key.removeprefix("encoder."): value for key, value in weights.items()})
    probe = experiment.classifier.strategy == "probe"
    learning = network.classifier if probe else network
    optimizer = torch.optim.Adam(learning.parameters(), lr=experiment.train.learning_rate)
    generator = torch.Generator().manual_seed(experiment.train.seed)
    images, labels, found = data.training.images.float() / 255, data.training.labels, []
    for _ in range(experiment.train.epochs):
        order = torch.randperm(len(images), generator=generator)
        for start in range(0, len(images), experiment.train.batch_size):
            chosen = order[start:start + experiment.train.batch_size]
            network.train()
            if probe:
                network.encoder.eval()
            loss = F.cross_entropy(network.classify(images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            found.append(loss.item())
    return found


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_losses_are_those_of_a_plain_loop(strategy, source, tiny_data):
    experiment = classifier(source, strategy)
    experiment = experiment if strategy == "probe" else _without_dropout(experiment)
    events = told(experiment, tiny_data, source)
    plain = plain_loop(experiment, tiny_data, encoder_of(source) if experiment.needs_encoder else None)
    assert [loss for step in only(Step, events) for loss in step.losses] == pytest.approx(plain, rel=2e-4)


def _without_dropout(experiment):
    return replaced(experiment, {"model.encoder.0.dropout": 0.0, "model.encoder.1.dropout": 0.0})


def test_the_encoder_of_a_probe_stays_as_it_is_to_the_last_bit(source, tiny_data):
    events = told(classifier(source, "probe"), tiny_data, source)
    first, *_, last = only(Snapshot, events)
    assert same(model.encoder_of(last.weights), encoder_of(source))
    assert not torch.equal(first.weights["classifier.0.linear.weight"], last.weights["classifier.0.linear.weight"])
    tuned = told(classifier(source, "fine-tune"), tiny_data, source)
    assert not same(model.encoder_of(only(Snapshot, tuned)[-1].weights), encoder_of(source))


def test_the_codes_of_a_probe_are_computed_once_and_in_evaluation_mode(source, tiny_data, monkeypatch):
    seen, codes = [], ClassifierLearner.codes

    def counted(learner, images):
        found = codes(learner, images)
        seen.append((len(images), torch.equal(found, codes(learner, images))))  # dropout would draw anew
        return found

    monkeypatch.setattr(ClassifierLearner, "codes", counted)
    encode = model.Autoencoder.encode
    calls = []
    monkeypatch.setattr(model.Autoencoder, "encode", lambda network, images: (
        calls.append(network.encoder.training), encode(network, images))[1])
    told(classifier(source, "probe", **{"train.epochs": 5}), tiny_data, source)
    assert sum(count for count, _ in seen) == 64 + 16 + 16 and all(alike for _, alike in seen)
    assert set(calls) == {False} and len(calls) == 2 * len(seen)


def test_a_short_evaluation_measures_the_labels_of_the_images_it_takes(source, tiny_data):
    experiment = classifier(source, "probe", **{"train.evaluation_images": 10, "train.epochs": 1})
    events = told(experiment, tiny_data, source)
    network = model.from_weights(experiment, only(Snapshot, events)[-1].weights)
    chosen = torch.randperm(16, generator=torch.Generator().manual_seed(0))[:10].sort().values
    scores = network.classify(tiny_data.validation.images[chosen].float() / 255)
    right = (scores.argmax(1) == tiny_data.validation.labels[chosen]).float().mean().item()
    assert only(Evaluation, events)[-1].validation_accuracy == pytest.approx(right)
    assert only(Evaluation, events)[-1].validation_loss == pytest.approx(
        F.cross_entropy(scores, tiny_data.validation.labels[chosen]).item(), rel=1e-4)


def test_evaluations_and_snapshots_every_so_many_epochs_and_at_the_end(source, tiny_data):
    events = told(classifier(source, "probe", **{"train.epochs": 7, "train.epochs_between": 3}), tiny_data, source)
    assert [e.step for e in only(Evaluation, events)] == [0, 12, 24, 28]
    assert [s.step for s in only(Snapshot, events)] == [0, 12, 24, 28]


# Going on


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_resumed_classifier_ends_as_one_that_was_left_alone(strategy, source, tiny_data):
    experiment = classifier(source, strategy, **{"train.evaluate_every": 3})
    alone = told(experiment, tiny_data, source, pacing=PACING)
    states = [c.state for c in only(Checkpoint, alone) if c.step == 5]
    resumed = told(experiment, tiny_data, source, checkpoint=states[0])
    assert same(only(Checkpoint, resumed)[-1].state.tensors, only(Checkpoint, alone)[-1].state.tensors)
    after = [dataclasses.replace(e, elapsed_s=0) for e in only(Evaluation, alone) if e.step > 5]
    assert [dataclasses.replace(e, elapsed_s=0) for e in only(Evaluation, resumed)] == after


def test_a_classifier_obeys(source, tiny_data):
    events = told(classifier(source, "probe"), tiny_data, source, SetLearningRate(0.5), MoreEpochs(1))
    assert [(e.field, e.value) for e in only(Intervention, events)] == [("train.learning_rate", 0.5),
                                                                       ("train.epochs", 4)]
    assert events[-1].step == 16
    stopped = told(classifier(source, "probe"), tiny_data, source, Stop())
    assert stopped[-1].reason == "stopped" and stopped[-1].step == 0


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_threads_are_measured_and_an_epoch_is_forecast(strategy, source, tiny_data):
    experiment, before = classifier(source, strategy), torch.get_rng_state()
    assert device.measure_threads(experiment, tiny_data.training) in {1, device.physical_cores()}
    assert forecast.epoch_s(experiment, "cpu") > 0
    assert torch.equal(torch.get_rng_state(), before)


# Runs of classifiers


@pytest.fixture
def tiny_images(tiny_data, monkeypatch):
    """The small images in place of those of the data set."""
    monkeypatch.setattr(datasets, "load", lambda spec, data_dir: tiny_data)
    return tiny_data


def order(experiment, tmp_path, run=None):
    return Order(experiment, tmp_path / "data", tmp_path / "runs", "cpu", 1, run)


def trained(ordered, stop_at=None):
    """The run of a training, stopped at a step if asked to."""
    inbox, run = Inbox(), None
    for turn in job.train(ordered, inbox):
        for event in turn:
            run = event.run if isinstance(event, Started) else run
            if isinstance(event, Step) and event.step == stop_at:
                inbox.put(Stop())
    return run


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_run_goes_on_when_the_run_it_comes_from_is_gone(strategy, source, tiny_images, tmp_path):
    experiment = classifier(source, strategy)
    alone = trained(order(experiment, tmp_path))
    run = trained(order(experiment, tmp_path), stop_at=5)
    assert (run.folder / encoders.NAME).exists() == (strategy != "scratch")
    shutil.rmtree(source.folder)
    assert (run.status, run.state.step) == ("stopped", 5)
    trained(order(run.experiment, tmp_path, run))
    assert (run.status, alone.status) == ("finished", "finished")
    assert same(runs.load_checkpoint(run).state.tensors, runs.load_checkpoint(alone).state.tensors)
    assert run.state.validation_accuracy == alone.state.validation_accuracy is not None
    assert run.metrics().evaluations[-1].validation_accuracy == run.state.validation_accuracy
    assert run.info.parameters == shapes.plan(experiment).parameters


def test_a_run_that_never_came_to_a_checkpoint_begins_with_its_copy(source, tiny_images, tmp_path):
    experiment = classifier(source, "probe")
    events = job.train(order(experiment, tmp_path), Inbox())
    run = next(events)[0].run
    events.close()
    kept = encoders.kept(run)
    assert (kept.run, kept.step) == (source.name, 8) and same(kept.weights, encoder_of(source))
    shutil.rmtree(source.folder)
    assert trained(order(experiment, tmp_path, run)).status == "finished"


def test_a_damaged_copy_is_found(source, tiny_images, tmp_path):
    experiment = classifier(source, "probe")
    run = next(job.train(order(experiment, tmp_path), Inbox()))[0].run
    copy = run.folder / encoders.NAME
    content = bytearray(copy.read_bytes())
    content[-1] ^= 1
    copy.write_bytes(content)
    with pytest.raises(DamagedFile):
        next(job.train(order(experiment, tmp_path, run), Inbox()))


def test_the_encoder_is_that_of_the_snapshot_that_is_named(source, tmp_path):
    steps = {file.step: runs.load_snapshot(file.path) for file in source.snapshots()}
    assert sorted(steps) == [0, 4, 8]
    for which, step in {"last": 8, "4": 4, "0": 0, "best": source.best_step}.items():
        found = encoders.find(classifier(source, "probe", **{"classifier.snapshot": which}), tmp_path / "runs")
        assert found.step == step and same(found.weights, model.encoder_of(steps[step]))


def test_a_preset_stands_for_the_newest_finished_run_of_it(source, lively, tiny_data, tmp_path):
    newer = runs.create(tmp_path / "runs", lively, tiny_data.fingerprint)
    assert encoders.source_run("tiny", tmp_path / "runs") == source
    assert encoders.source_run(newer.name, tmp_path / "runs") == newer
    assert encoders.source_run(str(source.folder), tmp_path / "elsewhere") == source


# What is refused


def refused(error, experiment, tmp_path, match):
    with pytest.raises(error, match=match):
        next(job.train(order(experiment, tmp_path), Inbox()))


def test_what_cannot_be_the_encoder_is_refused_before_a_run_is_made(source, tiny_images, tmp_path):
    probe, before = classifier(source, "probe"), runs.list_runs(tmp_path / "runs")
    cases = {
        ("classifier.encoder", "fashion-dropout"): (RunError, "Train fashion-dropout first"),
        ("classifier.snapshot", "5"): (RunError, "keeps no weights of step 5. It keeps those of the steps 0, 4, 8."),
        ("data.image_size", 12): (model.WeightsError, "trained on images of 1×8×8, the classifier has 1×12×12"),
        ("model.encoder.0.channels", 6): (model.WeightsError,
                                          r"belongs to another model \(encoder.0 is 6×1×3×3, file has 4×1×3×3\)"),
        ("model.encoder.1.activation", "tanh"): (model.WeightsError, "model.encoder.1.activation is tanh"),
        ("classifier.encoder", ""): (ExperimentError, "No encoder is chosen"),
    }
    for (field, value), (error, words) in cases.items():
        refused(error, replaced(probe, {field: value}), tmp_path, words)
    assert runs.list_runs(tmp_path / "runs") == before


def test_a_run_without_weights_is_refused(source, lively, tiny_images, tmp_path):
    empty = runs.create(tmp_path / "runs", lively, "")
    refused(RunError, replaced(classifier(source, "probe"), {"classifier.encoder": empty.name}), tmp_path,
            "holds no weights yet")


def test_images_without_labels_are_refused(source, tiny_data, tmp_path, monkeypatch):
    bare = dataclasses.replace(tiny_data, training=Split(tiny_data.training.images, None))
    monkeypatch.setattr(datasets, "load", lambda spec, data_dir: bare)
    for strategy in STRATEGIES:
        refused(TrainingError, classifier(source, strategy), tmp_path, "has no labels, so there are no classes")
    with pytest.raises(TrainingError, match="no labels"):
        told(classifier(source, "probe"), bare, source)


def test_missing_classes_are_named(source, tiny_data, tmp_path, monkeypatch):
    training = Split(tiny_data.training.images, tiny_data.training.labels.clamp(max=7))
    few = dataclasses.replace(tiny_data, training=training)
    monkeypatch.setattr(datasets, "load", lambda spec, data_dir: few)
    refused(TrainingError, classifier(source, "scratch"), tmp_path, "2 of 10 classes are missing .*: 8, 9")


def test_a_probe_needs_its_encoder(source, tiny_data):
    with pytest.raises(TrainingError, match="is missing"):
        list(train.train(classifier(source, "probe"), tiny_data, Inbox()))


# Questions


def asked(question):
    *_, answer = question
    return answer


def test_a_confusion_counts_every_image_once(source, tiny_data):
    experiment = classifier(source, "fine-tune")
    network = model.from_weights(experiment, only(Snapshot, told(experiment, tiny_data, source))[-1].weights)
    found = asked(confusion(network, tiny_data, "training"))
    predicted = network.classify(tiny_data.training.images.float() / 255).argmax(1).tolist()
    labels = tiny_data.training.labels.tolist()
    assert found.predictions.tolist() == predicted and found.class_names == tiny_data.class_names
    assert [[sum(pair == (true, guess) for pair in zip(labels, predicted, strict=True)) for guess in range(10)]
            for true in range(10)] == found.counts.tolist()
    assert found.accuracy == sum(map(int.__eq__, labels, predicted)) / 64


def test_questions_that_a_classifier_or_an_autoencoder_cannot_answer(source, tiny_data):
    network = model.from_weights(source.experiment, runs.load_snapshot(source.snapshots()[-1].path))
    with pytest.raises(QuestionError, match="names no classes"):
        next(confusion(network, tiny_data, "test"))
    experiment = classifier(source, "scratch")
    torch.manual_seed(0)
    with pytest.raises(QuestionError, match="has no decoder"):
        reconstruct(model.build(experiment), tiny_data, "test", [0])
    unlabelled = dataclasses.replace(tiny_data, test=Split(tiny_data.test.images, None))
    with pytest.raises(QuestionError, match="no labels"):
        next(confusion(model.build(experiment), unlabelled, "test"))


# Experiments


def test_an_experiment_survives_its_file_and_an_autoencoder_does_not_mention_classes(source, tiny):
    for strategy in STRATEGIES:
        experiment = classifier(source, strategy, **{"data.images_per_class": 10, "train.epochs_between": 2})
        assert from_toml(to_toml(experiment)) == experiment
    assert not any(word in to_toml(tiny) for word in ("classifier", "task", "per_class", "epochs_between"))
    fewer = replaced(tiny, {"data.images_per_class": 3})
    assert from_toml(to_toml(fewer)) == fewer


def test_a_classifier_takes_the_images_and_the_encoder_of_its_run(source):
    made = classify.experiment_for(source, "fine-tune", "best")
    assert (made.data, made.model.encoder) == (source.experiment.data, source.experiment.model.encoder)
    assert made.classifier == Classifier(strategy="fine-tune", encoder=source.name, snapshot="best")
    assert (made.task, made.train.optimizer, made.train.learning_rate, made.train.batch_size, made.train.epochs) == (
        "classifier", "adam", 0.001, 100, 15)


def test_the_parameters_of_a_classifier(source):
    plan = shapes.plan(classify.experiment_for(source, "probe"))
    encoder = 3 * 3 * 4 + 4 + 2 * 4 + 4 * 4 * 4 * 8 + 8
    assert plan.parameters == encoder + 8 * 10 + 10
    assert plan.decoder == () and [layer.name for layer in plan.classifier] == ["classifier.0"]
    network = model.build(classify.experiment_for(source, "probe"))
    assert sum(parameter.numel() for parameter in network.parameters()) == plan.parameters


# Label budgets


def test_a_budget_has_equal_steps_whatever_the_labels(source):
    planned = classify.budget(source, steps=3000)
    assert len(planned) == 5 * 3 * 3 and all(not shapes.problems(experiment) for experiment in planned)
    steps = {e.train.epochs * batches_per_epoch(e, training_images(e)) for e in planned}
    assert len(steps) == 1 and 1500 <= steps.pop() <= 6000
    looks = {math.ceil(e.train.epochs / e.train.epochs_between) for e in planned}
    assert max(looks) < 20
    assert {(e.data.images_per_class, e.data.class_seed, e.train.seed) for e in planned} == {
        (count, seed, seed) for count in (10, 50, 100, 500, 0) for seed in (0, 1, 2)}
    assert {e.data.seed for e in planned} == {0}


def test_so_many_of_each_class_and_fewer_are_a_subset_of_more(tmp_path):
    spec = Data(images_per_class=20)
    few, more, other = (datasets.load(s, tmp_path) for s in (
        spec, Data(images_per_class=50), Data(images_per_class=20, class_seed=1)))
    everything = datasets.load(Data(), tmp_path)
    assert torch.bincount(few.training.labels).tolist() == [20] * 10
    assert torch.equal(few.validation.images, everything.validation.images)
    drawn = [{image.numpy().tobytes() for image in data.training.images} for data in (few, more, other, everything)]
    assert drawn[0] <= drawn[1] <= drawn[3] and drawn[0] != drawn[2]


def test_a_budget_beyond_the_images_says_how_many_there_are(tmp_path):
    with pytest.raises(datasets.DataError, match=r"has only \d+ training images; 5000 per class are asked for"):
        datasets.load(Data(images_per_class=5000), tmp_path)
