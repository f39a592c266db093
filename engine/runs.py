"""The folder of runs: create, open, list, resume. None of it loads torch before weights are asked for."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any, NamedTuple

from engine import shapes, storage
from engine.datasets.sources import default_data_dir
from engine.events import State
from engine.experiment import DESCRIPTIVE, Experiment, to_toml
from engine.run import Run, Status
from engine.runfiles import history, journal, lock, records
from engine.runfiles.history import CheckpointFile, SnapshotFile
from engine.runfiles.journal import Metrics
from engine.runfiles.notices import DamagedFile, Notice, RunError, not_writable, size_text, unusable
from engine.runfiles.record import record, refuse_lost
from engine.runfiles.records import Notes, RunInfo, RunState
from engine.runfiles.saving import Moved, RetrySave, Saved, SaveElsewhere, SaveFailed, Thinned, Told
from engine.runfiles.trash import restore, trash
from engine.runfiles.writer import Limits

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "CheckpointFile", "DamagedFile", "Limits", "Metrics", "Moved", "Notes", "Notice", "Resumption", "RetrySave",
    "Run", "RunError", "RunInfo", "RunState", "SaveElsewhere", "SaveFailed", "Saved", "SnapshotFile", "Status",
    "Thinned", "Told", "adopt", "check_writable", "create", "default_runs_dir", "free_space_warning", "is_run",
    "list_runs", "load_checkpoint", "load_snapshot", "open_run", "record", "restore", "set_notes", "take_over",
    "tidy", "title", "titles", "trash", "write_notes",
]

RUNS_DIR_VARIABLE = "AUTOENCODER_EXPLORER_RUNS"

_RUN_FILES = (records.INFO, records.EXPERIMENT, records.STATE, journal.NAME, history.CHECKPOINTS, history.HISTORY)


def default_runs_dir() -> Path:
    """The folder named by AUTOENCODER_EXPLORER_RUNS, else one beside the user's data folder."""
    chosen = os.environ.get(RUNS_DIR_VARIABLE)
    return Path(chosen).expanduser() if chosen else default_data_dir().parent / "runs"


# Making runs


def create(runs_dir: Path, experiment: Experiment, data_fingerprint: str, *, device: str = "cpu",
           threads: int | None = None, files: Mapping[str, bytes] | None = None, name: str = "") -> Run:
    """A new run folder with its settings, and with further files by name, all at once. Raises NotWritable.

    It is called ``name``, or by the time and the experiment's name.
    """
    check_writable(runs_dir)
    now = datetime.now().astimezone()
    settings = to_toml(experiment).encode()
    info = RunInfo(
        schema_version=records.SCHEMA, version=records.application_version(), created=now.isoformat(timespec="seconds"),
        created_s=now.timestamp(), experiment_sha256=sha256(settings).hexdigest(), data_fingerprint=data_fingerprint,
        parameters=shapes.plan(experiment).parameters, device=device, threads=threads,
        settings=records.plain(experiment),
        versions={"python": platform.python_version(),
                  **{package: records.package_version(package) for package in ("torch", "safetensors", "numpy")}})

    def fill(folder: Path) -> None:
        storage.write_atomic(folder / records.EXPERIMENT, settings)
        for name, content in (files or {}).items():
            storage.write_atomic(folder / name, content)
        storage.write_atomic(folder / records.INFO, info.to_json())

    return Run(_new_folder(runs_dir, name or f"{now:%Y-%m-%d_%H-%M-%S}_{_slug(experiment)}", fill))


def adopt(source: Path, runs_dir: Path) -> Run:
    """A copy of a run from anywhere, under its own name or the next free one. Raises NotWritable, RunError."""
    if not is_run(source):
        raise RunError("run.missing", f"There is no run in {source}.", name=str(source))
    check_writable(runs_dir)
    return Run(_new_folder(runs_dir, source.name, lambda folder: storage.copy_files(source, folder)))


def _new_folder(runs_dir: Path, name: str, fill: storage.Fill) -> Path:
    """A run folder that is there complete, or not at all. Raises NotWritable."""
    try:
        return storage.new_folder(runs_dir, name, fill)
    except OSError as error:
        raise not_writable(runs_dir, error) from error


def _slug(experiment: Experiment) -> str:
    """The experiment's name as a part of a file name on every system."""
    name = re.sub(r"[^\w-]+", "-", experiment.name).strip("-_")
    return name.encode()[:100].decode(errors="ignore") or experiment.data.dataset


