"""Distributions fitted to codes: drawn from with a seed of their own, and telling how likely a code is. No torch."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.answers import QuestionError

Codes = NDArray[np.float64]
"""(n, d): one flattened code a row."""

MOST_NUMBERS = 4_096
"""Above so many numbers a covariance is not made; its estimate from fewer codes than numbers needs none."""
ROWS = 32
"""Rows of a covariance that are computed at once."""
LEAST_DEVIATION = 1e-6
"""A number that never changes still has this standard deviation, so that every density is finite."""


class Distribution(Protocol):
    """What can be drawn from."""

    @property
    def note(self) -> str:
        """What should be said about the fit; '' where there is nothing."""
        ...

    def draw(self, count: int, generator: np.random.Generator, temperature: float = 1.0) -> Codes:
        """(count, d): codes whose deviation from the mean is scaled by the temperature."""
        ...

    def log_density(self, codes: Codes) -> NDArray[np.float64]:
        """(n, d) -> (n,): the logarithm of the density at temperature 1."""
        ...


@dataclass(frozen=True)
class Diagonal:
    """Independent normal numbers: mean and standard deviation, (d,) each."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    note: str = ""

    def draw(self, count: int, generator: np.random.Generator, temperature: float = 1.0) -> Codes:
        return self.mean + temperature * self.deviation * generator.standard_normal((count, len(self.mean)))

    def log_density(self, codes: Codes) -> NDArray[np.float64]:
        scaled = (codes - self.mean) / self.deviation
        return (-0.5 * (scaled**2).sum(axis=1) - np.log(self.deviation).sum()
                - 0.5 * len(self.mean) * math.log(2 * math.pi))


@dataclass(frozen=True)
class Full:
    """A normal distribution by its mean (d,) and the lower Cholesky factor of its covariance (d, d)."""

    mean: NDArray[np.float64]
    factor: NDArray[np.float64]
    note: str = ""

    def draw(self, count: int, generator: np.random.Generator, temperature: float = 1.0) -> Codes:
        return self.mean + temperature * generator.standard_normal((count, len(self.mean))) @ self.factor.T

    def log_density(self, codes: Codes) -> NDArray[np.float64]:
        scaled = self._inverse @ (codes - self.mean).T
        return (-0.5 * (scaled**2).sum(axis=0) - np.log(np.diagonal(self.factor)).sum()
                - 0.5 * len(self.mean) * math.log(2 * math.pi))

    @cached_property
    def _inverse(self) -> NDArray[np.float64]:
        return np.asarray(np.linalg.inv(self.factor), dtype=np.float64)


@dataclass(frozen=True)
class Shrunk:
    """A normal distribution from fewer codes than numbers: covariance (1 − s)·XᵀX/n + s·μ·I, never made in full.

    ``deviations`` X is (n, d), ``shrinkage`` s in (0, 1], ``variance`` μ the mean variance of a number.
    """

    mean: NDArray[np.float64]
    deviations: Codes
    shrinkage: float
    variance: float
    note: str = ""

    def draw(self, count: int, generator: np.random.Generator, temperature: float = 1.0) -> Codes:
        scale = math.sqrt((1 - self.shrinkage) / len(self.deviations))
        along = scale * generator.standard_normal((count, len(self.deviations))) @ self.deviations
        aside = math.sqrt(self.shrinkage * self.variance) * generator.standard_normal((count, len(self.mean)))
        return self.mean + temperature * (along + aside)

    def log_density(self, codes: Codes) -> NDArray[np.float64]:
        """By the matrix inversion and determinant lemmas, so that nothing of d × d is made."""
        inverse, determinant = self._inner
        centred = codes - self.mean
        along = math.sqrt((1 - self.shrinkage) / len(self.deviations)) * centred @ self.deviations.T
        squares = ((centred**2).sum(axis=1) - (along @ inverse * along).sum(axis=1)) / self._floor
        beyond = (len(self.mean) - len(self.deviations)) * math.log(self._floor)
        return -0.5 * (squares + determinant + beyond + len(self.mean) * math.log(2 * math.pi))

    @property
    def _floor(self) -> float:
        """The variance in a direction that no code takes."""
        return max(self.shrinkage * self.variance, LEAST_DEVIATION**2)

    @cached_property
    def _inner(self) -> tuple[NDArray[np.float64], float]:
        """Inverse and logarithm of the determinant of s·μ·I + (1 − s)·XXᵀ/n, (n, n)."""
        products = (1 - self.shrinkage) / len(self.deviations) * self.deviations @ self.deviations.T
        inner = self._floor * np.eye(len(products)) + products
        return np.asarray(np.linalg.inv(inner), dtype=np.float64), float(np.linalg.slogdet(inner)[1])


@dataclass(frozen=True)
class Mixed:
    """Several distributions with their shares, which add up to 1."""

    parts: tuple[Distribution, ...]
    shares: NDArray[np.float64]
    note: str = ""

    def draw(self, count: int, generator: np.random.Generator, temperature: float = 1.0) -> Codes:
        chosen = generator.choice(len(self.parts), size=count, p=self.shares)
        drawn = [part.draw(count, generator, temperature) for part in self.parts]  # as many each: a draw per code
        return np.stack([drawn[part][place] for place, part in enumerate(chosen)])

    def log_density(self, codes: Codes) -> NDArray[np.float64]:
        each = np.stack([part.log_density(codes) + math.log(share)
                         for part, share in zip(self.parts, self.shares, strict=True) if share > 0])
        highest = each.max(axis=0)
        return highest + np.log(np.exp(each - highest).sum(axis=0))


