"""Files that are the old one or the new one, tensors in which damage is found, lines that are whole or not there.

The only place that writes a run. Every call to the system goes through ``os`` by name, so that a test can let each of
them fail once, and no error is swallowed: whoever saves decides what to do about it.
"""
# ruff: noqa: PTH102, PTH104, PTH105, PTH108, PTH112, PTH116

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from engine.runfiles import tensorfile
from engine.runfiles.notices import DamagedFile, reason
from engine.runfiles.process import started

if TYPE_CHECKING:
    from torch import Tensor

TEMPORARY = ".tmp"
"""Ending of a file that is being written; one that is found later was left by a crash."""

ABANDONED_S = 3600
"""Nobody writes at one file for longer."""

_WRITER = re.compile(rf"\.(\d{{1,9}})(\.\w+)?{re.escape(TEMPORARY)}$")
"""The number of the process in a temporary's name."""

_BINARY = getattr(os, "O_BINARY", 0)
_PIECE = 1 << 16

Fill = Callable[[Path], None]
"""Writes the files of a new folder."""

Found = TypeVar("Found")

Unreadable = Callable[[Path, OSError], None]
"""Hears of what cannot be read, and why."""

Stamp = tuple[int, int, int]
"""Time of the last change in ns, bytes, and number of a file: when equal, the content is taken as unchanged."""


def write_atomic(path: Path, data: bytes) -> None:
    """Put a file in place durably: whatever happens, the path holds its old content or the new one. Raises OSError."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        _write_new(temporary, data)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folder(path.parent)


def _write_new(path: Path, data: bytes) -> None:
    """Write a file from its beginning, down to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o666)
    try:
        _write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    """All of the data, in one call where the system takes it."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest):]


def sync_folder(folder: Path) -> None:
    """Make new names in a folder durable, on systems that can."""
    if os.name == "nt":  # Windows has no such call; its journal keeps renames in order
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems
            raise
    finally:
        os.close(descriptor)


def sync(path: Path) -> None:
    """Make what was appended to a file durable, and its name too."""
    descriptor = os.open(path, os.O_RDWR | _BINARY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def append_line(path: Path, line: bytes, after: int | None = None) -> int:
    """Add one whole line, or nothing when it fails; -> bytes of the file then. Raises OSError.

    A torn tail goes first, and with ``after`` everything behind that byte: so a failed call is repeated with the same
    arguments without leaving the line twice.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _BINARY, 0o666)
    try:
        end = _cut(descriptor, after)
        os.lseek(descriptor, end, os.SEEK_SET)
        try:
            _write(descriptor, line + b"\n")
        except BaseException:
            os.ftruncate(descriptor, end)
            raise
    finally:
        os.close(descriptor)
    return end + len(line) + 1


def cut_lines(path: Path, after: int) -> int:
    """Drop everything behind a byte, back to the last whole line; -> bytes left, 0 for no file. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDWR | _BINARY)
    except FileNotFoundError:
        return 0
    try:
        return _cut(descriptor, after)
    finally:
        os.close(descriptor)


def _cut(descriptor: int, after: int | None) -> int:
    """Truncate an open file to whole lines within its first ``after`` bytes; -> where it ends now."""
    size = os.fstat(descriptor).st_size
    end = _last_line_end(descriptor, size if after is None else min(size, after))
    if end != size:
        os.ftruncate(descriptor, end)
    return end


def _last_line_end(descriptor: int, end: int) -> int:
    """The place after the last newline before ``end``, 0 when there is none."""
    while end > 0:
        start = max(0, end - _PIECE)
        os.lseek(descriptor, start, os.SEEK_SET)
        found = os.read(descriptor, end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


@dataclass(frozen=True)
class Lines:
    """The JSON values of a file of lines by their line numbers from 1, and the numbers of those that are none."""

    records: tuple[tuple[int, Any], ...]
    bad: tuple[int, ...]


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def read_lines(path: Path) -> Lines:
    """One JSON value a line; a tail without an end is left out, no file is no lines. Raises DamagedFile."""
    records: list[tuple[int, Any]] = []
    bad: list[int] = []
    for number, line in enumerate(read(path, missing=b"").split(b"\n")[:-1], start=1):
        try:
            records.append((number, _DECODER.decode(line.decode())))
        except (ValueError, RecursionError):
            bad.append(number)
    return Lines(tuple(records), tuple(bad))


def read(path: Path, missing: bytes | None = None) -> bytes:
    """All bytes of a file; ``missing`` where there is none. Raises DamagedFile in place of OSError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        if missing is not None:
            return missing
        raise DamagedFile("file.missing", f"{path.name} is missing.", name=path.name, detail="it is missing") from None
    except (OSError, ValueError) as error:
        detail = reason(error) if isinstance(error, OSError) else str(error)
        raise DamagedFile("file.unreadable", f"{path.name} cannot be read ({detail}).", name=path.name,
                          detail=detail) from error


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Put a safetensors file in place, with a checksum over everything in it. Raises OSError."""
    write_atomic(path, tensorfile.pack(tensors, metadata))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What ``write_tensors`` wrote: tensors and metadata. Raises DamagedFile when anything is not as it was."""
    return tensorfile.unpack(read(path))


