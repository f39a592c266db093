"""Geometry of the latent space in numpy: principal directions that keep their sign and order, planes, ranges, paths."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from engine.answers import Axes, Numbers

Vectors = NDArray[np.float64]


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


def frame_of(codes: Vectors, axes: Axes, previous: Numbers | None = None) -> Frame:
    """(n, d) codes -> two dimensions of the code, or its two principal directions as ``previous`` scores had them."""
    if axes == "pca":
        return _principal_frame(codes, previous)
    directions = np.zeros((2, codes.shape[1]))
    for row, dimension in zip(directions, dict.fromkeys(axes), strict=False):  # the same one twice spans only a line
        row[dimension] = 1
    return Frame(np.zeros(codes.shape[1]), directions)


def _principal_frame(codes: Vectors, previous: Numbers | None) -> Frame:
    directions, shares = principal_directions(codes)
    frame = Frame(codes.mean(axis=0), directions)
    if previous is not None and previous.shape == (len(codes), 2):
        order, signs = matching(frame.coordinates(codes), previous.astype(np.float64))
        directions, shares = directions[order] * signs[:, None], shares[order]
    return Frame(frame.origin, directions, (float(shares[0]), float(shares[1])))


def principal_directions(codes: Vectors, count: int = 2) -> tuple[Vectors, Vectors]:
    """(n, d) codes -> (count, d) unit directions of the largest variance, and each one's share of the variance.

    Directions beyond the rank are zero. The largest component of each is positive, so that the answer is unique.
    From the smaller of covariance (d, d) and Gram matrix (n, n): Jolliffe, Principal Component Analysis, 2002, 3.5.
    """
    centred = codes - codes.mean(axis=0)
    few_numbers = centred.shape[1] <= len(centred)
    variances, vectors = np.linalg.eigh(centred.T @ centred if few_numbers else centred @ centred.T)
    variances, vectors = variances[::-1].clip(min=0), vectors.T[::-1]
    directions, shares = np.zeros((count, centred.shape[1])), np.zeros(count)
    for i in range(min(count, int((variances > variances.sum() * 1e-12).sum()))):
        direction = vectors[i] if few_numbers else vectors[i] @ centred
        direction = direction / np.linalg.norm(direction)
        directions[i] = direction * np.sign(direction[np.abs(direction).argmax()])
        shares[i] = variances[i] / variances.sum()
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
