"""The menus of the window: File, Edit, View, Run, Help."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu

from engine.runfiles.records import application_version
from gui import dialogs, style
from gui.figures import of_tab
from gui.shortcuts import ShortcutSheet
from gui.widgets.tabgroups import key


class Menus(QObject):
    """Builds the menus of one window and keeps their actions up to date."""

    def __init__(self, window: Any) -> None:
        super().__init__(window)
        self._window, self._session = window, window.session
        bar = window.menuBar()
        self._file(bar.addMenu(self.tr("&File")))
        self._edit(bar.addMenu(self.tr("&Edit")))
        self._view(bar.addMenu(self.tr("&View")))
        self._run(bar.addMenu(self.tr("&Run")))
        self._help(bar.addMenu(self.tr("&Help")))
        self._session.draft.changed.connect(self._refresh)
        self._session.training.state_changed.connect(self._refresh_run)
        self._session.shown.run_changed.connect(self._refresh_run)
        self._refresh_run()

    def _add(self, menu: QMenu, text: str, act: Callable[[], object], keys: str = "", icon: str = "") -> QAction:
        """An action; a single key is only named, because the window decides when it acts."""
        action = menu.addAction(text if len(keys) != 1 and keys != "Space" else f"{text}\t{keys}")
        if icon:
            action.setIcon(style.icon(icon))
        if len(keys) > 1 and keys != "Space":
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(act)
        return action

    def _file(self, menu: QMenu) -> None:
        self._add(menu, self.tr("Open experiment…"), partial(dialogs.open_experiment, self._window), "Ctrl+O")
        self._add(menu, self.tr("Open run…"), partial(dialogs.open_run, self._window), "Ctrl+Shift+O")
        self._add(menu, self.tr("Save experiment as…"), partial(dialogs.save_experiment, self._window), "Ctrl+S")
        menu.addSeparator()
        self._add(menu, self.tr("Own image…"), partial(self._want, "own image"))
        self._add(menu, self.tr("Image folder…"), partial(self._want, "image folder"), "Ctrl+I")
        self._add(menu, self.tr("Data sets…"), partial(self._want, "data sets"))
        self._add(menu, self.tr("Runs folder…"), partial(self._want, "runs folder"))
        self._add(menu, self.tr("Empty trash…"), partial(dialogs.empty_trash, self._window))
        menu.addSeparator()
        self._add(menu, self.tr("Export view…"), self.export, "Ctrl+E")
        self._add(menu, self.tr("Export report…"), partial(dialogs.export_report, self._window))
        menu.addSeparator()
        self._add(menu, self.tr("Quit"), self._window.close, "Ctrl+Q")

    def _edit(self, menu: QMenu) -> None:
        draft = self._session.draft
        self.undo = self._add(menu, self.tr("Undo"), draft.undo, "Ctrl+Z", "undo")
        self.redo = self._add(menu, self.tr("Redo"), draft.redo, "Ctrl+Shift+Z", "redo")
        menu.addSeparator()
        self._add(menu, self.tr("Copy view"), self.copy, "Ctrl+C", "copy")
        self._add(menu, self.tr("Paste picture"), partial(dialogs.paste_picture, self._window), "Ctrl+V")

    def _view(self, menu: QMenu) -> None:
        tabs = self._window.tabs
        for index in range(tabs.count()):
            self._add(menu, tabs.names[index], partial(tabs.setCurrentIndex, index), key(index))
        menu.addSeparator()
        self.left = self._add(menu, self.tr("Left panel"), self._toggle_left, "Ctrl+B")
        self._add(menu, self.tr("Full screen"), self._toggle_full_screen, "F11")
        self._themes(menu.addMenu(self.tr("Appearance")))
        menu.addSeparator()
        self._add(menu, self.tr("Reset layout"), self._window.reset_layout)

    def _themes(self, menu: QMenu) -> None:
        group = QActionGroup(menu)
        names = {"system": self.tr("As the system"), "light": self.tr("Light"), "dark": self.tr("Dark")}
        for choice in style.CHOICES:
            action = self._add(menu, names[choice], partial(self._choose_theme, choice))
            action.setCheckable(True)
            action.setChecked(choice == style.theme().choice)
            group.addAction(action)

    def _run(self, menu: QMenu) -> None:
        window, session = self._window, self._session
        self.train = self._add(menu, self.tr("Train, pause or continue"), window.train.toggle, "Space", "play")
        self.batch = self._add(menu, self.tr("One batch"), window.train.one_batch, ".", "step")
        self.queue = self._add(menu, self.tr("Add to the queue"), session.starting.add_to_queue, "Ctrl+Return")
        self.stop = self._add(menu, self.tr("Stop"), session.stop, "", "stop")
        self.save = self._add(menu, self.tr("Save a checkpoint now"), session.training.save_now, "", "save")
        menu.addSeparator()
        self._add(menu, self.tr("New sweep…"), partial(self._want, "new sweep"), "Ctrl+Shift+N")
        menu.addSeparator()
        self.resume = self._add(menu, self.tr("Resume the shown run"), self._resume)
        self.more = self._add(menu, self.tr("Train 10 epochs more"), window.train.train_more)

    def _help(self, menu: QMenu) -> None:
        self._add(menu, self.tr("Shortcuts"), self.show_shortcuts, "F1")
        self._add(menu, self.tr("Open the log"), self._open_log)
        self._add(menu, self.tr("About"), self._about)

    @Slot()
    def _refresh_run(self) -> None:
        """Whether the shown run can be trained is read from disk, so not with every edit."""
        run = self._session.shown.run
        idle = not self._session.training.at_work and run is not None
        self._trainable = idle and run.writable and bool(run.checkpoints())
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        draft, training = self._session.draft, self._session.training
        self.undo.setEnabled(draft.can_undo)
        self.redo.setEnabled(draft.can_redo)
        self.queue.setEnabled(not draft.problems)
        self.stop.setEnabled(training.state not in ("idle", "saving"))
        self.save.setEnabled(training.state in ("running", "paused"))
        self.batch.setEnabled(training.state in ("running", "paused", "idle"))
        self.resume.setEnabled(self._trainable)
        self.more.setEnabled(self._trainable or training.state in ("running", "paused"))

    def _want(self, what: str) -> None:
        self._session.dialog_wanted.emit(what)

    @Slot()
    def _resume(self) -> None:
        if self._session.shown.run is not None:
            self._session.resume(self._session.shown.run)

    @Slot()
    def copy(self) -> None:
        """Copy the text that is selected, else the largest figure of the tab with its numbers."""
        focus = QApplication.focusWidget()
        if isinstance(focus, QLineEdit) and focus.hasSelectedText():
            QGuiApplication.clipboard().setText(focus.selectedText())
            return
        for menu in of_tab(self._window.tab)[:1]:
            menu.copy()

    @Slot()
    def export(self) -> None:
        """Save the largest figure of the tab."""
        for menu in of_tab(self._window.tab)[:1]:
            menu.save()

    @Slot()
    def show_shortcuts(self) -> None:
        """All keys on one page."""
        ShortcutSheet(self._window).show()

    @Slot()
    def _toggle_left(self) -> None:
        self._window.toggle_left(self._window.splitter.sizes()[0] == 0)

    @Slot()
    def _toggle_full_screen(self) -> None:
        if self._window.isFullScreen():
            self._window.showNormal()
        else:
            self._window.showFullScreen()

    def _choose_theme(self, choice: style.Choice) -> None:
        style.theme().choose(choice)
        self._session.change_settings(theme=choice)

    @Slot()
    def _open_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._window.log_path)))

    @Slot()
    def _about(self) -> None:
        text = self.tr("Autoencoder Explorer {version}\n\nBuild, train and look into autoencoders.\n\nNothing leaves "
                       "this computer, and nothing is downloaded unless you ask.")
        from PySide6.QtWidgets import QMessageBox

        box = QMessageBox(self._window)
        box.setWindowTitle(self.tr("About"))
        box.setText(text.format(version=application_version()))
        box.setModal(False)
        box.show()
