"""``python -m tests.benchmarks [NAME …] [--repeats N]``: measure, and print what docs/benchmarks.md records."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import machine

HELPERS = ("__init__", "__main__", "machine", "painted")


def names() -> list[str]:
    """Every module beside this one that measures something."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in HELPERS)


def lines(chosen: list[str], repeats: int) -> Iterator[str]:
    """The whole report, line by line as it is measured."""
    yield from machine.described()
    for name in chosen:
        yield from importlib.import_module(f"tests.benchmarks.{name}").report(repeats)


def main() -> None:
    """Print the report of the chosen benchmarks, by default of all."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names())} (default: all)")
    parser.add_argument("--repeats", type=int, default=9, help="rounds of each measurement (default: 9)")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names()):
        parser.error(f"no benchmark named {', '.join(sorted(unknown))}")
    for line in lines(options.names or names(), options.repeats):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
