"""The small files of a run folder as values: what it was made with, how far it is, what the user wrote about it.

Each is read again only when it has changed, so that asking is cheap and the answer is never old.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import pydantic
import tomli_w

from engine import storage
from engine.experiment import Experiment, flat, from_toml
from engine.fields import ExperimentError
from engine.runfiles.notices import DamagedFile, Notice, RunError
from engine.storage import Stamp

SCHEMA = 1
"""Version of the run folder's layout that this application writes."""

EXPERIMENT, INFO, STATE, NOTES = "experiment.toml", "run.json", "state.json", "notes.toml"


class Stored(pydantic.BaseModel):
    """A value of a run folder; what a later version added is passed over."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null")


class RunInfo(Stored):
    """``run.json``: what a run was made with; written once."""

    schema_version: int
    version: str = ""
    """Of this application."""
    created: str = ""
    """Local time with its offset, ISO 8601."""
    created_s: float = 0.0
    """The same in seconds since 1970."""
    experiment_sha256: str = ""
    data_fingerprint: str = ""
    parameters: int = 0
    device: str = "cpu"
    threads: int | None = None
    versions: dict[str, str] = {}
    """Package -> version."""
    settings: dict[str, Any] = {}
    """The fields of the experiment by dotted path, so that a long list is read without parsing TOML; empty in older
    runs, and worth nothing where the experiment's hash is not the recorded one."""

    def to_json(self) -> bytes:
        """As it stands in the file."""
        values = self.model_dump(mode="json")
        return json.dumps({"schema": values.pop("schema_version"), **values}, indent=1).encode()


class RunState(Stored):
    """``state.json``: how far a run has come; informative only, and lost without harm."""

    status: Literal["running", "finished", "stopped", "failed", "diverged"] | None = None
    step: int = 0
    epoch: float = 0.0
    best_step: int | None = None
    best_epoch: float | None = None
    training_loss: float | None = None
    validation_loss: float | None = None
    test_loss: float | None = None
    training_accuracy: float | None = None
    """Of a classifier, 0 to 1; the two below likewise."""
    validation_accuracy: float | None = None
    test_accuracy: float | None = None
    elapsed_s: float = 0.0
    images_per_second: float = 0.0
    interventions: int = 0
    changed_step: int | None = None
    """Step of the last intervention."""
    checkpoint: str = ""
    """Name of the newest checkpoint."""
    checkpoint_bytes: int = 0
    reason: str = ""
    """Who asked it to stop."""
    error: str = ""
    """What made it fail."""
    loss: float | None = None
    learning_rate: float = 0.0
    kept_step: int = 0
    """With the two above: how it diverged."""


class Notes(Stored):
    """``notes.toml``: what the user writes about a run."""

    name: str = ""
    tags: tuple[str, ...] = ()
    star: bool = False
    remarks: str = ""


def experiment(folder: Path) -> Experiment:
    """Everything that determines a run. Raises RunError: 'settings unreadable: line 3'."""
    path = folder / EXPERIMENT
    return _experiment(path, storage.stamp(path))


def info(folder: Path) -> RunInfo:
    """What a run was made with. Raises RunError: 'settings unreadable: line 3'."""
    path = folder / INFO
    return _info(path, storage.stamp(path))


def settings(folder: Path) -> Mapping[str, Any]:
    """Every field of a run's experiment by its dotted path, as plain values. Raises RunError like ``experiment``."""
    return _settings(folder, storage.stamp(folder / INFO), storage.stamp(folder / EXPERIMENT))


def plain(experiment: Experiment) -> dict[str, Any]:
    """Every field by its dotted path, as values that JSON gives back unchanged."""
    return json.loads(json.dumps(flat(experiment)))


def state(folder: Path) -> RunState:
    """How far a run has come; an unreadable file is an empty one, since nothing rests on it."""
    path = folder / STATE
    return _state(path, storage.stamp(path))


def notes(folder: Path) -> Notes | None:
    """What the user wrote; None when it cannot be read."""
    path = folder / NOTES
    return _notes(path, storage.stamp(path))


def write_notes(folder: Path, written: Notes) -> None:
    """Save what the user writes; notes that cannot be read are set aside and not overwritten. Raises OSError."""
    path = folder / NOTES
    if path.exists() and notes(folder) is None:
        storage.set_aside(path)
    storage.write_atomic(path, tomli_w.dumps(written.model_dump()).encode())


def settings_problem(folder: Path) -> Notice | None:
    """Why the settings of a run cannot be read; None when they can, or belong to a later version."""
    return _settings_problem(folder, storage.stamp(folder / INFO), storage.stamp(folder / EXPERIMENT))