_DAMAGED: set[tuple[Path, Stamp]] = set()
"""Files that ``verify`` found damaged, as they were then."""


def verify(path: Path) -> dict[str, Any]:
    """Metadata of a tensor file that is as it was written; all of it is read, without torch. Raises DamagedFile."""
    seen = stamp(path)
    try:
        return tensorfile.check(read(path))
    except DamagedFile:
        _DAMAGED.add((path, seen))
        raise


def known_damaged(path: Path) -> bool:
    """Whether ``verify`` has found this file damaged and it has not changed since; never reads it."""
    return bool(_DAMAGED) and (path, stamp(path)) in _DAMAGED


def stamp(path: Path) -> Stamp:
    """What changes when a file does; zeros when it cannot be seen."""
    try:
        seen = os.stat(path)
    except (OSError, ValueError):
        return 0, 0, 0
    return seen.st_mtime_ns, seen.st_size, seen.st_ino


def listing(folder: Path) -> list[tuple[str, int]]:
    """Names in a folder, sorted, with their bytes; empty when there is no such folder. Raises OSError otherwise."""
    try:
        with os.scandir(folder) as entries:
            return sorted(_sizes(entries))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _sizes(entries: Iterable[os.DirEntry[str]]) -> Iterator[tuple[str, int]]:
    """Names with their bytes; what vanishes while the others are looked at is left out."""
    for entry in entries:
        with contextlib.suppress(FileNotFoundError):
            yield entry.name, entry.stat(follow_symlinks=False).st_size


def make_folder(folder: Path) -> None:
    """Make a folder in one that exists, if it is not there. Raises OSError."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)


def remove(path: Path) -> None:
    """Delete a file, if it is there. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def set_aside(path: Path) -> Path:
    """Rename a file that is in the way to ``….damaged``, ``….damaged-2``, …; -> its new place. Raises OSError."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged{f'-{number}' if number > 1 else ''}")).exists():
        number += 1
    os.rename(path, aside)
    return aside


def move(source: Path, target: Path) -> Path:
    """Rename a file or folder within one file system, never onto another; -> its new place. Raises OSError."""
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    os.rename(source, target)
    sync_folder(target.parent)
    return target


def remove_folder(folder: Path) -> None:
    """Delete a folder with all that is in it, of links only the links, if it is there. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


def remove_leftovers(folder: Path) -> None:
    """Delete files that a crash left half written, and none that a live process may be writing. Raises OSError."""
    for name, _ in listing(folder):
        if name.endswith(TEMPORARY) and not _is_at_work(folder / name):
            remove(folder / name)


def _is_at_work(temporary: Path) -> bool:
    """Whether the process in a temporary's name lives and began it a short time ago; numbers are used again."""
    writer = _WRITER.search(temporary.name)
    return writer is not None and _age_s(temporary) < ABANDONED_S and started(int(writer[1])) is not None


def _age_s(path: Path) -> float:
    """Seconds since a file or folder changed."""
    return time.time() - stamp(path)[0] / 1e9


def new_folder(parent: Path, name: str, fill: Fill) -> Path:
    """Make a folder that has its name only once ``fill`` has filled it; a taken name gets a number. Raises OSError."""
    temporary = parent / f".{name[:100]}.{os.getpid()}{TEMPORARY}"
    try:
        os.mkdir(temporary)
        fill(temporary)
        sync_folder(temporary)
        final = _named(temporary, parent, name)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_folder(parent)
    return final


def _named(folder: Path, parent: Path, name: str) -> Path:
    """Rename a folder to ``name``, ``name_2``, … whichever is free. Raises OSError."""
    number = 1
    while (final := parent / (f"{name}_{number}" if number > 1 else name)).exists():
        number += 1
    try:
        os.rename(folder, final)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY):  # taken since we looked
            return _named(folder, parent, name)
        raise
    return final


def remove_unfinished(parent: Path) -> None:
    """Delete folders that a crash left without their final name, once nobody can be filling them. Raises OSError."""
    for name, _ in listing(parent):
        if name.startswith(".") and name.endswith(TEMPORARY) and _age_s(parent / name) > ABANDONED_S:
            shutil.rmtree(parent / name)


def copy_files(source: Path, target: Path, unreadable: Unreadable | None = None) -> None:
    """Copy what a run consists of, folders included, without its lock and without leftovers. Raises OSError.

    What cannot be read is left out and told to ``unreadable``; without one, that is an error like any other.
    """
    for name, _ in _attempt(listing, source, unreadable) or ():
        place = source / name
        if name == "run.lock" or name.endswith(TEMPORARY):
            continue
        if os.path.isdir(place):
            make_folder(target / name)
            copy_files(place, target / name, unreadable)
        elif (content := _attempt(Path.read_bytes, place, unreadable)) is not None:
            write_atomic(target / name, content)


def _attempt(look: Callable[[Path], Found], path: Path, unreadable: Unreadable | None) -> Found | None:
    """What is found at a path; None for what cannot be read, where somebody wants to hear of it. Raises OSError."""
    try:
        return look(path)
    except OSError as error:
        if unreadable is None:
            raise
        unreadable(path, error)
        return None
