"""kill -9 of a sweep, or of one of its workers, at any moment: it ends as one left alone, with no process left.

Case 49 of docs/reliability.md. The moments lie over the whole of a sweep: while it starts, while its workers do, and
between any two of its events.
"""

import os
import random
import signal
import sys
import time
from contextlib import suppress

import pytest

from tests.engine.sweeping.small import Child, carried_out, inspect, opened, small, table, threads_for_workers, weights

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL and select on pipes")

START_S = 8.0
"""About as long as a sweep and its workers need until the first piece is back, here."""


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Table and weights of a sweep that was left alone."""
    folder = tmp_path_factory.mktemp("reference")
    with threads_for_workers():
        swept = carried_out(small(piece_epochs=1), folder)[-1]
    assert swept.complete and len(swept.rows) == 6
    return table(swept.rows), weights(swept.folder)


def follow(child, chance):
    """Let it be until a moment by chance: so many seconds from its start, or so long after so many pieces."""
    if chance.random() < 0.3:
        ends, pieces = time.monotonic() + chance.uniform(0, START_S), None
    else:
        ends, pieces = None, chance.randint(1, 6)
    told = 0
    while pieces is None or told < pieces:
        event = child.tell(None if ends is None else max(0.0, ends - time.monotonic()))
        if event is None:
            break
        told = sum(said["event"] == "Told" for said in child.said)
    child.tell(chance.uniform(0, 0.15))


def kill_until(folder, reference, kills, chance):
    """Kill sweeps or workers until there were so many kills, beginning a new sweep whenever one has come to its end."""
    killed, number = 0, 0
    while killed < kills:
        number += 1
        place = folder / str(number)
        place.mkdir()
        code = None
        while code != 0:
            child = Child(place, workers=2)
            follow(child, chance)
            if child.workers and chance.random() < 0.4:
                with suppress(ProcessLookupError):  # the sweep has ended meanwhile
                    os.kill(chance.choice(child.workers), signal.SIGKILL)
                    killed += 1
                while child.tell() is not None:
                    pass
                code = child.ended()
                assert code == 0, child.said[-3:]
            else:
                code = child.kill()
                killed += code == -signal.SIGKILL
            if list(place.iterdir()) and any(place.glob("*/sweep.toml")):
                inspect(opened(place))
        swept = opened(place)
        assert (table(swept.rows(swept.trials())), weights(swept)) == reference, f"after {killed} kills"
    return killed


def seeded(capsys):
    """A new seed each time, printed so that a failure can be repeated with KILL_SEED."""
    seed = int(os.environ.get("KILL_SEED", random.SystemRandom().randrange(10**6)))
    with capsys.disabled():
        sys.stdout.write(f" [KILL_SEED={seed}] ")
    return random.Random(seed)


@pytest.mark.timeout(400)
def test_killed_again_and_again_a_sweep_ends_as_if_left_alone(reference, tmp_path, capsys):
    assert kill_until(tmp_path, reference, 3, seeded(capsys)) >= 3


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_killed_twenty_times_a_sweep_ends_as_if_left_alone(reference, tmp_path, capsys):
    assert kill_until(tmp_path, reference, 20, seeded(capsys)) >= 20
