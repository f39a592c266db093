"""The data sets: which are there, fetching them, and the folder where they lie."""

from __future__ import annotations

import typing
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from engine.datasets import sources
from engine.dataspec import DatasetName
from engine.fields import LABELS
from engine.runfiles.notices import size_text
from gui import style
from gui.session import Session
from gui.widgets.quantities import duration
from gui.workers import Failure

WIDTH = 560


class DataPage(QDialog):
    """One row for each data set; nothing is fetched before a button is pressed."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Data sets"))
        self.setMinimumWidth(WIDTH)
        column = QVBoxLayout(self)
        column.setSpacing(style.M)
        column.addLayout(self._rows())
        self.trouble = style.dress(QLabel(), tone="warning")
        self.trouble.setWordWrap(True)
        self.trouble.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.trouble.hide()
        column.addWidget(self.trouble)
        self.progress = QLabel()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of the download"))
        self.cancel = QPushButton(self.tr("Cancel download"))
        self.cancel.setToolTip(self.tr("Stop; what has come is kept, and the next try continues there"))
        self.cancel.clicked.connect(session.downloads.cancel)
        for widget in (self.progress, self.bar):
            column.addWidget(widget)
        column.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self._folder_row())
        session.downloads.started.connect(self._start)
        session.downloads.progressed.connect(self._show_progress)
        session.downloads.finished.connect(self._finish)
        session.data_dir_changed.connect(self._refresh)
        session.torchvision_checked.connect(self._show_trouble)
        session.check_torchvision()
        self._refresh()

    def _rows(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.setHorizontalSpacing(style.L)
        self.status: dict[str, QLabel] = {}
        self.buttons: dict[str, QPushButton] = {}
        for place, name in enumerate(typing.get_args(DatasetName)):
            label = style.dress(QLabel(LABELS[name]), "heading")
            status = self.status[name] = style.dress(QLabel(), tone="quiet")
            status.setWordWrap(True)
            button = self.buttons[name] = QPushButton()
            button.clicked.connect(partial(self._download, name))
            for position, widget in enumerate((label, status, button)):
                grid.addWidget(widget, place, position)
        return grid

    def _folder_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.folder = style.dress(QLabel(), "caption", "quiet")
        self.folder.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.folder.setWordWrap(True)
        choose = QPushButton(self.tr("Use a folder…"))
        choose.setToolTip(self.tr("Choose the folder in which the data sets lie or are to be put"))
        choose.clicked.connect(partial(self._session.dialog_wanted.emit, "data folder"))
        close = QPushButton(self.tr("Close"))
        close.clicked.connect(self.close)
        row.addWidget(self.folder, 1)
        row.addWidget(choose)
        row.addWidget(close)
        return row

    def _download(self, name: str, checked: bool = False) -> None:
        self._session.download(name)

    @Slot()
    def _refresh(self) -> None:
        """What is there now."""
        at_work = self._session.downloads.at_work
        for name, label in self.status.items():
            status = sources.status(name, self._session.data_dir)
            label.setText(status.text)
            style.mark(label, "tone", "warning" if status.state == "damaged" else "quiet")
            button = self.buttons[name]
            button.setVisible(status.state in ("missing", "damaged"))
            button.setEnabled(not at_work)
            text = self.tr("Download again") if status.state == "damaged" else self.tr("Download")
            button.setText(text)
            button.setAccessibleName(f"{text}: {LABELS[name]}")
            button.setToolTip(self.tr("Fetch {size} from the net").format(size=size_text(status.download_bytes)))
        self.folder.setText(self.tr("Data folder: {folder}").format(folder=self._session.data_dir))
        for widget in (self.progress, self.bar, self.cancel):
            widget.setVisible(at_work)

    @Slot(str)
    def _show_trouble(self, text: str) -> None:
        """Images can only be used in their own size while torchvision does not go with torch."""
        self.trouble.setText(text)
        self.trouble.setVisible(bool(text))

    @Slot(str)
    def _start(self, name: str) -> None:
        self.progress.setText(self.tr("{name}: connecting…").format(name=LABELS[name]))
        self.bar.setRange(0, 0)
        self._refresh()

    @Slot(object)
    def _show_progress(self, progress: Any) -> None:
        self.bar.setRange(0, 1000)
        self.bar.setValue(round(1000 * progress.received / max(1, progress.total)))
        left = (progress.total - progress.received) / progress.rate if progress.rate else None
        text = self.tr("{file}: {received} of {total} · {rate}/s · {left} left")
        self.progress.setText(text.format(
            file=progress.file, received=size_text(progress.received), total=size_text(progress.total),
            rate=size_text(round(progress.rate)), left=duration(left)))

    @Slot(str, object)
    def _finish(self, name: str, failure: Failure | None) -> None:
        self._refresh()
        there = sources.status(name, self._session.data_dir).state == "present"
        text = self.tr("{name} is here.") if there else self.tr("{name}: cancelled. What has come is kept.")
        self.progress.setText(failure.text if failure else text.format(name=LABELS[name]))
        self.progress.show()
