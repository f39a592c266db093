"""A person's own images as a data set: what a folder holds, its import, and what has changed there since.

Everything that others need of it is here; how it is done is in the files beside this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.datasets import imagefiles, importcache, importing, resizing
from engine.datasets.imagefiles import Skipped
from engine.datasets.importcache import Cached, forget
from engine.datasets.importing import Imported, Importing, import_images
from engine.datasets.sources import DataError
from engine.dataspec import Data
from engine.runfiles.notices import Notice

__all__ = ["Cached", "Changes", "Imported", "Importing", "Listing", "Skipped", "changes_since_import", "class_names",
           "forget", "image_count", "import_images", "imported", "is_imported", "listing", "read", "version"]

ATTEMPTS = 3
"""Another process that imports the same folder at the same moment may take away what was just written."""


@dataclass(frozen=True)
class Listing:
    """What a folder holds before anything is decoded."""

    files: tuple[str, ...]
    """Names of the image files below the folder, sorted, with '/'."""
    class_names: tuple[str, ...]
    bytes: int
    """Memory that all of them take once they are brought to one size."""
    skipped: tuple[Skipped, ...]
    """What can be told by the names alone: archives, kinds that are not read."""
    large: bool
    """Whether that is more than half of the free memory, so that they stay on the disk."""


@dataclass(frozen=True)
class Changes:
    """Names of files that are no longer there, have come, or are others since the import."""

    missing: tuple[str, ...]
    new: tuple[str, ...]
    altered: tuple[str, ...]

    @property
    def text(self) -> str:
        """'The folder has changed since import: 1 missing, 3 new.'"""
        counts = {"missing": self.missing, "new": self.new, "altered": self.altered}
        told = ", ".join(f"{len(names):,} {word}" for word, names in counts.items() if names)
        return f"The folder has changed since import: {told}."

    @property
    def notice(self) -> Notice:
        """The same as a notice of a run: training goes on with what was imported."""
        return Notice("data.folder_changed", f"{self.text} Training goes on with what was "
                      "imported; import again to use the folder as it is.",
                      {"missing": len(self.missing), "new": len(self.new), "altered": len(self.altered)})


def listing(spec: Data) -> Listing:
    """The image files of a folder, without opening them. Raises DataError where there is none."""
    folder = imagefiles.root(spec.folder)
    everything = list(imagefiles.found(folder, spec.recursive, spec.classes == "folders"))
    files = [each for each in everything if not isinstance(each, Skipped)]
    skipped = tuple(each for each in everything if isinstance(each, Skipped))
    if not files:
        raise imagefiles.nothing(folder, "data.folder", spec.folder, len(skipped))
    names = tuple(sorted({file.top for file in files})) if spec.classes == "folders" else ()
    needed = importing.memory_needed(spec, len(files))
    return Listing(tuple(file.name for file in files), names, needed, skipped, resizing.is_large(needed))


def is_imported(spec: Data) -> bool:
    """Whether the images can be read at once."""
    return importcache.cached(spec) is not None


def imported(spec: Data) -> Imported | None:
    """What came of the last import; None if there was none."""
    known = importcache.index(spec)
    if known is None:
        return None
    count = known.shape[0]
    return Imported(count, known.skipped, known.class_names, known.seconds, importing.memory_needed(spec, count))


def image_count(spec: Data) -> int:
    """How many images the folder had when it was imported; 0 if it never was."""
    known = importcache.index(spec)
    return known.shape[0] if known else 0


def class_names(spec: Data) -> tuple[str, ...]:
    """The classes that the folder had when it was imported; none if it never was, or has none."""
    known = importcache.index(spec)
    return known.class_names if known else ()


def read(spec: Data) -> Cached:
    """The images from the cache, imported now if they are not there or damaged. Raises DataError."""
    found, attempts = importcache.cached(spec), 0
    while found is None and attempts < ATTEMPTS:
        for _ in import_images(spec):
            pass
        found, attempts = importcache.cached(spec), attempts + 1
    if found is None:
        place, why = str(importcache.entry(spec).parent), "they cannot be read again"
        raise DataError("data.cache", f"The images could not be kept in {place} ({why}). Choose another place with "
                        f"the variable {importcache.CACHE_VARIABLE}.", folder=place, reason=why)
    return found


def version(spec: Data) -> str:
    """Another text for every import of a folder; imported now if it never was. Raises DataError."""
    known = importcache.index(spec)
    if known is None:
        read(spec)
        known = importcache.index(spec)
    return known.images if known else ""


def changes_since_import(spec: Data) -> Changes | None:
    """What differs between the folder as it is and as it was imported; None where nothing does, or none was."""
    known = importcache.index(spec)
    files = importcache.file_list(spec, known) if known else None
    if files is None:
        return None
    compared = [_compared(spec, spec.folder, files.seen, "")]
    if importcache.is_pair(spec):
        compared.append(_compared(spec, spec.input.folder, files.input_seen, f"{Path(spec.input.folder).name}/"))
    missing, new, altered = (tuple(imagefiles.readable(name) for part in kind for name in part)
                             for kind in zip(*compared, strict=True))
    return Changes(missing, new, altered) if missing or new or altered else None


def _compared(spec: Data, chosen: str, before: tuple[importcache.Seen, ...],
              prefix: str) -> tuple[list[str], list[str], list[str]]:
    """Names that are missing, new and altered in one folder; all are missing where it cannot be read any more."""
    known = {prefix + name: (size, time) for name, size, time in before}
    try:
        folder = imagefiles.root(chosen)
        there = [each.name for each in imagefiles.found(folder, spec.recursive, spec.classes == "folders")
                 if not isinstance(each, Skipped)]
    except DataError:
        return list(known), [], []
    now = {prefix + name: importing.seen_at(folder / name, name)[1:] for name in there}
    return ([name for name in known if name not in now], [name for name in now if name not in known],
            [name for name in known if name in now and now[name] != known[name]])
