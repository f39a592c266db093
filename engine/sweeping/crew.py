"""Who does the pieces: processes on this machine, or a Dask cluster; to the sweep both are an Executor."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from engine.sweeping.pace import Pace
from engine.sweeping.piece import Done, Piece, Refused, watch_parent, work

TRIES = 3
"""A piece whose worker dies is handed out anew, so often in all."""


class ClusterError(Exception):
    """A cluster that cannot be reached or has gone; ``code`` and ``values`` say it in another language."""

    def __init__(self, code: str, message: str, **values: Any) -> None:
        self.code, self.values = code, values
        super().__init__(message)


class Crew:
    """Hands out pieces under a key and gives back what came of them; a pool that breaks is made anew."""

    def __init__(self, workers: int, measured: bool = False) -> None:
        """``measured``: it is found out whether fewer workers at once do more."""
        self._most = workers
        self._pace = Pace(workers) if measured else None
        self._pool: Executor | None = None
        self._at_work: dict[Future[Done | Refused], tuple[Any, Piece, int]] = {}

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
        return self.workers + spare - len(self._at_work)

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
        return bool(self._at_work)

    def give(self, key: Any, piece: Piece, tried: int = 1) -> None:
        """Hand out a piece. Raises ClusterError."""
        try:
            future = self._made().submit(work, piece)
        except BrokenProcessPool:  # found out by handing out; those at work are told by wait
            self._drop()
            future = self._made().submit(work, piece)
        self._at_work[future] = (key, piece, tried)

    def back(self, timeout_s: float) -> Iterator[tuple[Any, Done | Refused]]:
        """What came back within this time, with its key; a piece that no worker survives is refused."""
        done, _ = wait(self._at_work, timeout_s, FIRST_COMPLETED)
        again = []
        for future in done:
            key, piece, tried = self._at_work.pop(future)
            error = future.exception()
            if error is None:
                yield key, future.result()
            elif isinstance(error, ImportError | AttributeError | TypeError):  # it does not know what a piece is
                yield key, Refused("sweep.version", f"A worker has another version of the program ({error}). Install "
                                   f"{piece.version} there.", "", True)
            elif tried < TRIES:
                again.append((key, piece, tried + 1))
            else:
                yield key, Refused("sweep.worker_died", f"The worker ended {TRIES} times while it trained this "
                                   f"({type(error).__name__}).", "", False)
        if again:
            self._recover()
            for key, piece, tried in again:
                self.give(key, piece, tried)

    def _recover(self) -> None:
        """Make the pool anew and hand out what was at work in the broken one."""
        left = list(self._at_work.values())
        self._drop()
        if self._pace is not None:
            self._pace.forget()
        for key, piece, tried in left:
            self.give(key, piece, tried)

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


class Cluster(Crew):
    """The workers of a Dask scheduler, 'tcp://host:8786'."""

    def __init__(self, address: str, timeout_s: float = 10.0) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise ClusterError("cluster.missing", "Dask is not installed. Run: pip install "
                               "'autoencoder-explorer[cluster]'") from error
        try:
            self._client = Client(address, timeout=timeout_s, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError("cluster.unreachable", f"The scheduler {address} cannot be reached "
                               f"({type(error).__name__}). Start it, or go on with the workers of this machine.",
                               address=address) from error
        self.address = address
        super().__init__(max(1, len(self._client.scheduler_info(n_workers=-1)["workers"])))

    def _make(self) -> Executor:
        return self._client.get_executor(pure=False, retries=TRIES)

    def back(self, timeout_s: float) -> Iterator[tuple[Any, Done | Refused]]:
        """The same; raises ClusterError where the scheduler has gone."""
        if self._client.status not in ("running", "connecting"):
            raise ClusterError("cluster.gone", f"The scheduler {self.address} has gone. What is finished is kept; go "
                               "on with the workers of this machine.", address=self.address)
        return super().back(timeout_s)

    def close(self) -> None:
        super().close()
        self._client.close()
