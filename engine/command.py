"""The command line without a window: ``train``, ``classify``, ``sweep``, ``quality``, ``export`` and ``list``.

Imports torch only where it trains, and never Qt.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import resources
from engine import experiment, preflight, runs, shapes
from engine.classify import experiment_for
from engine.datasets import sources
from engine.datasets.importing import is_importing
from engine.events import Diverged
from engine.experiment import Experiment
from engine.fields import ExperimentError
from engine.inbox import Inbox, Stop
from engine.job import Order, Started
from engine.run import Run, diverged
from engine.runfiles.notices import RunError
from engine.runfiles.saving import SaveFailed
from engine.terminal import listing
from engine.terminal.importline import ImportLine
from engine.terminal.interrupt import Interrupted, Signals
from engine.terminal.ticker import Ticker

if TYPE_CHECKING:
    from engine.sweeping.told import SweepOrder, Swept
    from engine.terminal.sweepline import SweepLine

FAILED, BAD_ARGUMENTS = 1, 2
"""Exit codes, beside those of the preflight and of signals."""


class BadArguments(Exception):
    """What was asked for makes no sense; the message says what would."""


class Missing(Exception):
    """A device or a data set that is not on this machine."""


class Failed(Exception):
    """A training that did not reach its end."""


def run(options: argparse.Namespace) -> int:
    """Do what the arguments say. Returns the exit code; what goes wrong is told in one line each on standard error."""
    try:
        return COMMANDS[options.command](options)
    except ExperimentError as error:
        return _fail(BAD_ARGUMENTS, *(ExperimentError([problem]) for problem in error.problems))
    except BadArguments as error:
        return _fail(BAD_ARGUMENTS, error)
    except (Missing, sources.MissingData) as error:
        return _fail(preflight.MISSING, error)
    except Interrupted as error:
        return _fail(128 + error.number, error)
    except KeyboardInterrupt:  # where nothing is at work that is worth saving
        return _fail(128 + signal.SIGINT, Interrupted(signal.SIGINT))
    except BrokenPipeError:  # the reader has gone, as in `list runs | head -1`; Python would complain again at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if getattr(options, "traceback", False):
            _tell("".join(traceback.format_exception(error)).rstrip())
        return _fail(preflight.MISSING if getattr(error, "code", "") == "data.torchvision" else FAILED, error)


def _fail(code: int, *errors: Exception) -> int:
    """Tell each error in one line; the name stands in for an error without words of its own, or with few."""
    for error in errors:
        text = " ".join(str(error).split())
        ours = type(error).__module__.startswith("engine.")
        _tell(text if ours else f"{type(error).__name__}: {text}")
    return code


def _tell(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"{text}\n")


def _answer(text: str) -> None:
    if sys.stdout is not None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def list_(options: argparse.Namespace) -> int:
    """``list``: a table, or JSON."""
    if options.what == "reports" and not options.json:
        _answer(listing.reports_markdown(_runs_dir(options)))
        return 0
    match options.what:
        case "presets":
            rows = listing.presets()
        case "sweeps":
            rows = listing.sweeps()
        case "datasets":
            rows = listing.datasets(_data_dir(options))
        case "reports":
            rows = listing.reported(_runs_dir(options))
        case _:
            rows = listing.recorded(_runs_dir(options))
    _answer(listing.as_json(rows) if options.json else listing.as_table(rows) or f"No {options.what}.")
    return 0


def _data_dir(options: argparse.Namespace) -> Path:
    return options.data_dir or sources.default_data_dir()


def _runs_dir(options: argparse.Namespace) -> Path:
    return options.runs or runs.default_runs_dir()


def train(options: argparse.Namespace) -> int:
    """``train``: a new run, or one that goes on. Returns 0, or 128 and the signal; raises what ``run`` tells."""
    past = _past(options.resume, _runs_dir(options)) if options.resume else None
    settings = _settings(options, past)
    if past is not None and past.status == "finished":
        _answer(json.dumps(report(past, _data_dir(options))))
        return 0
    if past is not None and (notice := past.read_only):
        raise Failed(notice.message)
    return _trained(settings, options, past)


def classify(options: argparse.Namespace) -> int:
    """``classify``: a new run of a classifier on another run's encoder. Returns and raises like ``train``."""
    from engine import encoders

    try:
        source = encoders.source_run(options.of, _runs_dir(options))
        made = experiment_for(source, options.strategy, _snapshot(options.step))
    except RunError as error:
        if error.code not in ("run.missing", "classify.no_run"):
            raise
        raise BadArguments(str(error)) from error
    if source.folder.parent.resolve() != _runs_dir(options).resolve():
        made = experiment.replaced(made, {"classifier.encoder": str(source.folder.resolve())})
    return _trained(experiment.with_settings(made, options.settings), options, None)


def _snapshot(text: str) -> str:
    """What --step says, if it says anything."""
    if text not in ("last", "best") and not (text.isascii() and text.isdecimal()):
        raise BadArguments(f"--step is {text!r}; use a step's number, best or last.")
    return text