def standard(size: int) -> Diagonal:
    """N(0, I): mean 0 and standard deviation 1 for every number, whatever the codes are."""
    return Diagonal(np.zeros(size), np.ones(size))


def diagonal(codes: Codes) -> Diagonal:
    """Mean and standard deviation of every number by itself. Raises QuestionError for a single code."""
    _require(codes, 2)
    return Diagonal(codes.mean(axis=0), np.maximum(codes.std(axis=0), LEAST_DEVIATION))


def covariance(codes: Codes) -> Generator[None, None, NDArray[np.float64]]:
    """(n, d) -> (d, d), row by row of blocks, with pauses between them."""
    centred = codes - codes.mean(axis=0)
    made = np.empty((codes.shape[1], codes.shape[1]))
    for start in range(0, len(made), ROWS):
        made[start:start + ROWS] = centred[:, start:start + ROWS].T @ centred / len(codes)
        yield
    return made


def full(codes: Codes, known: NDArray[np.float64] | None = None) -> Full | Shrunk:
    """Mean and covariance, which may be ``known``; with fewer codes than numbers a shrinkage estimate, which says so.

    Raises QuestionError.
    """
    _require(codes, 2)
    if len(codes) <= codes.shape[1]:
        return shrunk(codes)
    if codes.shape[1] > MOST_NUMBERS:
        raise QuestionError("question.code_large", f"The code has {codes.shape[1]:,} numbers; a full covariance of "
                            f"more than {MOST_NUMBERS:,} would not fit into memory. Use the diagonal one.",
                            numbers=codes.shape[1], limit=MOST_NUMBERS)
    spread = np.cov(codes.T, bias=True).reshape(codes.shape[1], -1) if known is None else known
    ridge = max(1e-9 * np.trace(spread) / len(spread), LEAST_DEVIATION**2)
    return Full(codes.mean(axis=0), np.linalg.cholesky(spread + ridge * np.eye(len(spread))))


def shrunk(codes: Codes) -> Shrunk:
    """Ledoit and Wolf's estimate (2004, 'A well-conditioned estimator for large-dimensional covariance matrices')."""
    count, size = codes.shape
    mean = codes.mean(axis=0)
    deviations = codes - mean
    lengths = (deviations**2).sum(axis=1)
    variance = float(lengths.mean() / size)
    products = float(((deviations @ deviations.T)**2).sum()) / count**2  # the squared norm of the covariance
    distance = products / size - variance**2
    noise = (float((lengths**2).mean()) - products) / (size * count)
    share = 1.0 if distance <= 0 else float(np.clip(noise / distance, 0, 1))
    note = (f"{count:,} codes are fewer than their {size:,} numbers: the covariance is a shrinkage estimate, "
            f"{share:.0%} of it the same for every direction.")
    return Shrunk(mean, deviations, max(share, 1e-6), max(variance, LEAST_DEVIATION**2), note)


def classes(codes: Codes, labels: NDArray[np.int64], wanted: int | None, names: Sequence[str]) -> Distribution:
    """A normal distribution for each class, mixed by their shares, or that of one class. Raises QuestionError."""
    if wanted is not None:
        chosen = codes[labels == wanted]
        if len(chosen) < 2:
            raise QuestionError("question.class_empty", f"There are {len(chosen)} codes of {names[wanted]}; at least 2 "
                                "are needed. Choose more splits.", name=names[wanted], found=len(chosen))
        return full(chosen)
    there = [number for number in range(len(names)) if (labels == number).sum() >= 2]
    if not there:
        raise QuestionError("question.class_empty", "No class has two codes. Choose more splits.")
    parts = tuple(full(codes[labels == number]) for number in there)
    counts = np.array([(labels == number).sum() for number in there], dtype=np.float64)
    return Mixed(parts, counts / counts.sum(), next((part.note for part in parts if part.note), ""))


def mixture(codes: Codes, components: int, seed: int) -> Mixed:
    """Normal distributions by expectation maximization (scikit-learn's GaussianMixture). Raises QuestionError.

    Each has a full covariance where there are enough codes for it, else a diagonal one.
    """
    try:
        from sklearn.mixture import GaussianMixture
    except ImportError as error:
        raise QuestionError("question.sklearn", "A mixture needs scikit-learn. Run: pip install "
                            "'autoencoder-explorer[tsne]'") from error
    _require(codes, max(2, components))
    enough = len(codes) > 2 * components * codes.shape[1] and codes.shape[1] <= 256
    fitted = GaussianMixture(components, covariance_type="full" if enough else "diag", random_state=seed,
                             reg_covar=1e-6, max_iter=60).fit(codes)
    parts: tuple[Distribution, ...]
    if enough:
        parts = tuple(Full(mean, np.linalg.cholesky(covariance))
                      for mean, covariance in zip(fitted.means_, fitted.covariances_, strict=True))
    else:
        parts = tuple(Diagonal(mean, np.sqrt(variance))
                      for mean, variance in zip(fitted.means_, fitted.covariances_, strict=True))
    note = "" if enough else "Too few codes for full covariances: each part of the mixture has a diagonal one."
    return Mixed(parts, fitted.weights_, note)


def around(spread: Distribution, code: NDArray[np.float64]) -> Diagonal:
    """Round one code, as wide as the codes are; the temperature says how far."""
    assert isinstance(spread, Diagonal), "its width is that of independent numbers"
    return Diagonal(code, spread.deviation)


def _require(codes: Codes, least: int) -> None:
    if len(codes) < least:
        raise QuestionError("question.codes_few", f"{len(codes)} codes are too few; at least {least} are needed. "
                            "Choose more splits.", found=len(codes), least=least)
