"""Contour lines of a map: marching squares between the centres of its cells, only where all four have a value."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from gui.plots.sweepcells import Floats

Edge = tuple[int, int, int]
"""(0, row, column): between a cell and the next of its row; (1, row, column): and the next of its column."""

_LOWER, _RIGHT, _UPPER, _LEFT = range(4)
_CASES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((_LEFT, _LOWER),), 2: ((_LOWER, _RIGHT),), 3: ((_LEFT, _RIGHT),), 4: ((_RIGHT, _UPPER),),
    6: ((_LOWER, _UPPER),), 7: ((_LEFT, _UPPER),), 8: ((_UPPER, _LEFT),), 9: ((_LOWER, _UPPER),),
    11: ((_RIGHT, _UPPER),), 12: ((_RIGHT, _LEFT),), 13: ((_LOWER, _RIGHT),), 14: ((_LEFT, _LOWER),)}
"""Which corners lie above (1 here, 2 right, 4 right and up, 8 up) -> the edges that lines join."""
_SADDLES = {5: (((_LOWER, _RIGHT), (_UPPER, _LEFT)), ((_LEFT, _LOWER), (_RIGHT, _UPPER))),
            10: (((_LEFT, _LOWER), (_RIGHT, _UPPER)), ((_LOWER, _RIGHT), (_UPPER, _LEFT)))}
"""Two opposite corners above -> the lines where the middle lies above, and where it lies below."""


def contours(values: Floats, level: float) -> list[Floats]:
    """Polylines (N, 2) of (row, column) along which (rows, columns) values are ``level``; closed ones end as begun."""
    joined: dict[Edge, list[Edge]] = defaultdict(list)
    for one, other in _segments(values, level):
        joined[one].append(other)
        joined[other].append(one)
    chains = []
    open_ends = [edge for edge, others in joined.items() if len(others) == 1]
    for start in [*open_ends, *joined]:
        if joined[start]:
            chains.append(_chain(joined, start))
    return [np.array([_place(values, level, edge) for edge in chain]) for chain in chains]


def _segments(values: Floats, level: float) -> list[tuple[Edge, Edge]]:
    """The pieces of the line within each square of four neighbours."""
    if min(values.shape) < 2:
        return []
    corners = np.stack([values[:-1, :-1], values[:-1, 1:], values[1:, 1:], values[1:, :-1]])
    case = ((corners >= level) * np.array([1, 2, 4, 8])[:, None, None]).sum(axis=0)
    case[~np.isfinite(corners).all(axis=0)] = 0
    result = []
    for row, column in zip(*(index.tolist() for index in np.nonzero(case % 15)), strict=True):
        number = int(case[row, column])
        pieces = _CASES.get(number) or _SADDLES[number][0 if corners[:, row, column].mean() >= level else 1]
        edges = ((0, row, column), (1, row, column + 1), (0, row + 1, column), (1, row, column))
        result += [(edges[one], edges[other]) for one, other in pieces]
    return result


def _chain(joined: dict[Edge, list[Edge]], start: Edge) -> list[Edge]:
    """Follow a line from an edge to its end, and take it out."""
    chain, here = [start], start
    while joined[here]:
        following = joined[here].pop()
        joined[following].remove(here)
        chain.append(following)
        here = following
    return chain


def _place(values: Floats, level: float, edge: Edge) -> tuple[float, float]:
    """Where on an edge the level lies: (row, column)."""
    down, row, column = edge
    here, there = values[row, column], values[row + down, column + 1 - down]
    share = float((level - here) / (there - here))
    return (row + share, column) if down else (row, column + share)