def check_writable(runs_dir: Path) -> None:
    """Make the folder of runs if need be, and try to write in it. Raises NotWritable, which says what is in the way."""
    check_name(runs_dir)
    try:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            runs_dir.stat()  # a loop of links looks like a file to mkdir
        runs_dir.mkdir(parents=True, exist_ok=True)
        probe = runs_dir / f".writable.{os.getpid()}{storage.TEMPORARY}"
        storage.write_atomic(probe, b"")
        storage.remove(probe)
    except OSError as error:
        raise not_writable(runs_dir, error) from error


def check_name(folder: Path, windows: bool = sys.platform == "win32") -> None:
    """Raise NotWritable for names that a system takes and then means something else by, or never takes."""
    parts = [part for part in folder.parts if part not in (folder.anchor, "..", ".")]
    if "\0" in str(folder) or (windows and any(map(_is_bad_on_windows, parts))):
        raise unusable(folder)


def _is_bad_on_windows(part: str) -> bool:
    """Devices such as CON, forbidden characters, and endings that Windows drops without a word."""
    return PureWindowsPath(part).is_reserved() or bool(re.search(r'[<>:"|?*\x00-\x1f]|[. ]$', part))


def free_space_warning(runs_dir: Path, experiment: Experiment) -> Notice | None:
    """A warning when less than three checkpoints fit on the disk, before the training starts."""
    moments = 1 if experiment.train.optimizer == "sgd" else 2
    # in single precision; and the generators and a permutation
    checkpoint = 4 * shapes.plan(experiment).parameters * (1 + moments) + 300_000
    present = next((folder for folder in (runs_dir, *runs_dir.parents) if folder.is_dir()), None)
    if present is None or (free := shutil.disk_usage(present).free) >= 3 * checkpoint:
        return None
    return Notice("space.low", f"Only {size_text(free)} free in {runs_dir}; this run needs about "
                  f"{size_text(3 * checkpoint)}.", {"free": free, "needed": 3 * checkpoint, "folder": str(runs_dir)})


# Finding runs


def list_runs(runs_dir: Path) -> list[Run]:
    """Every run of a folder, newest first; damaged ones are among them and hide no other. Raises nothing."""
    try:
        found = [runs_dir / name for name, _ in storage.listing(runs_dir) if not name.startswith(".")]
    except (OSError, ValueError):  # not to be read, or no path at all
        return []
    return sorted((Run(folder) for folder in found if is_run(folder)), key=_age, reverse=True)


def is_run(folder: Path) -> bool:
    """Whether there is anything of a run in a folder."""
    return any(storage.stamp(folder / name) != (0, 0, 0) for name in _RUN_FILES)


def _age(run: Run) -> tuple[float, str]:
    """When a run was made; of a damaged one, when its folder last changed."""
    with contextlib.suppress(RunError):
        return run.info.created_s, run.name
    return storage.stamp(run.folder)[0] / 1e9, run.name


def open_run(name: str | Path, runs_dir: Path) -> Run:
    """A run by its folder, or by its name in the folder of runs; its newest checkpoint is verified. Raises RunError."""
    for folder in (runs_dir / name, Path(name)):
        if str(name) and is_run(folder):
            run = Run(folder)
            with contextlib.suppress(DamagedFile):
                if checkpoints := run.checkpoints():
                    storage.verify(checkpoints[-1].path)
            return run
    raise RunError("run.missing", f"There is no run {name} in {runs_dir}.", name=str(name), folder=str(runs_dir))


def titles(runs: Sequence[Run]) -> dict[Path, str]:
    """Folder -> what to call a run beside the others: the user's name, else the experiment's and what differs."""
    named = {run.folder: (run.notes.name, _settings(run)) for run in runs}
    first: dict[str, Mapping[str, Any]] = {}
    for _, settings in reversed(named.values()):  # the oldest of a name is what the others differ from
        if settings:
            first.setdefault(str(settings.get("name", "")), settings)
    return {folder: own or (_title(first[str(settings.get("name", ""))], settings) if settings else folder.name)
            for folder, (own, settings) in named.items()}


def _settings(run: Run) -> Mapping[str, Any]:
    """Fields of a run's experiment by dotted path; none when they cannot be read."""
    try:
        return run.settings
    except RunError:
        return {}


def title(first: Experiment, experiment: Experiment) -> str:
    """An experiment beside the one it comes from: 'mnist-strided, learning rate 0.01'."""
    return _title(records.plain(first), records.plain(experiment))


