"""Fetch a data set when the user asks for it: continued where it stopped, verified, and put in place whole.

A generator drives it (see :mod:`engine.datasets.transfer` for the thread beneath). ``close()`` cancels; what has come
stays in a ``.part`` file, and the next call continues there. pooch and torchvision can neither continue, cancel nor
time out.
"""

from __future__ import annotations

import collections
import contextlib
import errno
import gzip
import hashlib
import os
import tarfile
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine import storage
from engine.datasets.sources import SOURCES, SUMS, Archive, DataError, File, folder_of, is_intact, md5_of, recorded_sums
from engine.datasets.transfer import TIMEOUTS_S, Head, TransferError, pieces
from engine.fields import LABELS

ATTEMPTS = 5
"""How often a mirror may cut the connection before the next one is tried."""

REPORT_S, RATE_S = 0.05, 3.0
"""Time between two reports, and the time over which the rate is taken."""

GZIP = b"\x1f\x8b"
"""How every archive begins."""

BLOCK = 1 << 20
"""Bytes unpacked between two yields."""


class Readable(Protocol):
    """An open file, a member of an archive, or a stream that is unpacked as it is read."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""


class DownloadError(DataError):
    """A data set that could not be fetched: why, how many mirrors were tried, how much is kept."""


@dataclass(frozen=True)
class Progress:
    """How far the whole data set is: the file at work, bytes received and in all, bytes per second."""

    file: str
    received: int
    total: int
    rate: float


def download(name: str, data_dir: Path, mirrors: Sequence[str] | None = None,
             timeouts_s: tuple[float, float] = TIMEOUTS_S) -> Iterator[Progress]:
    """Fetch what is missing or damaged of a data set into the data folder. Raises DownloadError."""
    source, folder = SOURCES[name], folder_of(name, data_dir)
    mirrors = tuple(mirrors or source.mirrors)
    meter = _Meter(source.size)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for archive in source.archives:
            yield meter.report(archive.name)
            if not _in_place(name, archive, folder):
                part = folder / f"{archive.name}.part"
                yield from _fetch(archive, part, mirrors, timeouts_s, meter)
                yield from _unpack(archive, part, folder, meter)
                part.unlink()
            meter.finish(archive.size)
            yield meter.report(archive.name)
    except TransferError as error:
        raise _failure(name, folder, len(mirrors), error.code, error.reason) from error
    except OSError as error:
        code = "disk_full" if error.errno == errno.ENOSPC else "folder"
        raise _failure(name, folder, 0, code, _disk_reason(error, folder)) from error


def use_file(name: str, data_dir: Path, path: Path) -> Iterator[Progress]:
    """Take a file the user already has, packed or unpacked, known by its checksum. Raises DownloadError."""
    source, folder = SOURCES[name], folder_of(name, data_dir)
    meter = _Meter(source.size)
    try:
        checksum = md5_of(path)
    except OSError as error:
        raise _unusable(path, f"it cannot be read ({(error.strerror or str(error)).lower()})") from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for archive in source.archives:
            if archive.md5 == checksum:
                yield from _unpack(archive, path, folder, meter)
                return
            for file in archive.files:
                if file.md5 == checksum:
                    with path.open("rb") as stream:
                        yield from _install(stream, file, folder, archive.name, meter)
                    return
    except (TransferError, OSError) as error:
        reason = error.reason if isinstance(error, TransferError) else _disk_reason(error, folder)
        raise _unusable(path, reason) from error
    names = ", ".join(archive.name for archive in source.archives)
    raise DownloadError("download.unknown_file", f"{path.name} is not one of the files of {LABELS[name]} ({names}).",
                        path=str(path))


def _unusable(path: Path, reason: str) -> DownloadError:
    """Why a file that the user chose was not taken."""
    return DownloadError("download.file", f"{path.name} could not be used: {reason}.", path=str(path))


class _Meter:
    """Counts the bytes of finished archives and of the one at work, and how fast they come."""

    def __init__(self, total: int) -> None:
        self.total, self.finished, self.received, self.came = total, 0, 0, 0
        self._recent = collections.deque([(time.monotonic(), 0)])

    def finish(self, size: int) -> None:
        """One archive is in place."""
        self.finished, self.received = self.finished + size, 0

    def add(self, count: int) -> None:
        """Bytes of the archive at work came over the net."""
        self.received, self.came = self.received + count, self.came + count

    def is_due(self) -> bool:
        """Whether the last report is old enough for another."""
        return time.monotonic() - self._recent[-1][0] >= REPORT_S

    def report(self, file: str) -> Progress:
        """The state now; the rate counts only bytes that came over the net in the last seconds."""
        now = time.monotonic()
        self._recent.append((now, self.came))
        while now - self._recent[0][0] > RATE_S and len(self._recent) > 2:
            self._recent.popleft()
        then, came = self._recent[0]
        rate = (self.came - came) / (now - then) if now > then else 0.0
        return Progress(file, self.finished + self.received, self.total, rate)


def _in_place(name: str, archive: Archive, folder: Path) -> bool:
    """Whether all that comes out of an archive is there and intact."""
    return all(is_intact(name, folder / file.name, file) for file in archive.files)


def _fetch(archive: Archive, part: Path, mirrors: Sequence[str], timeouts_s: tuple[float, float],
           meter: _Meter) -> Iterator[Progress]:
    """The verified archive into ``part``, from the first mirror that has it. Raises the last mirror's TransferError."""
    for number, mirror in enumerate(mirrors, start=1):
        try:
            yield from _from_mirror(f"{mirror.rstrip('/')}/{archive.name}", archive, part, timeouts_s, meter)
            return
        except TransferError:
            if number == len(mirrors):
                raise


