"""The person's own images: read on the question thread, kept in the configuration folder, the same in every tab."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine import ownimage, storage
from engine.ownimage import Bytes, Inversion, OwnImage, OwnImageError
from engine.runfiles.notices import reason
from gui.messages import Action, Message
from gui.shown import Shown
from gui.workers import LatestOnly

FOLDER = "own-images"
"""Where they lie in the configuration folder."""

KEPT, READ = "own.kept", "own.read"
"""Keys of the questions."""


class OwnImages(QObject):
    """Adds, removes and reads own images; ``images`` are those there are.

    Signals: ``opened`` (pixels, name) and ``refused`` (text) after ``open``, ``message`` (Message).
    """

    opened = Signal(object, str)
    refused = Signal(str)
    message = Signal(object)

    def __init__(self, questions: LatestOnly, shown: Shown, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._questions, self._shown = questions, shown
        self._folder: Path | None = None
        self._asked: dict[str, int] = {}
        self._name = ""
        questions.answered.connect(self._take)
        questions.failed.connect(self._take_failure)

    @property
    def images(self) -> tuple[OwnImage, ...]:
        """In the order in which they came."""
        return self._shown.own

    def use_folder(self, folder: Path) -> None:
        """Keep them here, and bring those that are here already."""
        self._folder = folder
        self._asked[KEPT] = self._questions.ask(KEPT, partial(ownimage.kept, folder))

    def open(self, path: Path) -> None:
        """Read a picture's file; ``opened`` or ``refused`` follows."""
        self._name = path.stem
        self._asked[READ] = self._questions.ask(READ, partial(_read, path))

    def take(self, pixels: Bytes, name: str) -> None:
        """Take a picture that is here already, as from the clipboard; ``opened`` or ``refused`` follows."""
        try:
            self.opened.emit(ownimage.from_array(pixels, name), name)
        except OwnImageError as error:
            self.refused.emit(str(error))

    def add(self, name: str, pixels: Bytes, inversion: Inversion = "automatic") -> int:
        """Keep a picture behind the others and choose it; -> its index."""
        image = OwnImage(name, pixels, inversion)
        if self._folder is not None:
            try:
                image = ownimage.keep(self._folder, image)
            except OwnImageError as error:
                self.message.emit(Message(str(error), "warning", key="own image"))
        self._shown.set_own((*self.images, image))
        index = len(self.images) - 1
        self._shown.choose_image("own", index)
        return index

    def remove(self, index: int) -> None:
        """Take a picture away; a message offers to bring it back."""
        image = self.images[index]
        if image.path is not None:
            try:
                storage.remove(image.path)
            except OSError as error:
                text = self.tr("{name} could not be removed ({reason}). It stays.")
                self.message.emit(Message(text.format(name=image.name, reason=reason(error)), key="own image"))
                return
        self._shown.set_own(tuple(other for other in self.images if other is not image))
        undo = Action(self.tr("Undo"), partial(self.add, image.name, image.pixels, image.inversion))
        self.message.emit(Message(self.tr("Removed {name}.").format(name=image.name), "information", (undo,),
                                  key="own image"))

    @Slot(str, int, object)
    def _take(self, key: str, number: int, answer: Any) -> None:
        if self._asked.get(key) != number:
            return
        if key == KEPT:
            self._shown.set_own((*answer, *self.images))
        elif isinstance(answer, OwnImageError):
            self.refused.emit(str(answer))
        else:
            self.opened.emit(answer, self._name)

    @Slot(str, int, str)
    def _take_failure(self, key: str, number: int, text: str) -> None:
        if key == READ and self._asked.get(key) == number:
            self.refused.emit(text)


def _read(path: Path) -> Bytes | OwnImageError:
    """A picture, or what is wrong with its file, which is no failure of ours."""
    try:
        return ownimage.read_file(path)
    except OwnImageError as error:
        return error