def _trained(settings: Experiment, options: argparse.Namespace, past: Run | None) -> int:
    """Train, and end with the JSON of the run. Returns 0, or 128 and the signal."""
    if problems := shapes.problems(settings):
        raise ExperimentError(problems)
    if past is None and (warning := runs.free_space_warning(_runs_dir(options), settings)):
        _tell(warning.message)
    order = Order(settings, _data_dir(options), _runs_dir(options), options.device, options.threads, past,
                  import_again=options.import_again)
    with Signals() as signals:
        trained = _train(order, signals)
    _answer(json.dumps(report(trained, _data_dir(options))))
    return 128 + signals.number if trained.status == "stopped" else 0


def _past(name: str, runs_dir: Path) -> Run:
    """A run that is named. Raises BadArguments where there is none."""
    try:
        return runs.open_run(name, runs_dir)
    except RunError as error:
        if error.code != "run.missing":
            raise
        raise BadArguments(str(error)) from error


def _settings(options: argparse.Namespace, past: Run | None) -> Experiment:
    """The experiment to train: the one named, with the fields that are set, or exactly that of the run to resume."""
    if options.experiment is None and past is None:
        raise BadArguments("Name an experiment: a preset or a TOML file. `list presets` shows the presets.")
    named = find_experiment(options.experiment) if options.experiment else None
    settings = experiment.with_settings(named or past.experiment, options.settings)  # type: ignore[union-attr]
    if past is not None and (fields := experiment.differences(past.experiment, settings)):
        told = "; ".join(f"{path} is {mine!r} in the run, not {asked!r}" for path, (mine, asked) in fields.items())
        raise BadArguments(f"{past.name} is another experiment: {told}. Resume it without these, or train a new run.")
    return settings


def find_experiment(name: str) -> Experiment:
    """A preset by its name, else a TOML file. Raises BadArguments, ExperimentError."""
    presets = resources.presets()
    try:
        return experiment.load(presets.get(name) or Path(name))
    except OSError as error:
        why = "is neither" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror}) and is not"
        raise BadArguments(f"{name!r} {why} a preset ({', '.join(presets)}) nor a TOML file.") from error


def _train(order: Order, signals: Signals) -> Run:
    """Train to the end, or to the signal, and tell how it goes. Raises Failed, Missing and what the engine raises."""
    inbox = Inbox()
    ticker, line = None, ImportLine(sys.stderr)
    trained = order.run
    try:
        for event in _events(order, inbox, signals):
            if is_importing(event):
                line.tell(event)
            elif isinstance(event, Started):
                trained, ticker = event.run, Ticker(sys.stderr, event.batches_per_epoch, event.epochs)
                _introduce(event)
            elif ticker is not None:
                ticker.tell(event)
                _require_good(event)
    finally:
        if ticker is not None:
            ticker.close()
    assert trained is not None  # the first event is Started
    return trained


def _introduce(started: Started) -> None:
    """Which run, where, on what."""
    for notice in started.notices:
        _tell(notice.message)
    _tell(f"{started.run.folder} on {started.device}, {started.threads} thread{'s' * (started.threads > 1)}")


def _events(order: Order, inbox: Inbox, signals: Signals) -> Iterator[Any]:
    """What the job tells, one by one; a signal becomes the command to stop between two batches."""
    from engine import job
    from engine.device import DeviceError

    stopping = False
    try:
        for turn in job.train(order, inbox):
            signals.saving = not any(is_importing(event) for event in turn)  # of that nothing is kept
            yield from turn
            if signals.number and not stopping:
                stopping = True
                inbox.put(Stop(signals.name))
    except DeviceError as error:
        raise Missing(str(error)) from error


def _require_good(event: Any) -> None:
    """Raise Failed for an event after which there is nothing more to hope for without a person."""
    if isinstance(event, SaveFailed):
        raise Failed(f"{event.notice.message} Free space or choose another folder with --runs, then resume the run.")
    if isinstance(event, Diverged):
        raise Failed(diverged(event.step, event.learning_rate, event.loss, event.kept_step).message)


def report(trained: Run, data_dir: Path) -> dict[str, Any]:
    """``summary``, and of a classifier how the validation images are confused by its last weights."""
    told = summary(trained)
    snapshots = trained.snapshots()
    if trained.experiment.task == "autoencoder" or not snapshots:
        return told
    from engine import data, model
    from engine.answers import Confusion
    from engine.confusions import confusion

    settings = trained.experiment
    network = model.from_weights(settings, runs.load_snapshot(snapshots[-1].path))
    *_, found = confusion(network, data.load(settings.data, data_dir), "validation")
    assert isinstance(found, Confusion)
    return {**told, "confusion": found.counts.tolist(), "classes": list(found.class_names)}


