"""What is inside the lasso: how many of each class, and the images themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui import style
from gui.plots.menu import Menu
from gui.plots.tiles import TiledImages
from gui.widgets.controls import button, note

WIDTH = 236
TILES = 120
"""So many images are shown; the file has all."""

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Found:
    """The images inside and the classes of all images of the map."""

    split: str = ""
    indices: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    points: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))
    labels: np.ndarray | None = None
    """Of those inside."""
    all_labels: np.ndarray | None = None
    names: tuple[str, ...] = ()

    def counts(self) -> list[tuple[str, int, int]]:
        """(class, inside, of how many) of the classes inside, the most frequent first."""
        if self.labels is None or self.all_labels is None:
            return []
        inside = np.bincount(self.labels, minlength=len(self.names))
        total = np.bincount(self.all_labels, minlength=len(self.names))
        order = [label for label in np.argsort(-inside, kind="stable").tolist() if inside[label]]
        return [(self.names[label], int(inside[label]), int(total[label])) for label in order]


def cell(text: str, side: Qt.AlignmentFlag) -> QTableWidgetItem:
    """A text of the table at one side of its column."""
    result = QTableWidgetItem(text)
    result.setTextAlignment(side)
    return result


class Inside(QWidget):
    """A list beside the map. Signals: ``chosen`` (index of an image), ``closed``."""

    chosen = Signal(int)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.found = Found()
        self.title = style.dress(QLabel(), "heading")
        self.close_button = button(self.tr("Forget the selection"), self.tr("Forget the selection (Escape)"), "remove")
        self.copy = button(self.tr("Copy list"), self.tr("Copy the images inside, with class and place"), "copy")
        self.save = button(self.tr("Save list…"), self.tr("Save the images inside, with class and place, as CSV"),
                           "save")
        self.counts = QTableWidget(0, 2)
        self.tiles = TiledImages(spacing=2)
        self.tiles.setAccessibleName(self.tr("Images inside the lasso"))
        self.foot = note()
        self.menu = Menu(self, "lasso")
        self._dress_table()
        self._arrange()
        self.close_button.clicked.connect(self.closed)
        self.copy.clicked.connect(self.menu.copy)
        self.save.clicked.connect(self._save)
        self.tiles.clicked.connect(self._choose)
        self.setFixedWidth(WIDTH)

    def _dress_table(self) -> None:
        self.counts.setAccessibleName(self.tr("Images inside by class"))
        for column, (text, side) in enumerate(((self.tr("Class"), LEFT), (self.tr("Inside"), RIGHT))):
            self.counts.setHorizontalHeaderItem(column, cell(text, side))
        self.counts.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.counts.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.counts.setShowGrid(False)
        self.counts.verticalHeader().hide()
        self.counts.verticalHeader().setDefaultSectionSize(22)
        self.counts.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)

    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(style.XS)
        top.addWidget(self.title, 1)
        for each in (self.copy, self.save, self.close_button):
            top.addWidget(each)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(style.S)
        layout.addLayout(top)
        layout.addWidget(self.counts, 2)
        layout.addWidget(self.tiles, 3)
        layout.addWidget(self.foot)

    def show_found(self, found: Found) -> None:
        """List these images; their pictures come later."""
        same = found.split == self.found.split and np.array_equal(found.indices, self.found.indices)
        self.found = found
        self.title.setText(self.tr("{count} images").format(count=f"{len(found.indices):,}"))
        rows = found.counts()
        self.counts.setVisible(bool(rows))
        self.counts.setRowCount(len(rows))
        for row, (name, inside, total) in enumerate(rows):
            text = self.tr("{inside} of {total}").format(inside=f"{inside:,}", total=f"{total:,}")
            self.counts.setItem(row, 0, cell(name, LEFT))
            self.counts.setItem(row, 1, cell(text, RIGHT))
        self.counts.setMaximumHeight(30 + 22 * len(rows))
        more = len(found.indices) > TILES
        self.foot.setText(self.tr("The first {count} are shown; the list has all.").format(count=TILES) if more else "")
        self.foot.setVisible(more)
        if not same:
            self.tiles.select(-1)

    def set_images(self, images: np.ndarray) -> None:
        """The pictures of the first images inside."""
        self.tiles.set_images(images)

    def numbers(self) -> list[tuple[str, np.ndarray]]:
        """The images inside as columns, then the counts of the classes."""
        found = self.found
        columns = [("split", np.full(len(found.indices), found.split)), ("image", found.indices),
                   ("x", found.points[:, 0]), ("y", found.points[:, 1])]
        if found.labels is None:
            return columns
        counts = found.counts()
        return [*columns, ("class", np.array(found.names)[found.labels]),
                ("class counted", np.array([name for name, _, _ in counts])),
                ("inside", np.array([inside for _, inside, _ in counts], np.int64)),
                ("of", np.array([total for _, _, total in counts], np.int64))]

    @Slot()
    def _save(self) -> None:
        self.menu.save(".csv")

    @Slot(int)
    def _choose(self, tile: int) -> None:
        if tile < len(self.found.indices):
            self.chosen.emit(int(self.found.indices[tile]))
