"""What a run has to say to a person: a code and values for the window to translate, and the English text."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Notice:
    """Something to be told: ``message`` is English, ``code`` and ``values`` say it in another language."""

    code: str
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)


class RunError(Exception):
    """A run, or a file of one, that cannot be used as asked."""

    def __init__(self, code: str, message: str, **values: Any) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.values: Mapping[str, Any] = values

    @property
    def notice(self) -> Notice:
        """The same, as a value."""
        return Notice(self.code, self.message, self.values)


class DamagedFile(RunError):
    """A file whose content is not what was once written to it, or that is gone."""


class ProgramFile(DamagedFile):
    """A file that could run code when opened in its own way; it was not opened."""


class Locked(RunError):
    """The run is being trained by somebody else."""


class NewerVersion(RunError):
    """The run was made by a later version of the application: it is read, and never written."""


class NotWritable(RunError):
    """A folder that runs cannot be saved in."""


class NoCheckpoint(RunError):
    """A run without a checkpoint that verifies: it can be looked at but not resumed."""


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What systems say when a file has no room to grow."""

UNUSABLE_NAME = (errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP, errno.EILSEQ)
"""What systems say when a path cannot be."""

_REASONS = {errno.EACCES: "permission denied", errno.EPERM: "permission denied", errno.EROFS: "the disk is read-only",
            errno.ENOTDIR: "it is not a folder", errno.EEXIST: "it is not a folder", errno.ENOENT: "it does not exist",
            errno.EIO: "the disk reports an error"}


def reason(error: OSError) -> str:
    """An error of the system in words that stand inside a sentence: 'permission denied'."""
    number = error.errno or 0
    if number in FULL:
        return "the disk is full"
    return _REASONS.get(number) or (os.strerror(number).lower() if number else str(error) or type(error).__name__)


def not_writable(folder: Path, error: OSError) -> NotWritable:
    """What is in the way of writing in a folder."""
    if error.errno in UNUSABLE_NAME:
        return unusable(folder)
    return NotWritable("folder.unwritable", f"Cannot write to {folder} ({reason(error)}). Choose another folder.",
                       folder=str(folder), reason=reason(error))


def unusable(folder: Path) -> NotWritable:
    """A path that cannot be."""
    return NotWritable("folder.name", f"{folder}: this name cannot be used on this system", folder=str(folder))


def size_text(size: int) -> str:
    """Bytes for people, in powers of ten: 48 MB, 1.4 GB."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if size >= factor:
            number = size / factor
            return f"{number:.0f} {unit}" if number >= 10 or unit != "GB" else f"{number:.1f} {unit}"
    return f"{size} bytes"


def number_text(number: float) -> str:
    """A number as a person writes it: 1e6, 0.001."""
    mantissa, marker, exponent = f"{number:g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if marker else mantissa
