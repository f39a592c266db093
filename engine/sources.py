"""What the files of each data set are, where they come from, and whether they lie here intact. No torch, no numpy."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

DATA_DIR_VARIABLE = "AUTOENCODER_EXPLORER_DATA"


class DataError(Exception):
    """Images that cannot be had; ``code`` and ``values`` let the window say ``message`` in another language."""

    def __init__(self, code: str, message: str, **values: Any) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.values: Mapping[str, Any] = values


class MissingData(DataError):
    """The files of a data set are not in the data folder."""


class DamagedData(DataError):
    """A file of a data set is cut short, or is not what its publisher gave out."""


@dataclass(frozen=True)
class Status:
    """Whether a data set can be used now: what the window says about it, and the bytes a download would fetch."""

    state: Literal["built in", "present", "missing", "damaged"]
    text: str
    download_bytes: int = 0


def default_data_dir() -> Path:
    """The folder named by AUTOENCODER_EXPLORER_DATA, else the user's own data folder on this system."""
    if chosen := os.environ.get(DATA_DIR_VARIABLE):
        return Path(chosen).expanduser()
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "autoencoder-explorer" / "data"
