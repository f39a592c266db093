"""The window: panel at the left, tabs, the timeline at the foot; menus, messages, closing."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QMainWindow, QSplitter, QVBoxLayout, QWidget

from engine.run import Run
from gui import dialogs, layout, menus, own_images, style
from gui.keys import SingleKeys
from gui.layout import Layout
from gui.messages import Action, Message
from gui.panels.experiment import ExperimentPanel
from gui.panels.left import NARROWEST, USUAL, LeftSide
from gui.panels.messages import MessageBar
from gui.panels.queue import QueuePanel
from gui.panels.runs import RunsPanel
from gui.panels.status import StatusLine
from gui.panels.timeline import Timeline
from gui.panels.train import TrainPanel
from gui.session import Session
from gui.widgets.tabgroups import TabGroups
from gui.workers import Loader

NAME = "Autoencoder Explorer"
SMALLEST = (1000, 640)

GROUPS = {
    "model": ("architecture.ArchitectureTab", "training.TrainingTab"),
    "look": ("reconstruction.ReconstructionTab", "layers.LayersTab", "latent.LatentTab",
             "interpolation.InterpolationTab", "generation.GenerationTab"),
    "compare": ("classifier.ClassifierTab", "compare.CompareTab", "sweep.SweepTab", "reports.ReportsTab"),
}
"""The tabs by group, each its module and class in gui.tabs; imported and made when first shown."""
TABS = tuple(place for places in GROUPS.values() for place in places)
FIRST_TAB = "training"


def import_tabs() -> None:
    """Import every tab with its plots; on a thread, because that takes a second."""
    for place in TABS:
        import_module(f"gui.tabs.{place.partition('.')[0]}")


class Window(QMainWindow):
    """One window on one session. Signal ``closed`` when every thread has ended."""

    closed = Signal()

    def __init__(self, session: Session, config_dir: Path, log_path: Path | None = None) -> None:
        """``config_dir`` keeps the window's layout; ``log_path`` is what Help opens."""
        super().__init__()
        self.session = session
        self._config_dir = config_dir
        session.own.use_folder(config_dir / own_images.FOLDER)
        self.log_path = log_path or config_dir / "log.txt"
        self._closing = False
        self._threads_ended = False
        self._preload: Loader | None = None
        self.setWindowTitle(NAME)
        self.setMinimumSize(*SMALLEST)
        self.setAcceptDrops(True)
        self.messages = MessageBar()
        self.tabs = TabGroups()
        self.timeline, self.status = Timeline(session), StatusLine(session)
        self.experiment, self.train, self.runs = ExperimentPanel(session), TrainPanel(session), RunsPanel(session)
        self.queue = QueuePanel(session)
        self.setCentralWidget(self._body())
        self._add_tabs()
        self._restore(layout.load(config_dir))
        self.menus = menus.Menus(self)
        self.keys = SingleKeys(self, {
            "Space": self.train.toggle, ".": self.train.one_batch, "Left": self._back, "Right": self._on,
            "Home": self.timeline.go_first, "End": self.timeline.go_live, "?": self.menus.show_shortcuts})
        self._connect()

    def _body(self) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.left = LeftSide(self.experiment, self.train, self.queue, self.runs)
        self.splitter.addWidget(self.left)
        self.splitter.addWidget(self._right())
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setCollapsible(1, False)
        rule = QFrame()
        style.mark(rule, "rule", True)
        rule.setFixedHeight(1)
        column.addWidget(self.splitter, 1)
        column.addWidget(rule)
        column.addWidget(self.timeline)
        column.addWidget(self.status)
        return body

    def _right(self) -> QWidget:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, style.S, style.S, 0)
        column.setSpacing(style.S)
        above = QVBoxLayout()
        above.setContentsMargins(style.S, 0, 0, 0)
        above.addWidget(self.messages)
        column.addLayout(above)
        column.addWidget(self.tabs, 1)
        return right

    def _add_tabs(self) -> None:
        names = {"architecture": self.tr("Architecture"), "training": self.tr("Training"),
                 "reconstruction": self.tr("Reconstruction"), "layers": self.tr("Layers"),
                 "latent": self.tr("Latent grid"), "interpolation": self.tr("Interpolation"),
                 "generation": self.tr("Generation"),
                 "classifier": self.tr("Classifier"), "compare": self.tr("Compare"), "sweep": self.tr("Sweep"),
                 "reports": self.tr("Reports")}
        groups = {"model": self.tr("Model"), "look": self.tr("Look"), "compare": self.tr("Compare")}
        self._pages: list[tuple[str, QVBoxLayout]] = []
        self._made: dict[int, QWidget] = {}
        for group, place in ((group, place) for group, places in GROUPS.items() for place in places):
            module = place.partition(".")[0]
            page = QWidget()
            column = QVBoxLayout(page)
            column.setContentsMargins(0, 0, 0, 0)
            self._pages.append((module, column))
            self.tabs.add(page, names[module], groups[group])

    @Slot(int)
    def make_tab(self, index: int) -> QWidget:
        """The tab at this place, made when it is first wanted."""
        if index not in self._made:
            module, _, name = TABS[index].partition(".")
            self._made[index] = getattr(import_module(f"gui.tabs.{module}"), name)(self.session)
            self._pages[index][1].addWidget(self._made[index])
        return self._made[index]

    @property
    def tab(self) -> QWidget:
        """The tab in front."""
        return self.make_tab(self.tabs.currentIndex())

    def show_tab(self, module: str) -> None:
        """Bring a tab to the front."""
        for index, (name, _) in enumerate(self._pages):
            if name == module:
                self.tabs.setCurrentIndex(index)

    def report_runs(self) -> list[Run]:
        """The shown run, and those that are compared if anything is."""
        shown = self.session.shown.run
        made: dict[str, Any] = {self._pages[index][0]: tab for index, tab in self._made.items()}
        others = [Run(folder) for folder in made["compare"].chooser.chosen] if "compare" in made else []
        return [*([shown] if shown else []), *(run for run in others if shown is None or run.folder != shown.folder)]

    def _connect(self) -> None:
        session = self.session
        self.tabs.currentChanged.connect(self.make_tab)
        self.experiment.more.toggled.connect(self._make_room)
        session.message.connect(self.messages.show_message)
        session.dialog_wanted.connect(self._ask)
        session.closed.connect(self._end)
        session.training.state_changed.connect(self._follow_training)
        session.training.finished.connect(self._follow_end)
        session.shown.run_changed.connect(self._follow_run)

    def start(self) -> None:
        """What can wait until the window is painted: the runs; on a thread the plots, then torch."""
        self.session.refresh_runs(tidy=True)
        self._preload = Loader(import_tabs, self)
        self._preload.finished.connect(self._make_first_tab)
        self._preload.start()

    def changeEvent(self, event: QEvent) -> None:
        """A person comes back to the window: another one may have added runs meanwhile."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow() and self._preload is not None:
            self.session.refresh_runs()

    @Slot()
    def _make_first_tab(self) -> None:
        """The plots are loaded: show the tab in front, and let torch come."""
        if self._closing:
            self._end()
            return
        from gui.plots import export

        self.make_tab(self.tabs.currentIndex())
        self.session.load_engine()
        export.notices().print_style = self.session.settings.print_style
        export.notices().style_chosen.connect(self._keep_style)
        export.notices().saved.connect(self._say_saved)
        export.notices().failed.connect(self._say_failed)

    @Slot(bool)
    def _keep_style(self, for_print: bool) -> None:
        self.session.change_settings(print_style=for_print)

    @Slot(str)
    def _say_saved(self, text: str) -> None:
        self.messages.show_message(Message(text, "information", key="export"))

    @Slot(str)
    def _say_failed(self, text: str) -> None:
        self.messages.show_message(Message(text, "error", key="export"))

    @Slot(str)
    def _ask(self, what: str) -> None:
        dialogs.ask(self, what)

    @Slot()
    def _back(self) -> None:
        self.timeline.step(-1)

    @Slot()
    def _on(self) -> None:
        self.timeline.step(1)

    @Slot(str)
    def _follow_training(self, state: str) -> None:
        """A new training makes old refusals void."""
        if state in ("starting", "running"):
            for key in ("busy", "draft", "data", "disk", "runs folder", "save", "training", "memory", "diverged"):
                self.messages.dismiss(key)

    @Slot()
    def _follow_end(self) -> None:
        """It is saved: nothing is left to take back."""
        self.messages.dismiss("closing")

    @Slot(object)
    def _follow_run(self, run: Any) -> None:
        self.messages.dismiss("read-only")
        experiment = self.session.shown.experiment
        title = (run.notes.name or (experiment.name if experiment else "") or run.name) if run else ""
        self.setWindowTitle(f"{title} — {NAME}" if title else NAME)

    def open_path(self, path: Path) -> None:
        """Open an experiment's file in the form, a run's folder, or a picture as an own image."""
        dialogs.open_path(self.session, path)

    # Layout

    def _restore(self, saved: Layout) -> None:
        area = layout.place(saved)
        self.setGeometry(area)
        if saved.maximized:
            self.setWindowState(Qt.WindowState.WindowMaximized)
        left = max(NARROWEST, saved.left) if saved.left else 0
        self.splitter.setSizes([left, max(1, area.width() - left)])
        if saved.runs:
            self.left.setSizes([max(1, area.height() - saved.runs), saved.runs])
        else:
            self.left.divide(self._height_of_the_middle())
        self.show_tab(saved.tab or FIRST_TAB)

    def _height_of_the_middle(self) -> int:
        """What menus and foot leave, in px."""
        foot = self.timeline.sizeHint().height() + self.status.sizeHint().height() + 1
        return self.height() - foot - self.menuBar().sizeHint().height()

    @Slot()
    def _make_room(self) -> None:
        """More or fewer settings are unfolded: divide the left panel anew."""
        self.experiment.adjustSize()
        self.left.divide(self._height_of_the_middle())

    def layout_now(self) -> Layout:
        """Where the window is and how it is divided."""
        area = self.normalGeometry() if self.isMaximized() or self.isFullScreen() else self.geometry()
        return Layout(x=area.x(), y=area.y(), width=max(1, area.width()), height=max(1, area.height()),
                      maximized=self.isMaximized(), left=self.splitter.sizes()[0], runs=self.left.sizes()[1],
                      tab=self._pages[self.tabs.currentIndex()][0])

    def reset_layout(self) -> None:
        """Back to the usual layout."""
        self.showNormal()
        self._restore(Layout())

    def toggle_left(self, shown: bool) -> None:
        """Show or collapse the left panel."""
        self.splitter.setSizes([USUAL if shown else 0, max(1, self.width() - (USUAL if shown else 0))])

    # Closing

    @property
    def ended(self) -> bool:
        """Whether every thread has ended, and the window closes."""
        return self._threads_ended

    @Slot()
    def cancel_closing(self) -> None:
        """Stay open; the training that was asked to stop is resumed when it has saved. Once it has, it is too late."""
        if self.session.closing.take_back():
            self._closing = False
        self.messages.dismiss("closing")

    @Slot()
    def _end(self) -> None:
        if not self._closing or self.session.busy or (self._preload is not None and self._preload.isRunning()):
            return
        self._threads_ended = True
        self.close()
        self.closed.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._threads_ended:
            event.accept()
            return
        event.ignore()
        if not self._closing:
            self.begin_closing("close")

    def begin_closing(self, reason: str) -> None:
        """Save the training, end every thread, then close."""
        self._closing = True
        layout.save(self._config_dir, self.layout_now())
        if self.session.training.at_work:
            text = self.tr("Finishing the current batch and saving…")
            cancel = Action(self.tr("Cancel"), self.cancel_closing)
            self.messages.show_message(Message(text, "information", (cancel,), key="closing"))
        else:
            self.hide()
        self.session.close(reason)

    # Drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasImage() or any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if not paths:
            dialogs.take_picture(self, event.mimeData())
        for path in paths:
            self.open_path(path)
