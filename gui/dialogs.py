"""What only a window can ask: files and folders; and what opening one means."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, Qt

from engine import experiment as experiments
from engine import runs, storage
from engine import sweep as sweeps
from engine.datasets import imagefiles
from engine.fields import LABELS, ExperimentError
from engine.runfiles.notices import RunError, reason
from engine.sweeping.folder import SETTINGS, SweepFolder
from gui.messages import Action, Message
from gui.session import Session

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData
    from PySide6.QtWidgets import QFileDialog

    from gui.imports.dialog import ImportPage
    from gui.own_image import OwnImagePage

translate = QCoreApplication.translate


def ask(window: Any, what: str) -> None:
    """Open the dialog for one of ``Session.dialog_wanted``. Raises KeyError for another name."""
    session: Session = window.session
    if what == "own image":
        own_image_page(window)
        return
    if what == "sweep" or what.startswith("new sweep"):
        window.show_tab("sweep")
        if what != "sweep":
            _new_sweep(window, what.partition(": ")[2])
        return
    if what.startswith("image folder"):
        _, _, named = what.partition(": ")
        import_page(window, Path(named) if named else None)
        return
    if what == "data sets":
        from gui.data_page import DataPage

        page = window.findChild(DataPage) or DataPage(session, window)
        page.show()
        page.raise_()
        return
    if what.startswith("data files: "):
        _open_data_files(window, what.removeprefix("data files: "))
        return
    title, start, use = {
        "data folder": (translate("dialogs", "Folder of the data sets"), session.data_dir, session.use_data_dir),
        "runs folder": (translate("dialogs", "Folder of the runs"), session.runs_dir, session.use_runs_dir),
        "save elsewhere": (translate("dialogs", "Save the run in"), session.runs_dir, session.save_elsewhere),
    }[what]
    _show(_dialog(window, title, start, folder=True), use)


def import_page(window: Any, folder: Path | None = None) -> ImportPage:
    """The page of a folder of images, in front; imported when wanted."""
    from gui.imports.dialog import ImportPage

    page = window.findChild(ImportPage) or ImportPage(window.session, window)
    if folder is not None and not window.session.importer.at_work:
        page.form.folder.use(folder)
    page.show()
    page.raise_()
    return page


def _new_sweep(window: Any, path: str) -> None:
    """The page that sets up a sweep, with that of a file if one is named."""
    page = window.tab.set_up()
    if path:
        page.open_file(Path(path))


def own_image_page(window: Any) -> OwnImagePage:
    """The page of own images, in front; imported when wanted."""
    from gui.own_image import OwnImagePage

    page = window.findChild(OwnImagePage) or OwnImagePage(window.session, window)
    page.show()
    page.raise_()
    return page


def empty_trash(window: Any) -> None:
    """Ask whether to delete for good what lies in the trash beside the runs."""
    from gui.trash import TrashEmptier

    emptier = window.findChild(TrashEmptier) or TrashEmptier(window.session, window)
    emptier.ask()


def take_picture(window: Any, content: QMimeData) -> None:
    """Put a picture that was dropped on the page of own images."""
    own_image_page(window).take(content)


def paste_picture(window: Any) -> None:
    """Put the clipboard's picture on the page of own images, which says so where there is none."""
    own_image_page(window).paste_picture()


def _open_data_files(window: Any, name: str) -> None:
    """Ask for a data set's own files, packed or not; several may be chosen."""
    dialog = _dialog(window, translate("dialogs", "Files of {name}").format(name=LABELS[name]), "", folder=False)
    dialog.setNameFilter(translate("dialogs", "All files (*)"))
    dialog.setFileMode(dialog.FileMode.ExistingFiles)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.filesSelected.connect(lambda texts: window.session.use_files(name, [Path(text) for text in texts]))
    dialog.open()


def _dialog(window: Any, title: str, start: Path | str, folder: bool) -> QFileDialog:
    """A dialog for an existing folder or file; imported when wanted, for its many enumerations take their time."""
    from PySide6.QtWidgets import QFileDialog

    dialog = QFileDialog(window, title, str(start), "" if folder else _filter())
    dialog.setFileMode(QFileDialog.FileMode.Directory if folder else QFileDialog.FileMode.ExistingFile)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly, folder)
    return dialog


