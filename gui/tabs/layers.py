"""What each layer makes of an image: its feature maps, its kernels, and the units that never say anything."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.answers import Contents, Progress
from engine.layeranswers import DeadUnits, Kernels, LayerList, LayerMaps, LayerPlace
from gui import style
from gui.layers.controls import LayerControls
from gui.layers.pictures import LayerPictures
from gui.layers.places import LayerPlaces
from gui.plots.menu import Menu
from gui.plots.picture import Picture
from gui.plots.tiles import TiledImages
from gui.questions import Questions
from gui.session import Session
from gui.widgets.controls import note
from gui.widgets.image_picker import ImagePicker
from gui.widgets.quantities import count
from gui.widgets.stage import Stage

COLUMN_WIDTH = 212
"""The image's column: its controls in two rows, in px."""

CAPTION_REACH = 60
"""How far the caption of the large picture may stand out beside it, in px."""

NAMED_UNITS = 12
"""So many dead units of a vector are named."""


class LayersTab(QWidget):
    """Left the chosen image and the layers; in the middle the chosen layer's pictures; right one of them, large."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._shown = session, session.shown
        self.questions = Questions(self._shown, "layers", self)
        self.answer: LayerMaps | Kernels | None = None
        self.pictures: LayerPictures | None = None
        self.dead: DeadUnits | None = None
        self._listed = False
        self.picker, self.image, self.places, self.controls = ImagePicker(), Picture(), LayerPlaces(), LayerControls()
        self.tiles, self.large = TiledImages(spacing=1), TiledImages(spacing=CAPTION_REACH)
        self.tiles.setAccessibleName(self.tr("Pictures of the layer"))
        self.large.setAccessibleName(self.tr("The chosen picture"))
        self.scale, self.status = (style.dress(QLabel(), "caption", "quiet") for _ in range(2))
        self.status.setToolTip(self.tr("Dead: whatever the image, the unit gives the same after its activation. Looked "
                                       "at with up to 1,000 validation images, evenly spaced and always the same."))
        self.hint = note()
        content = QWidget()
        self.stage = Stage(content)
        self._arrange(content)
        self._connect()
        self.picker.set_image(self._shown.split, self._shown.image)
        self._point(None)

    def _arrange(self, content: QWidget) -> None:
        """The image's column; beside it the pictures and the chosen one under their controls."""
        left = QVBoxLayout()
        left.setSpacing(style.XS)
        for widget, stretch in ((self.picker, 0), (self.image, 2), (self.places, 3)):
            left.addWidget(widget, stretch)
        pictures = QHBoxLayout()
        pictures.setSpacing(style.M)
        pictures.addWidget(self.tiles, 13)
        pictures.addWidget(self.large, 5)
        line = QHBoxLayout()
        line.addWidget(self.status, 1)
        line.addWidget(self.scale)
        right = QVBoxLayout()
        right.setSpacing(style.S)
        right.addWidget(self.controls)
        right.addLayout(pictures, 1)
        right.addLayout(line)
        right.addWidget(self.hint)
        columns = QHBoxLayout(content)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(style.L)
        columns.addLayout(left, 3)
        columns.addLayout(right, 11)
        self.picker.setMinimumWidth(COLUMN_WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(style.M, style.M, style.M, style.S)
        layout.addWidget(self.stage)
        for figure, name in ((self.image, "image"), (self.large, "layer-picture"), (self.tiles, "layer")):
            Menu(figure, name)

    def _connect(self) -> None:
        self.picker.chosen.connect(self._shown.choose_image)
        self.picker.own_wanted.connect(self._session.dialog_wanted)
        self.picker.filtered.connect(self._take_filter)
        self.places.chosen.connect(self._take_layer)
        self.controls.changed.connect(self._ask_pictures)
        self.controls.rescaled.connect(self._draw)
        self.tiles.selected_changed.connect(self._show_large)
        self.tiles.pointed.connect(self._point)
        self.large.pointed.connect(self._point_large)
        self.stage.retry.connect(self.questions.refresh)
        self.questions.contents_changed.connect(self._take_contents)
        self.questions.due.connect(self._ask)
        self.questions.emptied.connect(self._empty)
        self.questions.answered.connect(self._take_answer)
        self.questions.progressed.connect(self._take_progress)
        self.questions.failed.connect(self._take_failure)
        self.questions.busy_changed.connect(self.stage.set_busy)
        self._shown.image_changed.connect(self._take_image)

    @property
    def layer(self) -> LayerPlace | None:
        """The chosen layer."""
        return self.places.layer

    @Slot()
    def _ask(self) -> None:
        """The layers of another network; else the pictures of the chosen one at the shown snapshot."""
        if not self._listed:
            self.questions.ask("layers", "layer_list")
            return
        self._ask_pictures()
        if self.layer is not None:
            self.questions.ask("dead", "dead_units", self.layer.name)

    @Slot()
    def _ask_pictures(self) -> None:
        """The maps or the kernels; neither waits for the other."""
        if self.layer is None or not self._listed:
            return
        if self.controls.shows_kernels:
            page = self.controls.pages.page
            self.questions.cancel("maps")
            self.questions.ask("kernels", "kernels", self.layer.name, page.start, page.stop - page.start)
        else:
            self.questions.cancel("kernels")
            self.questions.ask("maps", "layer_maps", self._shown.split, self._shown.image, self.layer.name,
                               self.controls.chosen_stage)

    @Slot(str)
    def _empty(self, trouble: str) -> None:
        self._listed, self.answer, self.pictures = False, None, None
        self.stage.show_nothing(self._shown.run is not None, trouble)

    @Slot(object)
    def _take_contents(self, contents: Contents) -> None:
        """Another run, or other own images."""
        self._listed, self.dead = False, None
        self.picker.set_contents(contents)
        self.picker.set_image(self._shown.split, self._shown.image)

    @Slot()
    def _take_filter(self) -> None:
        """Another split or class: the image that the picker moved to."""
        self._shown.choose_image(self.picker.split, self.picker.index)

    @Slot(object)
    def _take_image(self, image: tuple[str, int]) -> None:
        """An image was chosen, here or in another tab."""
        self.picker.set_image(*image)
        self.questions.refresh()

    @Slot(str)
    def _take_layer(self, name: str) -> None:
        """Another layer: what can be chosen there, and its pictures."""
        if self.layer is not None:
            self.dead = None
            self.controls.set_layer(self.layer)
            self._ask()

    @Slot(str, object)
    def _take_answer(self, key: str, answer: Any) -> None:
        if isinstance(answer, LayerList):
            self._listed = True
            self.places.set_layers(answer.layers)
            if self.layer is not None:
                self.controls.set_layer(self.layer)
            self._ask()
        elif isinstance(answer, DeadUnits):
            self.dead = answer
            self._show_dead()
        elif isinstance(answer, LayerMaps | Kernels):
            self.answer = answer
            self._draw()
            self.stage.show_content()

    @Slot()
    def _draw(self) -> None:
        """The newest answer on the chosen scale, in place."""
        if self.answer is None:
            return
        if isinstance(self.answer, LayerMaps):
            self._show_image(self.answer)
        self.pictures = shown = LayerPictures(self.answer, self.controls.shared_scale)
        self.tiles.set_values(shown.tiles, *shown.ends, shown.columns, shown.diverging)
        self.scale.setText(shown.scale)
        self._show_dead()
        many = len(shown.tiles) > 1
        if not many or self.tiles.selected < 0:
            self.tiles.select(0 if many else -1)
        self.large.setVisible(many)
        self._show_large(self.tiles.selected)

    def _show_image(self, answer: LayerMaps) -> None:
        contents = self.questions.contents
        name = contents.class_of(self._shown.split, self._shown.image) if contents else ""
        self.image.set_image(answer.image)
        self.image.set_caption(self.tr("Original · {name}").format(name=name) if name else self.tr("Original"))

    def _show_dead(self) -> None:
        """How many units are dead, and which."""
        dead = self.dead if self.dead is not None and self.layer == self.dead.layer else None
        maps = isinstance(self.answer, LayerMaps) and self.answer.values.ndim == 3
        self.tiles.cross_out(dead.units.tolist() if dead is not None and maps else ())
        self.status.setText("" if dead is None else self._dead_text(dead))

    def _dead_text(self, dead: DeadUnits) -> str:
        """'2 of 16 units are dead on 1,000 fixed images: 3, 7'."""
        text = self.tr("{dead} of {total} units are dead on {images} fixed images").format(
            dead=count(len(dead.units)), total=count(dead.total), images=count(dead.images))
        named = dead.units.tolist() if len(dead.units) <= NAMED_UNITS else []
        return text + (": " + ", ".join(map(str, named)) if named else "")

    @Slot(int)
    def _show_large(self, tile: int) -> None:
        """One of the pictures, large, with what it is."""
        if self.pictures is None or not 0 <= tile < len(self.pictures.tiles):
            return
        here = slice(tile, tile + 1)
        low, high = self.pictures.ends
        self.large.set_values(self.pictures.tiles[here], low[here], high[here], 1, self.pictures.diverging,
                              [self.pictures.caption(tile)])

    @Slot(object)
    def _point(self, pixel: tuple[int, int, int] | None) -> None:
        """The value under the mouse; what can be done where there is none."""
        if pixel is not None and self.pictures is not None:
            self.hint.setText(self.pictures.reading(*pixel))
        else:
            self.hint.setText(self.tr("A click shows a picture large. The first snapshot of the timeline is untrained: "
                                      "its kernels are random."))

    @Slot(object)
    def _point_large(self, pixel: tuple[int, int, int] | None) -> None:
        self._point(None if pixel is None or self.tiles.selected < 0 else (self.tiles.selected, *pixel[1:]))

    @Slot(str, object)
    def _take_progress(self, key: str, progress: Progress) -> None:
        self.stage.set_progress(progress.done, progress.total)

    @Slot(str, str)
    def _take_failure(self, key: str, text: str) -> None:
        self.stage.show_failed(text)