def _from_mirror(url: str, archive: Archive, part: Path, timeouts_s: tuple[float, float],
                 meter: _Meter) -> Iterator[Progress]:
    """The same from one mirror; a cut connection is continued while each attempt brings more. Raises TransferError."""
    for attempt in range(1, ATTEMPTS + 1):
        before = _size(part)
        try:
            if before < archive.size:
                yield from _transfer(url, archive, part, timeouts_s, meter)
            break
        except TransferError as error:
            if error.code in ("range", "status 416"):
                part.unlink()  # what is there cannot be continued: the next try starts again
            if error.code not in ("cut", "timeout") or _size(part) <= before or attempt == ATTEMPTS:
                raise
    if _size(part) != archive.size or md5_of(part) != archive.md5:
        part.unlink()
        raise TransferError("checksum", "the file is not the published one (wrong checksum)")


def _transfer(url: str, archive: Archive, part: Path, timeouts_s: tuple[float, float],
              meter: _Meter) -> Iterator[Progress]:
    """One connection: append to ``part`` what is still missing. Raises TransferError; what came stays."""
    meter.received = _size(part)
    stream = pieces(url, meter.received, timeouts_s)
    with contextlib.closing(stream), part.open("ab") as output:
        for item in stream:
            if isinstance(item, Head):
                meter.received = item.start
            elif item:
                if meter.received == 0:
                    _refuse_other(item)
                output.truncate(meter.received)  # a server that starts again does so once it really sends
                output.write(item)
                meter.add(len(item))
            if meter.received > archive.size:
                break
            if meter.is_due():
                yield meter.report(archive.name)
    if _size(part) < archive.size:
        raise TransferError("cut", "the connection was cut")


def _refuse_other(beginning: bytes) -> None:
    """Stop before, say, a hotel's sign-in page replaces what is kept of an archive. Raises TransferError."""
    if b"<" in beginning[:64] and beginning[:2] != GZIP:
        raise TransferError("page", "a web page came instead of the file (does this network want you to sign in?)")
    if beginning[:2] != GZIP:
        raise TransferError("other", "something else came instead of the file")


def _unpack(archive: Archive, packed: Path, folder: Path, meter: _Meter) -> Iterator[Progress]:
    """Put each file of an archive in place. Raises TransferError where its content is not what was published."""
    try:
        if archive.name.endswith(".tar.gz"):
            wanted = {file.name: file for file in archive.files}
            with tarfile.open(packed, "r:gz") as tar:
                for member in tar:  # only known names are written, and only as plain files in our folder
                    file = wanted.pop(member.name.rsplit("/", 1)[-1], None)
                    content = tar.extractfile(member) if file and member.isfile() else None
                    if file and content:
                        yield from _install(content, file, folder, archive.name, meter)
        else:
            with gzip.open(packed) as unpacked:
                yield from _install(unpacked, archive.files[0], folder, archive.name, meter)
    except (gzip.BadGzipFile, zlib.error, tarfile.TarError, EOFError) as error:
        raise TransferError("archive", f"the archive cannot be unpacked ({error})") from error


def _install(content: Readable, file: File, folder: Path, label: str, meter: _Meter) -> Iterator[Progress]:
    """Copy to a temporary file, verify, and rename: the final name never holds half a file. Raises TransferError."""
    temporary = folder / f"{file.name}.tmp"
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with temporary.open("wb") as output:
            while output.tell() <= file.size and (block := content.read(BLOCK)):
                output.write(block)
                digest.update(block)
                yield meter.report(label)
            output.flush()
            os.fsync(output.fileno())
        if temporary.stat().st_size != file.size or file.md5 not in ("", digest.hexdigest()):
            raise TransferError("checksum", f"{file.name} is not the published one (wrong checksum)")
        temporary.replace(folder / file.name)
    finally:
        temporary.unlink(missing_ok=True)
    if not file.md5:
        _record_sum(folder, file.name, digest.hexdigest())


def _record_sum(folder: Path, name: str, checksum: str) -> None:
    """Remember what came out of a verified archive, for files whose own checksum nobody published."""
    sums = {**recorded_sums(folder), name: checksum}
    storage.write_atomic(folder / SUMS, "".join(f"{md5}  {file}\n" for file, md5 in sums.items()).encode("ascii"))


def _size(path: Path) -> int:
    """Bytes of a file, 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _failure(name: str, folder: Path, mirrors: int, code: str, reason: str) -> DownloadError:
    """What happened, what was kept, what to do."""
    source = SOURCES[name]
    kept = sum(archive.size if _in_place(name, archive, folder) else _size(folder / f"{archive.name}.part")
               for archive in source.archives)
    tried = f", tried {mirrors} mirror{'s' * (mirrors > 1)}" if mirrors else ""
    nothing = "Choose another data folder." if code == "folder" else "Nothing was kept; Retry starts again."
    rest = (f"Kept {kept // 1_000_000} of {source.size // 1_000_000} MB; Retry continues." if kept
            else nothing)
    return DownloadError(f"download.{code}", f"{LABELS[name]} could not be downloaded: {reason}{tried}. {rest}",
                         name=name, reason=reason, mirrors=mirrors, kept=kept, total=source.size)


def _disk_reason(error: OSError, folder: Path) -> str:
    """An error of the file system as the end of 'could not be downloaded: …'."""
    if error.errno == errno.ENOSPC:
        return f"the disk is full ({folder})"
    return f"cannot write to {folder} ({(error.strerror or str(error)).lower()})"
