"""How many workers at once: found by measuring the sweep's own work, so that nothing is done for measuring alone."""

from __future__ import annotations

import time

AGAIN_S, AGAIN_PIECES = 300.0, 60
"""A number that was found is good for so long, and for so many pieces."""


class Pace:
    """Begins with the most workers and tries fewer, as long as fewer do not do less.

    Attribute ``allowed``: how many pieces may be at work now. A piece counts by its share of a training, so that short
    pieces and long ones compare.
    """

    def __init__(self, most: int) -> None:
        self.allowed = self._most = most
        self.settled = most == 1
        self.speeds: dict[int, float] = {}
        """Workers -> trainings a second, as measured."""
        self._skip = most
        self._began_s: float | None = None
        self._settled_s: float | None = None
        self._pieces = 0
        """That came back since the number was settled."""
        self._done, self._work = 0, 0.0

    def note(self, share: float, now_s: float | None = None) -> None:
        """A piece came back: ``share`` of a training."""
        now = time.monotonic() if now_s is None else now_s
        if self.settled:
            self._look_again(now)
            return
        if self._skip:  # the first of each worker starts it and reads the images
            self._skip -= 1
            self._began_s = now
            return
        self._done, self._work = self._done + 1, self._work + share
        if self._done >= 3 * self.allowed and self._began_s is not None:
            self._measured(self._work / max(1e-9, now - self._began_s))

    def forget(self) -> None:
        """Begin this measurement anew: there was a pause, or a worker died."""
        self._skip, self._done, self._work, self._began_s = self.allowed, 0, 0.0, None

    def _look_again(self, now: float) -> None:
        """After a while the machine may be busier, or free again: measure anew."""
        if self._most == 1:
            return
        self._pieces += 1
        self._settled_s = now if self._settled_s is None else self._settled_s
        if self._pieces >= AGAIN_PIECES and now - self._settled_s >= AGAIN_S:
            self.allowed, self.settled, self.speeds = self._most, False, {}
            self._pieces, self._settled_s = 0, None
            self.forget()

    def _measured(self, speed: float) -> None:
        """Go on with one worker less, or back to the number that did most."""
        self.speeds[self.allowed] = speed
        best = max(self.speeds, key=self.speeds.__getitem__)
        if best == self.allowed and best > 1:
            self.allowed -= 1
        else:
            self.allowed, self.settled = best, True
        self.forget()