def _title(first: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """The same of fields by dotted path."""
    changed = (f"{path.rpartition('.')[2].replace('_', ' ')} {value}" for path, value in settings.items()
               if path not in DESCRIPTIVE and value is not None and value != first.get(path))
    return ", ".join([str(settings.get("name") or settings.get("data.dataset", "")), *list(changed)[:3]])


def tidy(runs_dir: Path) -> None:
    """At the start of the application: delete what a crash left half written in runs that nobody holds."""
    with contextlib.suppress(OSError):
        storage.remove_unfinished(runs_dir)
    for run in list_runs(runs_dir):
        if run.writable:
            for folder in (run.folder, run.folder / history.HISTORY, run.folder / history.CHECKPOINTS):
                with contextlib.suppress(OSError):
                    storage.remove_leftovers(folder)


def take_over(run: Run) -> None:
    """Free a run that another host has locked, because a person said so. Raises Locked if a process here holds it."""
    lock.take_over(run.folder)


def write_notes(run: Run, notes: Notes) -> None:
    """Save what the user writes about a run. Raises NewerVersion, OSError."""
    run.refuse_newer()
    records.write_notes(run.folder, notes)


def set_notes(run: Run, **changes: Any) -> Notes:
    """Change some of the notes (``name``, ``tags``, ``star``, ``remarks``) as the file says now, so that what another
    window wrote stays; -> all of them. Raises RunError, also where they have no folder any more, and OSError."""
    if not is_run(run.folder):
        raise RunError("run.missing", f"The run {run.name} is no longer there.", name=run.name)
    notes = Notes.model_validate({**run.notes.model_dump(), **changes})
    write_notes(run, notes)
    return notes


# Weights


class Resumption(NamedTuple):
    """What a training needs to go on, and what the user is to be told about it."""

    state: State | None
    """None for a run that never came as far as its first checkpoint: it begins anew."""
    notices: tuple[Notice, ...]


def load_snapshot(path: Path) -> dict[str, Tensor]:
    """The weights of one file of a run's history. Raises DamagedFile."""
    try:
        return storage.read_tensors(path)[0]
    except DamagedFile as error:
        step = re.search(r"step-0*(\d+)", path.name)
        if error.code == "file.program" or step is None:
            raise
        raise DamagedFile("snapshot.damaged", f"Snapshot step {step[1]} is damaged (checksum does not match).",
                          step=int(step[1]), detail=error.message) from error


def load_checkpoint(run: Run, *, device: str | None = None, threads: int | None = None,
                    fingerprint: str | None = None) -> Resumption:
    """The newest checkpoint that verifies, to be resumed on this device with so many threads. Raises NoCheckpoint.

    ``fingerprint``: of the images it is to go on with; None passes over whether they are those the run began with.
    """
    damaged: list[CheckpointFile] = []
    other_images = fingerprint is not None and run.info.data_fingerprint not in ("", fingerprint)
    for file in reversed(run.checkpoints()):
        try:
            tensors, values = storage.read_tensors(file.path)
        except DamagedFile:
            damaged.append(file)
            continue
        notices = (*(_skipped(bad, file) for bad in damaged), *_inexact(values, device, threads, other_images))
        return Resumption(State(tensors, values["values"]), notices)
    refuse_lost(run)
    return Resumption(None, ())


def _skipped(bad: CheckpointFile, used: CheckpointFile) -> Notice:
    return Notice("checkpoint.damaged", f"Checkpoint step {bad.step} is damaged (checksum does not match). "
                  f"Using step {used.step}.", {"step": bad.step, "used_step": used.step})


def _inexact(saved: dict, device: str | None, threads: int | None, other_images: bool) -> Iterator[Notice]:
    """One notice with everything that keeps the run from going on bit for bit, if there is anything."""
    changes = [*_changes(saved, device or saved["device"], threads or saved["threads"]),
               *(["with other images than it began with"] if other_images else [])]
    if changes:
        yield Notice("resume.inexact", f"The run continues {', '.join(changes)}; results will not be bit-identical.",
                     {"changes": changes})


def _changes(saved: dict, device: str, threads: int | None) -> Iterable[str]:
    """'on CPU', 'with torch 2.15.0 instead of 2.11.0', …"""
    kind = device.partition(":")[0]
    if kind != saved["device"].partition(":")[0] or kind != "cpu":
        yield f"on {kind.upper()}"
    torch = records.package_version("torch")
    if torch != saved["torch"]:
        yield f"with torch {torch} instead of {saved['torch']}"
    if threads and saved["threads"] and threads != saved["threads"]:
        yield f"with {threads} thread{'' if threads == 1 else 's'} instead of {saved['threads']}"
    if platform.node() != saved["host"]:
        yield "on another machine"
