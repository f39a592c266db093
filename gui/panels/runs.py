"""The list of runs: what became of each, named by what differs, its loss; rename, resume, delete and open from here."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QFile,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    QUrl,
    Slot,
)
from PySide6.QtGui import QAction, QColor, QDesktopServices, QIcon, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QListView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from engine import runs
from engine.notices import RunError
from gui import style
from gui.messages import Action, Message
from gui.quantities import significant
from gui.runlist import RunRow
from gui.session import Session

ROW_HEIGHT = 40
ICON_SIDE = 16
ICONS: dict[str, tuple[str, style.Tone]] = {
    "running": ("play", "accent"), "finished": ("done", "good"), "stopped": ("stop", "quiet"),
    "interrupted": ("pause", "warning"), "failed": ("warning", "bad"), "diverged": ("warning", "bad"),
    "damaged": ("warning", "bad"), "new": ("info", "quiet")}

Index = QModelIndex | QPersistentModelIndex
RowRole = Qt.ItemDataRole.UserRole


class RunsModel(QAbstractListModel):
    """The rows of the session's list; a title can be edited."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.rows: tuple[RunRow, ...] = ()

    def show(self, rows: tuple[RunRow, ...]) -> None:
        """Show other rows; where only their content differs, the view keeps its place."""
        if [row.run.folder for row in rows] == [row.run.folder for row in self.rows]:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def place_of(self, folder: Path | None) -> int:
        """Row of a run; -1 when it is not among them."""
        return next((i for i, row in enumerate(self.rows) if row.run.folder == folder), -1)

    def text(self, row: RunRow) -> str:
        """What became of a run, for people."""
        changed = self.tr(" · changed at step {step}").format(step=row.changed_step) if row.changed_step else ""
        mark = "⚠ " if row.status == "damaged" else ""
        return f"{mark}{row.text}{changed}"

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return row.title
        if role == RowRole:
            return row
        if role == Qt.ItemDataRole.DecorationRole:
            return style.icon(*ICONS[row.status])
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.title}\n{self.text(row)}\n{row.run.folder}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.title}, {self.text(row)}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        editable = Qt.ItemFlag.ItemIsEditable
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | editable

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row = self.rows[index.row()]
        name = str(value).strip()
        if name == row.title:
            return False
        try:
            runs.write_notes(row.run, row.run.notes.model_copy(update={"name": name}))
        except (RunError, OSError) as error:
            text = self.tr("The run could not be renamed ({reason}). Its name is unchanged.")
            self._session.message.emit(Message(text.format(reason=error)))
            return False
        self._session.refresh_runs()
        return True


