"""What was imported, on the disk: one folder for each folder of images and way of reading it.

``index.json`` says what there is and is written last; it names the array files and the list of files they were made of.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine import storage
from engine.datasets import arrayfile
from engine.datasets.imagefiles import Skipped
from engine.dataspec import IMAGE_SHAPES, Data
from engine.runfiles.notices import RunError

CACHE_VARIABLE = "AUTOENCODER_EXPLORER_CACHE"

SCHEMA = 1
"""Raised when images are read in another way than before: what was imported is imported again."""

Bytes = NDArray[np.uint8]

saving = threading.Lock()
"""Held while an array that no index names yet has its final name."""

Seen = tuple[str, int, int]
"""Name of a file, its bytes, and the time of its last change in ns."""


class Cached(NamedTuple):
    """Images uint8 (N, C, side, side), mapped; classes int64 (N,) or None; names; inputs (N, C, h, w) or None."""

    images: Bytes
    labels: NDArray[np.int64] | None
    class_names: tuple[str, ...]
    inputs: Bytes | None


@dataclass(frozen=True)
class Index:
    """What was imported; ``images`` and ``inputs`` are file names, ``skipped`` what was left out and why."""

    images: str
    shape: tuple[int, ...]
    inputs: str
    input_shape: tuple[int, ...]
    files: str
    files_sha256: str
    class_names: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    seconds: float


@dataclass(frozen=True)
class FileList:
    """The files as they were at import, those of the images first and in their order, and the images' classes."""

    seen: tuple[Seen, ...]
    input_seen: tuple[Seen, ...]
    labels: tuple[int, ...]


def default_cache_dir() -> Path:
    """The folder named by AUTOENCODER_EXPLORER_CACHE, else the user's own cache folder on this system."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser().absolute()
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "autoencoder-explorer" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "autoencoder-explorer"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "autoencoder-explorer"


def side_of(spec: Data) -> int:
    """To which side the images are brought."""
    return spec.image_size or IMAGE_SHAPES["folder"][1]


def input_side(spec: Data) -> int:
    """To which side the images of the second folder are brought."""
    side = side_of(spec)
    return side if spec.input.enlargement != "none" else max(1, side // spec.input.factor)


def is_pair(spec: Data) -> bool:
    """Whether the inputs lie in a folder of their own."""
    return spec.input.change == "folder"


def settings(spec: Data) -> dict[str, Any]:
    """Everything that the imported images depend on; shares and seeds do not belong to it."""
    given: dict[str, Any] = {"folder": _absolute(spec.folder), "side": side_of(spec), "colour": spec.colour,
                             "fit": spec.fit, "recursive": spec.recursive, "classes": spec.classes, "schema": SCHEMA}
    if is_pair(spec):
        given |= {"inputs": _absolute(spec.input.folder), "input_side": input_side(spec),
                  "enlargement": spec.input.enlargement}
    return given


def _absolute(folder: str) -> str:
    """A folder's whole path, as far as there can be one."""
    try:
        return str(Path(folder).expanduser().absolute()) if folder.strip() else ""
    except (RuntimeError, ValueError):
        return folder


def entry(spec: Data) -> Path:
    """The folder of the cache in which the images of a spec lie, if they were imported."""
    key = hashlib.sha256(json.dumps(settings(spec), sort_keys=True).encode()).hexdigest()[:24]
    return default_cache_dir() / "images" / key


def index(spec: Data) -> Index | None:
    """What was imported; None if nothing was, or what there is was damaged. Quick: for every change of a form."""
    path = entry(spec) / "index.json"
    return _index(path, storage.stamp(path))


@functools.lru_cache(maxsize=64)
def _index(path: Path, stamp: storage.Stamp) -> Index | None:
    """The same, read once for each change of the file."""
    if not any(stamp):
        return None
    try:
        body = _unsealed(storage.read(path))
        skipped = [Skipped(**each) for each in body["skipped"]]
        for name, value in (*body.items(), ("skipped", skipped)):
            body[name] = tuple(value) if isinstance(value, list) else value
        return Index(**body)
    except (RunError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _sealed(body: Mapping[str, Any]) -> bytes:
    """JSON with a checksum, so that damage is noticed."""
    text = json.dumps(body, sort_keys=True)
    return json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest(), "body": body}, sort_keys=True).encode()


def _unsealed(content: bytes) -> dict[str, Any]:
    """What ``_sealed`` was given. Raises ValueError, KeyError, TypeError where that is not what there is."""
    given = json.loads(content)
    body = dict(given["body"])
    if hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest() != given["sha256"]:
        raise ValueError("the checksum does not match")
    return body


def file_list(spec: Data, known: Index) -> FileList | None:
    """The files that images were made of; None where the list is damaged."""
    try:
        content = storage.read(entry(spec) / known.files)
        if hashlib.sha256(content).hexdigest() != known.files_sha256:
            return None
        given = json.loads(content)
    except (RunError, ValueError):
        return None
    return FileList(tuple((name, size, time) for name, size, time in given["seen"]),
                    tuple((name, size, time) for name, size, time in given["input_seen"]), tuple(given["labels"]))


def cached(spec: Data) -> Cached | None:
    """The imported images; None where there are none, or anything of them is not as it was written."""
    return _cached(spec) or _cached(spec)  # once more: somebody may just have imported anew


def _cached(spec: Data) -> Cached | None:
    known = index(spec)
    files = file_list(spec, known) if known else None
    if known is None or files is None:
        return None
    images = arrayfile.opened(entry(spec) / known.images, known.shape)
    inputs = arrayfile.opened(entry(spec) / known.inputs, known.input_shape) if known.inputs else None
    if images is None or (known.inputs and inputs is None):
        return None
    labels = np.array(files.labels, np.int64) if spec.classes == "folders" else None
    return Cached(images, labels, known.class_names, inputs)


def save(spec: Data, stamp: str, known: Index, files: FileList) -> None:
    """Write the list of the files, then the index, and take away what it no longer names. Raises OSError.

    One thread at a time, see ``saving``.
    """
    folder = entry(spec)
    content = json.dumps(asdict(files)).encode()
    name = f"files-{stamp}.json"
    storage.write_atomic(folder / name, content)
    sealed = _sealed(asdict(known) | {"files": name, "files_sha256": hashlib.sha256(content).hexdigest()})
    storage.write_atomic(folder / "index.json", sealed)
    _remove_all_but(folder, {"index.json", name, known.images, known.inputs})


def forget(spec: Data) -> None:
    """Take away what was imported, so that it is imported again; images in use stay until they are let go."""
    folder = entry(spec)
    with saving, contextlib.suppress(OSError):
        storage.remove(folder / "index.json")
        _remove_all_but(folder, set())
        folder.rmdir()


def _remove_all_but(folder: Path, wanted: set[str]) -> None:
    """Delete older arrays and lists; one that is in use stays on a system that will not let it go."""
    for name, _ in storage.listing(folder):
        if name not in wanted and not name.endswith(storage.TEMPORARY):
            with contextlib.suppress(OSError):
                storage.remove(folder / name)
    with contextlib.suppress(OSError):
        storage.remove_leftovers(folder)
