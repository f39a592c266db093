"""The layers of a network as a list: where each stands, and what comes out of it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from engine.layeranswers import LayerPlace

ROW_HEIGHT = 24
"""In px."""


class LayerPlaces(QTreeWidget):
    """One row a layer: its place and the shape of its output. Signal: ``chosen`` (name) by the person."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: tuple[LayerPlace, ...] = ()
        self._rows: dict[str, QTreeWidgetItem] = {}
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAllColumnsShowFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Layers"))
        self.setToolTip(self.tr("Layers in the order in which an image passes them, with the shape of their output"))
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.currentItemChanged.connect(self._choose)

    @property
    def layer(self) -> LayerPlace | None:
        """The chosen layer."""
        item = self.currentItem()
        place = -1 if item is None else self.indexOfTopLevelItem(item)
        return self._layers[place] if 0 <= place < len(self._layers) else None

    def set_layers(self, layers: tuple[LayerPlace, ...]) -> None:
        """Another network, without a signal; the layer of the same name stays chosen, else it is the first."""
        before = self.layer.name if self.layer else ""
        self._layers = layers
        self.blockSignals(True)
        self.clear()
        self._rows = {}
        for layer in layers:
            item = self._rows[layer.name] = QTreeWidgetItem([self.title(layer), "×".join(map(str, layer.output))])
            item.setSizeHint(0, QSize(0, ROW_HEIGHT))
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip(0, self._kind(layer))
            self.addTopLevelItem(item)
        if layers:
            self.setCurrentItem(self._rows.get(before) or self._rows[layers[0].name])
        self.blockSignals(False)
        self.viewport().update()

    def choose(self, name: str) -> None:
        """Choose a layer by its name, as a click would."""
        if name in self._rows:
            self.setCurrentItem(self._rows[name])

    def title(self, layer: LayerPlace) -> str:
        """'Encoder 2 · code'."""
        names = {"encoder": self.tr("Encoder {number}"), "decoder": self.tr("Decoder {number}")}
        title = names.get(layer.part, self.tr("Classifier")).format(number=layer.number)
        return self.tr("{layer} · code").format(layer=title) if layer.is_code else title

    def _kind(self, layer: LayerPlace) -> str:
        return {"convolution": self.tr("Convolution"), "transposed-convolution": self.tr("Transposed convolution"),
                "linear": self.tr("Linear layer")}.get(layer.kind, self.tr("Reshape: the same numbers arranged anew"))

    @Slot()
    def _choose(self) -> None:
        if self.layer is not None:
            self.chosen.emit(self.layer.name)
