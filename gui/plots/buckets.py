"""A line that never holds more than 20,000 points, however long it gets: minimum and maximum per bucket."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

POINTS = 20_000
"""Most points of one line."""

_LOW_X, _LOW, _HIGH_X, _HIGH, _LAST_X, _SUM = range(6)


class Buckets:
    """Values at increasing x; when all buckets are full, neighbours merge and each covers twice as many values.

    Appending n values costs O(n), and memory is bounded. Values that are no finite numbers are left out.
    ``merges`` counts how often neighbours merged.
    """

    def __init__(self, points: int = POINTS) -> None:
        if points < 4 or points % 4:
            raise ValueError(f"points is {points}: give a multiple of 4")
        self._table = np.empty((6, points // 2))
        self._count = 0
        self._open = np.empty((2, 0))
        self.merges = 0

    @property
    def width(self) -> int:
        """Values that a bucket covers; 1 until the line is long."""
        return 1 << self.merges

    def __len__(self) -> int:
        """Number of values so far."""
        return self._count * self.width + self._open.shape[1]

    def extend(self, x: npt.ArrayLike, y: npt.ArrayLike) -> None:
        """Append values (n,) at increasing positions (n,)."""
        new = np.stack([np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)])
        waiting = np.concatenate([self._open, new[:, np.isfinite(new).all(axis=0)]], axis=1)
        while waiting.shape[1] >= self.width:
            waiting = self._close(waiting)
        self._open = waiting

    def _close(self, waiting: Floats) -> Floats:
        """Turn as many values as fit into buckets, merging when that fills the table; the rest is returned."""
        whole = min(waiting.shape[1] // self.width, self._table.shape[1] - self._count)
        taken = whole * self.width
        self._table[:, self._count:self._count + whole] = _summary(waiting[:, :taken].reshape(2, whole, self.width))
        self._count += whole
        if self._count == self._table.shape[1]:
            self._merge()
        return waiting[:, taken:]

    def _merge(self) -> None:
        """Two neighbouring buckets become one."""
        left, right = self._table[:, 0::2], self._table[:, 1::2]
        merged = right.copy()
        lower, higher = left[_LOW] <= right[_LOW], left[_HIGH] >= right[_HIGH]
        merged[_LOW_X:_HIGH_X, lower] = left[_LOW_X:_HIGH_X, lower]
        merged[_HIGH_X:_LAST_X, higher] = left[_HIGH_X:_LAST_X, higher]
        merged[_SUM] += left[_SUM]
        self._count //= 2
        self._table[:, :self._count] = merged
        self.merges += 1

    @property
    def state(self) -> tuple[int, int]:
        """Another value whenever the points are others."""
        return len(self), self.merges

    def points(self) -> tuple[Floats, Floats]:
        """New arrays x and y, at most ``points`` long: every value while they fit, then each bucket's extremes."""
        table = self._all()
        if self.width == 1:
            return table[_LOW_X].copy(), table[_LOW].copy()
        falls = table[_HIGH_X] < table[_LOW_X]
        x = np.where(falls, table[[_HIGH_X, _LOW_X]], table[[_LOW_X, _HIGH_X]])
        y = np.where(falls, table[[_HIGH, _LOW]], table[[_LOW, _HIGH]])
        return x.T.reshape(-1), y.T.reshape(-1)

    def means(self, start: int = 0) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
        """Last x, mean and number of values of each closed bucket from ``start`` on, then of the open one."""
        table = self._all()[:, start:]
        counts = np.full(table.shape[1], self.width)
        if self._open.shape[1]:
            counts[-1] = self._open.shape[1]
        return table[_LAST_X].copy(), table[_SUM] / counts, counts

    @property
    def capacity(self) -> int:
        """Most buckets the line can have."""
        return self._table.shape[1]

    @property
    def closed(self) -> int:
        """Buckets that will not change before the next merge."""
        return self._count

    def _all(self) -> Floats:
        """(6, n): the closed buckets and the open one."""
        closed = self._table[:, :self._count]
        return np.concatenate([closed, _summary(self._open[:, None])], axis=1) if self._open.shape[1] else closed