class RunDelegate(QStyledItemDelegate):
    """Icon and name, below them what became of the run, its loss at the right."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        from PySide6.QtWidgets import QStyle  # its many enumerations take longer than the window's first painting may

        row: RunRow = index.data(RowRole)
        colours = style.theme().current
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:  # type: ignore[attr-defined]
            painter.fillRect(option.rect, QColor(colours.selection))  # type: ignore[attr-defined]
        elif option.state & QStyle.StateFlag.State_MouseOver:  # type: ignore[attr-defined]
            painter.fillRect(option.rect, QColor(colours.hover))  # type: ignore[attr-defined]
        area: QRect = option.rect.adjusted(style.S, style.XS, -style.S, -style.XS)  # type: ignore[attr-defined]
        icon: QIcon = index.data(Qt.ItemDataRole.DecorationRole)
        icon.paint(painter, QRect(area.left(), area.center().y() - ICON_SIDE // 2, ICON_SIDE, ICON_SIDE))
        area.setLeft(area.left() + ICON_SIDE + style.S)
        loss = significant(row.loss, 3) if row.loss is not None else ""
        self._line(painter, QRect(area.left(), area.top(), area.width(), area.height() // 2), row.title, loss)
        painter.setFont(style.font("caption"))
        painter.setPen(QColor(colours.bad if row.status in ("damaged", "failed", "diverged") else colours.quiet))
        model = index.model()
        assert isinstance(model, RunsModel)
        text = painter.fontMetrics().elidedText(model.text(row), Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignBottom, text)
        painter.restore()

    def _line(self, painter: QPainter, area: QRect, title: str, loss: str) -> None:
        """The upper line."""
        painter.setFont(style.font())
        painter.setPen(QColor(style.theme().current.text))
        metrics = painter.fontMetrics()
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, loss)
        area.setRight(area.right() - metrics.horizontalAdvance(loss) - style.S)
        title = metrics.elidedText(title, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, ROW_HEIGHT)

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        return False


class RunsPanel(QWidget):
    """The runs of the folder, newest first."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        column = QVBoxLayout(self)
        column.setContentsMargins(style.M, style.S, style.M, style.S)
        column.setSpacing(style.XS)
        self.title = style.dress(QLabel(self.tr("Runs")), "heading")
        self.empty = style.dress(QLabel(self.tr("No runs yet. Press Train to make the first.")), "caption", "quiet")
        self.empty.setWordWrap(True)
        self.model = RunsModel(session, self)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(RunDelegate(self.view))
        self.view.setUniformItemSizes(True)
        self.view.setMouseTracking(True)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.setAccessibleName(self.tr("Runs"))
        self.view.setToolTip(self.tr("Choose the run that the tabs show; right-click for more"))
        column.addWidget(self.title)
        column.addWidget(self.empty)
        column.addWidget(self.view, 1)
        self._delete_key = QAction(self.tr("Delete run"), self.view)
        self._delete_key.setShortcut(QKeySequence(Qt.Key.Key_Delete))
        self._delete_key.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.view.addAction(self._delete_key)
        self._connect()
        self._refresh()

    def _connect(self) -> None:
        self._delete_key.triggered.connect(self.delete)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.selectionModel().currentChanged.connect(self._choose)
        self._session.runs.changed.connect(self._refresh)
        self._session.shown.run_changed.connect(self._mark_shown)

    @property
    def chosen(self) -> RunRow | None:
        """The row under the menu's and the keys' actions."""
        index = self.view.currentIndex()
        return self.model.rows[index.row()] if index.isValid() else None

    @Slot()
    def _refresh(self) -> None:
        self.model.show(self._session.runs.rows)
        self.empty.setVisible(not self.model.rows)
        self._mark_shown()

    @Slot()
    def _mark_shown(self) -> None:
        """Select the shown run without showing it again."""
        shown = self._session.shown.run
        place = self.model.place_of(shown.folder if shown else None)
        if place >= 0 and place != self.view.currentIndex().row():
            self.view.setCurrentIndex(self.model.index(place))

    @Slot(QModelIndex, QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        row = self.chosen
        shown = self._session.shown.run
        if row is not None and (shown is None or shown.folder != row.run.folder):
            self._session.show_run(row.run)

    @Slot(QPoint)
    def _open_menu(self, place: QPoint) -> None:
        row = self.chosen
        if row is not None and self.view.indexAt(place).isValid():
            menu = self.menu(row)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.view.viewport().mapToGlobal(place))

    def menu(self, row: RunRow) -> QMenu:
        """What can be done with a run."""
        menu = QMenu(self)
        training = self._session.training
        mine = training.at_work and training.run is not None and training.run.folder == row.run.folder
        can_train = row.run.writable and bool(row.run.checkpoints()) and not mine
        self._add(menu, self.tr("Resume"), self.resume, can_train and row.status != "finished")
        self._add(menu, self.tr("Train 10 epochs more"), self.train_more, mine or can_train)
        self._add(menu, self.tr("Edit its settings"), self.edit_settings, row.status != "damaged")
        menu.addSeparator()
        self._add(menu, self.tr("Rename"), self.rename, row.run.newer is None)
        self._add(menu, self.tr("Open folder"), self.open_folder, True)
        self._add(menu, self.tr("Take over"), self.take_over, self._session.locked_elsewhere(row.run))
        self._add(menu, self.tr("Delete"), self.delete, not mine and row.status != "running")
        return menu

    @staticmethod
    def _add(menu: QMenu, text: str, slot: Any, enabled: bool) -> None:
        action = menu.addAction(text)
        action.triggered.connect(slot)
        action.setEnabled(enabled)

    @Slot()
    def resume(self) -> None:
        """Go on training the chosen run."""
        if self.chosen is not None:
            self._session.resume(self.chosen.run)

    @Slot()
    def train_more(self) -> None:
        """Train the chosen run longer than planned."""
        if self.chosen is not None:
            self._session.train_more(self.chosen.run)

    @Slot()
    def edit_settings(self) -> None:
        """Take the chosen run's experiment into the form; undo brings back the one before."""
        if self.chosen is not None:
            with contextlib.suppress(RunError):
                self._session.draft.replace(self.chosen.run.experiment)

    @Slot()
    def take_over(self) -> None:
        """Free the chosen run from a host that no longer trains it."""
        if self.chosen is not None:
            self._session.take_over(self.chosen.run)

    @Slot()
    def rename(self) -> None:
        """Edit the chosen run's name in place."""
        self.view.edit(self.view.currentIndex())

    @Slot()
    def open_folder(self) -> None:
        """Show the chosen run's files."""
        if self.chosen is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.chosen.run.folder)))

    @Slot()
    def delete(self) -> None:
        """Move the chosen run to the trash, and offer to take that back."""
        row = self.chosen
        if row is None or row.status == "running":
            return
        place = _to_trash(row.run.folder)
        if place is None:
            text = self.tr("The run {name} could not be moved to the trash. It is where it was.")
            self._session.message.emit(Message(text.format(name=row.title)))
            return
        self._session.forget(row.run)
        undo = Action(self.tr("Undo"), lambda: self._restore(place, row.run.folder))
        text = self.tr("The run {name} was moved to the trash.").format(name=row.title)
        self._session.message.emit(Message(text, "information", (undo,), key="deleted"))

    def _restore(self, place: Path, folder: Path) -> None:
        try:
            place.rename(folder)
        except OSError as error:
            text = self.tr("The run could not be brought back ({reason}). It is in {place}.")
            self._session.message.emit(Message(text.format(reason=error.strerror, place=place)))
        self._session.refresh_runs()


def _to_trash(folder: Path) -> Path | None:
    """The system's trash, else a hidden folder beside the run; -> where it is now, None when it could not be moved."""
    moved = QFile.moveToTrash(str(folder))
    if isinstance(moved, tuple) and moved[0] and moved[1]:
        return Path(moved[1])
    trash = folder.parent / ".trash"
    try:
        trash.mkdir(exist_ok=True)
        return folder.rename(trash / folder.name)
    except OSError:
        return None
