"""Start here: ``python main.py`` opens the window; ``train``, ``sweep``, ``list`` and others work without one.

Arguments and a preflight only; nothing happens on import, because worker processes import this file.
"""

from __future__ import annotations

import argparse
import ctypes
import sys
from collections.abc import Sequence
from pathlib import Path

from engine import preflight

DESCRIPTION = "Build, train and explore autoencoders. Without a command, opens the window."
EXIT_CODES = ("exit codes: 0 done, 1 failed, 2 bad arguments, 3 something is missing on this machine, "
              "130 and 143 interrupted with a checkpoint saved")


def parser() -> argparse.ArgumentParser:
    """All arguments, of the window and of its commands."""
    top = argparse.ArgumentParser("autoencoder-explorer", description=DESCRIPTION, epilog=EXIT_CODES)
    _folders(top, default=None)
    top.add_argument("--open", metavar="RUN|EXPERIMENT.toml", help="show this run or edit this experiment")
    top.add_argument("--reset-layout", action="store_true", help="forget the arrangement of the window")
    top.add_argument("--theme", choices=("system", "light", "dark"), help="colours (default: as last chosen)")
    commands = top.add_subparsers(dest="command", metavar="train | classify | sweep | quality | export | list")
    _train_arguments(commands.add_parser("train", help="train without a window", epilog=EXIT_CODES))
    _classify_arguments(commands.add_parser("classify", help="train a classifier on the encoder of a run",
                                            epilog=EXIT_CODES))
    _sweep_arguments(commands.add_parser("sweep", help="train many networks that differ in a few fields",
                                         epilog=EXIT_CODES))
    _quality_arguments(commands.add_parser("quality", help="measure the drawn images of runs by MSE, PSNR and SSIM",
                                           epilog=EXIT_CODES))
    _export_arguments(commands.add_parser("export", help="write the settings, tables and figures of runs into a folder",
                                          epilog=EXIT_CODES))
    _list_arguments(commands.add_parser("list", help="list presets, sweeps, data sets, runs or reports",
                                        epilog=EXIT_CODES))
    return top


def _folders(to: argparse.ArgumentParser, default: object = argparse.SUPPRESS) -> None:
    """Where data and runs are; a command's own option wins over the one before the command."""
    to.add_argument("--data-dir", type=Path, metavar="D", default=default, help="folder of the data sets")
    to.add_argument("--runs", type=Path, metavar="D", default=default, help="folder of the runs")


def _train_arguments(to: argparse.ArgumentParser) -> None:
    to.add_argument("experiment", nargs="?", metavar="EXPERIMENT", help="a preset's name or a TOML file")
    to.add_argument("--resume", metavar="RUN", help="continue this run: its folder, or its name in the runs folder")
    _how_arguments(to)


def _classify_arguments(to: argparse.ArgumentParser) -> None:
    to.add_argument("of", metavar="RUN", help="a run's folder, its name in the runs folder, or a preset's name for the "
                    "newest run of it")
    to.add_argument("--step", default="last", metavar="N|best|last", help="which of its weights (default: last)")
    to.add_argument("--strategy", required=True, choices=("probe", "fine-tune", "scratch"),
                    help="train only the linear layer, everything, or everything from new weights")
    _how_arguments(to)


def _how_arguments(to: argparse.ArgumentParser) -> None:
    """What every training can be told."""
    to.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", dest="settings",
                    help="change a field, for example train.epochs=1; may be repeated")
    to.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto",
                    help="where to compute (default: auto)")
    to.add_argument("--threads", type=_positive, metavar="N", help="threads on the CPU (default: measured)")
    to.add_argument("--import-again", action="store_true", help="read a folder of images anew")
    to.add_argument("--traceback", action="store_true", help="show where in the program a failure happened")
    _folders(to)


def _sweep_arguments(to: argparse.ArgumentParser) -> None:
    to.add_argument("sweep", metavar="SWEEP", help="a preset's name, a TOML file, or the folder of a sweep to continue")
    to.add_argument("--workers", type=_positive, metavar="N", help="processes (default: as many as do most, measured)")
    to.add_argument("--cluster", metavar="ADDRESS", help="a Dask scheduler, such as tcp://host:8786, in place of "
                    "processes of this machine")
    to.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", dest="settings",
                    help="change a field of the experiment that is swept; may be repeated")
    to.add_argument("--traceback", action="store_true", help="show where in the program a failure happened")
    _folders(to)


def _quality_arguments(to: argparse.ArgumentParser) -> None:
    to.add_argument("of", nargs="+", metavar="RUN", help="runs: their folders, or their names in the runs folder")
    to.add_argument("--split", choices=("training", "validation", "test"), default="test",
                    help="which images (default: test)")
    to.add_argument("--traceback", action="store_true", help="show where in the program a failure happened")
    _folders(to)


def _export_arguments(to: argparse.ArgumentParser) -> None:
    to.add_argument("of", nargs="+", metavar="RUN", help="runs: their folders, or their names in the runs folder")
    to.add_argument("--to", type=Path, required=True, metavar="DIR",
                    help="where to put the new folder: report, or report_2 where that is taken")
    to.add_argument("--traceback", action="store_true", help="show where in the program a failure happened")
    _folders(to)


def _list_arguments(to: argparse.ArgumentParser) -> None:
    to.add_argument("what", choices=("presets", "sweeps", "datasets", "runs", "reports"),
                    help="what to list; reports: reported numbers beside those of the runs, in Markdown")
    to.add_argument("--json", action="store_true", help="as JSON instead of a table")
    _folders(to)


def _positive(text: str) -> int:
    """'2' -> 2. Raises ArgumentTypeError below 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the application. Returns the exit code; bad arguments raise SystemExit(2)."""
    options = parser().parse_args(arguments)
    problem = preflight.engine_problem() if options.command else preflight.window_problem()
    if problem:
        say(problem)
        return preflight.MISSING
    if options.command:
        from engine import command

        return command.run(options)
    return _window(options)


def _window(options: argparse.Namespace) -> int:
    """Open the window. A package that is there and cannot be loaded is missing too; any other fault is ours."""
    try:
        from gui import app
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"shiboken6", *preflight.WINDOW_PACKAGES}:
            raise
        say(f"The window cannot be loaded: {error}. Run: {sys.executable} -m pip install --force-reinstall "
            "PySide6-Essentials pyqtgraph")
        return preflight.MISSING
    return app.run(options)


def say(text: str) -> None:
    """One line on standard error, or a message box where Windows gives a program no console."""
    if sys.stderr is not None:
        sys.stderr.write(f"{text}\n")
    elif sys.platform == "win32":
        ctypes.windll.user32.MessageBoxW(None, text, "Autoencoder Explorer", 0x10)


if __name__ == "__main__":
    sys.exit(main())
