"""What the files of each data set are, where they come from, and whether they lie here intact. No torch, no numpy."""

from __future__ import annotations

import hashlib
import os
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.fields import LABELS

DATA_DIR_VARIABLE = "AUTOENCODER_EXPLORER_DATA"

BUILT_IN = ("digits", "shapes")

SUMS = "md5sums.txt"
"""Written beside files whose publisher gives sums only of the archive: what came out of the verified one."""


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
class File:
    """One unpacked file: its size, the bytes it begins with, and its published md5 ('' where there is none)."""

    name: str
    size: int
    head: bytes = b""
    md5: str = ""


@dataclass(frozen=True)
class Archive:
    """One file to fetch, and the files that come out of it."""

    name: str
    size: int
    md5: str
    files: tuple[File, ...]


@dataclass(frozen=True)
class Source:
    """A data set on the net and on the disk: ``folder`` below the data folder, as torchvision lays it out."""

    folder: str
    mirrors: tuple[str, ...]
    archives: tuple[Archive, ...]

    @property
    def files(self) -> tuple[File, ...]:
        """Every unpacked file, in order."""
        return tuple(file for archive in self.archives for file in archive.files)

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        return sum(archive.size for archive in self.archives)


@dataclass(frozen=True)
class Status:
    """Whether a data set can be used now: what the window says about it, and the bytes a download would fetch."""

    state: Literal["built in", "present", "missing", "damaged"]
    text: str
    download_bytes: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)


def _idx(name: str, shape: tuple[int, ...], md5: str, packed_size: int, packed_md5: str) -> Archive:
    """A gzipped file of unsigned bytes in LeCun's IDX format, http://yann.lecun.com/exdb/mnist."""
    head = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
    size = len(head) + shape[0] * (shape[1] * shape[2] if len(shape) == 3 else 1)
    return Archive(f"{name}.gz", packed_size, packed_md5, (File(name, size, head, md5),))


def _like_mnist(folder: str, mirrors: tuple[str, ...], sums: tuple[tuple[str, int, str], ...]) -> Source:
    """Four IDX files; ``sums`` are (md5 unpacked, size packed, md5 packed) in the order below."""
    shapes = {"train-images-idx3-ubyte": (60_000, 28, 28), "train-labels-idx1-ubyte": (60_000,),
              "t10k-images-idx3-ubyte": (10_000, 28, 28), "t10k-labels-idx1-ubyte": (10_000,)}
    archives = (_idx(name, shape, *values) for (name, shape), values in zip(shapes.items(), sums, strict=True))
    return Source(folder, mirrors, tuple(archives))