def _show(dialog: QFileDialog, use: Any) -> None:
    """Show a dialog without stopping anything; ``use`` gets the path that was chosen."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda text: use(Path(text)))
    dialog.open()


def open_experiment(window: Any) -> None:
    """Ask for an experiment's file."""
    _show(_dialog(window, translate("dialogs", "Open an experiment"), "", folder=False), window.open_path)


def open_run(window: Any) -> None:
    """Ask for a run's folder."""
    start = window.session.runs_dir
    _show(_dialog(window, translate("dialogs", "Open a run"), start, folder=True), window.open_path)


def save_experiment(window: Any) -> None:
    """Ask where to, and write the draft."""
    dialog = _dialog(window, translate("dialogs", "Save the experiment"), "", folder=False)
    dialog.setFileMode(dialog.FileMode.AnyFile)
    dialog.setAcceptMode(dialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("toml")
    _show(dialog, partial(write_experiment, window.session))


def export_report(window: Any) -> None:
    """Ask for a folder, and put a report of the shown run, and of those that are compared, into a new one there."""
    session: Session = window.session
    chosen = window.report_runs()
    if not chosen:
        text = translate("dialogs", "There is no run to report on. Choose one in the list of runs, or train one.")
        session.message.emit(Message(text, "information", key="report"))
        return
    title = translate("dialogs", "Folder for the report")
    _show(_dialog(window, title, Path.home(), folder=True), partial(session.exports.start, chosen, session.data_dir))


def _filter() -> str:
    return translate("dialogs", "Experiments (*.toml)")


def write_experiment(session: Session, path: Path) -> None:
    """Write the draft to a TOML file, or say why not."""
    try:
        storage.write_atomic(path, experiments.to_toml(session.draft.experiment).encode())
    except OSError as error:
        text = translate("dialogs", "Could not write {name} ({reason}). The file is as it was.")
        session.message.emit(Message(text.format(name=path.name, reason=reason(error))))
    else:
        text = translate("dialogs", "Saved {name}.").format(name=path.name)
        session.message.emit(Message(text, "information", key="export"))


def open_path(session: Session, path: Path) -> None:
    """A run or a sweep, by its folder or its name, is shown; any other folder is offered for import; a picture becomes
    an own image; any other file goes into the form, or onto the page that sets up a sweep."""
    sweep = next((folder for folder in (path, session.runs_dir / path) if (folder / SETTINGS).is_file()), None)
    if sweep is not None:
        session.show_sweep(SweepFolder(sweep))
    elif path.is_dir() and not runs.is_run(path):
        session.dialog_wanted.emit(f"image folder: {path}")
    elif path.is_dir() or (session.runs_dir / path).is_dir():
        _open_run(session, path)
    elif path.suffix.lower() in imagefiles.ARCHIVES:
        text = translate("dialogs", "{name} is an archive. Unpack it, and drop the folder: only folders are imported.")
        session.message.emit(Message(text.format(name=path.name)))
    elif path.suffix.lower() in imagefiles.ENDINGS:
        session.dialog_wanted.emit("own image")
        session.own.open(path)
    else:
        _open_experiment(session, path)


def _open_run(session: Session, path: Path) -> None:
    try:
        run = runs.open_run(path, session.runs_dir)
    except RunError as error:
        session.message.emit(Message(error.message))
        return
    session.show_run(run)


def _open_experiment(session: Session, path: Path) -> None:
    try:
        if sweeps.is_sweep(path):
            session.dialog_wanted.emit(f"new sweep: {path}")
            return
        found = experiments.load(path)
    except ExperimentError as error:
        text = translate("dialogs", "{name} could not be opened: {reason} The settings stay as they are.")
        first = error.problems[0]
        what = f"{first.field}: {first.message}" if first.field else first.message
        details = "\n".join(f"{p.field}: {p.message}" for p in error.problems)
        session.message.emit(Message(text.format(name=path.name, reason=what.rstrip(".") + "."), details=details))
    except OSError as error:
        text = translate("dialogs", "{name} could not be opened ({reason}).")
        session.message.emit(Message(text.format(name=path.name, reason=reason(error))))
    else:
        session.draft.replace(found)
        undo = Action(translate("dialogs", "Undo"), session.draft.undo)
        text = translate("dialogs", "{name} is in the form.").format(name=path.name)
        session.message.emit(Message(text, "information", (undo,), key="opened"))

