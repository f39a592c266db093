"""Which fields of an experiment can vary in a sweep, the usual ones first, and what they are called in a list."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from engine.experiment import DESCRIPTIVE, Experiment, code_size_path, flat
from engine.fields import LABELS
from gui.widgets.fields import Spec, spec

USUAL = ("train.learning_rate", "train.momentum", "train.weight_decay", "train.batch_size", "", "train.optimizer",
         "train.loss", "train.epochs", "train.seed")
"""What a sweep varies most often, in this order; '' stands for the size of the code."""


@dataclass(frozen=True)
class Variable:
    """A field that can vary, with a label that no other field has."""

    path: str
    label: str
    spec: Spec


def tr(text: str) -> str:
    """A text of this file in the user's language."""
    return QCoreApplication.translate("variables", text)


def groups(base: Experiment) -> tuple[tuple[Variable, ...], ...]:
    """The usual fields, dropout and activation of each block, and every other one; no group is empty."""
    known = {it.path: it for it in _known(base)}
    code = code_size_path(base) if base.model.encoder else ""
    usual = [path or code for path in USUAL]
    blocks = [path for name in ("dropout", "activation") for path in known
              if path.startswith("model.encoder.") and path.endswith(f".{name}")]
    others = [path for path in known if path not in usual and path not in blocks]
    found = (tuple(known[path] for path in paths if path in known) for paths in (usual, blocks, others))
    return tuple(group for group in found if group)


def variable(path: str, base: Experiment) -> Variable | None:
    """The field at a path; None where the experiment has no such field, or none that a sweep can vary."""
    return next((it for it in _known(base) if it.path == path), None)


def _known(base: Experiment) -> Iterator[Variable]:
    """Every field with a number, a choice, or yes and no."""
    for path in flat(base):
        if path in DESCRIPTIVE or (path.startswith("classifier.") and base.task != "classifier"):
            continue
        try:
            described = spec(path, base)
        except KeyError:  # such as a decoder that is either a word or blocks
            continue
        if described.kind in ("whole", "number", "flag") or len(described.choices) > 1:
            yield Variable(path, _label(path, described, base), described)


def _label(path: str, described: Spec, base: Experiment) -> str:
    """'Dropout, block 2': the field's own label, with the place where it could be another's."""
    parts = path.split(".")
    if base.model.encoder and path == code_size_path(base):
        return tr("Code size")
    if parts[:2] == ["model", "encoder"]:
        return tr("{field}, block {number}").format(field=described.label, number=int(parts[2]) + 1)
    if parts[:2] == ["model", "decoder"]:
        return tr("{field}, decoder block {number}").format(field=described.label, number=int(parts[2]) + 1)
    if parts[:2] == ["data", "input"] and parts[-1] != "change":
        return tr("{field} (input)").format(field=described.label)
    if parts[0] == "classifier":
        return tr("{field} (classifier)").format(field=described.label)
    return described.label


def short_name(path: str) -> str:
    """'kernel (block 2)' of a dotted path, where the experiment that has the field is not at hand."""
    parts = path.split(".")
    name = parts[-1].replace("_", " ")
    if len(parts) > 1 and parts[-2].isdecimal():
        return tr("{field} (block {number})").format(field=name, number=int(parts[-2]) + 1)
    return name


def idle(path: str, base: Experiment, varied: Collection[str]) -> str:
    """Why a field changes nothing in this experiment; '' where it does."""
    if path == "train.momentum" and base.train.optimizer in ("adam", "adamw") and "train.optimizer" not in varied:
        return tr("{optimizer} does not use it: every value trains the same network").format(
            optimizer=LABELS[base.train.optimizer])
    return ""
