"""t-SNE in short pieces, with scikit-learn's Barnes-Hut gradient: between two of them one can look, or stop.

van der Maaten, Accelerating t-SNE using tree-based algorithms, 2014. scikit-learn's own ``fit`` cannot be interrupted
and tells nothing before its end, so its descent is done here: the same schedule, momentum and gains.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.answers import Numbers, QuestionError

Vectors = NDArray[np.float64]
INSTALL = "pip install scikit-learn"

EXAGGERATED, ITERATIONS = 250, 750
"""Steps with the attraction exaggerated, and all steps."""

EXAGGERATION = 12.0
NEIGHBOURS_PIECE = 250
"""Codes whose neighbours are searched at once."""

IMPORTED = ("scipy.optimize", "scipy.stats", "sklearn.neighbors")
"""What scikit-learn takes a second to import, the first time, in parts between which one can stop."""

WIDEST = 50
"""Codes of more numbers are first reduced to so many principal components, as van der Maaten does."""


def available() -> bool:
    """Whether scikit-learn is installed; nothing is imported."""
    return importlib.util.find_spec("sklearn") is not None


def check(count: int, perplexity: float, largest: int) -> None:
    """Raise QuestionError where t-SNE cannot be computed of so many codes."""
    if not available():
        raise QuestionError("question.tsne_missing", f"t-SNE needs scikit-learn. Install it: {INSTALL}",
                            command=INSTALL)
    if count > largest:
        raise QuestionError("question.tsne_many", f"t-SNE takes up to {largest:,} images, not {count:,}. Choose fewer.",
                            largest=largest, count=count)
    if count < 4 or not 1 <= perplexity < count / 3:
        raise QuestionError("question.tsne_few", f"A perplexity of {perplexity:g} needs more than {3 * perplexity:g} "
                            f"images, not {count}. Choose more images.", perplexity=perplexity, count=count)


def embedded(codes: Vectors, start: Vectors, perplexity: float) -> Iterator[tuple[Numbers | None, float]]:
    """(n, d) codes, (n, 2) where they start -> (points so far or None, share of the work done), again and again.

    The last points come with 1. The same codes always give the same points.
    """
    neighbours: list[Any] = []
    for name in IMPORTED:
        yield None, 0.0
        importlib.import_module(name)
    yield None, 0.0
    reduced = _reduced(codes)
    yield None, 0.0
    for done in _search(reduced, perplexity, neighbours):
        yield None, 0.1 * done
    affinities = _affinities(neighbours, perplexity)
    spread = float(start.std(axis=0).max())
    rng = np.random.default_rng(0)
    points = 1e-4 * start / spread if spread > 0 else 1e-4 * rng.standard_normal(start.shape)
    points += 1e-6 * rng.standard_normal(points.shape)  # equal codes need not stay in one place
    for step, now in enumerate(_descent(affinities, points), 1):
        yield now.astype(np.float32), 0.1 + 0.9 * step / ITERATIONS if step < ITERATIONS else 1.0


def _reduced(codes: Vectors) -> Vectors:
    """(n, d) -> (n, ≤ WIDEST) float32: the leading principal components of codes of more numbers."""
    if codes.shape[1] > WIDEST:
        centred = codes - codes.mean(axis=0)
        basis = np.linalg.qr(centred.T @ (centred @ np.random.default_rng(0).standard_normal((codes.shape[1], WIDEST))))
        codes = centred @ basis.Q
    return np.ascontiguousarray(codes, dtype=np.float32)


def _search(codes: Vectors, perplexity: float, found: list[Any]) -> Iterator[float]:
    """The nearest codes of each code, piece by piece, into ``found``; yields how far it is."""
    from sklearn.neighbors import NearestNeighbors

    count = min(len(codes) - 1, int(3 * perplexity + 1))
    search = NearestNeighbors(n_neighbors=count + 1, n_jobs=1).fit(codes)
    for start in range(0, len(codes), NEIGHBOURS_PIECE):
        piece = codes[start:start + NEIGHBOURS_PIECE]
        distances, indices = search.kneighbors(piece)
        found.append(_others(distances, indices, np.arange(start, start + len(piece))))
        yield min(1.0, (start + len(piece)) / len(codes))


def _others(distances: Vectors, indices: Any, own: Any) -> tuple[Any, Any]:
    """Without the code itself, which is not always the first of its neighbours where several are equal."""
    itself = indices == own[:, None]
    itself[~itself.any(axis=1), -1] = True
    shape = len(own), indices.shape[1] - 1
    return distances[~itself].reshape(shape), indices[~itself].reshape(shape)


def _affinities(neighbours: list[Any], perplexity: float) -> Any:
    """Sparse (n, n) joint probabilities."""
    from scipy.sparse import csr_matrix
    from sklearn.manifold import _t_sne

    distances = np.concatenate([pair[0] for pair in neighbours]).astype(np.float64)
    indices = np.concatenate([pair[1] for pair in neighbours])
    count, near = distances.shape
    rows = np.arange(0, count * near + 1, near)
    squared = csr_matrix((distances.ravel()**2, indices.ravel(), rows), shape=(count, count))
    return _t_sne._joint_probabilities_nn(squared, perplexity, 0)


def _descent(affinities: Any, points: Vectors) -> Iterator[Vectors]:
    """ITERATIONS steps of gradient descent with momentum and gains, (n, 2) after each."""
    from sklearn.manifold import _t_sne

    count = len(points)
    rate = max(count / EXAGGERATION / 4, 50.0)
    flat, update, gains = points.ravel().copy(), np.zeros(2 * count), np.ones(2 * count)
    for step in range(ITERATIONS):
        early = step < EXAGGERATED
        _, gradient = _t_sne._kl_divergence_bh(flat, affinities * EXAGGERATION if early else affinities, 1, count, 2,
                                               compute_error=False, num_threads=1)
        gains = np.maximum(np.where(update * gradient < 0, gains + 0.2, gains * 0.8), 0.01)
        update = (0.5 if early else 0.8) * update - rate * gains * gradient
        flat = flat + update
        yield flat.reshape(count, 2)
