"""Which page of many images, and how many on a page."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from gui import style
from gui.widgets.controls import button, combo, spin
from gui.widgets.quantities import count

PAGE_SIZES = (20, 50, 100, 200, 500)

NUMBER_WIDTH = 44
"""Room for four digits, in px."""

NO_ARROWS = ("QSpinBox { padding-right: 0 } QSpinBox::up-button, QSpinBox::down-button { width: 0 } "
             "QSpinBox::up-arrow, QSpinBox::down-arrow { image: none; width: 0 }")
"""The buttons stand beside the field; Qt's own way leaves a field with a stylesheet no room for its text."""


class Pages(QWidget):
    """How many images on a page, and which page, counted from 1. Signal: ``turned`` when the person changes either."""

    turned = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._total = 0
        self._size = combo(self.tr("Images per page"), self.tr("More images on a page take longer to compute"),
                           [(self.tr("{size} a page").format(size=size), size) for size in PAGE_SIZES])
        self._size.setCurrentIndex(PAGE_SIZES.index(50))
        self._number = spin(self.tr("Page"), self.tr("Page, counted from 1"), 1, 1, 1)
        self._number.setFixedWidth(NUMBER_WIDTH)
        self._number.setStyleSheet(NO_ARROWS)
        self._number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._of = style.dress(QLabel(), tone="quiet")
        self._before = button(self.tr("Page before"), self.tr("Page before"), "left")
        self._next = button(self.tr("Next page"), self.tr("Next page"), "right")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.XS)
        for widget in (self._before, self._number, self._of, self._next, self._size):
            row.addWidget(widget)
        self._size.activated.connect(self._resize)
        self._number.valueChanged.connect(self._turn)
        self._before.clicked.connect(self._number.stepDown)
        self._next.clicked.connect(self._number.stepUp)

    @property
    def per_page(self) -> int:
        """Images on a page."""
        return int(self._size.currentData())

    @property
    def page(self) -> slice:
        """The places of this page's images among all."""
        first = (self._number.value() - 1) * self.per_page
        return slice(first, first + self.per_page)

    def set_total(self, total: int) -> None:
        """So many images there are; the page stays where it can."""
        self._total = total
        pages = max(1, -(-total // self.per_page))
        self._number.blockSignals(True)
        self._number.setMaximum(pages)
        self._number.blockSignals(False)
        self._of.setText(f"/ {count(pages)}")
        first, last = self._number.value() <= 1, self._number.value() >= pages
        self._before.setEnabled(not first)
        self._before.setToolTip(self.tr("This is the first page.") if first else self.tr("Page before"))
        self._next.setEnabled(not last)
        self._next.setToolTip(self.tr("This is the last page.") if last else self.tr("Next page"))

    def turn_to(self, place: int) -> None:
        """Turn to the page of an image, without a signal."""
        self._number.blockSignals(True)
        self._number.setValue(place // self.per_page + 1)
        self._number.blockSignals(False)
        self.set_total(self._total)

    @Slot()
    def _resize(self) -> None:
        """Another size: the image that stood first stays on the page."""
        before = max(1, self._number.maximum())
        size_before = -(-self._total // before) if before > 1 else self.per_page
        place = (self._number.value() - 1) * size_before
        self.set_total(self._total)
        self.turn_to(place)
        self.turned.emit()

    @Slot()
    def _turn(self) -> None:
        self.set_total(self._total)
        self.turned.emit()
