"""Work on a thread apart comes back in the order of the items, and never blocks for long."""

import threading
import time

import pytest

from engine.datasets.apart import DEPTH, HEARTBEAT_S, apart


def ended():
    """Wait for the threads of this module to end."""
    for thread in threading.enumerate():
        if thread.name == "images":
            thread.join(10)
            assert not thread.is_alive()


def test_results_come_in_the_order_of_the_items():
    def work(number):
        time.sleep(0.002 * (number % 3 == 0))
        return number * number

    found = [result for result in apart(work, iter(range(100))) if result]
    assert found == [(number, number * number) for number in range(100)]
    ended()


def test_no_more_is_begun_than_is_soon_wanted():
    begun = []
    events = apart(lambda number: begun.append(number), iter(range(1000)))
    assert next(events) == (0, None)
    assert len(begun) <= DEPTH + 3
    events.close()
    ended()


def test_something_comes_while_the_work_is_slow():
    release = threading.Event()
    events = apart(lambda _: release.wait(20), iter(range(3)))
    began = time.monotonic()
    assert [next(events) for _ in range(3)] == [None] * 3
    assert time.monotonic() - began < 10 * HEARTBEAT_S
    events.close()
    release.set()
    ended()


def test_what_the_work_raises_is_raised_at_its_turn():
    def work(number):
        if number == 2:
            raise KeyError(number)
        return number

    events, found = apart(work, iter(range(5))), []
    with pytest.raises(KeyError):
        for result in events:
            found.append(result)
    assert [result for result in found if result] == [(0, 0), (1, 1)]
    ended()


def test_nothing_to_do():
    assert list(apart(str, iter(()))) == []
    ended()
