"""The room of a view's main picture, with its other states: empty, busy, failed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui import style

BAR_HEIGHT = 4
WHOLE = 1000
"""Steps of the progress bar."""


class Stage(QWidget):
    """Shows a content, or the one thing to do next; over the content a thin bar while an answer is on its way.

    A failure stands above the content, which stays. Signal: ``retry``, when the person wants the question asked again.
    """

    retry = Signal()

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = content
        self._title = style.dress(QLabel(), "title")
        self._text = style.dress(QLabel(), tone="quiet")
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty_page())
        self._pages.addWidget(content)
        self._failure = QLabel()
        self._strip = self._failure_strip()
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._bar.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(style.S)
        layout.addWidget(self._strip)
        layout.addWidget(self._pages, 1)

    @property
    def state(self) -> str:
        """'empty', 'failed' or 'ready'."""
        if not self._strip.isHidden():
            return "failed"
        return "ready" if self._pages.currentWidget() is self._content else "empty"

    @property
    def busy(self) -> bool:
        """Whether the bar is shown."""
        return not self._bar.isHidden()

    def show_empty(self, title: str, text: str) -> None:
        """Nothing is there yet; ``text`` says what to do."""
        self._title.setText(title)
        self._text.setText(text)
        self._strip.hide()
        self._pages.setCurrentIndex(0)

    def show_nothing(self, run_shown: bool, trouble: str = "") -> None:
        """There is no snapshot to look at: of a run in ``trouble``, one that has none yet, or as no run is shown."""
        if trouble:
            self.show_empty(self.tr("This run cannot be shown"), trouble)
        elif run_shown:
            self.show_empty(self.tr("No snapshot yet"), self.tr("The first one comes with the first batches."))
        else:
            self.show_empty(self.tr("No run is shown"), self.tr("Press Train, or choose a run in the list."))

    def show_content(self) -> None:
        """The newest answer is shown."""
        self._strip.hide()
        self._pages.setCurrentWidget(self._content)

    def show_failed(self, text: str) -> None:
        """The newest question failed; the content before it stays."""
        on = self._pages.currentWidget() is self._content
        kept = self.tr("What was shown before stays.") if on else ""
        if not on:
            self.show_empty("", "")  # what it said is not true of this run
        self._failure.setText(f"{text} {kept}".rstrip())
        self._strip.show()

    def set_busy(self, busy: bool) -> None:
        """Show or hide the bar; it runs without end until ``set_progress``."""
        if busy and self._bar.isHidden():
            self._bar.setRange(0, 0)
        self._bar.setVisible(busy)
        self._bar.raise_()

    def set_progress(self, done: int, total: int) -> None:
        """How far the answer is; shown while busy."""
        self._bar.setRange(0, WHOLE)
        self._bar.setValue(WHOLE * done // max(1, total))

    def _empty_page(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addStretch(2)
        for label in (self._title, self._text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            layout.addWidget(label)
        layout.addStretch(3)
        return page

    def _failure_strip(self) -> QWidget:
        strip = QFrame()
        style.mark(strip, "card", True)
        self._failure.setWordWrap(True)
        self._failure.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        again = QPushButton(self.tr("Try again"))
        again.setToolTip(self.tr("Ask once more"))
        again.clicked.connect(self.retry)
        layout = QHBoxLayout(strip)
        layout.setContentsMargins(style.M, style.S, style.S, style.S)
        layout.addWidget(style.dress(self._failure, tone="bad"), 1)
        layout.addWidget(again)
        strip.hide()
        return strip

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._bar.setGeometry(0, 0, self.width(), BAR_HEIGHT)
