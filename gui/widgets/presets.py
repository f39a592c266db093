"""The presets to start from, by family, each with where it comes from and what one should know about it."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

import resources
from engine import experiment as experiments
from engine.experiment import Experiment
from engine.fields import ExperimentError
from gui.widgets.inputs import Choice

SHOWN = 30
"""Rows of the list before it scrolls."""


class PresetChoice(Choice):
    """A drop-down of the bundled experiments; the files are read when the list is opened or one is chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.paths: dict[str, Path] = resources.presets()
        self.setPlaceholderText(self.tr("Own settings"))
        self.setAccessibleName(self.tr("Preset"))
        self.setToolTip(self.tr("Start from a complete experiment. Every setting can be changed afterwards, "
                                "and undone."))
        self.setMaxVisibleItems(SHOWN)
        for _, names in groupby(self.paths, lambda name: name.partition("-")[0]):
            if self.count():
                self.insertSeparator(self.count())
            for name in names:
                self.addItem(name, name)

    def show_origin(self, experiment: Experiment) -> None:
        """Choose the preset that the experiment is, as long as none of its settings is changed; else none."""
        path = self.paths.get(experiment.name)
        preset = read(path) if path is not None else None
        unchanged = preset is not None and experiments.with_folder_of(preset, experiment) == experiment
        self.setCurrentIndex(self.findData(experiment.name) if unchanged else -1)

    def showPopup(self) -> None:
        for index in range(self.count()):
            path = self.paths.get(self.itemData(index) or "")
            preset = read(path) if path else None
            if preset is not None:
                self.setItemData(index, f"{preset.source}\n\n{preset.note}", Qt.ItemDataRole.ToolTipRole)
        super().showPopup()


@cache
def read(path: Path) -> Experiment | None:
    """A preset, None where it cannot be read; they never change while the application runs."""
    try:
        return experiments.load(path)
    except (ExperimentError, OSError):
        return None
