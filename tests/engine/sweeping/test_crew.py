"""Workers that end, and what becomes of their pieces: with executors whose fate is in our hands, and with processes."""

import os
import signal
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool

import pytest

from engine.inbox import Inbox
from engine.runfiles.notices import RunError
from engine.sweeping import conduct
from engine.sweeping.conduct import Conductor
from engine.sweeping.crew import TRIES, Crew
from engine.sweeping.folder import create
from engine.sweeping.piece import Done, Piece, Refused
from engine.sweeping.told import SweepOrder, Told
from tests.engine.sweeping.small import (
    MOMENTA,
    NO_DATA,
    Child,
    carried_out,
    small,
    table,
    threads_for_workers,
    weights,
)


class Pool(Executor):
    """Takes pieces and does nothing until it is told to; breaks as a pool of processes does, with all it holds."""

    def __init__(self):
        self.broken, self.held = False, {}

    def submit(self, function, piece):
        if self.broken:
            raise BrokenProcessPool("broken")
        self.held[piece.experiment] = future = Future()
        return future

    def finish(self, name):
        self.held.pop(name).set_result(answer(name))

    def fail(self, name, error):
        self.held.pop(name).set_exception(error)

    def burst(self):
        """A process of it has died."""
        self.broken = True
        for future in self.held.values():
            future.set_exception(BrokenProcessPool("broken"))
        self.held.clear()


class Hand(Crew):
    """A crew whose pools are such; the newest is ``pool``."""

    def __init__(self, workers=2, **settings):
        super().__init__(workers, **settings)
        self.pools = []

    def _make(self):
        self.pools.append(Pool())
        return self.pools[-1]

    @property
    def pool(self):
        return self.pools[-1]

    def came(self):
        """Key -> what is back."""
        return dict(self.back(0))

    def give_all(self, names):
        for name in names:
            self.give(name.upper(), Piece(name, "", "", 1))


def answer(name):
    """What comes of a piece."""
    return Done((), name, None, "worker", 1.0, 0.0)


@pytest.fixture
def crew():
    return Hand()


def test_what_is_given_under_a_key_comes_back_under_it(crew):
    crew.give_all("ab")
    assert crew.busy and crew.room == 1 and crew.came() == {}
    crew.pool.finish("b")
    assert crew.came() == {"B": answer("b")} and crew.room == 2
    crew.pool.finish("a")
    assert crew.came() == {"A": answer("a")} and not crew.busy and crew.room == 3


def test_after_a_death_everything_unfinished_is_done_in_a_new_pool(crew):
    crew.give_all("abc")
    crew.pool.finish("b")
    crew.pool.burst()
    assert crew.came() == {"B": answer("b")} and len(crew.pools) == 2 and crew.busy
    done = {}
    while crew.busy:
        (name,) = crew.pool.held
        crew.pool.finish(name)
        done |= crew.came()
    assert done == {"A": answer("a"), "C": answer("c")} and len(crew.pools) == 2


def test_a_piece_that_kills_every_worker_is_refused_and_takes_no_other_with_it(crew):
    """Though it dies in company each time, as a pool always breaks as a whole."""
    crew.give_all("abc")
    done, deaths = {}, 0
    while crew.busy:
        if "b" in crew.pool.held:
            deaths += 1
            crew.pool.burst()
        else:
            crew.pool.finish(next(iter(crew.pool.held)))
        done |= crew.came()
    assert deaths == TRIES and {key: type(got) for key, got in done.items()} == {"A": Done, "B": Refused, "C": Done}
    assert done["B"].code == "sweep.worker_died" and not done["B"].fatal and "3 times" in done["B"].message


def test_what_is_given_while_suspects_are_tried_waits_and_is_done(crew):
    crew.give_all("ab")
    crew.pool.burst()
    assert crew.came() == {} and len(crew.pool.held) == 1 and crew.room == 1
    crew.give_all("c")
    assert len(crew.pool.held) == 1 and crew.room == 0
    order = []
    while crew.busy:
        order += crew.pool.held
        for name in list(crew.pool.held):
            crew.pool.finish(name)
        crew.came()
    assert sorted(order[:2]) == ["a", "b"] and order[2:] == ["c"]


