"""What is drawn and how: the distribution, whose codes it is fitted to, how far from the mean, how many, which draw."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QSlider, QWidget

from engine.answers import Contents, Image
from engine.generated import Recipe
from gui.widgets.controls import Flow, button, calm, combo, labelled, spin

ALL = -1
"""Every class."""
SPLITS = ("training", "validation", "test")
COUNTS = (16, 36, 64, 100)
LARGEST_SEED = 2**31 - 1
WARMEST = 200
"""The largest temperature, in hundredths."""


class DrawControls(QWidget):
    """Signal: ``changed`` when something else is to be drawn; ``recipe(image)`` says what. ``row`` takes more."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rng = np.random.default_rng()
        self.kind = combo(self.tr("Distribution"), self.tr(
            "What random codes are drawn from: fitted to the codes of real images, or N(0, I), which knows nothing of "
            "them"), ((self.tr("Normal, full covariance"), "full"), (self.tr("Normal, diagonal"), "diagonal"),
                      (self.tr("Normal for each class"), "classes"), (self.tr("Mixture of normals"), "mixture"),
                      (self.tr("N(0, I)"), "standard"), (self.tr("Around the chosen image"), "around")))
        self.label = combo(self.tr("Class"), self.tr("All classes in their shares, or one of them"))
        self.parts = spin(self.tr("Parts"), self.tr("How many normal distributions are mixed"), 2, 50, 10)
        self.splits = {name: button(text, self.tr("Fit the distribution to the codes of these images"), text=True,
                                    checkable=True)
                       for name, text in zip(SPLITS, (self.tr("Training"), self.tr("Validation"), self.tr("Test")),
                                             strict=True)}
        for name in ("validation", "test"):
            self.splits[name].setChecked(True)
        self.warmth = QSlider(Qt.Orientation.Horizontal)
        self.warmth.setRange(0, WARMEST)
        self.warmth.setValue(100)
        self.warmth.setFixedWidth(110)
        self.warmth.setAccessibleName(self.tr("Temperature"))
        self.warmth.setToolTip(self.tr("How far from the mean codes may lie: 0 is the mean itself, 1 as the real ones. "
                                       "Lower looks tamer, higher stranger"))
        calm(self.warmth)
        self.warmth_text = QLabel("1.00")
        self.count = combo(self.tr("Number of images"), self.tr("How many are drawn; more take longer to decode"),
                           tuple((str(number), number) for number in COUNTS))
        self.count.setCurrentIndex(COUNTS.index(64))
        self.seed = spin(self.tr("Seed"), self.tr("The same seed draws the same codes again"), 0, LARGEST_SEED, 0)
        self.seed.setFixedWidth(110)
        self.again = button(self.tr("New draw"), self.tr("Draw with another seed"), "random", text=True)
        self._lay_out()
        self._connect()
        self._show_extras()

    def _lay_out(self) -> None:
        self._class, self._parts = labelled("", self.label), labelled(self.tr("Parts"), self.parts)
        self._fitted = labelled(self.tr("Fitted to"), *self.splits.values())
        self.row = row = Flow(self)
        for widget in (self.kind, self._class, self._parts, self._fitted,
                       labelled(self.tr("Temperature"), self.warmth, self.warmth_text),
                       labelled(self.tr("Images"), self.count), labelled(self.tr("Seed"), self.seed), self.again):
            row.addWidget(widget)

    def _connect(self) -> None:
        self.kind.currentIndexChanged.connect(self._take_kind)
        for box in (self.label, self.count):
            box.currentIndexChanged.connect(self._tell)
        for field in (self.parts, self.seed):
            field.valueChanged.connect(self._tell)
        for choice in self.splits.values():
            choice.toggled.connect(self._tell)
        self.warmth.valueChanged.connect(self._take_warmth)
        self.again.clicked.connect(self._draw)

    def recipe(self, image: Image) -> Recipe:
        """What is to be drawn, with the chosen image where one is needed."""
        label: Any = self.label.currentData()
        return Recipe(tuple(name for name in SPLITS if self.splits[name].isChecked()), self.kind.currentData(),
                      self.warmth.value() / 100, self.count.currentData(), self.seed.value(),
                      None if label in (None, ALL) else int(label), self.parts.value(), image)

    def set_contents(self, contents: Contents) -> None:
        """The classes there are to choose from; without any the choice of classes says so."""
        with QSignalBlocker(self.label):
            self.label.clear()
            self.label.addItem(self.tr("All classes"), ALL)
            for number, name in enumerate(contents.class_names):
                self.label.addItem(name, number)

    @Slot()
    def _take_kind(self) -> None:
        self._show_extras()
        self.changed.emit()

    def _show_extras(self) -> None:
        """Only what counts for this distribution."""
        kind = self.kind.currentData()
        self._class.setVisible(kind == "classes")
        self._parts.setVisible(kind == "mixture")
        self._fitted.setVisible(kind != "standard")

    @Slot(int)
    def _take_warmth(self, value: int) -> None:
        self.warmth_text.setText(f"{value / 100:.2f}")
        self.changed.emit()

    @Slot()
    def _draw(self) -> None:
        self.seed.setValue(int(self._rng.integers(LARGEST_SEED)))

    @Slot()
    def _tell(self, *_: object) -> None:
        self.changed.emit()
