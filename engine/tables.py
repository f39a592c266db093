"""Tables as values, and as CSV, Markdown and LaTeX: what a person carries into a report."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

DIGITS = 4
"""Significant digits of a number that is no whole one, in Markdown and LaTeX; CSV keeps all of them."""

LATEX = str.maketrans({
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "×": r"$\times$", "²": r"\textsuperscript{2}",
    "→": r"$\rightarrow$", "±": r"$\pm$", "≤": r"$\le$", "≥": r"$\ge$", "·": r"$\cdot$", "–": "--", "…": r"\ldots{}"})
"""Characters with a meaning of their own in LaTeX, and those that its usual fonts lack."""


@dataclass(frozen=True)
class Table:
    """Headings and rows of plain values; None is an empty cell. Raises ValueError for a row of another length."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    caption: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row has {len(row)} cells and the table {len(self.columns)} columns: {row}")

    def csv(self) -> str:
        """Comma-separated values with every digit, headings first."""
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(["" if value is None else value for value in row] for row in self.rows)
        return lines.getvalue()

    def markdown(self) -> str:
        """A table of GitHub's Markdown, numbers to the right."""
        rule = ["---:" if right else "---" for right in self.numeric]
        lines = [self._cells(self.columns, _markdown), rule, *(self._cells(row, _markdown) for row in self.rows)]
        return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)

    def latex(self) -> str:
        """A ``tabular`` in a ``table``, for the package booktabs."""
        body = [" & ".join(self._cells(row, _latex)) + r" \\" for row in self.rows]
        head = " & ".join(self._cells(self.columns, _latex)) + r" \\"
        columns = "".join("r" if right else "l" for right in self.numeric)
        caption = [f"\\caption{{{_latex(self.caption)}}}"] if self.caption else []
        return "\n".join([r"\begin{table}", r"\centering", *caption, f"\\begin{{tabular}}{{{columns}}}", r"\toprule",
                          head, r"\midrule", *body, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Of every column, whether it holds numbers only, and at least one."""
        return tuple(_all_numbers([row[index] for row in self.rows]) for index in range(len(self.columns)))

    @staticmethod
    def _cells(row: tuple[Any, ...], escape: Callable[[str], str]) -> list[str]:
        return [escape(text(value)) for value in row]


def text(value: Any) -> str:
    """A cell as people read it: '12,000', '0.004133', 'yes', ''."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}" if math.isfinite(value) else str(value)
    return str(value)


def _all_numbers(values: list[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)


def _markdown(cell: str) -> str:
    return "<br>".join(cell.replace("\\", "\\\\").replace("|", "\\|").splitlines())


def _latex(cell: str) -> str:
    return " ".join(cell.splitlines()).translate(LATEX)
