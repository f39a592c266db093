"""One figure of a report: its place, its content or what to train for it, its caption."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.answers import Confusion
from engine.reports import Figure
from gui import style
from gui.plots.heatmap import ConfusionMap
from gui.plots.lines import LinePlot
from gui.plots.panel import Panel
from gui.reports import numbers, pictures
from gui.reports.asking import Ask
from gui.reports.pictures import Plan, Standings
from gui.widgets.table import ROW_HEIGHT, TableBox

PLOT_HEIGHT, MATRIX_HEIGHT = 340, 360


class FigureBox(QWidget):
    """Signals: ``queue`` (names of presets), when the person wants to train what the figure lacks; ``retry``.

    Attributes: ``figure``, ``asks`` (what is still to be asked; empty where nothing is), ``drawn``.
    """

    queue = Signal(object)
    retry = Signal()

    def __init__(self, number: int, figure: Figure, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figure, self.number = figure, number
        self.asks: tuple[Ask, ...] = ()
        self.drawn = False
        self._plan: Plan | None = None
        self._answers: dict[int, Any] = {}
        self._signature: tuple[Any, ...] | None = None
        self._lacking: tuple[str, ...] = ()
        self.content = self._content(figure)
        self.content.setAccessibleDescription(figure.alternative)
        self.state = style.dress(QLabel(), tone="quiet")
        self.state.setWordWrap(True)
        self.train = QPushButton()
        self.train.setToolTip(self.tr("Append the experiments that this figure lacks to the queue"))
        self.train.clicked.connect(self._want)
        self.again = QPushButton(self.tr("Try again"))
        self.again.setToolTip(self.tr("Ask once more"))
        self.again.clicked.connect(self.retry)
        self.caption = QLabel(self.tr("<b>Figure {number}.</b> {caption}").format(number=number,
                                                                                  caption=figure.caption))
        self.caption.setWordWrap(True)
        self.caption.setTextFormat(Qt.TextFormat.RichText)
        self._lay_out()

    def _content(self, figure: Figure) -> QWidget:
        name = self.tr("Figure {number}").format(number=self.number)
        if figure.kind == "curves":
            plot = LinePlot(name)
            plot.setFixedHeight(PLOT_HEIGHT)
            plot.plot.viewport().installEventFilter(_PageWheel(plot.plot, self))
            return plot
        if figure.kind == "table":
            return TableBox(name)
        if figure.kind == "confusion":
            return _Matrices(figure.experiments, name)
        return Panel(name)

    def _lay_out(self) -> None:
        self.place = QFrame()
        style.mark(self.place, "card", True)
        row = QHBoxLayout(self.place)
        row.setContentsMargins(style.M, style.S, style.S, style.S)
        row.addWidget(self.state, 1)
        row.addWidget(self.train)
        row.addWidget(self.again)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.S)
        column.addWidget(self.content)
        column.addWidget(self.place)
        column.addWidget(self.caption)

    def show_standings(self, standings: Standings, data_dir: Path) -> bool:
        """Take what the runs are now; -> whether something is to be asked, once the figure is in sight."""
        mine = {name: standings[name] for name in self.figure.experiments}
        signature = (data_dir, *(it.signature for it in mine.values()))
        if signature == self._signature:
            return False
        self._signature, self._answers, self.asks, self._plan = signature, {}, (), None
        self._lacking = tuple(name for name, it in mine.items() if it.found.lacking)
        absent: tuple[str, ...] = ()
        if self.figure.kind == "curves":
            lines, axes = numbers.lines(self.figure, standings)
            self._show_plot(lines, axes)
        elif self.figure.kind == "table":
            self._show_table(standings)
        elif self.figure.kind == "confusion":
            self.asks = tuple(Ask("confusion", it.handles[-1], it.found.trained, ("validation",))
                              for it in mine.values() if it.handles)
            self._titles = [it.title for it in mine.values() if it.handles]
            self._set_drawn(self.drawn and bool(self.asks))
        else:
            self._plan = pictures.plan(self.figure, standings, data_dir)
            self.asks, absent = self._plan.asks, self._plan.absent
            self._set_drawn(self.drawn and bool(self.asks))
        self._say(mine, absent)
        return bool(self.asks)

    def _show_plot(self, lines: Sequence[Any], axes: Any) -> None:
        assert isinstance(self.content, LinePlot)
        self.content.show_lines(lines, axes)
        self._set_drawn(bool(lines))

    def _show_table(self, standings: Standings) -> None:
        assert isinstance(self.content, TableBox)
        show_whole(self.content, numbers.table(self.figure, standings))
        self._set_drawn(True)

    def _say(self, mine: Standings, absent: Sequence[str]) -> None:
        """What is not in the figure, and what to do about it."""
        words = []
        titles = ", ".join(it.title for it in mine.values() if it.found.status == "missing")
        if titles:
            words.append(self.tr("Not trained yet: {titles}.").format(titles=titles))
        waiting = [numbers.stated(it.found) for it in mine.values()
                   if it.found.status in ("queued", "training", "interrupted")]
        names = [it.title for it in mine.values() if it.found.status in ("queued", "training", "interrupted")]
        words += [f"{name}: {state}." for name, state in zip(names, waiting, strict=True)]
        if absent:
            words.append(self.tr("Not kept by the run: {moments}.").format(moments=", ".join(absent).lower()))
        if not words and not self.drawn:
            words = [self.tr("Being drawn…")]
        self._words = [word for word in words if word != self.tr("Being drawn…")]
        self.state.setText(" ".join(words))
        self.train.setText(self.tr("Queue it") if len(self._lacking) == 1 else
                           self.tr("Queue these {count}").format(count=len(self._lacking)))
        self.train.setAccessibleName(self.tr("{action}, for figure {number}").format(
            action=self.train.text(), number=self.number))
        self.train.setVisible(bool(self._lacking))
        self.again.hide()
        self.place.setVisible(bool(words))

    def _set_drawn(self, drawn: bool) -> None:
        self.drawn = drawn
        self.content.setVisible(drawn)

    @Slot()
    def _want(self) -> None:
        self.queue.emit(self._lacking)

    def take(self, number: int, answer: Any) -> None:
        """The answer to one of ``asks``; with the last one the figure is drawn."""
        self._answers[number] = answer
        if len(self._answers) < len(self.asks):
            return
        answers = [self._answers[place] for place in range(len(self.asks))]
        self.asks = ()
        if isinstance(self.content, _Matrices):
            self.content.show_matrices(self._titles, answers)
        elif self._plan is not None and isinstance(self.content, Panel):
            self.content.set_rows(self._plan.rows(answers))
        self._set_drawn(True)
        self.state.setText(" ".join(self._words))
        self.place.setVisible(bool(self._words))

    def fail(self, text: str) -> None:
        """A question failed: what was drawn before stays, and is asked again with the next change."""
        self.asks, self._answers = (), {}
        self._signature = None
        kept = self.tr("What was drawn before stays.") if self.drawn else ""
        self.state.setText(f"{text} {kept}".rstrip())
        self.again.show()
        self.place.show()


class _Matrices(QWidget):
    """The confusion matrices of some classifiers, each below its name."""

    def __init__(self, names: Sequence[str], title: str) -> None:
        super().__init__()
        self.maps: list[ConfusionMap] = []
        self.labels: list[QLabel] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.M)
        for name in names:
            column = QVBoxLayout()
            matrix, label = ConfusionMap(f"{title} {name}"), QLabel()
            matrix.setMinimumHeight(MATRIX_HEIGHT)
            column.addWidget(label)
            column.addWidget(matrix, 1)
            row.addLayout(column, 1)
            self.maps.append(matrix)
            self.labels.append(label)

    def show_matrices(self, titles: Sequence[str], answers: Sequence[Confusion]) -> None:
        """As many as there are answers; the others stay away."""
        for place, (matrix, label) in enumerate(zip(self.maps, self.labels, strict=True)):
            there = place < len(answers)
            matrix.setVisible(there)
            label.setVisible(there)
            if there:
                answer = answers[place]
                text = self.tr("{name}: {share} % right").format(name=titles[place],
                                                                 share=f"{100 * answer.accuracy:.1f}")
                label.setText(text)
                matrix.setAccessibleName(text)
                matrix.show_counts(answer.counts, answer.class_names)


class _PageWheel(QObject):
    """Lets the wheel scroll the page until a person has chosen the plot."""

    def __init__(self, plot: QWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._plot = plot

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and not self._plot.hasFocus():
            event.ignore()
            return True
        return False


def show_whole(box: TableBox, table: Any) -> None:
    """Show a table at its full height: the page scrolls, not the table."""
    box.show_table(table)
    box.resizeColumnsToContents()
    box.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    head = max(ROW_HEIGHT, box.horizontalHeader().sizeHint().height())
    bar = box.horizontalScrollBar().sizeHint().height()
    box.setFixedHeight(head + ROW_HEIGHT * len(table.rows) + bar + 2)
