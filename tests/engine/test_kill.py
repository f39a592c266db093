"""kill -9 at any moment: nothing is damaged, and the run ends as one that was left alone."""

import hashlib
import json
import os
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from engine import runs, storage
from engine.runfiles import history
from engine.runfiles.notices import RunError

ROOT = Path(__file__).parents[2]
CALLS = {"write": ("before", "half", "after"), "fsync": ("before", "after"), "replace": ("before", "after"),
         "unlink": ("before", "after"), "link": ("before", "after"), "ftruncate": ("before", "after"),
         "rename": ("before", "after"), "mkdir": ("before", "after")}


class Killer:
    """The process that forks trainers and kills them."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.killing.child"], cwd=ROOT, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})

    def order(self, folder, **order):
        """Train the run in this folder of runs, until it ends or is killed; -> how it ended."""
        self._process.stdin.write(json.dumps({"folder": str(folder), **order}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(30) == 0


@pytest.fixture(scope="module")
def killer():
    killer = Killer()
    yield killer
    killer.close()


@pytest.fixture(scope="module")
def reference(killer, tmp_path_factory):
    """Hashes of a run that was left alone."""
    folder = tmp_path_factory.mktemp("reference")
    assert killer.order(folder)["code"] == 0
    return hashes(folder)


def hashes(folder):
    """Of the weights and optimizer at the end, of the kept snapshots, and of the metrics, times left out."""
    (run,) = runs.list_runs(folder)
    assert run.status == "finished"
    checkpoint = run.checkpoints()[-1]
    state, notices = runs.load_checkpoint(run)
    assert notices == ()
    weights = hashlib.sha256()
    for name in sorted(state.tensors):
        weights.update(name.encode())
        weights.update(state.tensors[name].numpy().tobytes())
    snapshots = [(file.step, storage.read(file.path)) for file in run.snapshots()]
    metrics = run.metrics()
    told = [(it.step, it.epoch, it.running_loss, it.training_loss, it.validation_loss, it.validation_accuracy)
            for it in metrics.evaluations]
    changed = [(it.step, it.field, it.value) for it in metrics.interventions]
    assert metrics.bad_lines == () and (metrics.step_index[1:] - metrics.step_index[:-1] == 1).all()
    return {"step": checkpoint.step, "weights": weights.hexdigest(), "losses": metrics.losses.tobytes(), "told": told,
            "changed": changed, "snapshots": snapshots, "best": run.best_step}


def inspect(folder):
    """After a kill: every final name holds a whole file, the run opens, its metrics parse, and it can go on."""
    for run in runs.list_runs(folder):
        opened = runs.open_run(run.name, folder)
        assert opened.status in ("new", "interrupted", "finished"), opened.status_text
        assert opened.experiment.name == "killed" and opened.info.threads == 1 and opened.writable
        for file in (*opened.checkpoints(), *opened.snapshots()):
            assert storage.verify(file.path)["step"] == file.step
        metrics = opened.metrics()
        assert metrics.bad_lines == () and all(one < two for one, two in pairwise(metrics.step_index))
        runs.load_checkpoint(opened)


def kill_until(killer, folder, reference, kills, draw):
    """Kill trainers until there were so many kills, beginning a new run whenever one has come to its end."""
    killed, number = 0, 0
    while killed < kills:
        number += 1
        place = folder / str(number)
        while True:
            end = killer.order(place, **draw())
            inspect(place)
            if not end["killed"]:
                break
            killed += 1
        assert end["code"] == 0
        ended = hashes(place)
        for key, value in reference.items():
            assert ended[key] == value, f"{key} after {killed} kills"
    return killed


def draws(seed, aimed=1 / 3, calls=CALLS):
    """Random orders: killed after U(0.02, 0.9) s, and a share of them at a call to the system."""
    chance = random.Random(seed)

    def draw():
        if chance.random() >= aimed:
            return {"delay": chance.uniform(0.02, 0.9)}
        call = chance.choice(list(calls))
        when = chance.choice(calls[call])
        return {"aim": {"call": call, "number": chance.randint(1, 60), "when": when}, "delay": 0.9}
    return draw


def seeded(capsys):
    """A new seed each time, printed so that a failure can be repeated with KILL_SEED."""
    seed = int(os.environ.get("KILL_SEED", random.SystemRandom().randrange(10**6)))
    with capsys.disabled():
        sys.stdout.write(f" [KILL_SEED={seed}] ")
    return seed


@pytest.mark.timeout(240)
def test_killed_again_and_again_a_run_ends_as_if_left_alone(killer, reference, tmp_path, capsys):
    assert kill_until(killer, tmp_path, reference, 20, draws(seeded(capsys))) >= 20


@pytest.mark.timeout(240)
@pytest.mark.parametrize("strategy", ["probe", "fine-tune"])
def test_a_classifier_killed_again_and_again_ends_as_if_left_alone(killer, strategy, tmp_path, capsys):
    """Also before its first checkpoint, from where it begins anew with the copy of its encoder."""
    assert killer.order(tmp_path / "alone", strategy=strategy)["code"] == 0
    draw = draws(seeded(capsys))
    assert kill_until(killer, tmp_path, hashes(tmp_path / "alone"), 8, lambda: {**draw(), "strategy": strategy}) >= 8


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_killed_five_hundred_times_a_run_ends_as_if_left_alone(killer, reference, tmp_path, capsys):
    assert kill_until(killer, tmp_path, reference, 500, draws(seeded(capsys))) >= 500


@pytest.mark.timeout(240)
def test_the_same_test_finds_a_writer_that_is_not_atomic(killer, reference, tmp_path, capsys):
    """The negative control: files written in place, and otherwise the same (all killed while they write)."""
    draw = draws(seeded(capsys), aimed=1, calls={"write": ("half",)})
    with pytest.raises((AssertionError, RunError)):
        kill_until(killer, tmp_path, reference, 200, lambda: {**draw(), "naive": True})


@pytest.mark.parametrize(("call", "when"), [(call, when) for call, times in CALLS.items() for when in times])
@pytest.mark.timeout(120)
def test_killed_at_each_kind_of_call(killer, tmp_path, call, when):
    """Cases 2 to 4: the old checkpoint or the new one is there, and what is left over goes with the next start."""
    killer.order(tmp_path, delay=0.2)
    for number in (1, 2, 7):
        killer.order(tmp_path, aim={"call": call, "number": number, "when": when}, delay=0.4)
        inspect(tmp_path)
    (run,) = runs.list_runs(tmp_path)
    runs.tidy(tmp_path)
    assert not list(run.folder.rglob(f"*{storage.TEMPORARY}"))
    assert len(list((run.folder / history.CHECKPOINTS).iterdir())) <= 4


@pytest.mark.timeout(120)
def test_a_disk_that_was_full_for_a_while_changes_nothing(killer, reference, tmp_path):
    """Case 13 with the real system call; 300 bytes are not enough for a line of metrics, a snapshot or a checkpoint."""
    assert killer.order(tmp_path, full_at=500)["code"] == 0
    assert hashes(tmp_path) == reference
