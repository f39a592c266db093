"""Classifiers on the encoder of the shown run: linear probe, fine-tuning and from scratch as one guided experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QButtonGroup, QLabel, QPushButton, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from engine import classify, comparison, families
from engine.comparison import Compared
from engine.dataspec import class_count
from engine.experiment import Experiment, Strategy
from engine.families import Family
from engine.fields import LABELS
from engine.learning.epochs import batches_per_epoch, training_images
from engine.run import Run
from engine.runfiles.notices import RunError
from gui import style
from gui.classifier.confusions import Confusions
from gui.classifier.curves import BudgetFigure, StrategyCurves
from gui.compare.pictures import Pictured
from gui.messages import Action, Message
from gui.session import Session
from gui.shown import handles_of
from gui.widgets.controls import Flow, button
from gui.widgets.fields import translated
from gui.widgets.stage import Stage
from gui.widgets.table import TableBox

KEY = "classifiers.read"


@dataclass(frozen=True)
class Found:
    """A family as it lies on disk."""

    family: Family
    three: dict[Strategy, Compared]
    pictured: dict[Strategy, Pictured]
    budget: tuple[Compared, ...]
    """Those of the label budget that are trained to their end."""


class ClassifierTab(QWidget):
    """Queues what is missing of the three, and shows what is there."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._shown = session, session.shown
        self._request = 0
        self.found: Found | None = None
        self.curves, self.confusions = StrategyCurves(), Confusions(session)
        self.table, self.budget = TableBox(self.tr("The three strategies")), BudgetFigure()
        self._pages = QStackedWidget()
        for view in (self.curves, self.confusions, self.table, self.budget):
            self._pages.addWidget(view)
        self.stage = Stage(self._pages)
        self.train = QPushButton(self.tr("Train the three"))
        self.run_budget = QPushButton(self.tr("Run the label budget…"))
        self.about = style.dress(QLabel(), tone="quiet")
        self.about.setWordWrap(True)
        self._lay_out()
        self.train.clicked.connect(self.queue_three)
        self.run_budget.clicked.connect(self.propose_budget)
        session.runs.changed.connect(self.read)
        session.queue.changed.connect(self._allow)
        session.ready_changed.connect(self.read)
        self._shown.run_changed.connect(self.read)
        self._shown.answered.connect(self._take_answer)
        self._shown.failed.connect(self._take_failure)
        self.stage.retry.connect(self.read)

    def names(self) -> dict[Strategy, str]:
        """What the strategies are called."""
        return {"probe": self.tr("Linear probe"), "fine-tune": self.tr("Fine-tuning"),
                "scratch": self.tr("From scratch")}

    def _lay_out(self) -> None:
        self.train.setAccessibleName(self.train.text())
        self.run_budget.setAccessibleName(self.run_budget.text())
        row = Flow()
        self.switch = QButtonGroup(self)
        for index, (name, tip) in enumerate((
                (self.tr("Curves"), self.tr("Accuracy and loss of the three")),
                (self.tr("Confusion"), self.tr("Which class is taken for which")),
                (self.tr("Table"), self.tr("The three in numbers")),
                (self.tr("Label budget"), self.tr("Accuracy by the number of labels")))):
            choice: QToolButton = button(name, tip, text=True, checkable=True)
            self.switch.addButton(choice, index)
            row.addWidget(choice)
        self.switch.button(0).setChecked(True)
        self.switch.idClicked.connect(self.show_view)
        row.addWidget(self.train)
        row.addWidget(self.run_budget)
        column = QVBoxLayout(self)
        column.setContentsMargins(style.M, style.M, style.M, style.S)
        column.setSpacing(style.S)
        column.addLayout(row)
        column.addWidget(self.about)
        column.addWidget(self.stage, 1)

    @Slot(int)
    def show_view(self, index: int) -> None:
        """Bring one of the views to the front."""
        self.switch.button(index).setChecked(True)
        self._pages.setCurrentIndex(index)
        if self.found is not None:
            self._show_view()

    # Reading

    @Slot()
    def read(self) -> None:
        """Read the classifiers that belong to the shown run."""
        if not self.isVisible():
            return
        run = self._shown.run
        if run is None or self._shown.experiment is None:
            self._show_nothing()
            return
        others = [row.run for row in self._session.runs.rows]
        self._request = self._shown.compute(KEY, partial(_read, run, others))

    def _show_nothing(self) -> None:
        self.found = None
        self.about.clear()
        self.stage.show_nothing(self._shown.run is not None)
        self._allow()

    @Slot(str, int, object)
    def _take_answer(self, key: str, request: int, answer: Any) -> None:
        if key == KEY and request == self._request:
            self.found = answer
            self._show()

    @Slot(str, int, str)
    def _take_failure(self, key: str, request: int, text: str) -> None:
        if key == KEY and request == self._request:
            self.stage.show_failed(text)

    def _show(self) -> None:
        self._allow()
        if self.found is None:
            self.about.clear()
            self.stage.show_empty(self.tr("The encoder's run is gone"), self.tr(
                "This classifier was trained on a run that is no longer there. Compare shows its curves."))
            return
        self.about.setText(self.tr("On the encoder of {name}.").format(name=self._title(self.found.family.source)))
        self._show_view()
        self.curves.show_runs(self.found.three, self.names())
        self.confusions.show_runs(self.found.pictured, self.names())
        self.table.show_table(families.results(self.found.three.values(), self.names()))
        budgets = families.budgets(self.found.budget, _labels(self.found)) if self.found.budget else ()
        self.budget.show_budgets(budgets, self.names())

    def _show_view(self) -> None:
        """The view in front, or what has to be trained for it."""
        assert self.found is not None
        on_budget = self._pages.currentWidget() is self.budget
        if self.found.budget if on_budget else self.found.three:
            self.stage.show_content()
        elif on_budget:
            self.stage.show_empty(self.tr("How many labels does it take?"), self.tr(
                "The three strategies again, with few labels of each class and with many. Run the label budget."))
        else:
            self.stage.show_empty(self.tr("How good are the codes?"), self.tr(
                "A linear probe trains one layer on the frozen encoder and says what its codes already know. "
                "Fine-tuning trains encoder and layer together; from scratch begins without what was learnt.\n"
                "Train the three and compare them."))

    def _title(self, run: Run) -> str:
        """What the list calls a run."""
        return next((row.title for row in self._session.runs.rows if row.run.folder == run.folder), run.title)

    # Training

    def _missing(self) -> list[Experiment]:
        """Those of the three that are neither trained nor waiting, from the shown snapshot on."""
        if self.found is None:
            return []
        source = self.found.family.source
        queued = {item.experiment.classifier.strategy for item in self._session.queue.items
                  if item.experiment.task == "classifier" and item.experiment.classifier.encoder == source.name}
        done = {strategy for strategy, run in self.found.family.three.items() if run.status in ("finished", "running")}
        return [classify.experiment_for(source, strategy, "last")
                for strategy in classify.STRATEGIES if strategy not in done | queued]

    def _allow(self) -> None:
        """Whether there is anything to train, and why not."""
        why = self._why_not()
        missing = self._missing() if not why else []
        self.train.setEnabled(bool(missing))
        self.run_budget.setEnabled(not why)
        count = self.tr("{count} classifiers are trained one after another").format(count=len(missing))
        self.train.setToolTip(why or (count if missing else self.tr("All three are trained or wait in the queue.")))
        self.run_budget.setToolTip(why or self.tr("The three with 10, 50, 100, 500 labels per class and all, with "
                                                  "three seeds each"))

    def _why_not(self) -> str:
        """Why no classifier can be trained; '' when one can."""
        if self.found is None:
            return self.tr("Needs a shown run with a trained encoder.")
        source = self.found.family.source
        if not source.snapshots():
            return self.tr("The run holds no weights yet; train it first.")
        if not class_count(source.experiment.data):
            return self.tr("{name} has no labels, so there is nothing to classify.").format(
                name=translated(LABELS[source.experiment.data.dataset]))
        return ""

    @Slot()
    def queue_three(self) -> None:
        """Let the missing ones of the three wait their turn; the first begins at once when nothing is being trained."""
        self._add(self._missing())

    @Slot()
    def propose_budget(self) -> None:
        """Say how many runs a label budget is, and offer to queue them."""
        if self.found is None:
            return
        try:
            planned = classify.budget(self.found.family.source)
        except RunError as error:
            self._session.message.emit(Message(error.message))
            return
        done = [run.experiment for run in self._members() if run.status in ("finished", "running")]
        waiting = [item.experiment for item in self._session.queue.items]
        missing = [it for it in planned if it not in done and it not in waiting]
        steps = sum(_steps(it) for it in missing)
        text = self.tr("The label budget is {count} runs, {missing} of them still to be trained: about {steps} steps "
                       "in all.")
        actions = (Action(self.tr("Add to the queue"), partial(self._add, missing)),) if missing else ()
        self._session.message.emit(Message(text.format(count=len(planned), missing=len(missing), steps=f"{steps:,}"),
                                           "information", actions, key="budget"))

    def _members(self) -> Sequence[Run]:
        assert self.found is not None
        return (*self.found.family.three.values(), *self.found.family.budget)

    def _add(self, experiments: Sequence[Experiment]) -> None:
        self._session.queue.add(*experiments)
        self._allow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.read()


def _read(shown: Run, runs: Sequence[Run]) -> Found | None:
    """The family of a run with its metrics; what cannot be read is left out."""
    family = families.family(shown, runs)
    if family is None:
        return None
    three, pictured = {}, {}
    for strategy, run in family.three.items():
        good, _ = comparison.readable([(run, run.title)])
        if good:
            three[strategy] = good[0]
            handles = handles_of(run)
            if handles:
                pictured[strategy] = Pictured(good[0], handles[-1])
    ended = (run for run in family.budget if run.status == "finished")  # else with fewer steps than the others
    budget, _ = comparison.readable((run, run.title) for run in ended)
    return Found(family, three, pictured, tuple(budget))


def _labels(found: Found) -> int:
    """Training labels of a class when all are used."""
    experiment = found.family.source.experiment
    return max(1, training_images(experiment) // max(1, class_count(experiment.data)))


def _steps(experiment: Experiment) -> int:
    return experiment.train.epochs * batches_per_epoch(experiment, training_images(experiment))
