"""A folder of images into the cache: found, decoded on a thread apart, written one after another, put in place whole.

A generator drives it, so that progress is told and ``close()`` cancels; what was half imported goes then.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from engine import storage
from engine.datasets import decoding, imagefiles, importcache
from engine.datasets.apart import apart
from engine.datasets.arrayfile import Bytes, Growing
from engine.datasets.decoding import Refused
from engine.datasets.imagefiles import ImageFile, Skipped
from engine.datasets.importcache import FileList, Index, Seen, side_of
from engine.datasets.pairs import Pairing
from engine.datasets.sources import DataError
from engine.dataspec import Data
from engine.runfiles.notices import reason, size_text

REPORT_S = 0.05
"""Time between two reports."""


@dataclass(frozen=True)
class Importing:
    """How far it is: files looked at, files in all (0 while they are being found), and the last one's name."""

    done: int
    total: int
    name: str
    preliminary: ClassVar[bool] = True
    """Told by a training before its first turn that counts."""


@dataclass(frozen=True)
class Imported:
    """What came of it: images, files left out and why, classes, time taken, and bytes of the cache."""

    count: int
    skipped: tuple[Skipped, ...]
    class_names: tuple[str, ...]
    seconds: float
    bytes: int
    preliminary: ClassVar[bool] = True

    @property
    def text(self) -> str:
        """'996 images, 4 skipped'."""
        told = f"{self.count:,} image{'s' * (self.count != 1)}"
        return f"{told}, {len(self.skipped):,} skipped" if self.skipped else told


def is_importing(event: Any) -> bool:
    """Whether an event tells of an import."""
    return isinstance(event, Importing | Imported)


@dataclass(frozen=True)
class Looked:
    """One file after it was looked at: its pixels and its input's, or why it is left out."""

    seen: Seen
    input_seen: Seen | None
    pixels: Bytes | None = None
    inputs: Bytes | None = None
    skipped: Skipped | None = None


def import_images(spec: Data) -> Generator[Importing | Imported, None, None]:
    """Importing again and again, then Imported; read anew even if it was imported before. Raises DataError."""
    began = time.monotonic()
    files: list[ImageFile] = []
    skipped: list[Skipped] = []
    yield from _find(spec, "data.folder", files, skipped)
    pairing = None
    if importcache.is_pair(spec):
        inputs: list[ImageFile] = []
        yield from _find(spec, "data.input.folder", inputs, skipped)
        pairing = Pairing(spec, files, inputs)
        files, skipped = pairing.files, [*skipped, *pairing.skipped]
    folder = importcache.entry(spec)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _require_room(spec, folder, len(files))
        yield from _write(spec, folder, files, pairing, skipped, began)
    except OSError as error:
        raise DataError("data.cache", f"The images could not be kept in {folder.parent} ({reason(error)}). Free space, "
                        f"or choose another place with the variable {importcache.CACHE_VARIABLE}.",
                        folder=str(folder.parent), reason=reason(error)) from error


def _find(spec: Data, field: str, files: list[ImageFile], skipped: list[Skipped]) -> Iterator[Importing]:
    """Fill both lists from a folder, telling now and then that it goes on. Raises DataError where there is no image."""
    chosen = spec.folder if field == "data.folder" else spec.input.folder
    folder, told = imagefiles.root(chosen, field), 0.0
    for each in imagefiles.found(folder, spec.recursive, spec.classes == "folders"):
        if isinstance(each, Skipped):
            skipped.append(each)
        else:
            files.append(each)
        if time.monotonic() - told > REPORT_S:
            told = time.monotonic()
            yield Importing(0, 0, each.name)
    if not files:
        raise imagefiles.nothing(folder, field, chosen, len(skipped))


def memory_needed(spec: Data, count: int) -> int:
    """Bytes that so many images take, with their inputs where these lie in a folder of their own."""
    channels = 1 if spec.colour == "grey" else 3
    inputs = importcache.input_side(spec) ** 2 if importcache.is_pair(spec) else 0
    return count * channels * (side_of(spec) ** 2 + inputs)


def _require_room(spec: Data, folder: Path, count: int) -> None:
    """Raise DataError where the disk cannot hold the images."""
    needed, free = memory_needed(spec, count), shutil.disk_usage(folder).free
    if needed > free:
        raise DataError("data.disk", f"{count:,} images need {size_text(needed)} of disk; {folder.parent} has "
                        f"{size_text(free)} free. Free space, or choose a smaller image size.", count=count,
                        needed=needed, free=free, folder=str(folder.parent), field="data.image_size",
                        value=side_of(spec))


