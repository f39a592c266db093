"""Runs as a folder to hand on: settings, tables, numbered figures with captions and alternative text, in Markdown.

Everything is made in memory first and written at the end at once, so that a cancelled export leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from engine import comparison, reportfigures, storage
from engine import runs as runfolders
from engine.answers import Progress
from engine.experiment import to_toml
from engine.fields import LABELS
from engine.reportparts import TABLES, Exported, Report, Subject
from engine.run import Run
from engine.runfiles.notices import RunError, not_writable
from engine.runfiles.records import application_version
from engine.tables import Table, text

NAME = "report"
INDEX = "README.md"
MOST_COLUMNS = 12
"""Of a table on the page of a report; its files have all of them."""


def export(runs: Sequence[Run], to: Path, data_dir: Path) -> Iterator[Progress | Exported]:
    """Write a new folder ``report`` (``report_2`` where that is taken) in ``to``, and tell it last.

    What cannot be read is named in the report, and the others are exported. Raises RunError when nothing can be read or
    the folder cannot be written to. Closing the generator earlier leaves no report.
    """
    runfolders.check_writable(to)
    report = Report()
    subjects = _subjects(runs, report)
    if not subjects:
        told = " ".join(f"{skipped.reason.rstrip('.')}." for skipped in report.skipped)
        raise RunError("export.nothing", f"There is nothing to export. {told}".rstrip() +
                       " Choose a run that can be read.")
    for subject in subjects:
        report.files[f"settings-{subject.name}.toml"] = to_toml(subject.compared.experiment).encode()
    report.add_table("comparison", comparison.table([subject.compared for subject in subjects]))
    for done, total in reportfigures.draw(report, subjects, data_dir):
        yield Progress(done, total)
    report.files[INDEX] = _index(report, subjects).encode()
    folder = _written(report, to)
    yield Exported(folder, tuple(name for name, _, _ in report.figures), tuple(report.tables), tuple(report.skipped))


def _subjects(runs: Sequence[Run], report: Report) -> list[Subject]:
    """The runs that can be read, each once; the others are noted in the report."""
    chosen = list({run.folder.resolve(): run for run in runs}.values())
    titles = runfolders.titles(chosen)
    subjects: list[Subject] = []
    for run in chosen:
        title = _free(titles[run.folder], [subject.title for subject in subjects], f" ({run.name})")
        good, bad = comparison.readable([(run, title)])
        for reason in bad:
            report.skip(run.name, reason)
        if good:
            name = _free(run.name, [subject.name for subject in subjects])
            subjects.append(Subject(run, good[0], name))
    return subjects


def _free(wanted: str, taken: Sequence[str], ending: str = "") -> str:
    """What is wanted, with the ending or a number behind it where it is taken already; cases count as equal."""
    lower = {name.casefold() for name in taken}
    if wanted.casefold() in lower:
        wanted += ending
    number, name = 1, wanted
    while name.casefold() in lower:
        number += 1
        name = f"{wanted}-{number}"
    return name


def _written(report: Report, to: Path) -> Path:
    """All files in a folder that has its name only when they are there. Raises NotWritable."""
    def fill(folder: Path) -> None:
        storage.make_folder(folder / TABLES)
        for name, content in report.files.items():
            storage.write_atomic(folder / name, content)
        storage.sync_folder(folder / TABLES)

    try:
        return storage.new_folder(to, NAME, fill)
    except OSError as error:
        raise not_writable(to, error) from error


# The index


def _index(report: Report, subjects: Sequence[Subject]) -> str:
    """The page that shows everything."""
    now = datetime.now().astimezone()
    parts = ["# Report", f"Made with Autoencoder Explorer {application_version()} on {now:%Y-%m-%d %H:%M}.", "## Runs",
             "\n".join(_described(subject) for subject in subjects)]
    if report.skipped:
        parts += ["## Left out", "\n".join(f"- {plain(it.reason)}" for it in report.skipped)]
    parts += ["## Figures"]
    for number, (file, caption, alternative) in enumerate(report.figures, start=1):
        parts += [f"![{plain(alternative)}]({quote(file)})", f"**Figure {number}.** {plain(caption)}"]
    parts += ["## Tables"]
    for number, (name, table) in enumerate(report.tables.items(), start=1):
        files = ", ".join(f"[{ending}]({quote(f'{TABLES}/{name}.{ending}')})" for ending in ("csv", "md", "tex"))
        parts += [f"**Table {number}.** {plain(table.caption or 'The runs beside each other')} ({files})",
                  _shown(table).markdown().rstrip()]
    return "\n\n".join(parts) + "\n"


def _shown(table: Table) -> Table:
    """A table as it fits on a page: one with many columns has its rows side by side instead."""
    if len(table.columns) <= MOST_COLUMNS:
        return table
    head, *others = table.columns
    names, *values = zip(*table.rows, strict=True)
    rows = tuple((column, *map(text, cells)) for column, cells in zip(others, values, strict=True))
    return Table((head, *names), rows, table.caption)


def _described(subject: Subject) -> str:
    """A run in one line: title, folder, images, status, and its settings."""
    settings = f"settings-{subject.name}.toml"
    experiment = subject.compared.experiment
    return (f"- **{plain(subject.title)}**: {experiment.task} of {LABELS[experiment.data.dataset]}, folder "
            f"{plain(subject.run.name)}. {plain(subject.run.status_text)}. [Settings]({quote(settings)})")


def plain(words: str) -> str:
    """Words that Markdown takes for nothing but words, in one line."""
    return "".join(f"\\{letter}" if letter in r"\`*_[]<>#|" else letter for letter in " ".join(words.split()))
