"""The own images there are, side by side: a double click chooses one in every tab, Remove takes one away."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QWidget

from engine import ownimage
from gui import style
from gui.own_images import OwnImages
from gui.widgets.controls import button
from gui.widgets.drawpad import to_image

THUMBNAIL = 32
"""Side of the pictures in the list, in px."""


class KeptImages(QWidget):
    """Attributes: ``list``, ``remove``. Signal: ``chosen`` (index)."""

    chosen = Signal(int)

    def __init__(self, own: OwnImages, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own = own
        self.list = QListWidget()
        self.list.setFlow(QListWidget.Flow.LeftToRight)
        self.list.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        self.list.setFixedHeight(THUMBNAIL + style.XL)
        self.list.setAccessibleName(self.tr("Own images"))
        self.list.setToolTip(self.tr("The images there are; a double click chooses one"))
        self.remove = button(self.tr("Remove"), "", "remove", text=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.S)
        row.addWidget(self.list, 1)
        row.addWidget(self.remove)
        self.remove.clicked.connect(self._remove)
        self.list.itemDoubleClicked.connect(self._choose)
        self.list.currentRowChanged.connect(self._allow)

    @Slot()
    def show_images(self) -> None:
        """List the images there are; nothing is to be seen where there are none."""
        self.list.clear()
        for image in self._own.images:
            small = to_image(ownimage.square(image.pixels)).scaled(
                THUMBNAIL, THUMBNAIL, mode=Qt.TransformationMode.SmoothTransformation)
            self.list.addItem(QListWidgetItem(QIcon(QPixmap.fromImage(small)), image.name))
        self.setVisible(bool(self._own.images))
        self._allow()

    @Slot()
    def _allow(self) -> None:
        chosen = self.list.currentRow() >= 0
        self.remove.setEnabled(chosen)
        self.remove.setToolTip(self.tr("Remove the chosen image from the list") if chosen
                               else self.tr("Choose an image in the list first."))

    @Slot()
    def _remove(self) -> None:
        if self.list.currentRow() >= 0:
            self._own.remove(self.list.currentRow())

    @Slot(object)
    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(self.list.row(item))
