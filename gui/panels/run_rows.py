"""The rows of the list of runs: their model, and how they are painted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QIcon, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from engine import runs
from engine.runfiles.notices import RunError, reason
from gui import style
from gui.messages import Message
from gui.runlist import RunRow, SweepRow
from gui.session import Session
from gui.widgets.quantities import significant

ROW_HEIGHT = 40
ICON_SIDE = 16
ICONS: dict[str, tuple[str, style.Tone]] = {
    "running": ("play", "accent"), "finished": ("done", "good"), "stopped": ("stop", "quiet"),
    "interrupted": ("pause", "warning"), "failed": ("warning", "bad"), "diverged": ("warning", "bad"),
    "damaged": ("warning", "bad"), "new": ("info", "quiet")}

Index = QModelIndex | QPersistentModelIndex
RowRole = Qt.ItemDataRole.UserRole


def folder_of(row: RunRow | SweepRow) -> Path:
    """The folder of a row's run or sweep."""
    return row.folder.folder if isinstance(row, SweepRow) else row.run.folder


class RunsModel(QAbstractListModel):
    """The rows of the session's list; a title can be edited."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.rows: tuple[RunRow | SweepRow, ...] = ()

    def show(self, rows: tuple[RunRow | SweepRow, ...]) -> None:
        """Show other rows; where only their content differs, the view keeps its place."""
        if [folder_of(row) for row in rows] == [folder_of(row) for row in self.rows]:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def place_of(self, folder: Path | None) -> int:
        """Row of a run; -1 when it is not among them."""
        return next((i for i, row in enumerate(self.rows) if folder_of(row) == folder), -1)

    def sweep_text(self, row: SweepRow) -> str:
        """How far a sweep is; of the one at work as it is now."""
        if row.total is None:
            return self.tr("⚠ settings unreadable")
        book = self._session.sweeps.running
        at_work = book is not None and book.folder.folder == row.folder.folder
        done, total = (book.done, book.total) if at_work and book is not None else (row.done, row.total)
        if done >= total:
            return self.tr("Sweep · {total} runs").format(total=f"{total:,}")
        text = self.tr("Sweep · {done} of {total} runs, training") if at_work else self.tr(
            "Sweep · {done} of {total} runs")
        return text.format(done=f"{done:,}", total=f"{total:,}")

    def text(self, row: RunRow | SweepRow) -> str:
        """What became of a run, for people."""
        if isinstance(row, SweepRow):
            return self.sweep_text(row)
        changed = self.tr(" · changed at step {step}").format(step=row.changed_step) if row.changed_step else ""
        mark = "⚠ " if row.status == "damaged" else ""
        tags = "".join(f" · {tag}" for tag in row.notes.tags)
        return f"{mark}{row.text}{tags}{changed}"

    def tip(self, row: RunRow | SweepRow) -> str:
        """All that is known of a run, with what the person wrote about it."""
        if isinstance(row, SweepRow):
            return f"{row.title}\n{self.text(row)}\n{row.folder.folder}"
        remarks = f"\n\n{row.notes.remarks}" if row.notes.remarks else ""
        return f"{row.title}\n{self.text(row)}\n{row.run.folder}{remarks}"

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return row.title
        if role == RowRole:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.tip(row)
        if isinstance(row, SweepRow):
            return self._sweep_data(row, role)
        if role == Qt.ItemDataRole.DecorationRole:
            return style.icon(*ICONS[row.status])
        if role == Qt.ItemDataRole.AccessibleTextRole:
            starred = self.tr("starred, ") if row.notes.star else ""
            return f"{starred}{row.title}, {self.text(row)}"
        return None

    def _sweep_data(self, row: SweepRow, role: int) -> Any:
        """Icon and spoken text of a sweep."""
        if role == Qt.ItemDataRole.DecorationRole:
            return style.icon("down" if row.trials is not None else "right", "quiet")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            fold = self.tr("unfolded") if row.trials is not None else self.tr("folded")
            return f"{row.title}, {self.text(row)}, {fold}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        run = isinstance(self.rows[index.row()], RunRow)
        editable = Qt.ItemFlag.ItemIsEditable if run else Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | editable

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row = self.rows[index.row()]
        name = str(value).strip()
        failure = self.tr("The run could not be renamed ({reason}). Its name is unchanged.")
        return isinstance(row, RunRow) and name != row.title and self.note(row, failure, name=name)

    def note(self, row: RunRow, failure: str, **changes: Any) -> bool:
        """Write some of a run's notes; -> False, with ``failure`` as a message, where that cannot be."""
        try:
            runs.set_notes(row.run, **changes)
        except (RunError, OSError) as error:
            because = reason(error) if isinstance(error, OSError) else error
            self._session.message.emit(Message(failure.format(reason=because)))
            return False
        finally:
            self._session.refresh_runs()
        return True


class RunDelegate(QStyledItemDelegate):
    """Icon and name, below them what became of the run, its loss at the right."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        from PySide6.QtWidgets import QStyle  # its many enumerations take longer than the window's first painting may

        row: RunRow | SweepRow = index.data(RowRole)
        colours = style.theme().current
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:  # type: ignore[attr-defined]
            painter.fillRect(option.rect, QColor(colours.selection))  # type: ignore[attr-defined]
        elif option.state & QStyle.StateFlag.State_MouseOver:  # type: ignore[attr-defined]
            painter.fillRect(option.rect, QColor(colours.hover))  # type: ignore[attr-defined]
        area: QRect = option.rect.adjusted(style.S, style.XS, -style.S, -style.XS)  # type: ignore[attr-defined]
        if isinstance(row, RunRow) and row.trial:
            area.setLeft(area.left() + ICON_SIDE)
        icon: QIcon = index.data(Qt.ItemDataRole.DecorationRole)
        icon.paint(painter, QRect(area.left(), area.center().y() - ICON_SIDE // 2, ICON_SIDE, ICON_SIDE))
        area.setLeft(area.left() + ICON_SIDE + style.S)
        upper = QRect(area.left(), area.top(), area.width(), area.height() // 2)
        bad = False
        if isinstance(row, SweepRow):
            self._line(painter, upper, row.title, "")
        else:
            loss = significant(row.loss, 3) if row.loss is not None else ""
            self._line(painter, upper, f"★ {row.title}" if row.notes.star else row.title, loss)
            bad = row.status in ("damaged", "failed", "diverged")
        painter.setFont(style.font("caption"))
        painter.setPen(QColor(colours.bad if bad else colours.quiet))
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
