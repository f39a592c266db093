"""From a snapshot to a model and an answer, on the question thread only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import ownimage
from engine.dataspec import Data
from engine.experiment import Experiment
from engine.ownimage import OwnImage

if TYPE_CHECKING:
    from torch import Tensor

    from engine.data import Dataset
    from engine.model import Autoencoder

LIMIT_BYTES = 256 * 2**20
"""Models kept beyond the newest take at most this much memory."""

DATASETS_KEPT = 2
"""Data sets held here; engine.data drops one that nobody holds."""

Question = str | Callable[..., Any]
"""The name of a function in engine.explore, or a function of (model, data, *arguments)."""


@dataclass(frozen=True)
class SnapshotHandle:
    """The weights of one run at one step: a file, or copies in memory that nobody changes."""

    run: Path
    step: int
    epoch: float
    path: Path | None = None
    weights: Mapping[str, Tensor] | None = field(default=None, repr=False, compare=False)
    live: bool = False
    """Newest weights that the timeline does not keep."""

    @property
    def key(self) -> tuple[Any, ...]:
        """Tells handles of different weights apart, also where a resumed run has trained a step anew."""
        if self.path is None:
            return self.run, self.step, id(self.weights)
        return self.path, self.step, self.path.stat().st_mtime_ns


class Models:
    """Answers questions about snapshots; keeps the models asked last."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._models: OrderedDict[tuple[Any, ...], tuple[SnapshotHandle, Autoencoder, int]] = OrderedDict()
        self._datasets: OrderedDict[tuple[Data, Path], Dataset] = OrderedDict()
        self._with_own: dict[tuple[Data, Path], tuple[tuple[OwnImage, ...], Dataset]] = {}
        self.own: tuple[OwnImage, ...] = ()  # replaced by the window, never changed

    @staticmethod
    def prepare() -> None:
        """Load torch on this thread and keep to one core: the training has the others."""
        import torch

        from engine import explore  # noqa: F401

        torch.set_num_threads(1)

    def answer(self, handle: SnapshotHandle, experiment: Experiment, data_dir: Path, question: Question,
               arguments: tuple[Any, ...]) -> Any:
        """The question's answer, or its generator of partial answers. Raises what reading or asking raises."""
        from engine import explore

        ask = getattr(explore, question) if isinstance(question, str) else question
        return ask(self.model(handle, experiment), self.dataset(experiment.data, data_dir), *arguments)

    def model(self, handle: SnapshotHandle, experiment: Experiment) -> Autoencoder:
        """The snapshot's model; building it draws from no random generator."""
        from engine import model

        key = handle.key
        if key not in self._models:
            weights = self._weights(handle)
            built = model.from_weights(experiment, weights)
            # the handle stays with its model: an id() in a key names nothing else while its object lives
            self._models[key] = handle, built, sum(t.numel() * t.element_size() for t in weights.values())
        self._models.move_to_end(key)
        self._forget()
        return self._models[key][1]

    def dataset(self, spec: Data, data_dir: Path) -> Dataset:
        """The images, shared with the training that uses them. Raises DataError."""
        from engine import data

        dataset = data.load(spec, data_dir)
        self._datasets[spec, data_dir] = dataset
        self._datasets.move_to_end((spec, data_dir))
        while len(self._datasets) > DATASETS_KEPT:
            self._with_own.pop(self._datasets.popitem(last=False)[0], None)
        return self._completed((spec, data_dir), dataset)

    def _completed(self, key: tuple[Data, Path], dataset: Dataset) -> Dataset:
        """The data set with the person's own images; the training has the one without."""
        own = self.own
        if not own:
            return dataset
        known = self._with_own.get(key)
        if known is None or known[0] is not own or known[1].training is not dataset.training:
            known = self._with_own[key] = own, ownimage.with_own(dataset, own)
        return known[1]

    @staticmethod
    def _weights(handle: SnapshotHandle) -> dict[str, Tensor]:
        from engine import runs

        if handle.weights is not None:
            return dict(handle.weights)
        assert handle.path is not None, "a handle has a file or weights"
        return runs.load_snapshot(handle.path)

    def _forget(self) -> None:
        """Drop the models asked longest ago until the rest fits."""
        while len(self._models) > 1 and sum(size for _, _, size in self._models.values()) > self._limit_bytes:
            self._models.popitem(last=False)