def summary(trained: Run) -> dict[str, Any]:
    """What the last line of standard output says of a run, read from its folder."""
    state, info, settings = trained.state, trained.info, trained.experiment
    point = trained.resume_point()
    where = point[1] if point else {}
    told = {
        "run": str(trained.folder.resolve()),
        "status": trained.status,
        "parameters": shapes.plan(settings).parameters,
        "epochs": int(state.epoch) if state.epoch.is_integer() else state.epoch,
        "train_loss": state.training_loss,
        "validation_loss": state.validation_loss,
        "test_loss": state.test_loss,
        "images_per_second": round(state.images_per_second, 1),
        "device": where.get("device", info.device),
        "threads": where.get("threads", info.threads),
    }
    if settings.task == "classifier":
        told |= {"train_accuracy": state.training_accuracy, "validation_accuracy": state.validation_accuracy,
                 "test_accuracy": state.test_accuracy}
    return {**told, "note": "no independent test"} if settings.data.validation == "test" else told


def quality(options: argparse.Namespace) -> int:
    """``quality``: MSE, PSNR and SSIM of runs beside what needs no network. Returns 0; raises what ``run`` tells."""
    from engine import data, explore, model

    found: dict[str, Any] = {}
    for name in options.of:
        past = _past(name, _runs_dir(options))
        if past.experiment.task != "autoencoder":
            raise BadArguments(f"{past.name} is a classifier: it draws no images.")
        files = past.snapshots()
        if not files:
            raise Failed(f"{past.name} has no snapshot yet.")
        network = model.from_weights(past.experiment, runs.load_snapshot(files[-1].path))
        images = data.load(past.experiment.data, _data_dir(options))
        answer = _last(explore.quality(network, images, options.split))
        found[past.name] = {row.name: {"mse": row.mse, "psnr": row.psnr, "ssim": row.ssim} for row in answer.rows}
        for row in answer.rows:
            _tell(f"{past.name}  {row.name:<10}  MSE {row.mse:.5f}  PSNR {row.psnr:.2f} dB  SSIM {row.ssim:.4f}")
    _answer(json.dumps({"split": options.split, "runs": found}))
    return 0


def _last(answers: Iterator[Any]) -> Any:
    """The end of a long question, after its progress."""
    *_, answer = answers
    return answer


def export(options: argparse.Namespace) -> int:
    """``export``: a folder with the settings, tables and figures of runs. Returns 0; raises what ``run`` tells."""
    from engine import exporting
    from engine.reportparts import Exported

    chosen = [_past(name, _runs_dir(options)) for name in options.of]
    for told in exporting.export(chosen, options.to, _data_dir(options)):
        if isinstance(told, Exported):
            for skipped in told.skipped:
                _tell(skipped.reason)
            _answer(json.dumps(told.plain))
    return 0


def sweep(options: argparse.Namespace) -> int:
    """``sweep``: a new sweep, or one that goes on. Returns 0, or 128 and the signal; raises what ``run`` tells."""
    from engine.terminal import sweepline

    order = _sweep_order(options)
    with Signals() as signals:
        swept = _swept(order, signals, sweepline.SweepLine(sys.stderr))
    _answer(json.dumps(sweepline.report(swept)))
    return 128 + signals.number if signals.number else 0


def _sweep_order(options: argparse.Namespace) -> SweepOrder:
    """What is to be swept: a preset, a TOML file, or the sweep of a folder. Raises BadArguments, ExperimentError."""
    from engine import sweep as sweeps
    from engine.sweeping.folder import open_sweep
    from engine.sweeping.told import SweepOrder

    name, folder, presets = options.sweep, None, resources.sweeps()
    try:
        settings = sweeps.load(presets.get(name) or Path(name))
    except OSError as error:
        try:
            folder = open_sweep(name, _runs_dir(options))
        except RunError:
            raise BadArguments(f"{name!r} is neither a preset ({', '.join(presets)}) nor a TOML file nor the folder of "
                               "a sweep.") from error
        settings = folder.sweep
    if options.settings and folder is not None:
        raise BadArguments("A sweep goes on with its own settings. Leave --set out, or start a new sweep.")
    if options.settings:
        settings = sweeps.changed(settings, experiment.settings_of(options.settings))
    return SweepOrder(settings, _data_dir(options), _runs_dir(options), options.workers or 0, options.cluster or "",
                      folder=folder)


def _swept(order: SweepOrder, signals: Signals, line: SweepLine) -> Swept:
    """Sweep to the end, or to the signal. Raises Failed, and what the engine raises."""
    from engine.sweeping.conduct import conduct
    from engine.sweeping.told import Swept

    inbox, stopping, swept = Inbox(), False, None
    signals.saving = True
    try:
        for turn in conduct(order, inbox):
            for event in turn:
                line.tell(event)
                if isinstance(event, SaveFailed):
                    raise Failed(f"{event.notice.message} Free space, then sweep again with the sweep's folder.")
                swept = event if isinstance(event, Swept) else swept
            if signals.number and not stopping:
                stopping = True
                inbox.put(Stop(signals.name))
    finally:
        line.close()
    assert swept is not None  # the last event
    return swept


COMMANDS = {"train": train, "classify": classify, "sweep": sweep, "quality": quality, "export": export, "list": list_}
