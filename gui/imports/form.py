"""Which folder, and how its images are read: the settings of an import."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from engine.dataspec import FOLDER_FIELDS, MAXIMUM_SIDE, MINIMUM_SIDE, Data, Input
from gui import style
from gui.widgets.controls import calm, combo, spin

SIDE = 96
FOLDER_WIDTH = 320


class FolderField(QWidget):
    """A folder's path, typed or chosen. Signal: ``changed``."""

    changed = Signal()

    def __init__(self, name: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLineEdit()
        self.text.setMinimumWidth(FOLDER_WIDTH)
        self.text.setAccessibleName(name)
        self.text.setToolTip(tip)
        self.choose = QPushButton(self.tr("Choose…"))
        self.choose.setAccessibleName(self.tr("Choose: {name}").format(name=name))
        self.choose.setToolTip(tip)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.S)
        row.addWidget(self.text, 1)
        row.addWidget(self.choose)
        self._told = ""
        self.text.editingFinished.connect(self._tell)
        self.choose.clicked.connect(self._choose)
        self.setFocusProxy(self.text)

    def path(self) -> str:
        """The folder, '' for none."""
        return self.text.text().strip()

    def show_path(self, path: str) -> None:
        """Show a folder without a signal."""
        self._told = path
        self.text.setText(path)

    def use(self, path: Path | str) -> None:
        """Show a folder, as if it had been typed."""
        self.text.setText(str(path))
        self._tell()

    @Slot()
    def _tell(self) -> None:
        """Another folder was typed or chosen; a field that is only left says nothing."""
        if self.path() != self._told:
            self._told = self.path()
            self.changed.emit()

    @Slot()
    def _choose(self) -> None:
        dialog = QFileDialog(self, self.text.accessibleName(), self.path())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
        dialog.fileSelected.connect(self.use)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()


class ImportForm(QWidget):
    """Label left, field right. Signal: ``changed`` when the images would be others."""

    changed = Signal()

    def __init__(self, data: Data, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder = FolderField(self.tr("Folder"), self.tr("The folder with your images"))
        self.recursive = QCheckBox(self.tr("and the folders below it"))
        self.recursive.setAccessibleName(self.tr("Folders below"))
        self.recursive.setToolTip(self.tr("Whether images in folders below it belong to it"))
        self.classes = combo(self.tr("Classes"), self.tr("Whether each folder in it is a class"), (
            (self.tr("None"), "none"), (self.tr("Each folder in it is a class"), "folders")))
        self.side = spin(self.tr("Image size"), self.tr(
            "Side to which every image is brought, in pixels; 32, 64, 96 and 128 are usual"),
            MINIMUM_SIDE, MAXIMUM_SIDE, SIDE, " px")
        self.fit = combo(self.tr("Fit"), self.tr("How an image becomes square"), (
            (self.tr("Cut out the middle"), "crop"), (self.tr("Set on black"), "pad"), (self.tr("Stretch"), "stretch")))
        self.colour = combo(self.tr("Colour"), self.tr("Three numbers for each pixel, or one"), (
            (self.tr("Colour"), "rgb"), (self.tr("Grey"), "grey")))
        self.validation = self._share(self.tr("Validation share"), self.tr("Images by which the best epoch is found"))
        self.test = self._share(self.tr("Test share"), self.tr("Images that no decision sees until the end"))
        self.inputs = FolderField(self.tr("Input folder"), self.tr(
            "Optional: a second folder with the same file names, whose images are what the network sees"))
        self._lay_out()
        self._fill(data)
        self._connect()

    @staticmethod
    def _share(name: str, tip: str) -> QDoubleSpinBox:
        field = QDoubleSpinBox()
        field.setRange(1, 40)
        field.setDecimals(1)
        field.setSuffix(" %")
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.setAccessibleName(name)
        field.setToolTip(tip)
        calm(field)
        return field

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(style.M)
        grid.setVerticalSpacing(style.S)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        wide = ((self.tr("Folder"), self.folder), (self.tr("Inputs"), self.inputs))
        for row, (name, chooser) in zip((0, 5), wide, strict=True):
            self._put(grid, row, 0, name, chooser, 3)
        grid.addWidget(self.recursive, 1, 1, 1, 3)
        pairs = (((self.tr("Classes"), self.classes), (self.tr("Colour"), self.colour)),
                 ((self.tr("Image size"), self.side), (self.tr("Fit"), self.fit)),
                 ((self.tr("Validation"), self.validation), (self.tr("Test"), self.test)))
        for row, pair in enumerate(pairs, 2):
            for column, (name, field) in zip((0, 2), pair, strict=True):
                self._put(grid, row, column, name, field)
        self.inputs.text.setPlaceholderText(self.tr("The images themselves"))

    @staticmethod
    def _put(grid: QGridLayout, row: int, column: int, name: str, field: QWidget, span: int = 1) -> None:
        label = QLabel(name)
        label.setBuddy(field)
        grid.addWidget(label, row, column)
        grid.addWidget(field, row, column + 1, 1, span)

    def _fill(self, data: Data) -> None:
        """Begin with what the form of the experiment says."""
        self.folder.show_path(data.folder)
        self.recursive.setChecked(data.recursive)
        for box, value in ((self.classes, data.classes), (self.colour, data.colour), (self.fit, data.fit)):
            box.setCurrentIndex(box.findData(value))
        if data.dataset == "folder":
            self.side.setValue(data.image_size or SIDE)
        self.validation.setValue(100 * data.validation_share)
        self.test.setValue(100 * data.test_share)
        self.inputs.show_path(data.input.folder if data.input.change == "folder" else "")

    def _connect(self) -> None:
        for box in self.findChildren(QComboBox):
            box.currentIndexChanged.connect(self._tell)
        self.side.valueChanged.connect(self._tell)
        self.recursive.toggled.connect(self._tell)
        for chooser in (self.folder, self.inputs):
            chooser.changed.connect(self._tell)

    @Slot()
    def _tell(self, *_: object) -> None:
        self.recursive.setEnabled(self.classes.currentData() == "none")
        self.changed.emit()

    def spec(self, base: Data) -> Data:
        """The data spec with these settings; everything else as in ``base``."""
        given = base.input
        if self.inputs.path():
            given = given.model_copy(update={"change": "folder", "folder": self.inputs.path()})
        elif given.change == "folder":
            given = Input()
        chosen = {"folder": self.folder.path(), "recursive": self.recursive.isChecked(), "classes":
                  self.classes.currentData(), "colour": self.colour.currentData(), "fit": self.fit.currentData()}
        assert set(chosen) | {"class_count"} == set(FOLDER_FIELDS)
        return base.model_copy(update={
            **chosen, "dataset": "folder", "image_size": self.side.value(), "validation": "hold-out",
            "validation_share": round(self.validation.value() / 100, 4),
            "test_share": round(self.test.value() / 100, 4),
            "training_images": 0, "images_per_class": 0, "class_count": 0, "input": given})
