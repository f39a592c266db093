"""Files that come with the application, and where they are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent
"""The folder of everything that is no code: presets, icons, fonts, style, translations, the first run."""

DEFAULT_PRESET = "digits-quick"
"""The experiment a first start shows."""


def presets() -> dict[str, Path]:
    """Name -> TOML file of every bundled experiment, the default first, then by name, numbers by their value."""
    found = {path.stem: path for path in sorted((ROOT / "presets").glob("*.toml"), key=_natural)}
    return {DEFAULT_PRESET: found[DEFAULT_PRESET], **found}


def sweeps() -> dict[str, Path]:
    """Name -> TOML file of every bundled sweep, by name."""
    return {path.stem: path for path in sorted((ROOT / "sweeps").glob("*.toml"), key=_natural)}


def _natural(path: Path) -> list[tuple[str, int]]:
    """Words and numbers of a name, so that 64 comes before 512."""
    return [(word, int(number or 0)) for word, number in re.findall(r"(\D+)(\d*)", path.stem)]
