"""The queue in the left panel: what waits to be trained; reordered by drags and keys, paused, emptied."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QPoint, Qt, Slot
from PySide6.QtGui import QAction, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

import resources
from engine import runs
from engine.experiment import Experiment, replaced
from gui import style
from gui.session import Session
from gui.widgets.presets import read
from gui.widgets.quantities import duration

MOST_ROWS = 3
"""More are scrolled."""


class QueueList(QListWidget):
    """Rows that are dragged to another place; ``owner`` hears where a row was dropped."""

    def __init__(self, owner: QueuePanel) -> None:
        super().__init__()
        self._owner = owner
        self.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setUniformItemSizes(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # the end says how long it takes
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def dropEvent(self, event: QDropEvent) -> None:
        """The list shows what the queue holds, so only the queue moves the row."""
        row = self.indexAt(event.position().toPoint()).row()
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        self._owner.move_chosen_to(row if row >= 0 else self.count())


class QueuePanel(QWidget):
    """There only while something waits."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._queue = session, session.queue
        column = QVBoxLayout(self)
        column.setContentsMargins(style.M, style.S, style.M, 0)
        column.setSpacing(style.XS)
        head = QHBoxLayout()
        self.title = style.dress(QLabel(), "heading")
        self.pause = QPushButton()
        self.pause.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        head.addWidget(self.title, 1)
        head.addWidget(self.pause)
        column.addLayout(head)
        self.view = QueueList(self)
        self.view.setAccessibleName(self.tr("Queue"))
        self.view.setToolTip(self.tr("Drag to reorder, or Alt+Up and Alt+Down; Delete removes"))
        column.addWidget(self.view)
        self._keys = [self._key("Alt+Up", self.move_up), self._key("Alt+Down", self.move_down),
                      self._key("Delete", self.remove)]
        self.pause.clicked.connect(self._toggle)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self._queue.changed.connect(self._refresh)
        session.forecast.changed.connect(self._say_times)
        session.ready_changed.connect(self._say_times)
        session.training.state_changed.connect(self._say_times)
        self._refresh()

    def _key(self, keys: str, slot: object) -> QAction:
        action = QAction(self.view)
        action.setShortcut(QKeySequence(keys))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(slot)
        self.view.addAction(action)
        return action

    @property
    def chosen(self) -> int | None:
        """The id of the row under keys and menu."""
        item = self.view.currentItem()
        return None if item is None else item.data(Qt.ItemDataRole.UserRole)

    @Slot()
    def _refresh(self) -> None:
        items, chosen = self._queue.items, self.chosen
        self.setVisible(bool(items))
        self._say_state(len(items), self._queue.paused)
        self.view.clear()
        for item in items:
            row = QListWidgetItem()
            row.setData(Qt.ItemDataRole.UserRole, item.id)
            self.view.addItem(row)
            if item.id == chosen:
                self.view.setCurrentItem(row)
        self._say_times()
        self._fit()

    @Slot()
    def _say_times(self) -> None:
        """What each row is and about how long it takes; measured only where no training would be disturbed."""
        session, items = self._session, self._queue.items
        for place, item in enumerate(items):
            row, text = self.view.item(place), titled(item.experiment, continues=item.run is not None)
            seconds = None if item.run else session.forecast.known(item.experiment, session.settings.device)
            if seconds is not None:
                whole = max(1.0, seconds * item.experiment.train.epochs)
                text += self.tr(" · about {time}").format(time=duration(whole))
            if text != row.text():
                row.setText(text)
                row.setToolTip(f"{text}\n{item.experiment.source}".rstrip())
        if session.ready and not session.training.at_work:
            waiting = [item.experiment for item in items if item.run is None]
            session.forecast.look_ahead(waiting, session.settings.device)

    def _fit(self) -> None:
        """As high as its rows are in this style, up to a few of them."""
        rows = min(self.view.count(), MOST_ROWS)
        self.view.setFixedHeight(rows * max(1, self.view.sizeHintForRow(0)) + 2 * self.view.frameWidth())

    def _say_state(self, count: int, paused: bool) -> None:
        """The heading, and what the button beside it does."""
        title = self.tr("Queue: {count}, paused") if paused else self.tr("Queue: {count} waiting")
        self.title.setText(title.format(count=count))
        self.pause.setText(self.tr("Continue") if paused else self.tr("Pause"))
        self.pause.setAccessibleName(self.tr("Continue the queue") if paused else self.tr("Pause the queue"))
        self.pause.setToolTip(self.tr("Begin the next experiment as soon as nothing is being trained") if paused else
                              self.tr("Begin nothing more; the run that is being trained goes on"))

    @Slot()
    def _toggle(self) -> None:
        if self._queue.paused:
            self._queue.resume()
        else:
            self._queue.pause()

    @Slot()
    def move_up(self) -> None:
        """Let the chosen experiment be trained one earlier."""
        self.move_chosen_to(max(0, self.view.currentRow() - 1))

    @Slot()
    def move_down(self) -> None:
        """Let the chosen experiment be trained one later."""
        self.move_chosen_to(self.view.currentRow() + 1)

    def move_chosen_to(self, place: int) -> None:
        """Give the chosen experiment another place."""
        if self.chosen is not None:
            self._queue.move(self.chosen, place)

    @Slot()
    def remove(self) -> None:
        """Forget the chosen experiment."""
        if self.chosen is not None:
            self._queue.remove(self.chosen)

    @Slot()
    def edit(self) -> None:
        """Take the chosen experiment out of the queue and into the form; undo brings back the one before."""
        item = next((item for item in self._queue.items if item.id == self.chosen), None)
        if item is not None:
            self._session.draft.replace(item.experiment)
            self._queue.remove(item.id)

    @Slot(QPoint)
    def _open_menu(self, place: QPoint) -> None:
        if self.view.itemAt(place) is not None:
            menu = self.menu()
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.view.viewport().mapToGlobal(place))

    def menu(self) -> QMenu:
        """What can be done with the chosen experiment."""
        menu = QMenu(self)
        for text, slot in ((self.tr("Train it earlier"), self.move_up), (self.tr("Train it later"), self.move_down),
                           (self.tr("Edit it in the form"), self.edit), (self.tr("Remove"), self.remove)):
            menu.addAction(text).triggered.connect(slot)
        return menu


def titled(experiment: Experiment, continues: bool) -> str:
    """'mnist-strided, learning rate 0.01 · 20 epochs', and that it continues a run."""
    path = resources.presets().get(experiment.name)
    preset = read(path) if path else None
    if preset is not None:  # the epochs are said in any case
        preset = replaced(preset, {"train.epochs": experiment.train.epochs})
    mark = "↻ " if continues else ""
    epochs = QCoreApplication.translate("QueuePanel", "{count} epochs").format(count=f"{experiment.train.epochs:,}")
    return f"{mark}{runs.title(preset or experiment, experiment)} · {epochs}"
