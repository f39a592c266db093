"""How long a folder of photographs takes to import, and to be read again; how much memory many small images take."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.datasets.importcache import CACHE_VARIABLE
from engine.datasets.sources import default_data_dir

ROOT = Path(__file__).parents[2]
SMALL = 20_000
WANTED_S, WANTED_CACHED_S = 20, 1

CODE = """
import json, resource, sys, time
from pathlib import Path
from typing import Any
import PIL.Image, torch
from engine import data
from engine.datasets import folder
from engine.dataspec import Data
spec = Data(dataset="folder", folder=sys.argv[1], recursive=True, image_size=int(sys.argv[2]))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before, began, peaks, told = peak(), time.perf_counter(), [], None
if not folder.is_imported(spec):
    for told in folder.import_images(spec):
        peaks.append(peak())
imported = time.perf_counter()
found = data.load(spec, Path())
json.dump({"images": folder.image_count(spec), "import_s": imported - began, "load_s": time.perf_counter() - imported,
           "before": before, "peaks": peaks}, sys.stdout)
"""


def report(repeats: int = 3) -> Iterator[str]:
    """Markdown, line by line as it is measured."""
    with tempfile.TemporaryDirectory() as place:
        photographs = default_data_dir() / "BSDS500"
        if photographs.is_dir():
            yield from _photographs(photographs, Path(place), repeats)
        yield from _small(Path(place))


def _photographs(folder: Path, place: Path, repeats: int) -> Iterator[str]:
    """The first import and the reading from the cache, each in a process of its own."""
    rounds = []
    for number in range(repeats):
        cache = place / f"cache-{number}"
        rounds.append((_measured(folder, 96, cache), _measured(folder, 96, cache)))
    first = [new["import_s"] + new["load_s"] for new, _ in rounds]
    again = [cached["import_s"] + cached["load_s"] for _, cached in rounds]
    yield from ("", f"### A folder of {rounds[0][0]['images']} photographs at 96×96, until its splits are in memory, s",
                f"first time: median {statistics.median(first):.2f}, longest {max(first):.2f}; asked: {WANTED_S}",
                f"from the cache: median {statistics.median(again):.3f}, longest {max(again):.3f}; asked: "
                f"{WANTED_CACHED_S}")


def _small(place: Path) -> Iterator[str]:
    """Time and resident memory of an import of many small images."""
    from PIL import Image

    files = place / "small"
    files.mkdir()
    for number in range(SMALL):
        Image.linear_gradient("L").rotate(number % 360).resize((32, 32)).save(files / f"{number:05}.png")
    found = _measured(files, 32, place / "cache-small")
    marks = [found["peaks"][int(share * (len(found["peaks"]) - 1))] for share in (0.25, 0.5, 0.75, 1)]
    yield from ("", f"### A folder of {SMALL:,} small images",
                f"{found['import_s']:.1f} s; resident memory at most, MB: {found['before']} before, then "
                f"{', '.join(map(str, marks))} after a quarter, half, three quarters and all of them")


def _measured(folder: Path, side: int, cache: Path) -> dict[str, Any]:
    """What a fresh process measures."""
    child = subprocess.run([sys.executable, "-c", CODE, str(folder), str(side)], cwd=ROOT, check=True,
                           env=os.environ | {CACHE_VARIABLE: str(cache)}, capture_output=True, text=True)
    return json.loads(child.stdout)