def test_a_pool_found_broken_when_a_piece_is_given_loses_none(crew):
    crew.give_all("ab")
    held = crew.pool
    held.broken = True  # its process died, and nobody has told its futures yet
    crew.give_all("c")
    assert len(crew.pools) == 2 and crew.busy
    done = {}
    while crew.busy:
        for name in list(crew.pool.held):
            crew.pool.finish(name)
        done |= crew.came()
    assert done.keys() == {"A", "B", "C"}


def test_a_pool_that_breaks_while_an_answer_is_taken_loses_none(crew):
    """What came back is taken in, and the next piece is given, before the others are looked at."""
    crew.give_all("abc")
    crew.pool.finish("a")
    crew.pool.burst()
    done = {}
    for key, got in crew.back(0):
        done[key] = got
        crew.give_all("d")
    while crew.busy:
        for name in list(crew.pool.held):
            crew.pool.finish(name)
        done |= crew.came()
    assert done.keys() == {"A", "B", "C", "D"}


def test_a_pool_that_broke_while_idle_is_made_anew(crew):
    crew.give_all("a")
    crew.pool.finish("a")
    assert crew.came()
    crew.pool.burst()
    crew.give_all("b")
    crew.pool.finish("b")
    assert crew.came() == {"B": answer("b")} and len(crew.pools) == 2


@pytest.mark.parametrize("error", [ImportError("no module"), AttributeError("no field"), TypeError("unexpected")])
def test_a_worker_that_does_not_know_what_a_piece_is_has_another_version(crew, error):
    crew.give("A", Piece("a", "", "", 1, version="1.2"))
    crew.pool.fail("a", error)
    (got,) = crew.came().values()
    assert (got.code, got.fatal) == ("sweep.version", True) and "Install 1.2 there" in got.message


def test_fewer_workers_are_tried_where_it_is_measured():
    crew = Hand(2, measured=True)
    assert crew.workers == 2 and crew.room == 3
    for _ in range(8):
        crew.note(1.0)
    assert crew.workers == 1 and crew.room == 1 and crew.speeds.keys() == {2}


def test_a_measurement_in_which_a_worker_died_begins_anew():
    crew = Hand(2, measured=True)
    for _ in range(7):
        crew.note(1.0)
    crew.give_all("a")
    crew.pool.burst()
    crew.came()
    crew.note(1.0)
    assert crew.speeds == {} and crew.workers == 2


# Real processes


def test_a_worker_killed_in_the_middle_changes_nothing(tmp_path):
    settings = small(MOMENTA, piece_epochs=1)
    conductor, killed, events = Conductor(
        SweepOrder(settings, NO_DATA, tmp_path, workers=1), create(tmp_path, settings), Inbox()), [], []
    for turn in conductor.conduct():
        events.extend(turn)
        if not killed and any(isinstance(event, Told) for event in turn):  # the next piece is on its way
            (worker,) = conductor._crew._pool._processes.values()
            os.kill(worker.pid, signal.SIGKILL)
            killed.append(worker)
    assert killed and events[-1].complete and not killed[0].is_alive()
    with threads_for_workers():
        alone = carried_out(settings, tmp_path / "alone")
    assert table(events[-1].rows) == table(alone[-1].rows)
    assert weights(events[-1].folder) == weights(alone[-1].folder)


def test_workers_end_with_an_application_that_is_killed(tmp_path):
    child = Child(tmp_path, workers=1)
    child.until(lambda said: said["event"] == "Told")
    assert child.workers
    child.kill()


def test_a_version_that_a_worker_does_not_have_ends_the_sweep_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(conduct, "application_version", lambda: "99.0")
    with threads_for_workers(), pytest.raises(RunError) as caught:
        carried_out(small(), tmp_path)
    assert caught.value.code == "sweep.version" and "99.0" in caught.value.message
