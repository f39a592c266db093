"""The trash beside the runs: a deleted run lies there whole, under its own name, until it is brought back."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from engine import storage
from engine.runfiles import lock
from engine.runfiles.notices import RunError, reason

NAME = ".trash"
"""Hidden, so that no list of runs looks into it."""


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
    try:
        storage.move(place, folder)
    except OSError as error:
        raise RunError("run.restore", f"The run could not be brought back ({reason(error)}). It is in {place}.",
                       place=str(place), detail=reason(error)) from error
