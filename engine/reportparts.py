"""What an exported report is made of: runs, figures with their words, tables, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.run import Run

if TYPE_CHECKING:
    from engine.comparison import Compared
    from engine.tables import Table

TABLES = "tables"
"""Folder of the tables' files."""


@dataclass(frozen=True)
class Skipped:
    """A run, or a part of one, that is not in the report, and why."""

    run: str
    reason: str


@dataclass(frozen=True)
class Exported:
    """What was written: the folder, names of the files in it, and what is missing."""

    folder: Path
    figures: tuple[str, ...]
    tables: tuple[str, ...]
    skipped: tuple[Skipped, ...]

    @property
    def plain(self) -> dict[str, Any]:
        """The same for JSON."""
        return {"folder": str(self.folder.resolve()), "figures": self.figures, "tables": self.tables,
                "skipped": [{"run": it.run, "reason": it.reason} for it in self.skipped]}


@dataclass(frozen=True)
class Subject:
    """A run of the report, with a title and a part of a file name that no other run of it has."""

    run: Run
    compared: Compared
    name: str

    @property
    def title(self) -> str:
        """What the report calls it."""
        return self.compared.title


@dataclass
class Report:
    """A report that is being made: files by their names, and the text that shows them."""

    files: dict[str, bytes] = field(default_factory=dict)
    figures: list[tuple[str, str, str]] = field(default_factory=list)
    """File, caption, alternative text."""
    tables: dict[str, Table] = field(default_factory=dict)
    """By the file's name without its ending."""
    skipped: list[Skipped] = field(default_factory=list)

    def add_figure(self, name: str, ending: str, content: bytes, caption: str, alternative: str) -> str:
        """Take a figure in under the next number; -> the file's name without its ending."""
        stem = f"figure-{len(self.figures) + 1}-{name}"
        self.files[stem + ending] = content
        self.figures.append((stem + ending, caption, alternative))
        return stem

    def add_table(self, name: str, table: Table) -> None:
        """Take a table in, as CSV, Markdown and LaTeX."""
        self.tables[name] = table
        for ending, content in ((".csv", table.csv()), (".md", table.markdown()), (".tex", table.latex())):
            self.files[f"{TABLES}/{name}{ending}"] = content.encode()

    def skip(self, run: str, reason: str) -> None:
        """Note what is missing."""
        self.skipped.append(Skipped(run, reason))
