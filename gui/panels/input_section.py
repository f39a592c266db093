"""How the input differs from the image: the settings that matter for the chosen change, and a look at both."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.dataspec import NOISES, Data, Input
from engine.experiment import Experiment
from engine.inputglance import InputGlance, input_glance
from gui import style
from gui.form import Form
from gui.plots.tiles import TiledImages
from gui.session import Session
from gui.widgets.controls import note

KEY = "input.glance"
HEIGHT = 144

MATTERS: dict[str, tuple[str, ...]] = {
    "none": (), "resolution": ("factor", "reduction", "jpeg_quality", "enlargement"),
    "folder": ("folder", "factor", "enlargement"), **dict.fromkeys(NOISES, ("strength", "seed"))}
"""Change -> the settings that do something then."""


class InputSection(QWidget):
    """The settings of the input; below them some images above what the network would be given of them."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._shown = session, session.shown
        self._asked: Data | None = None
        self._request = 0
        self.form = Form(session.draft, [f"data.input.{name}" for name in Input.model_fields])
        self.preview = TiledImages(spacing=style.XS)
        self.preview.setAccessibleName(self.tr("Images above, and what the network sees of them below"))
        self.preview.setToolTip(self.preview.accessibleName())
        self.preview.setFixedHeight(HEIGHT)
        self.said = note()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.XS)
        for widget in (self.form, self.preview, self.said):
            column.addWidget(widget)
        session.draft.changed.connect(self._refresh)
        session.data_dir_changed.connect(self._look_again)
        self._shown.answered.connect(self._take_answer)
        self._shown.failed.connect(self._take_failure)
        self._refresh(session.draft.experiment)

    def showEvent(self, event: QShowEvent) -> None:
        """Look when it is first seen; nothing is read while it is folded."""
        super().showEvent(event)
        self._look()

    @Slot(object)
    def _refresh(self, experiment: Experiment) -> None:
        """Show what matters; a setting with a problem stays in sight."""
        change = experiment.data.input.change
        wrong = {problem.field for problem in self._session.draft.problems}
        for path, row in self.form.rows.items():
            matters = path.rpartition(".")[2] in ("change", *MATTERS[change]) or path in wrong
            row.label.setVisible(matters)
            row.field.setVisible(matters)
        self.preview.setVisible(change not in ("none", "folder"))
        self.said.setVisible(change != "none")
        self._look()

    @Slot()
    def _look_again(self) -> None:
        self._asked = None
        self._look()

    def _look(self) -> None:
        """Ask for the images once for every choice, while they are in sight."""
        data = self._session.draft.experiment.data
        if not self.isVisible() or data == self._asked or data.input.change == "none":
            return
        self._asked = data
        if data.input.change == "folder":
            self._shown.cancel(KEY)
            self._say(self.tr("The inputs are the images of the second folder that have the same names."))
            return
        self._request = self._shown.compute(KEY, partial(input_glance, data, self._session.data_dir))

    def _say(self, text: str, tone: str = "quiet") -> None:
        style.mark(self.said, "tone", tone)
        self.said.setText(text)

    @Slot(str, int, object)
    def _take_answer(self, key: str, request: int, answer: Any) -> None:
        if key == KEY and request == self._request:
            self._show(answer)

    def _show(self, answer: InputGlance) -> None:
        """A smaller input is shown as large as its image, pixel by pixel."""
        side, small = answer.images.shape[1], answer.given.shape[1]
        place = np.arange(side) * small // side
        self.preview.set_images(np.concatenate([answer.images, answer.given[:, place][:, :, place]]),
                                max(1, len(answer.images)))
        self._say(self.tr("Above the images to be drawn, {side}×{side}; below what the network sees, "
                          "{small}×{small}.").format(side=side, small=small))

    @Slot(str, int, str)
    def _take_failure(self, key: str, request: int, text: str) -> None:
        if key == KEY and request == self._request:
            self.preview.set_images(np.zeros((0, 1, 1), np.uint8))
            self._say(text, "bad")
