"""One drawn image, large, above its nearest training image."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.answers import Pictures
from engine.generated import Neighbours
from gui import style
from gui.plots.menu import Menu
from gui.plots.picture import Picture
from gui.widgets.quantities import count, significant

WIDTH = 190
"""Room for a picture and the words below it, in px."""


class Detail(QWidget):
    """Hidden while no drawn image is chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.drawn, self.nearest = Picture(), Picture()
        self.drawn.setAccessibleName(self.tr("The chosen drawn image"))
        self.nearest.setAccessibleName(self.tr("Its nearest training image"))
        self.setFixedWidth(WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(style.S, 0, 0, 0)
        for picture, name in ((self.drawn, "drawn"), (self.nearest, "nearest")):
            column.addWidget(picture, 1)
            Menu(picture, name)
        self.hide()

    def show_drawn(self, picture: Pictures, place: int) -> None:
        """A drawn image, whose neighbour is still to be found."""
        self.drawn.set_image(picture)
        self.drawn.set_caption(self.tr("Drawn image {place}").format(place=place + 1))
        self.nearest.set_image(np.zeros_like(picture))
        self.nearest.set_caption(self.tr("Looking for its nearest…"))
        self.show()

    def show_nearest(self, found: Neighbours) -> None:
        """The neighbour, the only one of the answer."""
        self.nearest.set_image(found.pictures[0])
        self.nearest.set_caption(self.tr("Training image {index} · {far} off").format(
            index=count(int(found.indices[0])), far=significant(float(found.distance[0]), 2)))
