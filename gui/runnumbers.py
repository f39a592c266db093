"""The numbers of a run one looks for first: epoch, losses, speed, time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from gui.widgets.fields import number_text
from gui.widgets.keynumbers import KeyNumber, KeyNumbers
from gui.widgets.quantities import NOTHING, count, duration, significant

if TYPE_CHECKING:
    from engine.run import Run
    from gui.runbook import RunBook
    from gui.training import Progress

translate = QCoreApplication.translate


class RunNumbers(KeyNumbers):
    """The row of a run, trained now or before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        loss = translate("RunNumbers", "Mean over the whole set, without dropout")
        lowest = translate("RunNumbers", "Lowest validation loss so far")
        losses = {name: KeyNumber(title, lowest if name == "best" else loss, "0.000000", _at_epoch(title, "000"))
                  for name, title in _titles().items()}
        super().__init__({
            "epoch": KeyNumber(translate("RunNumbers", "Epoch"),
                               translate("RunNumbers", "Epochs done, of those planned"), "00.0 / 00"),
            **losses,
            "speed": KeyNumber(translate("RunNumbers", "Images/s"),
                               translate("RunNumbers", "Speed of training, evaluations left out"), "00,000"),
            "elapsed": KeyNumber(translate("RunNumbers", "Elapsed"),
                                 translate("RunNumbers", "Time spent training, without pauses"), "00 min 00 s"),
            "remaining": KeyNumber(translate("RunNumbers", "Remaining"),
                                   translate("RunNumbers", "At the speed of the last seconds"), "00 min 00 s"),
        }, parent)

    def show_run(self, run: Run, book: RunBook, progress: Progress | None, planned_epochs: int | None) -> None:
        """Say how far a run is: by its book and, while it trains, by ``progress``; else by its state on disk."""
        self._show_losses(book)
        state = run.state
        step = max(book.losses.last_step, progress.step if progress else 0)
        batches = book.losses.batches_per_epoch
        done = f"{step / batches:.1f}" if batches else NOTHING
        self["epoch"].show_value(f"{done} / {count(planned_epochs)}")
        self["speed"].show_value(count((progress or state).images_per_second or None))
        self["elapsed"].show_value(duration((progress or state).elapsed_s))
        self["remaining"].show_value(duration(progress.remaining_s if progress else None))

    def _show_losses(self, book: RunBook) -> None:
        for name, title in _titles().items():
            evaluation = book.best if name == "best" else book.evaluation
            if evaluation is None:
                self[name].show_value(NOTHING, title)
                continue
            loss = evaluation.training_loss if name == "training" else evaluation.validation_loss
            self[name].show_value(significant(loss), _at_epoch(title, number_text(round(evaluation.epoch, 2))))


def _titles() -> dict[str, str]:
    return {"training": translate("RunNumbers", "Training"), "validation": translate("RunNumbers", "Validation"),
            "best": translate("RunNumbers", "Best")}


def _at_epoch(title: str, epoch: str) -> str:
    return translate("RunNumbers", "{title}, epoch {epoch}").format(title=title, epoch=epoch)
