"""What is shown of a layer: its maps at one of its stages or its kernels, on which scale, and which page."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from engine.layeranswers import LayerPlace
from gui import style
from gui.widgets.controls import Flow, button, combo, labelled
from gui.widgets.pages import Pages


class LayerControls(QWidget):
    """Maps or kernels, the stage inside the block, the scale, the page of kernels.

    Signals: ``changed`` when something else is to be asked, ``rescaled`` when the same is to be drawn otherwise.
    """

    changed = Signal()
    rescaled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted_stage = ""
        self._layer: LayerPlace | None = None
        self.maps, self.kernels, views = self._pair(
            (self.tr("Maps"), self.tr("What the layer makes of the chosen image")),
            (self.tr("Kernels"), self.tr("The weights of the layer")))
        self.shared, self.own, scales = self._pair(
            (self.tr("Shared scale"), self.tr("The same value has the same colour in every picture")),
            (self.tr("Own scale"), self.tr("Each picture takes the whole range of colours for itself")))
        self.stage = combo(self.tr("Stage"), self.tr("Which step inside the layer to look at; the last is its output"))
        self.after = labelled(self.tr("After"), self.stage)
        self.pages = Pages()
        row = Flow(self)
        for widget in (views, self.after, scales, self.pages):
            row.addWidget(widget)
        self.pages.hide()
        self.stage.activated.connect(self._take_stage)
        self.kernels.toggled.connect(self._take_view)
        self.own.toggled.connect(self.rescaled)
        self.pages.turned.connect(self.changed)

    @staticmethod
    def _pair(*choices: tuple[str, str]) -> tuple[QToolButton, QToolButton, QWidget]:
        """Two buttons of which one is down, the first at the beginning, in a holder."""
        holder = QWidget()
        group, row = QButtonGroup(holder), QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        made = []
        for (text, tip), segment in zip(choices, ("first", "last"), strict=True):
            made.append(button(text, tip, text=True, checkable=True))
            made[-1].setChecked(segment == "first")
            style.mark(made[-1], "segment", segment)
            group.addButton(made[-1])
            row.addWidget(made[-1])
        return made[0], made[1], holder

    @property
    def shows_kernels(self) -> bool:
        """Whether kernels are wanted, and the layer has some."""
        return self.kernels.isChecked() and self._layer is not None and self._layer.kernels > 0

    @property
    def shared_scale(self) -> bool:
        """Whether all pictures have one scale."""
        return self.shared.isChecked()

    @property
    def chosen_stage(self) -> str:
        """The step inside the layer; '' before a layer is known."""
        return self.stage.currentData() or ""

    def set_layer(self, layer: LayerPlace) -> None:
        """What there is to choose at this layer; the stage stays where it has one of that name, else it is the last."""
        another = self._layer is None or self._layer.name != layer.name
        self._layer = layer
        self.stage.clear()
        for stage in layer.stages:
            self.stage.addItem(self._stage_name(stage), stage)
        wanted = self.stage.findData(self._wanted_stage)
        self.stage.setCurrentIndex(wanted if wanted >= 0 else self.stage.count() - 1)
        self.kernels.setEnabled(layer.kernels > 0)
        self.kernels.setToolTip(self.tr("The weights of the layer") if layer.kernels else self.tr(
            "This layer has no weights: it only arranges numbers anew."))
        if another:
            self.pages.turn_to(0)
        self.pages.set_total(layer.kernels)
        self._fold()

    def _fold(self) -> None:
        """Only what means something for what is shown."""
        self.after.setVisible(not self.shows_kernels)
        self.pages.setVisible(self.shows_kernels)

    def _stage_name(self, stage: str) -> str:
        names = {"convolution": self.tr("Convolution"), "transposed-convolution": self.tr("Transposed convolution"),
                 "linear": self.tr("Linear layer"), "reshape": self.tr("Reshape"),
                 "normalization": self.tr("Normalization"), "activation": self.tr("Activation"),
                 "pooling": self.tr("Pooling")}
        return names.get(stage, stage.capitalize())

    @Slot()
    def _take_stage(self) -> None:
        """The output stays the output on other layers."""
        last = self.stage.currentIndex() == self.stage.count() - 1
        self._wanted_stage = "" if last else self.chosen_stage
        self.changed.emit()

    @Slot()
    def _take_view(self) -> None:
        self._fold()
        self.changed.emit()
