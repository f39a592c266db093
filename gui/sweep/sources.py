"""Where a sweep begins: a preset, a file, or what is in the form; its name, and saving it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QWidget

from engine.experiment import Experiment
from engine.sweep import Sweep
from gui import style
from gui.sweep.method import LABEL_WIDTH
from gui.widgets.controls import note, push
from gui.widgets.inputs import Choice

FORM, FILE = "form", "file"
"""The base is the experiment in the form, or that of the file."""


class SourceForm(QWidget):
    """Signals: ``preset_chosen`` (Path), ``opened`` (Path), ``save_wanted`` (Path), ``changed`` (name or base)."""

    preset_chosen = Signal(object)
    opened = Signal(object)
    save_wanted = Signal(object)
    changed = Signal()

    def __init__(self, presets: Mapping[str, Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.preset = self._choice(self.tr("Preset"), self.tr("Begin with a complete sweep; everything of it can be "
                                                              "changed"))
        self.preset.setPlaceholderText(self.tr("Own settings"))
        self._paths = tuple(presets.values())
        self.preset.addItems(list(presets))
        self.preset.setCurrentIndex(-1)
        self.open = push(self.tr("Open…"), self.tr("Open a sweep from a file"))
        self.save = push(self.tr("Save as…"), self.tr("Write this sweep to a file"))
        self.base = self._choice(self.tr("Base"), self.tr("The experiment in which the axes change something"))
        self.name = QLineEdit()
        self.name.setAccessibleName(self.tr("Name"))
        self.name.setToolTip(self.tr("What the sweep is called in the list of runs"))
        self.name.setMaxLength(200)
        self.said = note()
        self._lay_out()
        self.preset.activated.connect(self._choose_preset)
        self.base.activated.connect(self._tell)
        self.name.textEdited.connect(self._tell)
        self.open.clicked.connect(self.ask_open)
        self.save.clicked.connect(self.ask_save)

    @staticmethod
    def _choice(name: str, tip: str) -> Choice:
        made = Choice()
        made.setAccessibleName(name)
        made.setToolTip(tip)
        return made

    def _lay_out(self) -> None:
        files = QHBoxLayout()
        files.setSpacing(style.S)
        files.addWidget(self.preset, 1)
        files.addWidget(self.open)
        files.addWidget(self.save)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(style.M)
        grid.setVerticalSpacing(style.S)
        grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        grid.setColumnStretch(1, 1)
        self.labels: dict[QWidget, QLabel] = {}
        for row, field in ((0, self.preset), (2, self.base), (3, self.name)):
            label = self.labels[field] = QLabel(field.accessibleName())
            label.setBuddy(field)
            grid.addWidget(label, row, 0)
        grid.addLayout(files, 0, 1)
        grid.addWidget(self.base, 2, 1)
        grid.addWidget(self.name, 3, 1)
        grid.addWidget(self.said, 1, 1)
        for one, other in itertools.pairwise((self.preset, self.open, self.save, self.base, self.name)):
            QWidget.setTabOrder(one, other)

    def show_bases(self, draft: Experiment, file: Experiment | None, chosen: str) -> None:
        """List what can be the base, without a signal."""
        unnamed = self.tr("without a name")
        self.base.clear()
        self.base.addItem(self.tr("The experiment in the form: {title}").format(title=draft.name or unnamed), FORM)
        if file is not None:
            self.base.addItem(self.tr("The experiment of the sweep: {title}").format(title=file.name or unnamed), FILE)
        self.base.setCurrentIndex(max(0, self.base.findData(chosen)))

    def show_source(self, sweep: Sweep, listed: bool) -> None:
        """Show the name, and where the sweep comes from; a plain list has no base."""
        self.name.setText(sweep.name)
        self.said.setText(sweep.source)
        self.said.setToolTip(sweep.note)
        self.said.setVisible(bool(sweep.source))
        self.show_list(listed)

    def show_list(self, listed: bool) -> None:
        """Whether the sweep is a plain list, which has no base."""
        for widget in (self.base, self.labels[self.base]):
            widget.setVisible(not listed)

    def allow_save(self, why_not: str) -> None:
        """Save only what can be understood."""
        self.save.setEnabled(not why_not)
        self.save.setToolTip(why_not or self.tr("Write this sweep to a file"))

    def show_preset(self, path: Path | None) -> None:
        """Choose the preset of this path, or none."""
        self.preset.setCurrentIndex(self._paths.index(path) if path in self._paths else -1)

    @Slot(int)
    def _choose_preset(self, index: int) -> None:
        self.preset_chosen.emit(self._paths[index])

    @Slot()
    def _tell(self, *_: object) -> None:
        self.changed.emit()

    @Slot()
    def ask_open(self) -> None:
        """Ask for the file of a sweep; ``opened`` follows."""
        dialog = self._dialog(self.tr("Open a sweep"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._open)
        dialog.open()

    @Slot()
    def ask_save(self) -> None:
        """Ask where to write the sweep; ``save_wanted`` follows."""
        dialog = self._dialog(self.tr("Save the sweep"))
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("toml")
        dialog.selectFile(f"{self.name.text().strip() or 'sweep'}.toml")
        dialog.fileSelected.connect(self._save)
        dialog.open()

    def _dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self, title, "", self.tr("Sweeps (*.toml)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    @Slot(str)
    def _open(self, text: str) -> None:
        self.opened.emit(Path(text))

    @Slot(str)
    def _save(self, text: str) -> None:
        self.save_wanted.emit(Path(text))
