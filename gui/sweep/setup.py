"""The page that sets up a sweep: what varies, how it is trained, how long that takes, and Start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine import experiment as experiments
from engine import storage
from engine import sweep as sweeps
from engine.experiment import Experiment
from engine.fields import ExperimentError
from engine.runfiles.notices import reason
from engine.sweep import Sweep
from engine.sweeping.told import SweepOrder
from gui import explain, style
from gui.session import Session
from gui.sweep.axes import AxesEditor
from gui.sweep.axisrow import usual
from gui.sweep.foot import SweepFoot
from gui.sweep.method import MethodForm
from gui.sweep.outlook import Outlook, epochs_of
from gui.sweep.sources import FILE, FORM, SourceForm
from gui.sweep.trouble import trouble

SIZE = (860, 660)
START_S = 5.0
"""Until the workers have loaded torch and the images."""
NARROWEST, WIDEST = 840, 1000
"""Room for a row of an axis; and a wider page would tear labels and fields apart."""


class SweepPage(QDialog):
    """Nothing is trained before Start is pressed. Signal: ``ordered`` (SweepOrder)."""

    ordered = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None, presets: Mapping[str, Path] | None = None,
                 ) -> None:
        """``presets``: title -> TOML file of the sweeps to begin with."""
        super().__init__(parent)
        self._session = session
        self._template = Sweep()
        self._preset: tuple[Path | None, Sweep] = None, self._template
        self._file_base: Experiment | None = None
        self._said = ""
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Sweep"))
        self.source = SourceForm(presets or {})
        self.axes = AxesEditor(session.draft.experiment)
        self.method = MethodForm()
        self.foot = SweepFoot()
        self.outlook = Outlook(session, self)
        self._lay_out()
        self._connect()
        self._begin()

    def _lay_out(self) -> None:
        content = QWidget()
        content.setMaximumWidth(WIDEST)
        column = QVBoxLayout(content)
        column.setContentsMargins(style.XL, style.L, style.XL, style.L)
        column.setSpacing(style.M)
        column.addWidget(self.source)
        for title, widget in ((self.tr("What varies"), self.axes), (self.tr("How it is trained"), self.method)):
            column.addSpacing(style.S)
            column.addWidget(style.dress(QLabel(title), "heading"))
            column.addWidget(widget)
        column.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        area.setWidget(content)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        rule = QFrame()
        style.mark(rule, "rule", True)
        self.foot.setMaximumWidth(WIDEST)
        self.foot.setContentsMargins(style.XL, style.M, style.XL, style.L)
        middle = QHBoxLayout()
        middle.addStretch()
        middle.addWidget(self.foot, WIDEST)  # all of the width, up to its own
        middle.addStretch()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(area, 1)
        whole.addWidget(rule)
        whole.addLayout(middle)
        self.setMinimumWidth(NARROWEST)
        self.resize(*SIZE)

    def _connect(self) -> None:
        self.source.preset_chosen.connect(self._open_preset)
        self.source.opened.connect(self.open_file)
        self.source.save_wanted.connect(self.save_file)
        for part in (self.source, self.axes, self.method):
            part.changed.connect(self._refresh)
        self.axes.list_left.connect(self._leave_list)
        self.outlook.changed.connect(self._show_state)
        self._session.sweeps.state_changed.connect(self._show_state)
        self.foot.started.connect(self._start)
        self.foot.left.connect(self.close)
        self._session.draft.changed.connect(self._take_draft)

    def _begin(self) -> None:
        """The experiment in the form, with its learning rate as the first axis."""
        base = self._session.draft.experiment
        self._show(Sweep(base=base, axes=(usual("train.learning_rate", base),)), FORM)

    def show_sweep(self, sweep: Sweep) -> None:
        """Show a sweep with its own base."""
        self._preset = None, sweep
        self._show(sweep, FILE)

    def _show(self, sweep: Sweep, origin: str) -> None:
        self._template, self._said = sweep, ""
        self._file_base = sweep.base if origin == FILE else None
        self.source.show_bases(self._session.draft.experiment, self._file_base, origin)
        self.source.show_source(sweep, bool(sweep.experiments))
        self.axes.show_axes(sweep.base, sweep.axes, sweep.experiments)
        self.method.show_sweep(sweep)
        self._refresh()

    @property
    def base(self) -> Experiment:
        """The experiment in which the axes change something."""
        of_file = self._file_base if self.source.base.currentData() == FILE else None
        return of_file or self._session.draft.experiment

    @property
    def sweep(self) -> Sweep:
        """What the page says; an axis that is not typed to its end has no values."""
        given = self._template.model_copy(update={"base": self.base})
        return given.model_copy(update={
            "name": self.source.name.text().strip(), "axes": self.axes.axes(), "experiments": self.axes.experiments,
            **self.method.changes(given)})

    @Slot()
    def _leave_list(self) -> None:
        """Axes in place of the list that a file gave: they vary what is in the form."""
        self._begin()

    @Slot(object)
    def _open_preset(self, path: Path) -> None:
        found = self._read(path)
        if found is None:
            self.source.show_preset(self._preset[0])
            return
        draft = self._session.draft.experiment
        found = found.model_copy(update={
            "base": experiments.with_folder_of(found.base, draft),
            "experiments": tuple(experiments.with_folder_of(one, draft) for one in found.experiments)})
        self._preset = path, found
        self._show(found, FILE)

    @Slot(object)
    def open_file(self, path: Path) -> None:
        """Show the sweep of a file, or say why not; then the page stays as it is."""
        found = self._read(path)
        if found is not None:
            self.show_sweep(found)

    def _read(self, path: Path) -> Sweep | None:
        try:
            return sweeps.load(path)
        except ExperimentError as error:
            first = error.problems[0]
            what = f"{first.field}: {first.message}" if first.field else first.message
        except OSError as error:
            what = reason(error)
        text = self.tr("{name} could not be opened: {reason}. The page stays as it is.")
        self._say(text.format(name=path.name, reason=what.rstrip(".")))
        return None

    @Slot(object)
    def save_file(self, path: Path) -> None:
        """Write the sweep to a file, or say why not."""
        try:
            storage.write_atomic(path, sweeps.to_toml(self.sweep).encode())
        except OSError as error:
            self._say(self.tr("Could not write {name} ({reason}). The file is as it was.").format(
                name=path.name, reason=reason(error)))
        else:
            self.foot.show_note(self.tr("Saved {name}.").format(name=path.name))

    def _say(self, text: str) -> None:
        """Something that went wrong, until the next edit."""
        self._said = text
        self._show_state()

    @Slot(object)
    def _take_draft(self, draft: Experiment) -> None:
        """Another experiment is in the form."""
        self.source.show_bases(draft, self._file_base, self.source.base.currentData())
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        """Something was typed or chosen: say what it comes to."""
        self._said = ""
        self.foot.show_note("")
        listed = bool(self.axes.experiments)
        self.source.show_list(listed)
        self.method.show_list(listed)
        self.axes.set_base(self.base)
        sweep = self.sweep
        path, loaded = self._preset
        self.source.show_preset(path if sweep == loaded else None)
        self.source.name.setPlaceholderText(self._own_name())
        self._trouble = trouble(sweep, self.axes.rows, self.method.problems)
        self.axes.show_problems(sweep.axes, self._trouble.of_rows)
        self.source.allow_save(self._trouble.rows[0] if self._trouble.untyped else "")
        self.outlook.ask(sweep, not self._trouble.reasons)
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        """The foot, with what is known by now."""
        sweep = self.sweep
        look, base = self.outlook.look, sweep.experiments[0] if sweep.experiments else sweep.base
        runs = sweeps.count(sweep)
        whole = look is not None and self.outlook.complete
        if look is not None and whole:
            runs -= look.left_out * max(1, len(sweep.seeds))
        others: tuple[str, ...] = () if runs or not whole else (self.tr("None of the cells can be trained."),)
        if self._session.sweeps.busy:
            others += (self.tr("A sweep is being trained. Stop it, or let it end; it can be continued later."),)
        said = (self._said,) if self._said else ()
        self.foot.show_problems((*said, *self._trouble.whole), (*self._trouble.reasons, *others))
        self.foot.show_cells(look)
        self.outlook.want_time(base)
        self.foot.show_forecast(runs, epochs_of(sweep), self._seconds(sweep, base, runs),
                                self.outlook.why_unknown(bool(self.method.address), self._together(sweep)))

    def _together(self, sweep: Sweep) -> bool:
        return self.outlook.together(sweep, self.method.workers.value())

    def _seconds(self, sweep: Sweep, base: Experiment, runs: int) -> float | None:
        """How long the whole takes; None where that is not known."""
        epochs, epoch_s = epochs_of(sweep), self.outlook.epoch_s(base)
        if epochs is None or epoch_s is None or self.method.address or self._trouble.whole or self._together(sweep):
            return None
        return START_S + runs * epochs * epoch_s / self.outlook.workers(self.method.workers.value())

    def _own_name(self) -> str:
        """What a sweep is called that nobody named."""
        return " × ".join(row.label for row in self.axes.rows) or self.tr("Sweep")

    @Slot()
    def _start(self) -> None:
        """Order the sweep, unless the data or the folder of the runs are not there."""
        sweep = self.sweep
        session = self._session
        for one in sweep.experiments or (sweep.base,):
            obstacle = explain.obstacle(session, session.runs_dir, one, None)
            if obstacle is not None:
                self._say(obstacle.text)
                session.message.emit(obstacle)
                return
        named = sweep.model_copy(update={"name": sweep.name or self._own_name()[:200]})
        self.ordered.emit(SweepOrder(named, session.data_dir, session.runs_dir, self.method.workers.value(),
                                     self.method.address))
        self.close()

