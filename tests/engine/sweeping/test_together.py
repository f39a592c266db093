"""The process that trains many networks together: answers for each, and none lost when it crashes."""

import os
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest

from engine import sweep
from engine.experiment import to_toml
from engine.runfiles.records import application_version
from engine.sweeping import together
from engine.sweeping.conduct import Conductor
from engine.sweeping.piece import Done, Piece, Refused, work
from engine.sweeping.together import Together
from engine.sweeping.told import Staffed, Swept, Told
from tests.engine.sweeping.small import NO_DATA, carried_out, of, small, table


def pieces(settings):
    """A whole training each."""
    return [Piece(to_toml(trial.experiment), str(NO_DATA), "", trial.experiment.train.epochs,
                  version=application_version()) for trial in sweep.trials(settings)]


def answers(crew, given):
    """What comes back for each piece, in their order."""
    for place, piece in enumerate(given):
        crew.give(place, piece)
    found = {}
    while crew.busy:
        found |= dict(crew.back(1.0))
    crew.close()
    return [found[place] for place in range(len(given))]


@pytest.fixture
def threads(monkeypatch):
    """The worker is a thread, which starts at once."""
    pool = ThreadPoolExecutor(1)
    monkeypatch.setattr(Together, "_make", lambda crew: pool)
    yield
    pool.shutdown()


def last_loss(answer):
    return next(event.validation_loss for turn in reversed(answer.turns) for event in turn
                if type(event).__name__ == "Evaluation")


def test_pieces_done_together_come_to_what_they_come_to_alone(threads):
    given = pieces(small(base_without_dropout()))
    alone = [last_loss(work(piece)) for piece in given]
    jointly = answers(Together("cpu"), given)
    assert all(isinstance(answer, Done) for answer in jointly)
    assert [last_loss(answer) for answer in jointly] == pytest.approx(alone, rel=1e-4)


def base_without_dropout():
    return {"field": "model.encoder.0.dropout", "values": [0.0]}


def test_all_that_waits_is_handed_out_in_one_go(threads, monkeypatch):
    seen = []
    monkeypatch.setattr(together, "work_together", lambda given, device: [seen.append(len(given))] and [
        Refused("x", "", "", False)] * len(given))
    assert [answer.code for answer in answers(Together("cpu"), pieces(small()))] == ["x"] * 6
    assert seen == [6]


def test_after_a_crash_pieces_are_handed_out_one_by_one_and_the_bad_one_is_refused(threads, monkeypatch):
    given = pieces(small())
    bad, seen = given[2], []

    def crashing(chosen, device):
        seen.append(len(chosen))
        if bad in chosen:
            raise BrokenProcessPool("gone")
        return [Refused("fine", "", "", False)] * len(chosen)

    monkeypatch.setattr(together, "work_together", crashing)
    codes = [answer.code for answer in answers(Together("cpu"), given)]
    assert codes == ["fine", "fine", "sweep.worker_died", "fine", "fine", "fine"]
    assert seen[0] == 6 and set(seen[1:]) == {1}


def test_a_sweep_where_there_is_a_gpu_is_trained_together(threads, tmp_path, monkeypatch):
    monkeypatch.setattr(Conductor, "_device", "cpu-together")
    monkeypatch.setattr(together.Together, "__init__", stand_in(together.Together.__init__))
    events = carried_out(small(base_without_dropout()), tmp_path, workers=0)
    assert of(Staffed, events)[0].workers == 1 and isinstance(events[-1], Swept) and events[-1].complete
    plain = carried_out(small(base_without_dropout()), tmp_path, workers=1)[-1]
    losses = [[row[6] for row in table(swept.rows)] for swept in (events[-1], plain)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert all(told.over for told in of(Told, events)), "what is trained together is trained to its end"


def stand_in(begin):
    """Trains on the processor, for there is no GPU here."""
    return lambda crew, device: begin(crew, "cpu")


def test_a_worker_process_does_it_and_ends_with_the_crew():
    crew = Together("cpu")
    crew.give("a", pieces(small())[0])
    found = []
    while crew.busy:
        found += crew.back(1.0)
    (pid,) = crew._pool._processes
    assert [key for key, _ in found] == ["a"] and isinstance(found[0][1], Done)
    crew.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
