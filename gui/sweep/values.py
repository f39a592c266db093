"""The values of an axis as a person types them, and back; and why some cannot be taken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QCoreApplication

from gui.widgets.fields import Spec, number_text

SHOWN = 3
"""So many values are shown before the last one."""


def tr(text: str) -> str:
    """A text of this file in the user's language."""
    return QCoreApplication.translate("values", text)


class NotTaken(ValueError):
    """A text that is no value of the field; the message says why and what to write."""


def parsed(text: str, field: Spec) -> tuple[Any, ...]:
    """'0.1, 0.5' -> (0.1, 0.5), '0,1; 0,5' as well; choices by their names. Raises NotTaken."""
    return tuple(_value(part, field) for part in _parts(text, field.kind in ("whole", "number")))


def _parts(text: str, numbers: bool) -> list[str]:
    """What stands between commas; between semicolons where there are any, and numbers also between spaces."""
    if ";" in text:
        found = [part.replace(",", ".") if numbers else part for part in text.split(";")]
    else:
        found = re.split(r"[,\s]+" if numbers else ",", text)
    return [part.strip() for part in found if part.strip()]


def _value(text: str, field: Spec) -> Any:
    if field.kind in ("whole", "number"):
        return number(text, field)
    names = {str(value).casefold(): value for value in values_of(field)}
    names |= {text_of(value, field).casefold(): value for value in values_of(field)}
    if field.kind in ("choice", "flag"):
        if text.casefold() not in names:
            raise NotTaken(tr("'{text}' is no {field}. Use {choices}.").format(
                text=text, field=field.label, choices=texts_of(values_of(field), field)))
        return names[text.casefold()]
    return text


def number(text: str, field: Spec) -> int | float:
    """A number that the field takes. Raises NotTaken."""
    try:
        value = float(text)
    except ValueError:
        raise NotTaken(tr("'{text}' is not a number.").format(text=text)) from None
    if field.kind == "whole" and not value.is_integer():
        raise NotTaken(tr("'{text}' is not a whole number.").format(text=text))
    if refusal := field.refusal(value):
        raise NotTaken(refusal)
    return int(value) if field.kind == "whole" else value


def values_of(field: Spec) -> tuple[Any, ...]:
    """Everything that a choice, or yes and no, can be; () for numbers."""
    return (True, False) if field.kind == "flag" else tuple(value for value, _ in field.choices)


def refusal(values: Iterable[Any], field: Spec) -> str:
    """Why one of these cannot be taken; '' when all can."""
    try:
        for value in values:
            _value(str(value), field)
    except NotTaken as error:
        return str(error)
    return ""


def text_of(value: Any, field: Spec | None = None) -> str:
    """A value as it is typed and read, with no digit lost: '0.15', 'Adam', 'yes'."""
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, int | float):
        short = number_text(value)
        return short if float(short) == value else repr(value)
    return dict(field.choices).get(value, str(value)) if field is not None else str(value)


def texts_of(values: Iterable[Any], field: Spec | None = None) -> str:
    """'0.1, 0.5, 0.9'."""
    return ", ".join(text_of(value, field) for value in values)


def summary(values: Sequence[Any], field: Spec | None = None) -> str:
    """'19 values: 0.05, 0.1, 0.15 … 0.95'."""
    if not values:
        return ""
    if len(values) == 1:
        return tr("1 value: {value}").format(value=_brief(values[0], field))
    some = values if len(values) <= SHOWN + 1 else values[:SHOWN]
    rest = "" if some is values else f" … {_brief(values[-1], field)}"
    said = ", ".join(_brief(value, field) for value in some)
    return tr("{count} values: {some}").format(count=f"{len(values):,}", some=said) + rest


def _brief(value: Any, field: Spec | None) -> str:
    """A value with four digits that matter."""
    return text_of(float(f"{value:.4g}") if isinstance(value, float) else value, field)
