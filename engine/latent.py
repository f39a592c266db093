"""Geometry of the latent space: principal directions that keep their sign and order, planes, ranges, paths."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.answers import Axes, Numbers

Vectors = NDArray[np.float64]

OVERSAMPLING = 8
"""Directions sought beyond those wanted: the more, the fewer rounds."""

MAXIMUM_ROUNDS = 200


@dataclass(frozen=True)
class Frame:
    """Two directions of the latent space; a point's coordinates are its distances from ``origin`` along them."""

    origin: Vectors
    """(d,)"""
    directions: Vectors
    """(2, d): unit vectors at right angles; one that does not exist is zero."""
    explained: tuple[float, float] | None = None
    """Share of the variance along each principal direction."""

    def coordinates(self, codes: Vectors) -> Vectors:
        """(..., d) -> (..., 2)."""
        return (codes - self.origin) @ self.directions.T

    def points(self, grid: Vectors, centre: Vectors) -> Vectors:
        """(n, 2) coordinates -> (n, d) codes on the plane through ``centre``."""
        return centre + (grid - self.coordinates(centre)) @ self.directions

    def steps(self, scores: Vectors, quantile: float, size: int) -> tuple[Vectors, Vectors]:
        """(n, 2) coordinates of codes -> x and y of the grid, ascending; a single 0 along a missing direction."""
        x, y = (np.linspace(*quantile_range(column, quantile), size) if direction.any() else np.zeros(1)
                for column, direction in zip(scores.T, self.directions, strict=True))
        return x, y


@dataclass(frozen=True)
class Cloud:
    """Codes of many images, with their principal directions and each one's share of the variance."""

    codes: Vectors
    """(n, d)"""
    directions: Vectors
    """(2, d)"""
    shares: Vectors
    """(2,)"""


def frame_of(cloud: Cloud, axes: Axes, previous: Numbers | None = None) -> Frame:
    """Two dimensions of the code, or the two principal directions with the order and signs of ``previous`` scores."""
    if axes == "pca":
        return _principal_frame(cloud, previous)
    directions = np.zeros_like(cloud.directions)
    for row, dimension in zip(directions, dict.fromkeys(axes), strict=False):  # the same one twice spans only a line
        row[dimension] = 1
    return Frame(np.zeros(cloud.codes.shape[1]), directions)


def _principal_frame(cloud: Cloud, previous: Numbers | None) -> Frame:
    directions, shares = cloud.directions, cloud.shares
    frame = Frame(cloud.codes.mean(axis=0), directions)
    if previous is not None and previous.shape == (len(cloud.codes), 2):
        order, signs = matching(frame.coordinates(cloud.codes), previous.astype(np.float64))
        directions, shares = directions[order] * signs[:, None], shares[order]
    return Frame(frame.origin, directions, (float(shares[0]), float(shares[1])))


def principal(codes: Vectors, count: int = 2) -> Generator[None, None, Cloud]:
    """The directions of the largest variance, found in short rounds of subspace iteration on one thread.

    Directions beyond the rank are zero. The largest component of each is positive, so that the answer is unique.
    Halko, Martinsson, Tropp, Finding Structure with Randomness, 2011, with Rayleigh and Ritz in every round.
    """
    centred = torch.from_numpy(codes - codes.mean(axis=0))
    total = float(centred.square().sum())
    width = min(centred.shape[1], count + OVERSAMPLING)
    block = torch.from_numpy(np.random.default_rng(0).standard_normal((centred.shape[1], width)))
    for _ in range(MAXIMUM_ROUNDS):
        variances, vectors, block = _round(centred, block)
        largest = variances[-count:]
        off = (block - vectors * variances)[:, -count:].norm(dim=0)
        if bool((off <= 1e-7 * largest + 1e-13 * total).all()):
            break
        yield
    return Cloud(codes, *_unique(variances.flip(0).numpy(), vectors.T.flip(0).numpy(), count, total))


def _round(centred: Tensor, block: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(d, k) -> ascending variances (k,) and directions (d, k) within its span, and the covariance times those."""
    basis = torch.linalg.qr(block).Q
    projected = centred @ basis
    variances, turns = torch.linalg.eigh(projected.T @ projected)
    return variances, basis @ turns, centred.T @ (projected @ turns)


def _unique(variances: Vectors, rows: Vectors, count: int, total: float) -> tuple[Vectors, Vectors]:
    """The first ``count`` directions with unique signs and their shares; zeros where there is no variance."""
    directions, shares = np.zeros((count, rows.shape[1])), np.zeros(count)
    for i, (variance, row) in enumerate(zip(variances[:count], rows, strict=False)):
        if variance > total * 1e-12:
            directions[i] = row * np.sign(row[np.abs(row).argmax()])
            shares[i] = variance / total
    return directions, shares


def matching(scores: Vectors, previous: Vectors) -> tuple[list[int], Vectors]:
    """Order and signs that make the columns of (n, k) scores correlate best with those of the previous snapshot.

    Weights change between snapshots, so directions cannot be compared; the scores of the same images can.
    """
    correlations = _correlations(previous, scores)
    columns = range(scores.shape[1])
    order = max(permutations(columns), key=lambda p: sum(abs(correlations[i, p[i]]) for i in columns))
    return list(order), np.array([-1.0 if correlations[i, order[i]] < 0 else 1.0 for i in columns])


def _correlations(a: Vectors, b: Vectors) -> Vectors:
    """(n, k), (n, k) -> (k, k) correlation of each column of a with each of b; 0 where one is constant."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    norms = np.outer(np.linalg.norm(a, axis=0), np.linalg.norm(b, axis=0))
    return np.divide(a.T @ b, norms, out=np.zeros_like(norms), where=norms > 0)


def quantile_range(values: Vectors, quantile: float) -> tuple[float, float]:
    """From the given quantile of the values to the opposite one; one unit wide around a constant."""
    low, high = np.quantile(values, [quantile, 1 - quantile])
    if high - low > 1e-6 * max(abs(low), abs(high)):
        return float(low), float(high)
    return float(low) - 0.5, float(low) + 0.5


def straight(a: Vectors, b: Vectors, t: Vectors) -> Vectors:
    """(d,), (d,), (k,) in [0, 1] -> (k, d): a at 0, b at 1."""
    return (1 - t)[:, None] * a + t[:, None] * b


def spherical(a: Vectors, b: Vectors, t: Vectors) -> Vectors:
    """(d,), (d,), (k,) in [0, 1] -> (k, d) along the great arc from a at 0 to b at 1.

    Shoemake, Animating Rotation with Quaternion Curves, 1985. Codes that are zero, parallel or opposite have no arc
    between them; their way is straight.
    """
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    angle = np.arccos(np.clip(a @ b / lengths, -1, 1)) if lengths > 0 else 0.0
    if np.sin(angle) < 1e-4:
        return straight(a, b, t)
    return (np.sin((1 - t) * angle)[:, None] * a + np.sin(t * angle)[:, None] * b) / np.sin(angle)


PATHS = {"straight": straight, "spherical": spherical}
