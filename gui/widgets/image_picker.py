"""One image by split, class and index: typed, stepped, drawn at random, or one of the person's own."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QSpinBox, QWidget

from engine.answers import Contents, Indices
from gui.widgets.controls import Flow, button, calm, combo, labelled

ALL = -1
"""Class filter: every class."""

FIELD_WIDTH = 66
"""Room for five digits and the arrows, in px."""


class IndexField(QSpinBox):
    """An index counted from 0 whose arrows step through the images of one class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.indices: Indices = np.arange(1)
        self.setKeyboardTracking(False)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(FIELD_WIDTH)
        calm(self)

    def set_indices(self, indices: Indices, size: int) -> None:
        """The images that the arrows step through, of ``size`` that can be typed."""
        self.indices = indices
        self.setMaximum(max(0, size - 1))

    def stepBy(self, steps: int) -> None:
        if not len(self.indices):
            return
        before, through = (int(np.searchsorted(self.indices, self.value() + plus)) for plus in (0, 1))
        place = through - 1 + steps if steps > 0 else before + steps
        self.setValue(int(self.indices[np.clip(place, 0, len(self.indices) - 1)]))

    def stepEnabled(self) -> QSpinBox.StepEnabledFlag:
        flags = QSpinBox.StepEnabledFlag.StepNone
        if len(self.indices) and self.value() > self.indices[0]:
            flags |= QSpinBox.StepEnabledFlag.StepDownEnabled
        if len(self.indices) and self.value() < self.indices[-1]:
            flags |= QSpinBox.StepEnabledFlag.StepUpEnabled
        return flags


class ImagePicker(QWidget):
    """Split, class, index and a random draw, in a row that wraps.

    Attributes: ``split``, ``label`` (a class, None for all), ``index``, ``indices`` (the images of that class).
    Signals: ``chosen`` (split, index) when the person chooses another image, ``filtered`` when split or class change;
    then ``index`` is the same or the next one that is among the images; ``own_wanted`` ('own image') when the person
    wants to bring one along. The split 'own' is listed when there are some.
    """

    chosen = Signal(str, int)
    filtered = Signal()
    own_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None, rng: np.random.Generator | None = None) -> None:
        super().__init__(parent)
        self._contents: Contents | None = None
        self._rng = rng or np.random.default_rng()
        self._split = combo(self.tr("Split"), self.tr("Images the model learned from, or images it never saw"), (
            (self.tr("Test"), "test"), (self.tr("Validation"), "validation"), (self.tr("Training"), "training")))
        self._class = combo(self.tr("Class"), self.tr("Only images of one class"), ((self.tr("All classes"), ALL),))
        self._index = IndexField()
        self._index.setAccessibleName(self.tr("Image"))
        self._index.setToolTip(self.tr("Index of the image in its split, counted from 0; the arrows stay in the class"))
        self._random = button(self.tr("Random image"), self.tr("Another image, drawn at random"), "random")
        self._own = button(self.tr("Own image…"), self.tr("Draw, paste or open an image of your own"), "draw")
        self.row = Flow(self)
        for widget in (self._split, self._class, labelled(self.tr("Image"), self._index, self._random, self._own)):
            self.row.addWidget(widget)
        self._split.activated.connect(self._settle)
        self._class.activated.connect(self._settle)
        self._index.valueChanged.connect(self._choose)
        self._random.clicked.connect(self.draw)
        self._own.clicked.connect(self._want_own)
        self._tips = {field: field.toolTip() for field in (self._split, self._class, self._index, self._random)}
        self._allow(False)

    @property
    def split(self) -> str:
        """'test', 'validation', 'training' or 'own'."""
        return str(self._split.currentData())

    @property
    def label(self) -> int | None:
        """The chosen class."""
        return None if self._class.currentData() == ALL else int(self._class.currentData())

    @property
    def index(self) -> int:
        """The chosen image's index in its split."""
        return self._index.value()

    @property
    def indices(self) -> Indices:
        """The images of the chosen class, in order."""
        return self._index.indices

    def set_contents(self, contents: Contents) -> None:
        """What there is to choose from; the choice stays where it can."""
        names = None if self._contents is None else self._contents.class_names
        self._contents = contents
        if names != contents.class_names:
            self._fill_classes(contents.class_names)
        self._list_own("own" in contents.sizes)
        self._allow(True)
        self._restrict()

    def set_image(self, split: str, index: int) -> None:
        """Show a choice made elsewhere, without a signal; the class filter is dropped when the image is not in it."""
        if split == "own":
            self._list_own(True)
        if split != self.split:
            self._split.setCurrentIndex(self._split.findData(split))
            self._restrict()
        self._show(index)

    @Slot()
    def draw(self) -> None:
        """Choose an image at random, of the chosen class."""
        if len(self.indices):
            self._index.setValue(int(self._rng.choice(self.indices)))

    def _list_own(self, some: bool) -> None:
        """Offer the split of the own images, or no more; without them the first split is chosen."""
        place = self._split.findData("own")
        if some and place < 0:
            self._split.addItem(self.tr("Own"), "own")
        elif not some and place >= 0:
            self._split.removeItem(place)

    @Slot()
    def _want_own(self) -> None:
        self.own_wanted.emit("own image")

    def _allow(self, possible: bool) -> None:
        """Enable the fields once it is known what there is to choose from; until then they say so."""
        self.setEnabled(possible)
        for field, tip in self._tips.items():
            field.setToolTip(tip if possible else f"{tip}\n{self.tr('The images of the shown run are not here yet.')}")

    def _fill_classes(self, names: tuple[str, ...]) -> None:
        self._class.clear()
        self._class.addItem(self.tr("All classes"), ALL)
        for label, name in enumerate(names):
            self._class.addItem(name, label)

    def _restrict(self) -> None:
        """Step through the images of the chosen split and class."""
        if self._contents is None:
            return
        unlabelled = self._contents.labels.get(self.split) is None
        if unlabelled:
            self._class.setCurrentIndex(0)
        self._class.setVisible(not unlabelled)
        self._index.blockSignals(True)
        size = self._contents.sizes.get(self.split, 0)
        self._index.set_indices(self._contents.of_class(self.split, self.label), size)
        self._index.blockSignals(False)

    def _show(self, index: int) -> None:
        """Show an index without a signal."""
        if self.label is not None and index not in self.indices:
            self._class.setCurrentIndex(0)
            self._restrict()
        self._index.blockSignals(True)
        self._index.setMaximum(max(self._index.maximum(), index) if self._contents is None else self._index.maximum())
        self._index.setValue(index)
        self._index.blockSignals(False)

    @Slot()
    def _settle(self) -> None:
        """After another split or class: keep the image if it is among them, else take the next one that is."""
        self._restrict()
        if len(self.indices):
            later = self.indices[self.indices >= self.index]
            self._show(int(later[0] if len(later) else self.indices[-1]))
        self.filtered.emit()

    @Slot(int)
    def _choose(self, index: int) -> None:
        """An index was typed, stepped to, or drawn."""
        if self.label is not None and index not in self.indices:
            self._class.setCurrentIndex(0)
            self._restrict()
            self.filtered.emit()
        self.chosen.emit(self.split, index)
