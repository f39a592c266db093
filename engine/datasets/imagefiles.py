"""Which files of a folder are its images: found, sorted, given their classes, or left out with a reason."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from engine.datasets.sources import DataError
from engine.runfiles.notices import reason

ENDINGS = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm")
"""By which an image file is known; what it holds is found out when it is read."""

KINDS = "PNG, JPEG, WebP, BMP, GIF, TIFF, PPM"

ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")

FOREIGN = (".heic", ".heif", ".avif", ".jxl", ".svg", ".psd", ".ico", ".jp2", ".raw", ".dng", ".cr2", ".cr3", ".nef",
           ".arw")
"""Images of kinds that are not read; they are named in the report and not passed over in silence."""

LEFT_BY_SYSTEMS = ("__MACOSX", "@eaDir", "$RECYCLE.BIN")
"""Folders that systems leave behind, with small copies of images."""


@dataclass(frozen=True)
class Skipped:
    """A file that is left out: ``text`` says why in English, ``code`` and ``values`` in another language."""

    name: str
    code: str
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", readable(self.name))


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A file below the folder: its name with '/', and the folder right below that it lies in, '' for none."""

    name: str

    @property
    def top(self) -> str:
        """'cats' of 'cats/young/tom.png'."""
        return self.name.partition("/")[0] if "/" in self.name else ""

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return str(PurePosixPath(self.name).with_suffix(""))


def readable(name: str) -> str:
    """A name with a '?' for every byte of it that is no text."""
    return name.encode("utf-8", "replace").decode()


def root(folder: str, field: str = "data.folder") -> Path:
    """The folder that a person named in a field. Raises DataError where there is none, or it is a file."""
    if not folder.strip():
        raise DataError("data.folder_unset", "No folder of images is chosen. Choose one.", field=field, value="")
    try:
        path = Path(folder).expanduser().absolute()
        path.stat()
    except (OSError, ValueError, RuntimeError) as error:
        why = reason(error) if isinstance(error, OSError) else "the name cannot be used"
        raise DataError("data.folder_unreadable", f"{folder} cannot be read ({why}). Choose another folder, or connect "
                        "the disk it is on.", folder=folder, reason=why, field=field, value=folder) from error
    if not path.is_dir():
        archive = path.suffix.lower() in ARCHIVES
        kind, remedy = ("an archive", "Unpack it") if archive else ("a file", "Choose the folder it lies in")
        raise DataError("data.not_folder", f"{path.name} is {kind}; only folders of images can be imported. "
                        f"{remedy}.", name=path.name, archive=archive, field=field, value=folder)
    return path


def found(folder: Path, recursive: bool, classes: bool) -> Iterator[ImageFile | Skipped]:
    """The images of a folder in the order of their names; hidden files and what is no image are passed over.

    With ``classes`` every folder right below is one. Raises DataError where the folder itself cannot be read.
    """
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise DataError("data.folder_unreadable", f"{folder} cannot be read ({reason(error)}). Choose another folder, "
                        "or allow yourself to read it.", folder=str(folder), reason=reason(error),
                        field="data.folder", value=str(folder)) from error
    yield from _walk(folder, "", 1 if classes else 0, recursive, classes, {os.path.realpath(folder)})


def _walk(folder: Path, prefix: str, deeper: int, recursive: bool, classes: bool,
          above: set[str]) -> Iterator[ImageFile | Skipped]:
    """One folder and what is wanted below it; links that lead back up are not followed."""
    try:
        with os.scandir(folder) as entries:
            there = sorted((entry.name, _is_folder(entry)) for entry in entries if _is_seen(entry.name))
    except OSError as error:
        yield Skipped(prefix, "image.unreadable", f"it could not be read ({reason(error)})", {"reason": reason(error)})
        return
    for name, is_folder in there:
        if not is_folder:
            yield from _judged(prefix + name, classes)
        elif (recursive or deeper) and (real := os.path.realpath(folder / name)) not in above:
            yield from _walk(folder / name, f"{prefix}{name}/", max(0, deeper - 1), recursive, classes, above | {real})


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder or a link to one; a link to itself is neither."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_seen(name: str) -> bool:
    return not name.startswith(".") and name not in LEFT_BY_SYSTEMS


def _judged(name: str, classes: bool) -> Iterator[ImageFile | Skipped]:
    """What a file is taken for, by its name; nothing for what is plainly no image."""
    ending = os.path.splitext(name)[1].lower()  # noqa: PTH122 - a Path for each of 200,000 names takes seconds
    if ending in ENDINGS:
        if classes and "/" not in name:
            yield Skipped(name, "image.class", "not in the folder of a class")
        else:
            yield ImageFile(name)
    elif ending in ARCHIVES:
        yield Skipped(name, "image.archive", "an archive; only folders are read")
    elif ending in FOREIGN:
        yield Skipped(name, "image.kind", f"{ending[1:].upper()} is not read; save it as PNG or JPEG",
                      {"kind": ending[1:].upper()})


def nothing(folder: Path, field: str, value: str, skipped: int) -> DataError:
    """The error for a folder in which no image can be used."""
    told = f"; {skipped} could not be used" if skipped else ""
    return DataError("data.folder_empty", f"No images found in {folder} (looked for {KINDS}{told}). Choose another "
                     "folder, or look below it too with 'Folders below'.", folder=str(folder), kinds=KINDS,
                     skipped=skipped, field=field, value=value)
