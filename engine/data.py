"""The images of an experiment: read, resized, split, hashed, and shared by all who ask for the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.sources import DamagedData, DataError, MissingData, Status, default_data_dir

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SPLITS", "DamagedData", "DataError", "Dataset", "MissingData", "Split", "Status", "default_data_dir"]

SPLITS = ("training", "validation", "test")


@dataclass(frozen=True, eq=False)
class Split:
    """Images uint8 (N, C, H, W) and labels int64 (N,) or None, on the CPU, contiguous; nobody writes to them."""

    images: Tensor
    labels: Tensor | None

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Three splits of one data set; where validation is the official test set, ``test`` is the same Split."""

    name: str
    training: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...]
    independent_test: bool
    fingerprint: str

    def split(self, name: str) -> Split:
        """'training', 'validation' or 'test' -> that split. Raises KeyError for another name."""
        return {"training": self.training, "validation": self.validation, "test": self.test}[name]