def _summary(values: Floats) -> Floats:
    """(2, buckets, width) positions and values -> (6, buckets)."""
    x, y = values
    rows = np.arange(len(y))
    low, high = y.argmin(axis=1), y.argmax(axis=1)
    return np.stack([x[rows, low], y[rows, low], x[rows, high], y[rows, high], x[:, -1], y.sum(axis=1)])


class Smoothed:
    """The exponential mean of a line over about ``window`` values, without the pull towards zero at its start.

    s(n) = b s(n-1) + (1 - b) y(n) with b = 1 - 1 / window, divided by 1 - b^n (Kingma and Ba, 2014, section 3).
    A bucket of k values counts as k times its mean. Closed buckets are worked out once.
    """

    def __init__(self, line: Buckets, window: float = 50) -> None:
        self._line = line
        self._restart(window)

    @property
    def window(self) -> float:
        """How many values the mean reaches back; 1 is no smoothing."""
        return self._window

    @window.setter
    def window(self, window: float) -> None:
        if window < 1:
            raise ValueError(f"window is {window}: give 1 or more")
        if window != self._window:
            self._restart(window)

    @property
    def state(self) -> tuple[float, ...]:
        """Another value whenever the points are others."""
        return (*self._line.state, self._window)

    def _restart(self, window: float) -> None:
        """Forget what was worked out."""
        self._window, self._merges = window, self._line.merges
        self._done = 0
        self._known = np.empty((2, self._line.capacity))
        self._state = (0.0, 0.0)

    def points(self) -> tuple[Floats, Floats]:
        """New arrays x and y, one point for each bucket."""
        if self._merges != self._line.merges:
            self._restart(self._window)
        start, end = self._done, self._line.closed
        x, means, counts = self._line.means(start)
        states = list(self._states(means, counts))
        fresh = np.array([x, [total / weight for total, weight in states[1:]]])
        self._known[:, start:end] = fresh[:, :end - start]
        self._done, self._state = end, states[end - start]
        result = np.concatenate([self._known[:, :end], fresh[:, end - start:]], axis=1)
        return result[0], result[1]

    def _states(self, means: Floats, counts: npt.NDArray[np.int64]) -> Iterator[tuple[float, float]]:
        """The running sum and its weight, before the first bucket and after each."""
        kept = (1 - 1 / self._window) ** counts

        def step(state: tuple[float, float], new: tuple[float, float]) -> tuple[float, float]:
            mean, keep = new
            return state[0] * keep + mean * (1 - keep), state[1] * keep + 1 - keep

        values: list[Any] = list(zip(means.tolist(), kept.tolist(), strict=True))
        return accumulate(values, step, initial=self._state)


def thinned(x: Floats, y: Floats, left: float, right: float, pixels: int) -> tuple[Floats, Floats]:
    """The part of a line between two positions, one point beyond included, with about two points for each pixel.

    Groups start at multiples of their size, so that a line does not shimmer while it is moved.
    """
    first = max(0, int(np.searchsorted(x, left)) - 1)
    last = min(len(x), int(np.searchsorted(x, right, side="right")) + 1)
    size = (last - first) // max(1, pixels)
    if size <= 2:
        return x[first:last], y[first:last]
    start = first // size * size
    groups = (last - start) // size
    whole = start + groups * size
    low, high = (pick(y[start:whole].reshape(groups, size), axis=1) for pick in (np.argmin, np.argmax))
    order = np.sort(np.stack([low, high], axis=1), axis=1) + (start + np.arange(groups) * size)[:, None]
    chosen = np.concatenate([[start], order.reshape(-1), np.arange(whole, last), [last - 1]])
    return x[chosen], y[chosen]
