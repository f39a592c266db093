"""The page of a person's own images: choose a folder, look at it, import it, use it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.datasets.glance import MOST, Glance, glance
from engine.datasets.importing import Imported, Importing
from engine.runfiles.notices import size_text
from gui import style
from gui.imports.form import ImportForm
from gui.plots.tiles import TiledImages
from gui.session import Session
from gui.widgets.quantities import count
from gui.workers import Failure

KEY = "import.glance"
WIDTH, PREVIEW_HEIGHT, REPORT_HEIGHT = 640, 84, 96


class ImportPage(QDialog):
    """Nothing is decoded but the preview before Import is pressed, nothing of the draft changes before Use is."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._shown, self._importer = session, session.shown, session.importer
        self._request = 0
        self._glance: Glance | None = None
        self.imported: Imported | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Image folder"))
        self.setMinimumWidth(WIDTH)
        self.form = ImportForm(session.draft.experiment.data)
        self.preview = TiledImages(spacing=style.XS)
        self.preview.setAccessibleName(self.tr("Some of the images as they would be used"))
        self.preview.setFixedHeight(PREVIEW_HEIGHT)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of the import"))
        self.skipped = QPlainTextEdit()
        self.skipped.setReadOnly(True)
        self.skipped.setFixedHeight(REPORT_HEIGHT)
        self.skipped.setAccessibleName(self.tr("Files that were left out"))
        self.copy, self.cancel, self.go, self.use, self.leave = self._buttons()
        self._lay_out()
        self._connect()
        self.look()

    def _buttons(self) -> tuple[QPushButton, ...]:
        made = []
        for text, tip in (
                (self.tr("Copy list"), self.tr("Copy the names and reasons")),
                (self.tr("Cancel import"), self.tr("Stop; nothing of it is kept")),
                (self.tr("Import"), self.tr("Decode every image once and keep them beside the other data")),
                (self.tr("Use these images"), self.tr("Put them into the form as the data set; Ctrl+Z takes it back")),
                (self.tr("Close"), self.tr("Close this page; what was imported stays"))):
            button = QPushButton(text)
            button.setToolTip(tip)
            made.append(button)
        style.mark(made[2], "primary", True)
        return tuple(made)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.copy)
        row.addStretch(1)
        for button in (self.cancel, self.leave, self.go, self.use):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setSpacing(style.M)
        for widget in (self.form, self.preview, self.said, self.bar, self.skipped):
            column.addWidget(widget)
        column.addStretch(1)
        column.addLayout(row)
        for hidden in (self.bar, self.cancel, self.skipped, self.copy, self.use):
            hidden.hide()

    def _connect(self) -> None:
        self.form.changed.connect(self.look)
        self.go.clicked.connect(self._import)
        self.cancel.clicked.connect(self._importer.cancel)
        self.use.clicked.connect(self._use)
        self.copy.clicked.connect(self._copy)
        self.leave.clicked.connect(self.close)
        self._importer.progressed.connect(self._show_progress)
        self._importer.finished.connect(self._finish)
        self._shown.answered.connect(self._take_answer)
        self._shown.failed.connect(self._take_failure)

    @Slot()
    def look(self) -> None:
        """Look at the folder with the settings of now."""
        self.imported = None
        self._glance = None
        for widget in (self.use, self.skipped, self.copy):
            widget.hide()
        self.go.show()
        if not self.form.folder.path():
            self._say(self.tr("Choose the folder with your images."))
            self.preview.set_images(np.zeros((0, 1, 1), np.uint8))
            self._allow("")
            return
        self._allow("")
        self._request = self._shown.compute(KEY, partial(glance, self.form.spec(self._session.draft.experiment.data)))

    def _allow(self, why_not: str) -> None:
        """Import only what was looked at and is something."""
        ready = self._glance is not None and not self._importer.at_work
        self.go.setEnabled(ready)
        self.go.setToolTip(self.tr("Decode every image once and keep them beside the other data") if ready else
                           why_not or self.tr("Choose a folder with images first"))

    def _say(self, text: str, tone: str = "quiet") -> None:
        style.mark(self.said, "tone", tone)
        self.said.setText(text)

    @Slot(str, int, object)
    def _take_answer(self, key: str, request: int, answer: Any) -> None:
        if key != KEY or request != self._request:
            return
        self._glance = answer
        self.preview.set_images(answer.pictures, MOST)
        listed = answer.listing
        text = self.tr("{images} images, {size} of memory at this size").format(
            images=count(len(listed.files)), size=size_text(listed.bytes))
        if listed.class_names:
            text += self.tr(", {classes} classes").format(classes=len(listed.class_names))
        if listed.skipped:
            text += self.tr("; {skipped} other files are left out").format(skipped=count(len(listed.skipped)))
        if listed.large:
            text += self.tr(". That is more than half of the free memory: they stay on the disk")
        self._say(f"{text}.")
        self._allow("")

    @Slot(str, int, str)
    def _take_failure(self, key: str, request: int, text: str) -> None:
        if key == KEY and request == self._request:
            self._glance = None
            self.preview.set_images(np.zeros((0, 1, 1), np.uint8))
            self._say(text, "bad")
            self._allow(text)

    @Slot()
    def _import(self) -> None:
        if self._glance is not None:
            self._request = 0  # a look that is still to come would talk over the import
            self._importer.start(self._glance.spec)
            self._set_busy(True)

    def _set_busy(self, busy: bool) -> None:
        self.form.setEnabled(not busy)
        self.bar.setVisible(busy)
        self.bar.setRange(0, 0)
        self.cancel.setVisible(busy)
        self._allow("")

    @Slot(object)
    def _show_progress(self, event: Importing) -> None:
        self.bar.setRange(0, event.total)
        self.bar.setValue(event.done)
        self._say(self.tr("{done} of {total}: {name}").format(done=count(event.done), total=count(event.total),
                                                               name=event.name))

    @Slot(object)
    def _finish(self, outcome: Any) -> None:
        """The report of the import, or why there is none."""
        self._set_busy(False)
        if isinstance(outcome, Failure):
            self._say(outcome.text, "bad")
        elif outcome is None:
            self._say(self.tr("Cancelled; nothing of it is kept."))
        else:
            self.imported = outcome
            self._say(self.tr("{report} in {seconds} s.").format(report=outcome.text, seconds=f"{outcome.seconds:.1f}"))
            self.skipped.setPlainText("\n".join(f"{it.name}: {it.text}" for it in outcome.skipped))
            for widget in (self.skipped, self.copy):
                widget.setVisible(bool(outcome.skipped))
            self.go.hide()
            self.use.show()
            self.use.setFocus()

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.skipped.toPlainText())

    @Slot()
    def _use(self) -> None:
        """Put the folder into the form, in one step that can be undone."""
        if self.imported is None or self._glance is None:
            return
        experiment = self._session.draft.experiment
        data = self._glance.spec.model_copy(update={
            "class_count": len(self.imported.class_names), "seed": experiment.data.seed,
            "validation_share": self.form.spec(experiment.data).validation_share,
            "test_share": self.form.spec(experiment.data).test_share})
        self._session.draft.replace(experiment.model_copy(update={"data": data}))
        self.close()
