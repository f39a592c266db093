"""The architecture: its blocks edited in place, the decoder that follows, what it costs, and a drawing to scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from engine import shapes
from engine.experiment import Experiment, Model
from engine.fields import Problem
from engine.shapes import Plan
from gui import style
from gui.blocks import block_edits
from gui.blocks.architecture_foot import Foot
from gui.blocks.block_buttons import BlockButtons
from gui.blocks.block_edits import Blocks
from gui.blocks.blocks_area import BlocksArea
from gui.blocks.blocks_model import BlocksModel, Row
from gui.blocks.blocks_table import BlocksTable
from gui.draft import Draft
from gui.plots.menu import Menu
from gui.plots.network import NetworkDrawing
from gui.session import Session
from gui.widgets import controls, fields

DRAWING_SHARE = 3 / 8
"""The most of a large tab's height that its drawing takes: beyond this it tells no more and drives the tables away."""

DRAWING_ROOM = 320
"""On a smaller tab a drawing may be so high, in px."""


class ArchitectureTab(QWidget):
    """Shows and edits ``session.draft.experiment.model``; every edit is one change of the draft."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft: Draft = session.draft
        self._before: Experiment | None = None
        self._part = "encoder"
        self._problem: Problem | None = None
        self.drawing = NetworkDrawing()
        self.encoder = BlocksTable(BlocksModel("encoder"))
        self.decoder = BlocksTable(BlocksModel("decoder"))
        self.area = BlocksArea(self.tables)
        self.buttons = BlockButtons()
        self.foot = Foot()
        self._build()
        self._connect()
        Menu(self.drawing, "network")
        self.buttons.offer("encoder")
        self._show(self._draft.experiment)

    @property
    def tables(self) -> tuple[BlocksTable, BlocksTable]:
        """Encoder, decoder."""
        return self.encoder, self.decoder

    def table(self, part: str) -> BlocksTable:
        """The table of a part."""
        return self.encoder if part == "encoder" else self.decoder

    def _build(self) -> None:
        """One row of controls, the drawing, the tables, one line below."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(style.M, style.S, style.M, style.S)
        layout.setSpacing(style.S)
        layout.addLayout(self._controls())
        layout.addWidget(self.drawing, 1)
        layout.addWidget(self.area, 2)
        layout.addWidget(self.foot)
        layout.addStretch()  # on a large screen the room stays below, all in one piece

    def _controls(self) -> controls.Flow:
        self.mirror = controls.button(
            self.tr("Mirror"), self.tr("The decoder is the encoder in reverse; kernels and paddings are solved"),
            checkable=True)
        self.explicit = controls.button(self.tr("Explicit"), "", checkable=True)
        style.mark(self.mirror, "segment", "first")
        style.mark(self.explicit, "segment", "last")
        self._switch = QButtonGroup(self)
        segments = QWidget()
        row = QHBoxLayout(segments)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for button in (self.mirror, self.explicit):
            self._switch.addButton(button)
            row.addWidget(button)
        spec = fields.spec_of(Model, "output")
        self.output = controls.combo(spec.label, spec.help, [(text, name) for name, text in spec.choices])
        flow = controls.Flow()
        flow.setSpacing(style.M)
        for widget in (self.buttons, controls.labelled(self.tr("Decoder"), segments),
                       controls.labelled(self.tr("Output activation"), self.output)):
            flow.addWidget(widget)
        return flow

    def _connect(self) -> None:
        self._connect_table(self.encoder, self._edit_encoder, self._run_on_encoder, self._choose_encoder)
        self._connect_table(self.decoder, self._edit_decoder, self._run_on_decoder, self._choose_decoder)
        self.encoder.row_hovered.connect(self.drawing.point_encoder)
        self.decoder.row_hovered.connect(self.drawing.point_decoder)
        self.buttons.command.connect(self._run)
        self.buttons.add_wanted.connect(self._add)
        self._switch.buttonClicked.connect(self._switch_decoder)
        self.output.activated.connect(self._set_output)
        self.drawing.layer_clicked.connect(self._choose)
        self.drawing.layer_hovered.connect(self._point)
        self.foot.trouble.mended.connect(self._mend)
        self._draft.changed.connect(self._show)

    def _connect_table(self, table: BlocksTable, edit: Callable, run: Callable, choose: Callable) -> None:
        table.blocks.edited.connect(edit)
        table.command.connect(run)
        table.row_selected.connect(choose)
        table.edit_began.connect(self._begin_edit)
        table.edit_ended.connect(self._end_edit)

    def blocks(self, part: str) -> Blocks:
        """The blocks of a part as they stand in the draft; none for a mirrored decoder."""
        model = self._draft.experiment.model
        if part == "encoder":
            return model.encoder
        return () if model.decoder == "mirror" else model.decoder

    def _show(self, experiment: Experiment) -> None:
        """Everything from the draft's experiment."""
        plan = shapes.plan(experiment)
        own = [problem for problem in self._draft.problems if problem.field.startswith(("model.", "data.image_size"))]
        self._problem = next(iter(own), None)
        explicit = experiment.model.decoder != "mirror"
        self.encoder.blocks.show(_rows("encoder", self.blocks("encoder"), plan), editable=True)
        rows = _rows("decoder", self.blocks("decoder"), plan) if explicit else _mirrored(plan)
        self.decoder.blocks.show(rows, editable=explicit)
        self.encoder.placeholder = self.tr("No blocks yet. Add one.")
        self.decoder.placeholder = self.tr("No blocks yet. Add one.") if explicit else self.tr(
            "The decoder follows when every block of the encoder fits.")
        self.drawing.set_plan(plan)
        (self.explicit if explicit else self.mirror).setChecked(True)
        self._offer_explicit(explicit or not plan.problems)
        if not explicit and self._part == "decoder":
            self._take("encoder")
        self.output.setCurrentIndex(self.output.findData(experiment.model.output))
        self.foot.show_plan(plan, self._problem)
        self.area.fit()
        self._allow()

    def _offer_explicit(self, possible: bool) -> None:
        """There is a mirrored decoder to copy only while the encoder fits."""
        tip = self.tr("Copy the mirrored decoder into blocks of its own and edit them")
        self.explicit.setEnabled(possible)
        self.explicit.setToolTip(tip if possible else f"{tip}\n{self.tr('Mend the encoder first.')}")

    def _allow(self) -> None:
        table = self.table(self._part)
        self.buttons.allow(len(table.blocks.rows), table.currentIndex().row(), block_edits.most(self._part))

    def _take(self, part: str) -> None:
        """The buttons now act on this part; the other table has no chosen row."""
        if part != self._part and (part == "encoder" or self.decoder.blocks.editable):
            self._part = part
            self.buttons.offer(part)
        self._allow()

    def _choose_encoder(self, row: int) -> None:
        self._chosen("encoder", row)

    def _choose_decoder(self, row: int) -> None:
        self._chosen("decoder", row)

    def _chosen(self, part: str, row: int) -> None:
        """A row of a table became the current one."""
        if row >= 0:
            (self.decoder if part == "encoder" else self.encoder).select(-1)
            self.drawing.select(f"{part}.{row}")
            self.area.bring(self.table(part), row)
            self._take(part)
        self._allow()

    def _choose(self, name: str) -> None:
        """A layer was clicked in the drawing."""
        part, _, row = name.partition(".")
        self.table(part).select(int(row))

    def _point(self, name: str) -> None:
        """The mouse is over a layer of the drawing."""
        part, _, row = name.partition(".")
        for table in self.tables:
            table.hover(int(row) if row and table.blocks.part == part else -1)

    def _begin_edit(self) -> None:
        self._draft.end_merge()
        self._before = self._draft.experiment

    def _end_edit(self, take_back: bool) -> None:
        if take_back and self._before is not None and self._draft.experiment != self._before:
            self._draft.undo()
        self._draft.end_merge()
        self._before = None

    def _edit_encoder(self, row: int, field: str, value: Any) -> None:
        self._edit("encoder", row, field, value)

    def _edit_decoder(self, row: int, field: str, value: Any) -> None:
        self._edit("decoder", row, field, value)

    def _edit(self, part: str, row: int, field: str, value: Any) -> None:
        """Change a field of a block; a new kind keeps what both kinds have."""
        if field == "kind":
            blocks = self.blocks(part)
            changed = block_edits.converted(blocks[row], value)
            self._set_blocks(part, block_edits.inserted(block_edits.removed(blocks, row), row, changed), row)
        else:
            self._explain(self._draft.set(f"model.{part}.{row}.{field}", value, merge=self._before is not None))

    def _set_blocks(self, part: str, blocks: Blocks, current: int) -> None:
        refused = self._draft.set(f"model.{part}", blocks)
        self._explain(refused)
        if not refused:
            self.table(part).select(min(current, len(blocks) - 1))

    def _explain(self, refused: tuple[Problem, ...]) -> None:
        """Say why an edit was not taken; with the next change of the network this goes away."""
        if refused:
            self._problem = refused[0]
            self.foot.show_plan(self._draft.plan, self._problem)

    def _run_on_encoder(self, command: str) -> None:
        self._take("encoder")
        self._run(command)

    def _run_on_decoder(self, command: str) -> None:
        self._take("decoder")
        self._run(command)

    def _run(self, command: str) -> None:
        """Add, duplicate, remove or move a block."""
        part, blocks = self._part, self.blocks(self._part)
        at = self.table(part).currentIndex().row()
        if command in ("add", "duplicate") and not self.buttons.add.isEnabled():
            return
        if command == "add":
            self._add("")
        elif at < 0:
            return
        elif command == "duplicate":
            self._set_blocks(part, block_edits.inserted(blocks, at + 1, blocks[at]), at + 1)
        elif command == "remove":
            self._set_blocks(part, block_edits.removed(blocks, at), at)
        else:
            to = at - 1 if command == "up" else at + 1
            if 0 <= to < len(blocks):
                self._set_blocks(part, block_edits.moved(blocks, at, to), to)

    def _add(self, kind: str) -> None:
        """Add a block after the chosen one, or at the end."""
        part, blocks = self._part, self.blocks(self._part)
        row = self.table(part).currentIndex().row()
        at = row + 1 if row >= 0 else len(blocks)
        block = block_edits.suggested(part, blocks, at, kind)
        self._set_blocks(part, block_edits.inserted(blocks, at, block), at)

    def _switch_decoder(self, button: QAbstractButton) -> None:
        """Mirror the encoder, or copy what mirrors it into blocks."""
        if button is self.mirror:
            self._take("encoder")
            self._draft.set("model.decoder", "mirror")
        elif self._draft.experiment.model.decoder == "mirror":
            self._draft.set("model.decoder", block_edits.explicit(shapes.plan(self._draft.experiment)))

    def _set_output(self, _: int) -> None:
        self._draft.set("model.output", self.output.currentData())

    def _mend(self) -> None:
        if self._problem is not None and self._problem.remedy is not None:
            self._draft.apply(self._problem.remedy)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.drawing.setMaximumHeight(max(DRAWING_ROOM, round(DRAWING_SHARE * self.height())))
        self.area.fit()


def _rows(part: str, blocks: Blocks, plan: Plan) -> tuple[Row, ...]:
    """Blocks with their layers, as far as they fit, and the problem of the first that does not."""
    layers = {layer.index: layer for layer in plan.layers if layer.part == part}
    troubles = {problem.field.split(".")[2]: problem for problem in plan.problems
                if problem.field.startswith(f"model.{part}.")}
    return tuple(Row(block, layers.get(at), troubles.get(str(at))) for at, block in enumerate(blocks))


def _mirrored(plan: Plan) -> tuple[Row, ...]:
    return tuple(Row(None, layer) for layer in plan.decoder)
