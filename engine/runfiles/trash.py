"""The trash beside the runs: a deleted run lies there whole, under its own name, until it is brought back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from engine import storage
from engine.runfiles import lock
from engine.runfiles.notices import RunError, reason

NAME = ".trash"
"""Hidden, so that no list of runs looks into it."""


@dataclass(frozen=True)
class Trash:
    """What lies in the trash of a folder of runs: the names of the runs there, and their bytes."""

    folder: Path
    names: tuple[str, ...]
    size: int


@dataclass(frozen=True)
class Emptied:
    """How many runs are deleted for good so far, and (name, reason) of those that could not be."""

    gone: int
    left: tuple[tuple[str, str], ...] = ()


def refuse_held(folder: Path) -> None:
    """Raise Locked for a run that somebody trains, here or on another host."""
    found = lock.holder(folder)
    if found is not None:
        raise lock.refusal(found)


def trash(folder: Path) -> Path:
    """Move a run out of the list; -> where it lies now. Raises Locked while it is trained, RunError."""
    refuse_held(folder)
    try:
        storage.make_folder(folder.parent / NAME)
        places = (folder.parent / NAME / f"{folder.name}{f'_{number}' if number > 1 else ''}" for number in count(1))
        return storage.move(folder, next(place for place in places if not place.exists()))
    except OSError as error:
        raise RunError("run.trash", f"The run {folder.name} could not be moved to the trash ({reason(error)}). "
                       "It is where it was.", name=folder.name, detail=reason(error)) from error


def restore(place: Path, folder: Path) -> None:
    """Move a run from wherever the trash put it back to its folder. Raises RunError; it stays in the trash then."""
    if not place.exists():
        raise RunError("run.restore", "The run could not be brought back: it is no longer in the trash.",
                       place=str(place), detail="")
    try:
        storage.move(place, folder)
    except OSError as error:
        raise RunError("run.restore", f"The run could not be brought back ({reason(error)}). It is in {place}.",
                       place=str(place), detail=reason(error)) from error


def look(runs_dir: Path) -> Trash:
    """What lies in the trash beside the runs; links are neither counted nor followed. Raises RunError."""
    folder = runs_dir / NAME
    if folder.is_symlink() or not folder.exists():
        return Trash(folder, (), 0)
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        return Trash(folder, tuple(names), sum(_size(folder / name) for name in names))
    except OSError as error:
        raise RunError("run.trash_unreadable", f"The trash {folder} could not be read ({reason(error)}). Nothing was "
                       "deleted.", folder=str(folder), detail=reason(error)) from error


def empty(found: Trash) -> Iterator[Emptied]:
    """Delete these runs for good, one a turn, and none that came later; the others go on when one cannot be deleted."""
    left: tuple[tuple[str, str], ...] = ()
    gone = 0
    for name in found.names:
        try:
            storage.remove_folder(found.folder / name)
            gone += 1
        except OSError as error:
            left = (*left, (name, reason(error)))
        yield Emptied(gone, left)


def _size(folder: Path) -> int:
    """Bytes of the files in a folder and below it. Raises OSError where it cannot be read."""
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                total += _size(Path(entry.path))
            else:
                total += entry.stat(follow_symlinks=False).st_size
    return total
