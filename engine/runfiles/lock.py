"""One trainer for each run: ``run.lock`` names the process that holds it, and a dead process holds nothing."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from engine import storage
from engine.runfiles.notices import DamagedFile, Locked
from engine.runfiles.process import started

NAME = "run.lock"

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


@dataclass(frozen=True)
class Holder:
    """A process: its number, when it began (numbers are used again), and its host."""

    pid: int
    started: str
    host: str

    @property
    def here(self) -> bool:
        """Whether it runs, or ran, on this host."""
        return self.host == platform.node()

    @property
    def dead(self) -> bool:
        """Whether it is known to have ended; of another host nothing is known."""
        return self.here and started(self.pid) != self.started


def this_process() -> Holder:
    """Who is asking."""
    return Holder(os.getpid(), started(os.getpid()) or "", platform.node())


def holder(folder: Path) -> Holder | None:
    """Who holds a run: a live process of this host, or any process of another; None when it is free."""
    found = _read(folder / NAME)
    return None if found is None or found.dead else found


def refusal(found: Holder) -> Locked:
    """The error for somebody who wants a run that is held."""
    if found.here:
        return Locked("lock.process", f"This run is being trained by another window (process {found.pid}).",
                      pid=found.pid, host=found.host)
    return Locked("lock.host", f"Locked by host {found.host}. Open read-only / Take over", pid=found.pid,
                  host=found.host)


@contextlib.contextmanager
def held(folder: Path) -> Iterator[Holder]:
    """Hold a run for the length of the block. Raises Locked, or OSError when the folder cannot be written."""
    mine = this_process()
    _take(folder, mine)
    try:
        yield mine
    finally:
        with contextlib.suppress(OSError):  # a lock that stays belongs to nobody once the process has ended
            _release(folder / NAME, mine)


def take_over(folder: Path) -> None:
    """Set a lock of another host aside, because a person said so. Raises Locked for a live process of this host."""
    found = holder(folder)
    if found is not None and found.here:
        raise refusal(found)
    storage.remove(folder / NAME)


def _take(folder: Path, mine: Holder) -> None:
    """Put our lock in place; a dead holder's is removed first. Raises Locked."""
    while not _create(folder / NAME, json.dumps(asdict(mine)).encode()):
        found = _read(folder / NAME)
        if found is not None and not found.dead:
            raise refusal(found)
        _clear(folder / NAME, found)


def _create(path: Path, content: bytes) -> bool:
    """Make a lock with all of its content at once; False when there is one. Raises OSError."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}{storage.TEMPORARY}")
    storage.write_atomic(temporary, content)
    try:
        os.link(temporary, path)  # unlike a rename, fails when the name is taken
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _create_exclusively(path, content)
    finally:
        storage.remove(temporary)
    return True


def _create_exclusively(path: Path, content: bytes) -> bool:
    """The same on file systems without hard links."""
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        return False
    return True


def _clear(path: Path, dead: Holder | None) -> None:
    """Remove a dead holder's lock, and not one that somebody else put there meanwhile."""
    mine = path.with_name(f"{path.name}.{os.getpid()}.stale{storage.TEMPORARY}")
    with contextlib.suppress(FileNotFoundError):
        path.rename(mine)
        if _read(mine) != dead:
            with contextlib.suppress(FileExistsError):
                os.link(mine, path)
        mine.unlink()


def _release(path: Path, mine: Holder) -> None:
    """Remove the lock, if it is still ours."""
    if _read(path) == mine:
        storage.remove(path)


def _read(path: Path) -> Holder | None:
    """Who a lock names; None for no lock and for one that names nobody."""
    try:
        values = json.loads(storage.read(path, missing=b"{}"))
        return Holder(int(values["pid"]), str(values["started"]), str(values["host"]))
    except (DamagedFile, ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None
