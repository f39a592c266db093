"""Who does the pieces: processes on this machine, or a Dask cluster; to the sweep both are an Executor."""

from __future__ import annotations

import logging
import multiprocessing
import socket
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from engine.runfiles.notices import RunError
from engine.sweeping.pace import Pace
from engine.sweeping.piece import Done, Piece, Refused, watch_parent, work

TRIES = 3
"""A piece whose worker dies is handed out anew, so often in all."""
COUNT_S = 1.0
"""The workers of a cluster are counted at most so often."""


class ClusterError(RunError):
    """A cluster that cannot be reached or has gone."""


class Work(NamedTuple):
    """A piece at work: whose it is, and how often it was handed out."""

    key: Any
    piece: Piece
    tried: int = 1


class Crew:
    """Hands out pieces under a key and gives back what came of them; a pool that breaks is made anew.

    A pool breaks as a whole, and does not say over which piece. So those that were at work then are suspects, and are
    handed out one at a time: only a piece that ends its worker alone is refused, and the others go on.
    """

    def __init__(self, workers: int, measured: bool = False) -> None:
        """``measured``: it is found out whether fewer workers at once do more."""
        self._most = workers
        self._pace = Pace(workers) if measured else None
        self._pool: Executor | None = None
        self._at_work: dict[Future[Done | Refused], Work] = {}
        self._suspects: deque[Work] = deque()
        self._later: deque[Work] = deque()
        """What was given while there were suspects."""

    def _made(self) -> Executor:
        """The pool, made when the first piece comes."""
        if self._pool is None:
            self._pool = self._make()
        return self._pool

    def _make(self) -> Executor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._most, mp_context=context, initializer=watch_parent)

    @property
    def room(self) -> int:
        """How many pieces more it takes now: one for each worker, and one that waits so that none is idle."""
        spare = 1 if self.workers == self._most else 0  # with fewer at once a waiting one would find an idle process
        return self.workers + spare - len(self._at_work) - len(self._suspects) - len(self._later)

    @property
    def workers(self) -> int:
        """How many are at work at once."""
        return self._pace.allowed if self._pace is not None else self._most

    @property
    def speeds(self) -> dict[int, float]:
        """Workers -> trainings a second, as far as it was measured."""
        return dict(self._pace.speeds) if self._pace is not None else {}

    def note(self, share: float) -> None:
        """A piece that was this share of a training is back."""
        if self._pace is not None:
            self._pace.note(share)

    @property
    def busy(self) -> bool:
        """Whether any piece is not back yet."""
        return bool(self._at_work or self._suspects or self._later)

    def give(self, key: Any, piece: Piece) -> None:
        """Hand out a piece. Raises ClusterError."""
        self._later.append(Work(key, piece))
        self._hand_out()

    def _hand_out(self) -> None:
        """Give what waits to the workers: a suspect alone, everything once there is none."""
        while (self._suspects and not self._at_work) or (self._later and not self._careful):
            one = self._suspects.popleft() if self._suspects else self._later.popleft()
            self._submit(one)

    @property
    def _careful(self) -> bool:
        """Whether there is a suspect, waiting or at work."""
        return bool(self._suspects) or any(one.tried > 1 for one in self._at_work.values())

    def _submit(self, one: Work) -> None:
        """Give one piece to the pool; if the pool turns out to be broken, it waits with those that were in it."""
        try:
            self._at_work[self._made().submit(work, one.piece)] = one
        except BrokenProcessPool:
            (self._suspects if one.tried > 1 else self._later).append(one)
            self._recover([])

    def back(self, timeout_s: float) -> Iterator[tuple[Any, Done | Refused]]:
        """What came back within this time, with its key; a piece that no worker survives is refused."""
        done, _ = wait(self._at_work, timeout_s, FIRST_COMPLETED)
        ended = [(self._at_work.pop(future), future) for future in done]
        broken = [one for one, future in ended
                  if isinstance(future.exception(), BrokenProcessPool) and one.tried < TRIES]
        if any(isinstance(future.exception(), BrokenProcessPool) for _, future in ended):
            self._recover(broken)  # before anything is given to it
        for one, future in ended:
            if one not in broken:
                yield one.key, _answer(future, one.piece)
        self._hand_out()

    def _recover(self, broken: list[Work]) -> None:
        """Let go of a broken pool; everything that was in it is suspect."""
        suspects = [*broken, *self._at_work.values()]
        self._drop()
        if self._pace is not None:
            self._pace.forget()
        self._suspects.extend(one._replace(tried=one.tried + 1) for one in suspects)
        self._hand_out()

    def _drop(self) -> None:
        """Let go of the pool and of everything in it."""
        self._at_work.clear()
        if isinstance(self._pool, ProcessPoolExecutor):
            processes = list((self._pool._processes or {}).values())
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.kill()
            for process in processes:
                process.join(5)
        self._pool = None

    def close(self) -> None:
        """End the workers at once; what they are at is lost, and costs at most a piece."""
        self._drop()
        self._suspects.clear()
        self._later.clear()


