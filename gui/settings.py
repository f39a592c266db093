"""What a person chose for the application as a whole: a small TOML file, read with suspicion and written whole."""

from __future__ import annotations

import os
import re
import sys
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import tomli_w

from engine.fields import Frozen, about

CONFIG_DIR_VARIABLE = "AUTOENCODER_EXPLORER_CONFIG"

FILE_NAME = "settings.toml"


class Settings(Frozen):
    """Choices that belong to the person and not to an experiment; empty folders mean the usual ones."""

    theme: Annotated[Literal["system", "light", "dark"], about(
        "Appearance", "Light, dark, or as the system is.")] = "system"
    device: Annotated[Literal["auto", "cpu", "cuda", "mps"], about(
        "Device", "Where the training computes. 'Automatic' takes the graphics card when there is one.")] = "auto"
    threads: Annotated[int, about("Threads", "Processor cores used for training; 0 measures which number is fastest. "
                                  "More speed up large networks and take cores from other programs. "
                                  "An exact resume needs the same number.", ge=0, le=1024, low=0, high=16)] = 0
    history_snapshots: Annotated[int, about("Snapshots kept", "How many snapshots of a run the timeline keeps; the "
                                            "middle is thinned.", ge=3, le=100_000)] = 200
    history_gb: Annotated[float, about("History size", "How much room the snapshots of one run may take.", unit="GB",
                                       gt=0, le=10_000)] = 1.0
    data_dir: Annotated[str, about("Data folder", "Where downloaded data sets lie.", max_length=4096)] = ""
    runs_dir: Annotated[str, about("Runs folder", "Where runs are recorded.", max_length=4096)] = ""
    print_style: Annotated[bool, about("Print style", "Whether figures are copied and saved white and with larger "
                                       "type, as for paper.")] = True
    starred_first: Annotated[bool, about("Starred runs first", "Whether the list of runs begins with those that have "
                                         "a star.")] = True


@dataclass(frozen=True)
class Loaded:
    """Settings, and what was wrong with their file: the line, and where the old file was kept."""

    settings: Settings
    damaged_line: int | None = None
    backup: Path | None = None

    @property
    def damaged(self) -> bool:
        """Whether defaults are in use although there was a file."""
        return self.backup is not None


class SettingsError(Exception):
    """A settings file that cannot be used; ``line`` counts from 1, 0 when no line is to blame."""

    def __init__(self, line: int) -> None:
        super().__init__(f"settings could not be read (line {line})")
        self.line = line


def config_dir() -> Path:
    """The folder named by AUTOENCODER_EXPLORER_CONFIG, else the user's own configuration folder on this system."""
    if chosen := os.environ.get(CONFIG_DIR_VARIABLE):
        return Path(chosen).expanduser()
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = home / "Library" / "Preferences"
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return base / "autoencoder-explorer"


def parse(contents: bytes) -> Settings:
    """The bytes of a settings file -> Settings. Raises SettingsError for anything else."""
    text = _decoded(contents)
    try:
        return Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(_line_of(str(error), text)) from None
    except RecursionError:
        raise SettingsError(1) from None
    except pydantic.ValidationError as error:
        raise SettingsError(_line_of_field(error, text)) from None


def _decoded(contents: bytes) -> str:
    try:
        return contents.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise SettingsError(contents[: error.start].count(b"\n") + 1) from None


def _line_of(message: str, text: str) -> int:
    """'… (at line 4, column 2)' -> 4; at the end of the document, its last line."""
    found = re.search(r"at line (\d+)", message)
    return int(found[1]) if found else text.count("\n") + 1


def _line_of_field(error: pydantic.ValidationError, text: str) -> int:
    """Where the first wrong field stands."""
    name = str(error.errors(include_url=False)[0]["loc"][0])
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*\[*\s*[\"']?{re.escape(name)}\b", line):
            return number
    return 1


def load(folder: Path) -> Loaded:
    """The settings in a folder; defaults where there is no file, and where it cannot be read, after keeping a copy."""
    path = folder / FILE_NAME
    try:
        return Loaded(parse(path.read_bytes()))
    except FileNotFoundError:
        return Loaded(Settings())
    except SettingsError as error:
        return Loaded(Settings(), error.line, _kept(path))
    except OSError:  # a directory in its place, no permission: nothing to copy
        return Loaded(Settings(), 0, path)


def _kept(path: Path) -> Path:
    """Copy a damaged file beside itself, under a name that was free; the file itself where that fails."""
    from engine import storage

    stamp = time.strftime("%Y-%m-%d_%H-%M-%S")
    for suffix in ("", *(f"_{number}" for number in range(2, 100))):
        backup = path.with_name(f"settings.bak-{stamp}{suffix}.toml")
        if not backup.exists():
            break
    try:
        storage.write_atomic(backup, path.read_bytes())
    except OSError:
        return path
    return backup


def save(folder: Path, settings: Settings) -> None:
    """Write the settings whole. Raises OSError."""
    from engine import storage

    folder.mkdir(parents=True, exist_ok=True)
    chosen: Mapping[str, Any] = settings.model_dump(exclude_defaults=True)
    storage.write_atomic(folder / FILE_NAME, tomli_w.dumps(chosen).encode())
