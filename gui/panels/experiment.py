"""The experiment in the left panel: five settings, and everything else under More."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from engine import experiment as experiments
from engine.blocks import Linear
from engine.datasets import sources
from engine.dataspec import Data
from engine.experiment import Experiment, Train
from engine.fields import LABELS, ExperimentError
from gui import style
from gui.form import Form, PathOf
from gui.messages import Message
from gui.panels.input_section import InputSection
from gui.session import Session
from gui.widgets.fields import Spec, spec_of
from gui.widgets.presets import PresetChoice

FIVE = ("data.dataset", "train.learning_rate", "train.epochs")


def code_size_path(experiment: Experiment) -> str:
    """The field that 'Code size' edits; one that is not there while the encoder has no block."""
    return experiments.code_size_path(experiment) if experiment.model.encoder else "model.encoder.0.size"


def code_size_spec() -> Spec:
    """'Code size', whichever field of the last block it is."""
    label = QCoreApplication.translate("ExperimentPanel", "Code size")
    return dataclasses.replace(spec_of(Linear, "size", "code size"), label=label)


class ExperimentPanel(QWidget):
    """Preset, data set, code size, learning rate, epochs; the rest unfolds."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        column = QVBoxLayout(self)
        column.setContentsMargins(style.M, style.M, style.M, style.S)
        column.setSpacing(style.XS)
        five: list[str | tuple[PathOf, Spec]] = ["data.dataset", (code_size_path, code_size_spec()), *FIVE[1:]]
        self.form = Form(session.draft, five, above=self._preset_row())
        column.addWidget(self.form)
        self.source = style.dress(QLabel(), "caption", "quiet")
        self.source.setWordWrap(True)
        self.source.setAccessibleName(self.tr("Source of the settings"))
        column.addWidget(self.source)
        column.addLayout(self._data_row())
        self.code = style.dress(QLabel(), "caption", "quiet")
        self.code.setWordWrap(True)
        self.code.setAccessibleName(self.tr("Shape of the code"))
        column.addWidget(self.code)
        self.more = self._more_button()
        column.addWidget(self.more)
        self._rest: QWidget | None = None
        column.addStretch(1)
        session.draft.changed.connect(self._refresh)
        session.data_dir_changed.connect(self._refresh_data)
        self._refresh(session.draft.experiment)

    def _preset_row(self) -> tuple[QLabel, PresetChoice]:
        label = QLabel(self.tr("Preset"))
        self.preset = PresetChoice()
        self.preset.activated.connect(self._choose_preset)
        label.setBuddy(self.preset)
        return label, self.preset

    def _data_row(self) -> QHBoxLayout:
        """Whether the chosen data set is there, and the button that fetches it."""
        row = QHBoxLayout()
        self.data_status = style.dress(QLabel(), "caption", "quiet")
        self.data_status.setWordWrap(True)
        self.download = QPushButton(self.tr("Data sets…"))
        self.download.setAccessibleName(self.tr("Data sets"))
        self.download.setToolTip(self.tr("Download data sets, or choose the folder where they lie"))
        self.download.clicked.connect(self._want_data)
        row.addWidget(self.data_status, 1)
        row.addWidget(self.download)
        return row

    def _more_button(self) -> QToolButton:
        button = QToolButton()
        button.setText(self.tr("More"))
        button.setCheckable(True)
        button.setAutoRaise(True)
        button.setArrowType(Qt.ArrowType.RightArrow)
        style.mark(button, "disclosure", True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setAccessibleName(self.tr("More settings"))
        button.setToolTip(self.tr("Show or hide the other settings of the data, the model and the training"))
        button.toggled.connect(self.unfold)
        return button

    @Slot(bool)
    def unfold(self, open: bool) -> None:
        """Show or hide everything else; made when it is first wanted."""
        self.more.setArrowType(Qt.ArrowType.DownArrow if open else Qt.ArrowType.RightArrow)
        if open and self._rest is None:
            self._rest = self._make_rest()
            layout = self.layout()
            assert isinstance(layout, QVBoxLayout)
            layout.insertWidget(layout.count() - 1, self._rest)
        if self._rest is not None:
            self._rest.setVisible(open)

    def _make_rest(self) -> QWidget:
        rest = QWidget()
        column = QVBoxLayout(rest)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.S)
        draft = self._session.draft
        groups = {self.tr("Data"): Form(draft, self._others("data", Data)),
                  self.tr("Input"): InputSection(self._session),
                  self.tr("Model"): Form(draft, ["model.output", "model.residual"]),
                  self.tr("Training"): Form(draft, self._others("train", Train)),
                  self.tr("Description"): Form(draft, ["name", "note"])}
        for title, section in groups.items():
            column.addWidget(style.dress(QLabel(title), "heading"))
            column.addWidget(section)
        note = style.dress(QLabel(self.tr("The blocks of the model are edited in the Architecture tab.")), "caption",
                           "quiet")
        note.setWordWrap(True)
        column.addWidget(note)
        return rest

    @staticmethod
    def _others(group: str, model: type[Data] | type[Train]) -> list[str]:
        return [path for name in model.model_fields if (path := f"{group}.{name}") not in (*FIVE, "data.input")]

    @Slot(int)
    def _choose_preset(self, index: int) -> None:
        name = self.preset.itemData(index)
        try:
            chosen = experiments.load(self.preset.paths[name])
            self._session.draft.replace(experiments.with_folder_of(chosen, self._session.draft.experiment))
        except (ExperimentError, OSError) as error:
            text = self.tr("The preset {name} could not be read ({reason}). The settings stay as they are.")
            self._session.message.emit(Message(text.format(name=name, reason=error)))

    @Slot()
    def _want_data(self) -> None:
        own = self._session.draft.experiment.data.dataset == "folder"
        self._session.dialog_wanted.emit("image folder" if own else "data sets")

    @Slot(object)
    def _refresh(self, experiment: Experiment) -> None:
        plan = self._session.draft.plan
        self.preset.show_origin(experiment)
        self.source.setText(experiment.source)
        self.source.setToolTip(experiment.note)
        self.source.setVisible(bool(experiment.source))
        if plan.problems or not plan.encoder:
            self.code.setText(self.tr("The network does not fit yet.\nThe Architecture tab says where."))
        else:
            shape = "×".join(map(str, plan.code))
            code = f"{shape} = {plan.code_numbers:,}" if len(plan.code) > 1 else f"{plan.code_numbers:,}"
            text = self.tr("Code {code}, compression {ratio}\n{parameters} parameters")
            self.code.setText(text.format(code=code, ratio=f"{plan.compression:.3g}",
                                          parameters=f"{plan.parameters:,}"))
        self._refresh_data()

    @Slot()
    def _refresh_data(self) -> None:
        data = self._session.draft.experiment.data
        own = data.dataset == "folder"
        self.download.setText(self.tr("Choose…") if own else self.tr("Data sets…"))
        self.download.setAccessibleName(self.tr("Image folder") if own else self.tr("Data sets"))
        self.download.setToolTip(self.tr("Choose the folder with your images, and how they are read") if own else
                                 self.tr("Download data sets, or choose the folder where they lie"))
        if own:
            self._show_folder(data.folder)
        else:
            self._show_status(data.dataset)

    def _show_folder(self, folder: str) -> None:
        """Which folder is used, and the way to another."""
        self.data_status.setText(Path(folder).name or folder if folder else self.tr("No folder is chosen."))
        self.data_status.setToolTip(folder)
        style.mark(self.data_status, "tone", "quiet" if folder else "warning")
        self.data_status.show()
        self.download.show()

    def _show_status(self, name: str) -> None:
        """Whether a data set is there."""
        status = sources.status(name, self._session.data_dir)
        there = status.state in ("built in", "present")
        self.data_status.setToolTip("")
        self.data_status.setText("" if there else self.tr("{name}: {status}").format(name=LABELS[name],
                                                                                     status=status.text))
        style.mark(self.data_status, "tone", "quiet" if there else "warning")
        self.data_status.setVisible(not there)
        self.download.setVisible(not there)
