"""How many workers at once: measured by the work itself, with the clock in our hands."""

import pytest

from engine.sweeping.pace import Pace


def paced(most, speeds):
    """A pace that is told of pieces coming as fast as so many workers do them, until it has settled."""
    pace, now = Pace(most), 0.0
    for _ in range(200):
        now += 1 / speeds[pace.allowed]
        pace.note(1.0, now)
    assert pace.settled
    return pace


@pytest.mark.parametrize(("speeds", "best"), [
    ({1: 1.0}, 1), ({1: 1.0, 2: 1.9}, 2), ({1: 1.0, 2: 0.9}, 1), ({1: 1, 2: 2, 3: 3, 4: 4}, 4),
    ({1: 1, 2: 2.2, 3: 2.1, 4: 2.0}, 2), ({1: 1, 2: 1, 3: 3, 4: 2}, 3), ({1: 4, 2: 3, 3: 2, 4: 1}, 1)])
def test_it_settles_at_the_number_that_does_most(speeds, best):
    assert paced(max(speeds), speeds).allowed == best


def test_what_was_measured_is_the_speed_that_there_was():
    assert paced(2, {1: 1.0, 2: 1.9}).speeds == pytest.approx({1: 1.0, 2: 1.9})


def test_the_first_piece_of_each_worker_counts_for_nothing():
    """It starts the worker and reads the images."""
    pace = Pace(2)
    pace.note(1.0, 100.0)
    pace.note(1.0, 200.0)
    for piece in range(1, 7):
        pace.note(1.0, 200.0 + piece)
    assert pace.speeds == {2: pytest.approx(1.0)} and pace.allowed == 1


def test_short_pieces_count_for_less_than_long_ones():
    pace = Pace(2)
    for piece in range(8):
        pace.note(0.1, float(piece))
    assert pace.speeds == {2: pytest.approx(0.1)}


def test_a_measurement_that_was_disturbed_begins_anew():
    pace = Pace(2)
    for piece in range(7):
        pace.note(1.0, float(piece))
    pace.forget()
    assert pace.speeds == {} and pace.allowed == 2
    for piece in range(8):
        pace.note(1.0, 1000.0 + piece / 10)
    assert pace.speeds == {2: pytest.approx(10.0)}


def test_after_a_while_it_is_measured_anew_for_the_machine_may_be_free_again():
    pace, now, seen = Pace(2), 0.0, []
    for piece in range(800):
        busy = piece < 100
        now += 1 / ({1: 1.0, 2: 0.5} if busy else {1: 1.0, 2: 1.9})[pace.allowed]
        pace.note(1.0, now)
        seen.append((pace.allowed, pace.settled))
    assert seen[90] == (1, True) and seen[200] == (1, True) and pace.allowed == 2
    assert sum(not settled for _, settled in seen) < 80, "measuring is the exception"


def test_one_worker_is_never_measured():
    pace = Pace(1)
    for piece in range(500):
        pace.note(1.0, 10.0 * piece)
    assert pace.settled and pace.allowed == 1 and pace.speeds == {}