SOURCES: dict[str, Source] = {
    "mnist": _like_mnist("MNIST/raw", (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/"), (
        ("6bbc9ace898e44ae57da46a324031adb", 9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("a25bea736e30d166cdddb491f175f624", 28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
        ("2646ac647ad5339dbf082846283269ea", 1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
        ("27ae3e4e09519cfbb04c329615203637", 4_542, "ec29112dd5afa0611ce80d1b7f02629c"))),
    "fashion-mnist": _like_mnist("FashionMNIST/raw", (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"), (
        ("f4a8712d7a061bf5bd6d2ca38dc4d50a", 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("9018921c3c673c538a1fc5bad174d6f9", 29_515, "25c81989df183df01b3e8a0aad5dffbe"),
        ("8181f5470baa50b63fa0f6fddb340f0a", 4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
        ("15d484375f8d13e6eb1aabb0c3f46965", 5_148, "bb300cfdad3c16e7a12a480ee83cd310"))),
    "kmnist": _like_mnist("KMNIST/raw", ("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",), (
        ("", 18_165_135, "bdb82020997e1d708af4cf47b453dcf7"), ("", 29_497, "e144d726b3acfaa3e44228e80efcd344"),
        ("", 3_041_136, "5c965bf0a639b31b8f53240b1b52f4d7"), ("", 5_120, "7320c461ea6c1c855c0b718fb2a4b134"))),
    "cifar-10": Source("cifar-10-batches-bin", ("https://www.cs.toronto.edu/~kriz/",), (
        Archive("cifar-10-binary.tar.gz", 170_052_171, "c32a1d4ab5d03f1284b67883e8d87530", tuple(
            File(name, 10_000 * 3_073)
            for name in (*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"))),)),
}
"""Sizes and md5 sums as published by the makers and in torchvision's own registry."""


def default_data_dir() -> Path:
    """The folder named by AUTOENCODER_EXPLORER_DATA, else the user's own data folder on this system."""
    if chosen := os.environ.get(DATA_DIR_VARIABLE):
        return Path(chosen).expanduser().absolute()
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "autoencoder-explorer" / "data"


def folder_of(name: str, data_dir: Path) -> Path:
    """Where the files of a data set belong."""
    return data_dir / SOURCES[name].folder


def status(name: str, data_dir: Path) -> Status:
    """What can be said in a millisecond: existence, sizes, headers, and checksums that were computed before."""
    if name in BUILT_IN:
        return Status("built in", "Built in")
    if name == "folder":
        return Status("present", "A folder of your own images, the one that data.folder names")
    source, folder = SOURCES[name], folder_of(name, data_dir)
    try:
        for file in source.files:
            _inspect(folder / file.name, file, name)
    except MissingData:
        megabytes = source.size // 1_000_000
        return Status("missing", f"Not on this computer ({megabytes} MB to download)", source.size,
                      {"megabytes": megabytes})
    except DamagedData as error:
        return Status("damaged", error.message, source.size, error.values)
    return Status("present", f"In {folder}", values={"folder": str(folder)})


def verify(name: str, data_dir: Path) -> None:
    """Check every byte of a data set, once per file and change of it. Raises MissingData or DamagedData."""
    folder = folder_of(name, data_dir)
    for file in SOURCES[name].files:
        _verify_file(folder / file.name, file, name)


def is_intact(name: str, path: Path, file: File) -> bool:
    """Whether one file is there with the right bytes."""
    try:
        _verify_file(path, file, name)
    except DataError:
        return False
    return True


def md5_of(path: Path) -> str:
    """The md5 of a file, in hexadecimal. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


_known: dict[tuple[str, int, int, str], bool] = {}
"""(path, size, time of change, md5 wanted) -> whether the content had that md5 when it was read."""


def _identity(path: Path, wanted: str) -> tuple[str, int, int, str]:
    """What must not have changed for a checksum to hold still. Raises OSError."""
    stat = path.stat()
    return str(path.absolute()), stat.st_size, stat.st_mtime_ns, wanted


def _verify_file(path: Path, file: File, name: str) -> None:
    """Size, header and checksum of one file. Raises MissingData or DamagedData."""
    wanted = _inspect(path, file, name)
    if not wanted:
        return
    try:
        identity = _identity(path, wanted)
        if identity not in _known:
            _known[identity] = md5_of(path) == wanted
    except OSError as error:
        raise _unreadable(path, error) from error
    _inspect(path, file, name)


def _inspect(path: Path, file: File, name: str) -> str:
    """Size, header and remembered checksum of one file -> the md5 it should have. Raises MissingData or DamagedData."""
    wanted = file.md5 or recorded_sums(path.parent).get(file.name, "")
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(len(file.head))
        known = _known.get(_identity(path, wanted), True)
    except FileNotFoundError:
        raise _missing(path, name) from None
    except OSError as error:
        raise _unreadable(path, error) from error
    if size < file.size:
        counts = f"{_grouped(size)} of {_grouped(file.size)} bytes"
        raise DamagedData("data.incomplete", f"{_short(path)} is incomplete ({counts}).", path=str(path), size=size,
                          expected=file.size)
    if size > file.size or head != file.head or not known:
        reason = "checksum" if size == file.size and head == file.head else "size" if size > file.size else "header"
        raise damaged(path, f"its {reason} is not the published one")
    return wanted


def recorded_sums(folder: Path) -> dict[str, str]:
    """File name -> md5 from the list that a download left in the folder; empty without one."""
    try:
        lines = (folder / SUMS).read_text("ascii").splitlines()
    except (OSError, ValueError):
        return {}
    return {name: md5 for md5, separator, name in (line.partition("  ") for line in lines) if separator}


def damaged(path: Path, reason: str) -> DamagedData:
    """The error for a file that is there but wrong."""
    return DamagedData("data.damaged", f"{_short(path)} is damaged ({reason}).", path=str(path), reason=reason)


def _unreadable(path: Path, error: OSError) -> DamagedData:
    """The error for a file that the system does not let us read."""
    reason = (error.strerror or str(error)).lower()
    return DamagedData("data.unreadable", f"{_short(path)} cannot be read ({reason}).", path=str(path), reason=reason)


def _missing(path: Path, name: str) -> MissingData:
    """The error for a data set that is not there, with what helps."""
    folder = path.parents[len(Path(SOURCES[name].folder).parts)]
    text = (f"{LABELS[name]} is not in {folder} (looked for {_short(path)}). Download it, choose another data folder, "
            "or use the built-in digits.")
    return MissingData("data.missing", text, name=name, folder=str(folder), path=str(path))


def _short(path: Path) -> str:
    """'…/MNIST/raw/train-images' for a file with a long path and a long name."""
    return "…/" + "/".join([*path.parts[-3:-1], path.name.split("-idx")[0]])


def _grouped(count: int) -> str:
    """47040016 -> '47 040 016'."""
    return f"{count:,}".replace(",", " ")
