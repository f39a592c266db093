"""Emptying the trash beside the runs: what lies there is counted first, and deleted for good only when one says so."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QMessageBox, QWidget

from engine.runfiles import trash
from engine.runfiles.notices import size_text
from engine.runfiles.trash import Emptied, Trash
from gui.messages import Message
from gui.session import Session

COUNT, EMPTY = "trash.count", "trash.empty"
"""Keys of the work, which is done on the question thread."""


class TrashEmptier(QObject):
    """Attribute: ``box``, the question while it is open."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self.box: QMessageBox | None = None
        self._asked: dict[str, int] = {}
        self._found: Trash | None = None
        self._emptied = Emptied(0)
        session.shown.answered.connect(self._take)
        session.shown.done.connect(self._end)
        session.shown.failed.connect(self._take_failure)

    @Slot()
    def ask(self) -> None:
        """Count what is in the trash; the question follows."""
        if self.box is not None:
            self.box.raise_()
        elif EMPTY not in self._asked:
            self._asked[COUNT] = self._session.shown.compute(COUNT, partial(trash.look, self._session.runs_dir))

    @Slot(str, int, object)
    def _take(self, key: str, request: int, answer: Any) -> None:
        if self._asked.get(key) != request:
            return
        if isinstance(answer, Emptied):
            self._emptied = answer
        elif answer.names:
            self._show(answer)
        else:
            self._say(self.tr("The trash beside the runs is empty. Runs that went to the system's trash are deleted "
                              "there."))

    def _show(self, found: Trash) -> None:
        """The question; Cancel is what Return and Escape press."""
        box = self.box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(self.tr("Empty trash"))
        size = size_text(found.size)
        box.setText(self.tr("Delete 1 run, {size}, for good?").format(size=size) if len(found.names) == 1 else
                    self.tr("Delete {count} runs, {size}, for good?").format(count=f"{len(found.names):,}", size=size))
        box.setInformativeText(self.tr("The trash is {folder}. This cannot be undone.").format(folder=found.folder))
        delete = box.addButton(self.tr("Empty trash"), QMessageBox.ButtonRole.DestructiveRole)
        delete.setToolTip(self.tr("Delete these runs; those in the list stay"))
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        delete.clicked.connect(partial(self._empty, found))
        box.finished.connect(self._forget_box)
        box.open()

    @Slot()
    def _forget_box(self) -> None:
        self.box = None

    def _empty(self, found: Trash) -> None:
        self._found, self._emptied = found, Emptied(0)
        self._asked[EMPTY] = self._session.shown.compute(EMPTY, partial(trash.empty, found))

    @Slot(str, int)
    def _end(self, key: str, request: int) -> None:
        """Everything was tried: say what became of it."""
        if self._asked.get(key) != request:
            return
        del self._asked[key]
        if key != EMPTY or self._found is None:
            return
        if self._emptied.left:
            name, why = self._emptied.left[0]
            self._say(self.tr("{gone} of {count} runs were deleted. {name} could not be ({reason}); what could not be "
                              "deleted is still in {folder}. Close what uses it and empty the trash again.").format(
                gone=self._emptied.gone, count=len(self._found.names), name=name, reason=why,
                folder=self._found.folder), "error")
        else:
            self._say(self.tr("The trash was emptied: {size} are free again.").format(
                size=size_text(self._found.size)))

    @Slot(str, int, str)
    def _take_failure(self, key: str, request: int, text: str) -> None:
        if self._asked.get(key) == request:
            del self._asked[key]
            self._say(text, "error")

    def _say(self, text: str, kind: Any = "information") -> None:
        self._session.message.emit(Message(text, kind, key="trash"))
