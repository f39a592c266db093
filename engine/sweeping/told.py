"""What a sweep is ordered with, and what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.answers import Pictures
from engine.sweep import Sweep, Trial
from engine.sweeping.folder import SweepFolder
from engine.sweeping.results import Row


@dataclass(frozen=True)
class SweepOrder:
    """Everything that a sweep needs; ``folder`` is the one to continue, None for a new one."""

    sweep: Sweep
    data_dir: Path
    runs_dir: Path
    workers: int = 0
    """0: as many as do most here."""
    cluster: str = ""
    """Address of a Dask scheduler; '': this machine."""
    threads: int = 1
    """Of each worker."""
    device: str = "auto"
    """'cuda', or 'auto' where there is a GPU: networks that differ only in numbers are trained together there, unless
    ``workers`` or ``cluster`` says otherwise. Everything else is done on processors."""
    folder: SweepFolder | None = None


@dataclass(frozen=True)
class Opened:
    """The sweep has its folder, and these trainings before it; those of a drawn sweep come as they are drawn."""

    folder: SweepFolder
    trials: tuple[Trial, ...]
    total: int
    rows: tuple[Row, ...]
    pictures: Mapping[int, Pictures] = field(default_factory=dict)
    """Those that are remembered, by number; that of the original at ``results.ORIGINAL``."""


@dataclass(frozen=True)
class Drawn:
    """A combination was drawn: these trainings are new, and their rows."""

    trials: tuple[Trial, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Staffed:
    """So many workers are at it from here on."""

    workers: int


@dataclass(frozen=True)
class Begun:
    """A training was handed out."""

    trial: Trial


@dataclass(frozen=True)
class Told:
    """A training came so far, or to its end; the picture is of the probe image, where there is one."""

    row: Row
    over: bool
    picture: Pictures | None = None
    message: str = ""
    original: Pictures | None = None
    """What the probe image is to look like."""


@dataclass(frozen=True)
class Swept:
    """The end: the table, and whether all of it is done."""

    folder: SweepFolder
    rows: tuple[Row, ...]
    complete: bool
