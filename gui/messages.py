"""What the window has to say to a person, as values: what happened, what was kept, what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Action:
    """A button of a message: its label and what it does."""

    label: str
    run: Callable[[], object]
    keeps: bool = False
    """Whether the message stays: the button only asks further, and the person may decide for another one."""


@dataclass(frozen=True)
class Message:
    """One message for the bar; equal texts collapse into one with a count.

    ``key`` names what it is about: a newer message with the same key takes the place of the older one.
    """

    text: str
    kind: Literal["error", "warning", "information"] = "error"
    actions: tuple[Action, ...] = ()
    details: str = field(default="", compare=False)
    details_label: str = field(default="", compare=False)
    """What the button that shows the details says; '' for the usual."""
    key: str = ""
