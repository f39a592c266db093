"""The small images of a map, fetched when they are wanted and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from gui.questions import Questions

AT_ONCE = 250
KEPT = 5_000


class Thumbs(QObject):
    """Images of one split by index. Signal: ``came``, when there are more."""

    came = Signal()

    def __init__(self, questions: Questions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._questions = questions
        self._split = ""
        self._images: dict[int, np.ndarray] = {}
        questions.answered.connect(self._take)

    def clear(self) -> None:
        """Forget all: the images are others."""
        self._images = {}

    def known(self, split: str) -> dict[int, np.ndarray]:
        """Those that are here."""
        return self._images if split == self._split else {}

    def get(self, split: str, indices: Sequence[int]) -> dict[int, np.ndarray]:
        """Those that are here; the others come later."""
        if split != self._split or len(self._images) > KEPT:
            self._split, self._images = split, {}
        missing = [index for index in indices if index not in self._images]
        if missing:
            self._questions.ask("thumbs" if len(indices) > 1 else "thumb", "thumbnails", split, missing[:AT_ONCE])
        return self._images

    @Slot(str, object)
    def _take(self, key: str, answer: Any) -> None:
        if key in ("thumbs", "thumb") and answer.split == self._split:
            self._images |= dict(zip(answer.indices.tolist(), answer.images, strict=True))
            self.came.emit()
