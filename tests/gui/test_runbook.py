"""The story of a run: from disk, kept up by events, and rewound when a resumed training tells steps anew."""

import math

import numpy as np
import pytest

from engine.events import Evaluation, Intervention, Step
from engine.run import Run
from engine.runfiles import journal
from engine.runfiles.notices import DamagedFile
from gui.books import Books
from gui.runbook import RunBook


def evaluation(step, loss, epoch=None):
    return Evaluation(step, step / 10 if epoch is None else epoch, None, loss, loss + 0.01, 1.0)


def step(last, *losses):
    return Step(last, (last - 1) // 10, losses, 0.1 * last, 100.0)


def written(folder, *events):
    """A run folder whose metrics are these events, one record each."""
    folder.mkdir(parents=True, exist_ok=True)
    for event in events:
        record = journal.Record()
        record.add(event)
        with (folder / journal.NAME).open("ab") as file:
            file.write(record.line() + b"\n")
    return Run(folder)


STORY = (evaluation(0, 0.3), step(10, *[0.2] * 10), evaluation(10, 0.1), Intervention(10, "train.learning_rate", 3e-4),
         step(20, *[0.1] * 10), evaluation(20, 0.2))


def test_a_book_of_a_run_on_disk(tmp_path):
    book = RunBook.read(written(tmp_path / "run", *STORY))
    assert book.losses.last_step == 20 and len(book.losses.batches) == 20 and book.losses.batches_per_epoch == 10
    assert (book.evaluation.step, book.best.step) == (20, 10)
    assert (book.learning_rate, book.epochs, book.bad_lines) == (3e-4, None, "")


def test_events_and_disk_tell_the_same(tmp_path):
    told, read = RunBook(), RunBook.read(written(tmp_path / "run", *STORY))
    assert told.take(STORY) and not told.take([object()])
    for name in ("batch", "training", "validation"):
        for one, other in zip(told.losses.line(name).points(), read.losses.line(name).points(), strict=True):
            assert np.array_equal(one, other)
    assert (told.evaluation, told.best, told.interventions) == (read.evaluation, read.best, read.interventions)


def test_a_loss_that_is_no_number_is_never_the_best():
    book = RunBook()
    book.take([evaluation(0, math.nan), evaluation(10, 0.2), evaluation(20, math.nan)])
    assert book.best.step == 10 and book.evaluation.step == 20


def test_more_epochs_are_planned_epochs():
    book = RunBook()
    book.take([Intervention(5, "train.epochs", 12), Intervention(9, "train.epochs", 22)])
    assert book.epochs == 22 and book.learning_rate is None


def test_a_resumed_training_rewinds_the_book_once(tmp_path):
    book = RunBook.read(written(tmp_path / "run", *STORY))
    assert book.overtaken_by([object()]) is None, "nothing was told yet"
    shorter = book.overtaken_by([step(16, 0.5)])
    assert shorter.losses.last_step == 15 and shorter.evaluation.step == 10 and len(shorter.interventions) == 1
    shorter.take([step(16, 0.5), step(17, 0.5)])
    assert shorter.overtaken_by([step(18, 0.5)]) is None
    x, y = shorter.losses.batches.points()
    assert x.tolist() == list(range(1, 18)) and y[-2:].tolist() == [0.5, 0.5]


def test_a_training_that_goes_on_where_the_disk_ends_keeps_the_book(tmp_path):
    book = RunBook.read(written(tmp_path / "run", *STORY))
    assert book.overtaken_by([step(21, 0.5)]) is None


def test_an_evaluation_told_twice_is_written_once():
    book = RunBook()
    book.take([evaluation(10, 0.2), evaluation(10, 0.2)])
    assert len(book.losses.validation) == 1


def test_damaged_lines_are_said(tmp_path):
    run = written(tmp_path / "run", *STORY)
    with (run.folder / journal.NAME).open("ab") as file:
        file.write(b"{no json}\n")
    run = written(run.folder, step(21, 0.1))
    assert RunBook.read(run).bad_lines == "1 of 8 lines could not be read (line 7)"


# Reading on a thread


@pytest.fixture
def books(qtbot):
    reader = Books()
    reader.told = []
    reader.answered.connect(lambda folder, book: reader.told.append((folder.name, book.losses.last_step)))
    reader.failed.connect(lambda folder, text: reader.told.append((folder.name, text)))
    yield reader
    reader.close()
    qtbot.waitUntil(lambda: not reader.at_work, timeout=5000)
    reader.deleteLater()


def test_runs_are_read_one_after_another_each_once(books, qtbot, tmp_path):
    runs = [written(tmp_path / name, *STORY[:length]) for name, length in (("a", 2), ("b", 5))]
    with qtbot.waitSignal(books.idle, timeout=5000):
        for run in (runs[0], runs[1], runs[1]):
            books.ask(run)
        assert books.at_work
    assert books.told == [("a", 10), ("b", 20)] and not books.at_work


def test_a_run_that_cannot_be_read_says_why_and_the_next_is_read(books, qtbot, tmp_path):
    (tmp_path / "bad" / journal.NAME).mkdir(parents=True)
    with pytest.raises(DamagedFile):
        RunBook.read(Run(tmp_path / "bad"))
    with qtbot.waitSignal(books.idle, timeout=5000):
        books.ask(Run(tmp_path / "bad"))
        books.ask(written(tmp_path / "good", *STORY))
    assert books.told[0][0] == "bad" and journal.NAME in books.told[0][1]
    assert books.told[1] == ("good", 20)