def _write(spec: Data, folder: Path, files: list[ImageFile], pairing: Pairing | None, skipped: list[Skipped],
           began: float) -> Iterator[Importing | Imported]:
    """Decode all and put them in place. Raises OSError, DataError."""
    stamp = f"{time.time_ns():x}"
    channels, side, small = 1 if spec.colour == "grey" else 3, side_of(spec), importcache.input_side(spec)
    images = Growing(folder / f"images-{stamp}.npy", (channels, side, side))
    inputs = Growing(folder / f"inputs-{stamp}.npy", (channels, small, small)) if pairing else None
    try:
        used: list[Looked] = []
        passed: list[Looked] = []
        yield from _decode(spec, files, pairing, images, inputs, used, passed)
        skipped = sorted([*skipped, *(each.skipped for each in passed if each.skipped)], key=lambda each: each.name)
        if not used:
            raise imagefiles.nothing(imagefiles.root(spec.folder), "data.folder", spec.folder, len(skipped))
        seconds, names = time.monotonic() - began, _class_names(spec, used)
        known = Index(images.path.name, images.shape, inputs.path.name if inputs else "",
                      inputs.shape if inputs else (), "", "", names, tuple(skipped), seconds)
        with importcache.saving:
            for file in (images, inputs):
                if file:
                    file.finish()
            importcache.save(spec, stamp, known, _file_list(spec, used, passed, pairing, names))
    finally:
        for file in (images, inputs):
            if file:
                file.discard()
    yield Imported(images.count, tuple(skipped), names, seconds, memory_needed(spec, images.count))


def _decode(spec: Data, files: list[ImageFile], pairing: Pairing | None, images: Growing, inputs: Growing | None,
            used: list[Looked], passed: list[Looked]) -> Iterator[Importing]:
    """Add every image to its array, and what was seen of the files to the lists."""
    folder, done, name, told = imagefiles.root(spec.folder), 0, "", 0.0

    def look(file: ImageFile) -> Looked:
        return _look(spec, folder, file, pairing)

    for each in apart(look, iter(files)):
        if each is not None:
            done, name = done + 1, each.item.name
            (passed if each.result.pixels is None else used).append(_added(each.result, images, inputs))
        if each is None or time.monotonic() - told > REPORT_S or done == len(files):
            told = time.monotonic()
            yield Importing(done, len(files), name)


def _look(spec: Data, folder: Path, file: ImageFile, pairing: Pairing | None) -> Looked:
    """Decode one file, and its partner; runs on a thread."""
    path, side = folder / file.name, side_of(spec)
    seen = seen_at(path, file.name)
    input_seen = seen_at(pairing.path(file), pairing.name(file)) if pairing else None
    try:
        pixels = decoding.decoded(path, side, spec.colour, spec.fit)
        inputs = pairing.decoded(file) if pairing else None
    except Refused as error:
        return Looked(seen, input_seen, skipped=Skipped(file.name, error.code, error.text, error.values))
    return Looked(seen, input_seen, pixels, inputs)


def seen_at(path: Path, name: str) -> Seen:
    """What is remembered of a file, by which a change of it is noticed."""
    time_ns, size, _ = storage.stamp(path)
    return name, size, time_ns


def _added(looked: Looked, images: Growing, inputs: Growing | None) -> Looked:
    """Write the pixels of a file, and let go of them."""
    if looked.pixels is not None:
        images.add(looked.pixels)
    if inputs and looked.inputs is not None:
        inputs.add(looked.inputs)
    return Looked(looked.seen, looked.input_seen, skipped=looked.skipped)


def _class_names(spec: Data, used: list[Looked]) -> tuple[str, ...]:
    """The folders in which usable images lie."""
    if spec.classes == "none":
        return ()
    return tuple(sorted({ImageFile(each.seen[0]).top for each in used}))


def _file_list(spec: Data, used: list[Looked], passed: list[Looked], pairing: Pairing | None,
               names: tuple[str, ...]) -> FileList:
    """What is remembered of all files, those without a partner too."""
    seen = [each.seen for each in (*used, *passed)]
    input_seen = [each.input_seen for each in (*used, *passed) if each.input_seen]
    if pairing:
        for into, chosen, files in ((seen, spec.folder, pairing.lone),
                                    (input_seen, spec.input.folder, pairing.lone_inputs)):
            into += [seen_at(imagefiles.root(chosen) / file.name, file.name) for file in files]
    numbers = {name: number for number, name in enumerate(names)}
    return FileList(tuple(seen), tuple(input_seen),
                    tuple(numbers[ImageFile(each.seen[0]).top] for each in used) if names else ())