def _answer(future: Future[Done | Refused], piece: Piece) -> Done | Refused:
    """What came back, or why nothing that can be used did."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, ImportError | AttributeError | TypeError):  # it does not know what a piece is
        return Refused("sweep.version", f"A worker has another version of the program ({error}). Install "
                       f"{piece.version} there.", "", True)
    return died(error)


def died(error: BaseException | None) -> Refused:
    """The answer in place of a worker that gave none."""
    return Refused("sweep.worker_died", f"The worker ended {TRIES} times while it trained this "
                   f"({type(error).__name__}).", "", False)


def _knock(address: str, timeout_s: float) -> None:
    """Raise OSError or ValueError at once where nobody listens: Dask may wait much longer than it is told to."""
    place = urlsplit(address if "://" in address else f"tcp://{address}")
    if place.hostname and place.port:
        socket.create_connection((place.hostname, place.port), timeout_s).close()


class Cluster(Crew):
    """The workers of a Dask scheduler, 'tcp://host:8786'."""

    def __init__(self, address: str, timeout_s: float = 10.0) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise ClusterError("cluster.missing", "Dask is not installed. Run: pip install "
                               "'autoencoder-explorer[cluster]'") from error
        try:
            _knock(address, timeout_s)
            logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it would report is said below
            self._client = Client(address, timeout=timeout_s, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError("cluster.unreachable", f"The scheduler {address} cannot be reached "
                               f"({type(error).__name__}). Start it, or go on with the workers of this machine.",
                               address=address) from error
        self.address = address
        self._counted_s = float("-inf")
        super().__init__(1)

    @property
    def workers(self) -> int:
        """How many the scheduler has now: they may come and go."""
        if time.monotonic() - self._counted_s > COUNT_S and self._client.status == "running":
            self._counted_s = time.monotonic()
            with suppress(OSError, TimeoutError, KeyError):
                self._most = max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))
        return self._most

    def _make(self) -> Executor:
        return self._client.get_executor(pure=False, retries=TRIES)

    def back(self, timeout_s: float) -> Iterator[tuple[Any, Done | Refused]]:
        """The same; raises ClusterError where the scheduler has gone, with everything that was at work."""
        if self._client.status != "running":
            raise self._gone()
        try:
            yield from super().back(timeout_s)
        except CancelledError:
            raise self._gone() from None

    def _submit(self, one: Work) -> None:
        try:
            super()._submit(one)
        except Exception as error:  # what a client that is closed raises depends on its version
            if self._client.status == "running":
                raise
            raise self._gone() from error

    def _gone(self) -> ClusterError:
        return ClusterError("cluster.gone", f"The scheduler {self.address} has gone. What is finished is kept; go on "
                            "with the workers of this machine.", address=self.address)

    def close(self) -> None:
        super().close()
        self._client.close()
