"""A sweep through Dask: the same numbers as here, and a scheduler that is not there, or goes, is said by name."""

import json
import os
import socket
import subprocess
import sys

import pytest

from engine.inbox import Inbox
from engine.runfiles.notices import RunError
from engine.sweeping import conduct
from engine.sweeping.conduct import Conductor
from engine.sweeping.crew import Cluster, ClusterError
from engine.sweeping.folder import SweepFolder, create
from engine.sweeping.told import Staffed, SweepOrder, Told
from tests.engine.sweeping.small import (
    MOMENTA,
    NO_DATA,
    ROOT,
    carried_out,
    inspect,
    of,
    opened,
    small,
    table,
    threads_for_workers,
    weights,
)

pytest.importorskip("distributed")


class Scheduler:
    """A process with a scheduler and workers that are processes of one thread each."""

    def __init__(self, workers):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.sweeping.test_cluster", str(workers)], cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"})
        self.address = json.loads(self._process.stdout.readline())

    def die(self):
        self._process.kill()
        self._process.communicate(timeout=60)

    def close(self):
        """Let it end its workers, and wait until all have."""
        self._process.communicate(timeout=60)


@pytest.fixture(scope="module")
def scheduler():
    scheduler = Scheduler(2)
    yield scheduler
    scheduler.close()


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The sweep as it comes out without a cluster."""
    with threads_for_workers():
        return carried_out(small(piece_epochs=1), tmp_path_factory.mktemp("here"))[-1]


@pytest.mark.timeout(180)
def test_a_cluster_of_two_gives_the_same_numbers(scheduler, here, tmp_path):
    events = carried_out(small(piece_epochs=1), tmp_path, cluster=scheduler.address)
    swept = events[-1]
    assert of(Staffed, events)[0].workers == 2 and swept.complete
    assert table(swept.rows) == table(here.rows) and weights(swept.folder) == weights(here.folder)
    assert len(of(Told, events)) == 12 and all(event.picture is not None for event in of(Told, events))


@pytest.mark.timeout(120)
def test_a_worker_with_another_version_is_refused_by_name(scheduler, tmp_path, monkeypatch):
    monkeypatch.setattr(conduct, "application_version", lambda: "99.0")
    with pytest.raises(RunError) as caught:
        carried_out(small(), tmp_path, cluster=scheduler.address)
    assert caught.value.code == "sweep.version" and "99.0" in caught.value.message


@pytest.mark.timeout(180)
def test_a_scheduler_that_goes_away_is_said_and_the_sweep_goes_on_here(here, tmp_path):
    scheduler, settings = Scheduler(1), small(piece_epochs=1)
    order, told = SweepOrder(settings, NO_DATA, tmp_path, cluster=scheduler.address), []
    conductor = Conductor(order, create(tmp_path, settings), Inbox())
    with pytest.raises(ClusterError) as caught:
        try:
            for turn in conductor.conduct():
                told += of(Told, turn)
                if told and told[-1].over:
                    scheduler.die()
        finally:
            conductor.close()
    assert caught.value.code == "cluster.gone" and scheduler.address in str(caught.value)
    folder = SweepFolder(conductor.folder.folder)
    inspect(folder)
    kept = weights(folder)
    finished = [row.number for row in folder.rows(folder.trials()) if row.status == "finished"]
    assert finished
    with threads_for_workers():
        swept = carried_out(settings, tmp_path, folder)[-1]
    assert swept.complete and table(swept.rows) == table(here.rows) and weights(folder) == weights(here.folder)
    assert all(weights(folder)[number] == kept[number] for number in finished)


@pytest.fixture
def nobody():
    """An address where nobody listens: the port is ours, and refuses."""
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        yield f"tcp://127.0.0.1:{own.getsockname()[1]}"


def test_a_scheduler_that_cannot_be_reached_is_said_by_its_address(nobody):
    with pytest.raises(ClusterError) as caught:
        Cluster(nobody, timeout_s=0.5)
    assert caught.value.code == "cluster.unreachable" and caught.value.values == {"address": nobody}
    assert nobody in str(caught.value) and "workers of this machine" in str(caught.value)


@pytest.mark.parametrize("address", ["nonsense://x", "tcp://", "!"])
def test_an_address_that_is_none_is_said_too(address):
    with pytest.raises(ClusterError) as caught:
        Cluster(address, timeout_s=0.5)
    assert caught.value.code == "cluster.unreachable"


def test_without_a_scheduler_nothing_is_lost(nobody, here, tmp_path, monkeypatch):
    monkeypatch.setattr(conduct.crews, "Cluster", lambda address: Cluster(address, timeout_s=0.5))
    settings = small(MOMENTA)
    with pytest.raises(ClusterError):
        carried_out(settings, tmp_path, cluster=nobody)
    folder = opened(tmp_path)
    with threads_for_workers():
        assert carried_out(settings, tmp_path, folder)[-1].complete


def test_without_dask_one_is_told_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError) as caught:
        Cluster("tcp://127.0.0.1:8786")
    assert caught.value.code == "cluster.missing" and "pip install" in str(caught.value)


def main(workers):
    """Be a cluster until standard input ends."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None,
                      host="127.0.0.1") as cluster:
        sys.stdout.write(json.dumps(cluster.scheduler_address) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))
