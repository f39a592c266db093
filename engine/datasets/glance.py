"""A glance at a folder before it is imported: what it holds, and some of its images as they would be used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.answers import Pictures
from engine.datasets import decoding, folder, imagefiles, importcache
from engine.datasets.decoding import Refused
from engine.datasets.folder import Listing
from engine.dataspec import Data

MOST = 8
"""Images that are shown."""


@dataclass(frozen=True)
class Glance:
    """What a folder holds, and the first images that can be read, evenly spaced over it."""

    spec: Data
    listing: Listing
    pictures: Pictures
    """(n, H, W) or (n, H, W, 3)."""


def glance(spec: Data) -> Glance:
    """Look at a folder with these settings. Raises DataError where there is nothing in it."""
    listed = folder.listing(spec)
    root, side = imagefiles.root(spec.folder), importcache.side_of(spec)
    places = np.unique(np.linspace(0, len(listed.files) - 1, MOST).round().astype(int))
    found = []
    for place in places:
        try:
            found.append(decoding.decoded(root / listed.files[place], side, spec.colour, spec.fit))
        except Refused:
            continue
    channels = 1 if spec.colour == "grey" else 3
    stacked = np.stack(found) if found else np.zeros((0, channels, side, side), np.uint8)
    return Glance(spec, listed, stacked[:, 0] if channels == 1 else np.ascontiguousarray(stacked.transpose(0, 2, 3, 1)))