@lru_cache(maxsize=8192)
def _settings_problem(folder: Path, info_stamp: Stamp, experiment_stamp: Stamp) -> Notice | None:
    """An experiment whose hash is the recorded one needs no parsing, which makes long lists quick."""
    try:
        if info(folder).schema_version <= SCHEMA and not _as_recorded(folder, info_stamp, experiment_stamp):
            experiment(folder)
    except RunError as error:
        return error.notice
    return None


@lru_cache(maxsize=8192)
def _as_recorded(folder: Path, info_stamp: Stamp, experiment_stamp: Stamp) -> bool:
    """Whether the experiment is the one whose hash was recorded. Raises RunError where none is."""
    content = storage.read(folder / EXPERIMENT, missing=b"")
    return hashlib.sha256(content).hexdigest() == info(folder).experiment_sha256


@lru_cache(maxsize=8192)
def _settings(folder: Path, info_stamp: Stamp, experiment_stamp: Stamp) -> Mapping[str, Any]:
    """From run.json where it can be believed, else from the experiment. Raises RunError."""
    with contextlib.suppress(RunError):
        if (recorded := info(folder).settings) and _as_recorded(folder, info_stamp, experiment_stamp):
            return recorded
    return plain(experiment(folder))


@lru_cache(maxsize=4096)
def _experiment(path: Path, stamp: Stamp) -> Experiment:
    """Settings from their file. Raises RunError: 'settings unreadable: line 3'."""
    try:
        return from_toml(storage.read(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _unreadable(_line(error)) from None
    except ExperimentError as error:
        problem = error.problems[0]
        if problem.code != "toml.syntax":
            raise _unreadable(f"{problem.field} {problem.message}".strip()) from None
        line = re.search(r"line (\d+)", problem.message)
        raise _unreadable(line[0] if line else "its end is missing") from None
    except DamagedFile as error:
        raise _unreadable(error.message.removesuffix(".")) from None


@lru_cache(maxsize=8192)
def _info(path: Path, stamp: Stamp) -> RunInfo:
    """``run.json`` from its file. Raises RunError; of a later version only what it says about its version is taken."""
    try:
        values = json.loads(storage.read(path))
        schema = values["schema"]
        if type(schema) is int and schema > SCHEMA:
            return RunInfo(schema_version=schema, version=str(values.get("version", "")))
        return RunInfo(schema_version=schema, **{key: value for key, value in values.items() if key != "schema"})
    except json.JSONDecodeError as error:
        raise _unreadable(f"line {error.lineno}") from None
    except UnicodeDecodeError as error:
        raise _unreadable(_line(error)) from None
    except DamagedFile as error:
        raise _unreadable(error.message.removesuffix(".")) from None
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise _unreadable(_first_line(error)) from None


def _first_line(error: Exception) -> str:
    """What is wrong with a value, in a few words."""
    if isinstance(error, pydantic.ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))} {first['msg']}"
    return "it is no run.json"


def _line(error: UnicodeDecodeError) -> str:
    """'line 3', where a text stops being one."""
    newlines = error.object.count(b"\n", 0, error.start)
    return f"line {newlines + 1}"


def _unreadable(where: str) -> RunError:
    return RunError("run.settings", f"settings unreadable: {where}", where=where)


@lru_cache(maxsize=8192)
def _state(path: Path, stamp: Stamp) -> RunState:
    try:
        return RunState.model_validate_json(storage.read(path, missing=b"{}"))
    except (DamagedFile, ValueError):
        return RunState()


@lru_cache(maxsize=8192)
def _notes(path: Path, stamp: Stamp) -> Notes | None:
    """The user's notes; None when they cannot be read."""
    if stamp == (0, 0, 0):  # most runs have none
        return Notes()
    try:
        return Notes.model_validate(tomllib.loads(storage.read(path, missing=b"").decode("utf-8-sig")))
    except (DamagedFile, ValueError, RecursionError):
        return None


def write_state(folder: Path, state: RunState) -> None:
    """Save how far a run has come. Raises OSError."""
    storage.write_atomic(folder / STATE, state.model_dump_json(indent=1).encode())


@lru_cache
def package_version(package: str) -> str:
    """Version of an installed package, found without loading it; '' when it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


@lru_cache
def application_version() -> str:
    """Version of this application, installed or in its source folder."""
    project = Path(__file__).parents[2] / "pyproject.toml"
    if not project.exists():
        return package_version("autoencoder-explorer") or "unknown"
    return str(tomllib.loads(project.read_text("utf-8"))["project"]["version"])
