"""One process with the GPU, which trains many networks of a sweep together."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from engine.sweeping.crew import Crew, Work, died
from engine.sweeping.piece import Done, Piece, Refused

MOST = 400
"""So many networks at once; where the memory does not suffice, they are halved until it does."""
TRIES = 3


def work_together(pieces: tuple[Piece, ...], device: str) -> list[Done | Refused]:
    """In the worker: torch is imported there."""
    from engine.sweeping import stacked

    return stacked.work_together(pieces, device)


class Together(Crew):
    """Collects pieces and hands them out in one go; after a crash they are handed out one by one."""

    def __init__(self, device: str) -> None:
        super().__init__(1)
        self._device = device
        self._job: tuple[Future[list[Done | Refused]], list[Work]] | None = None

    @property
    def room(self) -> int:
        """How many pieces more it takes; what comes while it works waits for the next go."""
        return MOST - len(self._later) - len(self._suspects)

    @property
    def busy(self) -> bool:
        """Whether any piece is not back yet."""
        return self._job is not None or bool(self._suspects or self._later)

    def _hand_out(self) -> None:
        """Nothing at once: more may come."""

    def _begin(self) -> None:
        """Hand out everything that waits; of those that ended a worker only one."""
        if self._suspects:
            chosen = [self._suspects.popleft()]
        else:
            chosen = list(self._later)
            self._later.clear()
        pieces = tuple(one.piece for one in chosen)
        self._job = self._made().submit(work_together, pieces, self._device), chosen

    def back(self, timeout_s: float) -> Iterator[tuple[Any, Done | Refused]]:
        """What came back within this time, with its key."""
        if self._job is None and self.busy:
            self._begin()
        if self._job is None or not wait([self._job[0]], timeout_s, FIRST_COMPLETED).done:
            return
        (future, chosen), self._job = self._job, None
        error = future.exception()
        if error is None:
            yield from ((one.key, answer) for one, answer in zip(chosen, future.result(), strict=True))
            return
        self._drop()
        for one in chosen:
            if one.tried >= TRIES:
                yield one.key, died(error)
            else:
                self._suspects.append(one._replace(tried=one.tried + 1))

    def close(self) -> None:
        """End the worker at once."""
        self._job = None
        super().close()
