"""The page on which a person draws, pastes, opens or drops an image, and sees what the network will see."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage, QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from engine import ownimage
from engine.answers import Contents
from engine.datasets import imagefiles
from engine.ownimage import Bytes, OwnImage
from gui import style
from gui.kept_images import KeptImages
from gui.plots.picture import CAPTION_HEIGHT, Picture
from gui.questions import Questions
from gui.session import Session
from gui.widgets.controls import button, combo, labelled, note
from gui.widgets.drawpad import BRUSH, DrawPad, to_pixels
from gui.widgets.way import Slider

SIDE = 338
"""Of pad and preview, in px: twelve for each pixel of 28×28, and the line around."""

LONGEST_NAME = 60


class OwnImagePage(QDialog):
    """Left the pad, right what the network sees, below the images there are; nothing is used before Use is pressed."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._own = session, session.own
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Own image"))
        self.setAcceptDrops(True)
        self.questions = Questions(session.shown, "own", self)
        self.pad, self.preview, self.kept = DrawPad(), Picture(), KeptImages(self._own)
        self.trouble = style.dress(note(), "body", "bad")
        self.trouble.hide()
        self.name = QLineEdit()
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setAccessibleName(self.tr("Name"))
        self.name.setToolTip(self.tr("What the image is called in the tabs"))
        self.inversion = combo(self.tr("Invert"), self.tr(
            "Turn dark into bright. Automatic: where the image is dark on bright and the data set is not"),
            ((self.tr("Automatic"), "automatic"), (self.tr("Always"), "always"), (self.tr("Never"), "never")))
        self._arrange()
        self._connect()
        self._name_next()
        self.kept.show_images()
        self._show()

    def _arrange(self) -> None:
        self.pad.setFixedSize(SIDE, SIDE)
        self.preview.setFixedSize(SIDE, SIDE + CAPTION_HEIGHT)
        columns = QHBoxLayout()
        columns.setSpacing(style.L)
        columns.addLayout(self._left())
        columns.addLayout(self._right())
        column = QVBoxLayout(self)
        column.setContentsMargins(style.L, style.L, style.L, style.L)
        column.setSpacing(style.M)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)
        column.addLayout(columns)
        column.addWidget(self.trouble)
        column.addWidget(self.kept)
        column.addLayout(self._foot())

    def _left(self) -> QVBoxLayout:
        """The pad with its tools, and where pictures come from."""
        self.brush = Slider(Qt.Orientation.Horizontal)
        self.brush.setRange(1, 25)
        self.brush.setValue(BRUSH)
        self.brush.setAccessibleName(self.tr("Brush"))
        self.brush.setToolTip(self.tr("Width of the brush"))
        self.undo = button(self.tr("Undo"), self.tr("Take back the last stroke"), "undo")
        self.clear = button(self.tr("Clear"), self.tr("Empty the pad; Undo brings it back"), "remove")
        self.paste = button(self.tr("Paste"), self.tr("Take the picture on the clipboard (Ctrl+V)"), text=True)
        self.choose_file = button(self.tr("Open…"), self.tr("Take a picture from a file"), "folder", text=True)
        tools = QHBoxLayout()
        tools.setSpacing(style.S)
        for widget in (labelled(self.tr("Brush"), self.brush), self.undo, self.clear, self.paste, self.choose_file):
            tools.addWidget(widget)
        left = QVBoxLayout()
        left.setSpacing(style.S)
        left.addWidget(self.pad)
        left.addWidget(note(self.tr("Draw with the mouse, or drop a picture here.")))
        left.addStretch(1)
        left.addLayout(tools)
        return left

    def _right(self) -> QVBoxLayout:
        """What the network sees, and how it is called."""
        fields = QHBoxLayout()
        fields.setSpacing(style.S)
        fields.addWidget(labelled(self.tr("Name"), self.name), 1)
        fields.addWidget(labelled(self.tr("Invert"), self.inversion))
        right = QVBoxLayout()
        right.setSpacing(style.S)
        right.addWidget(self.preview)
        right.addStretch(1)
        right.addLayout(fields)
        return right

    def _foot(self) -> QHBoxLayout:
        self.use = QPushButton(self.tr("Use"))
        style.mark(self.use, "primary", True)
        self.use.setDefault(True)
        close = QPushButton(self.tr("Close"))
        close.setToolTip(self.tr("Close without using what is on the pad"))
        close.clicked.connect(self.close)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close)
        row.addWidget(self.use)
        return row

    def _connect(self) -> None:
        self.pad.changed.connect(self._show)
        self.brush.valueChanged.connect(self._take_brush)
        self.undo.clicked.connect(self.pad.undo)
        self.clear.clicked.connect(self.pad.clear)
        self.paste.clicked.connect(self.paste_picture)
        self.choose_file.clicked.connect(self._ask_file)
        self.inversion.currentIndexChanged.connect(self._show)
        self.use.clicked.connect(self._use)
        self.kept.chosen.connect(self._choose)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self).activated.connect(self.paste_picture)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), self).activated.connect(self.pad.undo)
        self._own.opened.connect(self._take_picture)
        self._own.refused.connect(self._say)
        self._session.shown.own_changed.connect(self.kept.show_images)
        self.questions.contents_changed.connect(self._take_contents)

    @property
    def _shape(self) -> tuple[int, ...]:
        """(channels, height, width) of the shown run's images, else of those in the form."""
        contents = self.questions.contents
        return contents.image_shape if contents else self._session.draft.experiment.image_shape

    @property
    def _white_on_black(self) -> bool:
        contents = self.questions.contents
        return contents.white_on_black if contents else self._shape[0] == 1

    @property
    def image(self) -> OwnImage:
        """What is on the pad."""
        return OwnImage(self.name.text().strip() or self._next_name(), self.pad.picture(), self.inversion.currentData())

    @Slot()
    def _show(self) -> None:
        """What the network would see, at once."""
        image, shape = self.image, self._shape
        fitted = ownimage.fitted(image, shape, self._white_on_black)
        self.preview.set_image(fitted[0] if len(fitted) == 1 else fitted.transpose(1, 2, 0).copy())
        inverted = ownimage.inverted(image, shape[0], self._white_on_black)
        size = f"{shape[2]}×{shape[1]}"
        self.preview.set_caption(self.tr("What the network sees · {size}, inverted").format(size=size) if inverted
                                 else self.tr("What the network sees · {size}").format(size=size))
        self.undo.setEnabled(self.pad.can_undo)
        self.clear.setEnabled(not self.pad.is_empty)
        self.use.setEnabled(not self.pad.is_empty)
        self.use.setToolTip(self.tr("Draw something first, or paste, open or drop a picture.") if self.pad.is_empty
                            else self.tr("Keep this image and choose it in every tab"))

    @Slot(object)
    def _take_contents(self, contents: Contents) -> None:
        """The images of the run that is shown now."""
        self.pad.set_white_on_black(contents.white_on_black)
        self._show()

    @Slot(int)
    def _take_brush(self, width: int) -> None:
        self.pad.brush = width

    @Slot(object, str)
    def _take_picture(self, pixels: Bytes, name: str) -> None:
        """A picture came from a file, the clipboard or a drop."""
        self.trouble.hide()
        self.name.setText(name[:LONGEST_NAME] or self._next_name())
        self.pad.set_picture(pixels)

    @Slot(str)
    def _say(self, text: str) -> None:
        """What is wrong with a picture; the pad stays as it is."""
        self.trouble.setText(self.tr("{trouble} The pad stays as it is.").format(trouble=text))
        self.trouble.show()

    @Slot()
    def paste_picture(self) -> None:
        """Take what is on the clipboard."""
        if not self.take(QGuiApplication.clipboard().mimeData()):
            self._say(self.tr("There is no picture on the clipboard. Copy one first."))

    def take(self, content: QMimeData | None) -> bool:
        """Take a picture or a picture's file from the clipboard or a drop; -> whether there was one."""
        paths = picture_paths(content)
        if paths:
            self._own.open(paths[0])
            return True
        picture = content.imageData() if content is not None and content.hasImage() else None
        if isinstance(picture, QPixmap):
            picture = picture.toImage()
        if not isinstance(picture, QImage) or picture.isNull():
            return False
        self._own.take(to_pixels(picture), self._next_name())
        return True

    @Slot()
    def _ask_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Open a picture"), "", self.tr("Pictures ({endings});;All files (*)").format(
            endings=" ".join(f"*{ending}" for ending in imagefiles.ENDINGS)))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._open_file)
        dialog.open()

    @Slot(str)
    def _open_file(self, path: str) -> None:
        self._own.open(Path(path))

    @Slot()
    def _use(self) -> None:
        """Keep what is on the pad, choose it everywhere, and be done."""
        image = self.image
        self._own.add(image.name, image.pixels, image.inversion)
        self.close()

    def _next_name(self) -> str:
        """'Own image 3'; the first that is free."""
        taken, number = {image.name for image in self._own.images}, 1
        while (name := self.tr("Own image {number}").format(number=number)) in taken:
            number += 1
        return name

    def _name_next(self) -> None:
        self.name.setText(self._next_name())

    @Slot(int)
    def _choose(self, index: int) -> None:
        self._session.shown.choose_image("own", index)
        self.close()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasImage() or local_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        if not self.take(event.mimeData()):
            names = [path.name for path in local_paths(event.mimeData())] or [self.tr("What was dropped")]
            self._say(self.tr("{name} is no image.").format(name=names[0]))


def local_paths(content: QMimeData | None) -> list[Path]:
    """The files in a clipboard or a drop."""
    urls = content.urls() if content is not None else []
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


def picture_paths(content: QMimeData | None) -> list[Path]:
    """Those of them that may be pictures."""
    return [path for path in local_paths(content) if path.suffix.lower() in imagefiles.ENDINGS]
