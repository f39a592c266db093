"""A process that has imported torch once and forks a trainer for every order, kills it, and says what became of it.

Orders come as JSON lines on standard input, answers go to standard output. A forked trainer uses the real engine on
images made on the spot and starts within milliseconds, so hundreds of kills are affordable.
"""

import contextlib
import json
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path

import torch

torch.set_num_threads(1)

from engine import encoders, model, runs, storage  # noqa: E402
from engine.blocks import Linear  # noqa: E402
from engine.dataspec import Data  # noqa: E402
from engine.encoders import Encoder  # noqa: E402
from engine.experiment import Experiment, Model, Train, replaced  # noqa: E402
from engine.inbox import Inbox, SetLearningRate  # noqa: E402
from engine.runfiles.saving import SaveFailed  # noqa: E402
from engine.train import Pacing, Step, train  # noqa: E402
from tests.conftest import small_dataset  # noqa: E402

DATA = small_dataset(training=500, validation=50, test=50, side=8)

EXPERIMENT = Experiment(
    name="killed", data=Data(image_size=8),
    model=Model(encoder=(Linear(size=32, dropout=0.1), Linear(size=8))),
    train=Train(batch_size=10, epochs=30, learning_rate=0.003, evaluate_every=30))

ENCODER = "encoder of the killed"
"""What the classifiers among the runs name as their encoder: weights of a fixed seed."""

CHANGED_STEP, CHANGED_RATE = 700, 0.001
"""Where every run has its learning rate changed, so that interventions are replayed too."""

LIMITS = runs.Limits(line_s=0.03, visit_s=0.03)
PACING = Pacing(checkpoint_s=0.1, longest_s=0.15)


def main():
    """Obey orders until standard input ends; what torch loads only when it trains is loaded before the first fork."""
    for _ in train(replaced(EXPERIMENT, {"train.epochs": 1}), DATA, Inbox(), threads=1):
        pass
    for line in sys.stdin:
        sys.stdout.write(json.dumps(obey(json.loads(line))) + "\n")
        sys.stdout.flush()


def obey(order):
    """Fork a trainer and kill it when the order says so; -> how it ended and how long it trained."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os._exit(trainer(order, write))
    os.close(write)
    began = os.read(read, 1) == b"b"
    started = time.monotonic()
    if began and order.get("delay") is not None and not select.select([read], [], [], order["delay"])[0]:
        os.kill(pid, signal.SIGKILL)  # a trainer that ends by itself closes the pipe
    _, status = os.waitpid(pid, 0)
    os.close(read)
    return {"killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
            "code": os.waitstatus_to_exitcode(status), "seconds": time.monotonic() - started}


def trainer(order, write):
    """Train the run to its end, as far as one is let; -> exit code."""
    os.fsync = lambda descriptor: None  # what a killed process has written is safe; power cuts are not tried here
    try:
        if order.get("naive"):
            storage.write_atomic = write_naively
        if order.get("aim"):
            aim(**order["aim"])
        go_on(Path(order["folder"]), write, order.get("full_at"), experiment_of(order.get("strategy")))
    except BaseException:
        import traceback

        traceback.print_exc()
        return 1
    return 0


def experiment_of(strategy):
    """The autoencoder, or a classifier by this strategy."""
    classifier = {"task": "classifier", "classifier.strategy": strategy, "classifier.encoder": ENCODER}
    return replaced(EXPERIMENT, classifier) if strategy else EXPERIMENT


def encoder_file():
    """The copy of an encoder that a classifier's run is made with."""
    torch.manual_seed(7)
    return Encoder(ENCODER, 0, model.encoder_of(model.build(EXPERIMENT).state_dict())).packed()


def go_on(folder, write, full_at, experiment):
    """Open or make the run, resume it, and train; the disk may be full for a while from one step on."""
    found = runs.list_runs(folder)
    files = {encoders.NAME: encoder_file()} if experiment.needs_encoder else {}
    run = found[0] if found else runs.create(folder, experiment, DATA.fingerprint, threads=1, files=files)
    if run.status == "finished":
        return
    inbox, state = Inbox(), runs.load_checkpoint(run).state
    encoder = encoders.kept(run).weights if experiment.needs_encoder and state is None else None
    events = train(experiment, DATA, inbox, threads=1, checkpoint=state, pacing=PACING, encoder=encoder)
    os.write(write, b"b")
    failures = 0
    for turn in runs.record(run, events, inbox, limits=LIMITS):
        for event in turn:
            if isinstance(event, Step) and event.step == CHANGED_STEP:
                inbox.put(SetLearningRate(CHANGED_RATE))
            if full_at and isinstance(event, Step) and event.step == full_at:
                set_full(True)
            if isinstance(event, SaveFailed):
                failures += 1
                assert event.reason == "the disk is full", event
                if failures == 3:
                    set_full(False)
    if full_at and failures < 3:
        raise AssertionError(f"the disk was full, but {failures} writes failed")


def set_full(full):
    """No file may grow beyond 300 bytes: the system then answers EFBIG, as a full disk answers ENOSPC."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (300 if full else hard, hard))


def write_naively(path, data):
    """What many programs do: open the file and write."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.write(descriptor, data)
    os.close(descriptor)


def aim(call, number, when):
    """Die at the ``number``-th such call to the system: before it, after it, or (write) half-way through."""
    real, count = getattr(os, call), 0

    def deadly(*arguments, **options):
        nonlocal count
        count += 1
        if count < number:
            return real(*arguments, **options)
        if when == "half":
            real(arguments[0], arguments[1][: len(arguments[1]) // 2])
        elif when == "after":
            with contextlib.suppress(OSError):
                real(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("killed")

    setattr(os, call, deadly)


if __name__ == "__main__":
    main()
