"""A uint8 array on the disk that grows image by image, in NumPy's own format; it has its name only when it is whole."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import storage

Bytes = NDArray[np.uint8]


def header(shape: tuple[int, ...]) -> bytes:
    """How a file of this shape begins; equally long for any number of images."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return stream.getvalue()


class Growing:
    """A file to which images of one shape are added; ``finish`` gives it its name. Every method raises OSError."""

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        """``shape`` is that of one image."""
        self.path, self.count = path, 0
        self._shape = shape
        self._temporary = path.with_name(f"{path.name}.{os.getpid()}{storage.TEMPORARY}")
        self._file = self._temporary.open("wb")
        self._file.write(header((0, *shape)))

    @property
    def shape(self) -> tuple[int, ...]:
        """(images so far, *shape)."""
        return (self.count, *self._shape)

    def add(self, image: Bytes) -> None:
        """Append one image."""
        if image.shape != self._shape or image.dtype != np.uint8:
            raise ValueError(f"an image of {image.shape}, not {self._shape}")
        self._file.write(np.ascontiguousarray(image).data)
        self.count += 1

    def finish(self) -> None:
        """Write how many there are, down to the disk, and give the file its name."""
        self._file.seek(0)
        self._file.write(header(self.shape))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._temporary.replace(self.path)
        storage.sync_folder(self.path.parent)

    def discard(self) -> None:
        """Take the unfinished file away; nothing happens to a finished one."""
        with contextlib.suppress(OSError):
            self._file.close()  # may want to write what it still holds
        with contextlib.suppress(OSError):
            storage.remove(self._temporary)


def opened(path: Path, shape: tuple[int, ...]) -> Bytes | None:
    """The array of a finished file, mapped into memory; None where size or beginning are not those of this shape."""
    expected = header(shape)
    try:
        with path.open("rb") as file:
            begins = file.read(len(expected))
        if begins != expected or path.stat().st_size != len(expected) + int(np.prod(shape, dtype=np.int64)):
            return None
        array: Bytes = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        return None
    return array
