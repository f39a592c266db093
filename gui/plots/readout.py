"""What the loss curves say in words and numbers: the legend with values at one step, and the columns of a table."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication

from gui.plots.buckets import Floats
from gui.plots.legend import Entry
from gui.plots.runitems import ORDER, RunItems
from gui.plots.scale import Scale
from gui.widgets.quantities import count, significant

Named = Iterable[tuple[str, RunItems]]
translate = QCoreApplication.translate


def entries(front: RunItems, behind: Named, scale: Scale, step: int) -> list[Entry]:
    """The position, then every curve with its latest value up to a step of the run in front."""
    titles = {"batch": translate("readout", "Batch"), "smoothed": translate("readout", "Smoothed"),
              "training": translate("readout", "Training"), "validation": translate("readout", "Validation")}
    result = [_position(step, front.losses.batches_per_epoch)]
    result += [Entry(titles[name], look.colour, look.dash, significant(front.value(name, step)))
               for name, look in front.looks.items()]
    for title, items in behind:
        look = items.looks["validation"]
        same = scale.place(step) * (scale.unit(items.losses.batches_per_epoch) or 1.0)
        result.append(Entry(title, look.colour, look.dash, significant(items.value("validation", same))))
    return result


def _position(step: int, batches_per_epoch: float | None) -> Entry:
    """'Step 10,412 · epoch 12.34'."""
    text, room = translate("readout", "Step {step}"), "000,000"
    if not batches_per_epoch:
        return Entry("", value=text.format(step=count(step)), room=text.format(step=room))
    epoch = translate("readout", "epoch {epoch}")
    return Entry("", value=f"{text.format(step=count(step))} · {epoch.format(epoch=f'{step / batches_per_epoch:.2f}')}",
                 room=f"{text.format(step=room)} · {epoch.format(epoch='00.00')}")


def columns(front: RunItems, behind: Named) -> list[tuple[str, Floats]]:
    """Every point of the run in front, and the evaluations of those behind, as (column, values)."""
    points = {name: front.losses.line(name).points() for name in ORDER}
    shown = [name for name in ("batch", "smoothed") if name in front.looks]
    result = [column for name in shown
              for column in ((f"step ({name})", points[name][0]), (f"{name} loss", points[name][1]))]
    result.append(("step (evaluation)", points["training"][0]))
    if front.losses.batches_per_epoch:
        result.append(("epoch", points["training"][0] / front.losses.batches_per_epoch))
    result += [("training loss", points["training"][1]), ("validation loss", points["validation"][1])]
    for title, items in behind:
        steps, values = items.losses.validation.points()
        result += [(f"step ({title})", steps), (f"validation loss ({title})", values)]
    return result
