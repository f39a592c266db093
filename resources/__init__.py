"""Files that come with the application, and where they are."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent
"""The folder of everything that is no code: presets, icons, fonts, style, translations, the first run."""

DEFAULT_PRESET = "digits-quick"
"""The experiment a first start shows."""


def presets() -> dict[str, Path]:
    """Name -> TOML file of every bundled experiment, the default first, then by name."""
    found = {path.stem: path for path in sorted((ROOT / "presets").glob("*.toml"))}
    return {DEFAULT_PRESET: found[DEFAULT_PRESET], **found}
