"""The queue: its order, its file, and real trainings one after another."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.events import Finished
from engine.experiment import replaced
from gui import forecast
from gui.panels.queue import QueuePanel, titled
from gui.panels.train import TrainPanel
from gui.queue import FILE_NAME, Queue
from gui.widgets.quantities import duration
from tests.gui.conftest import tiny


def named(name, **changes):
    return replaced(tiny(), {"name": name, **changes})


@pytest.fixture
def queue(qtbot):
    made = Queue()
    made.add(*map(named, "abc"))
    return made


def names(queue):
    return "".join(item.experiment.name for item in queue.items)


def test_what_came_first_is_taken_first(queue):
    assert [queue.take().experiment.name for _ in range(3)] == ["a", "b", "c"]
    assert queue.take() is None


def test_items_are_moved_and_removed(queue):
    a, b, c = (item.id for item in queue.items)
    queue.move(c, 0)
    assert names(queue) == "cab"
    queue.move(c, 99)
    queue.move(a, -5)
    assert names(queue) == "abc"
    queue.remove(b)
    queue.remove(b)
    assert names(queue) == "ac"


def test_a_paused_queue_gives_nothing(queue):
    queue.pause()
    assert queue.take() is None
    queue.resume()
    assert queue.take().experiment.name == "a"


def test_what_waited_is_found_paused_after_a_restart(tmp_path, queue):
    queue.keep_in(tmp_path)
    queue.add(named("d"), run=tmp_path / "a run")
    again = Queue()
    assert again.keep_in(tmp_path) is None
    assert [(item.experiment, item.run) for item in again.items] == [
        *((named(name), None) for name in "abc"), (named("d"), tmp_path / "a run")]
    assert again.paused


@pytest.mark.parametrize("contents", [b"", b"\xff\xfe", b"[]", b"{}", b'{"waiting": 3}', b'{"waiting": [{}]}',
                                      b"[" * 100_000, b'{"waiting": [{"experiment": {"train": 1}, "run": ""}]}'])
def test_a_file_that_cannot_be_read_is_kept_aside(tmp_path, contents):
    (tmp_path / FILE_NAME).write_bytes(contents)
    queue = Queue()
    aside = queue.keep_in(tmp_path)
    assert aside is not None and aside.read_bytes() == contents
    assert queue.items == () and not (tmp_path / FILE_NAME).exists()
    queue.add(named("a"))
    again = Queue()
    again.keep_in(tmp_path)
    assert names(again) == "a"


def test_a_queue_that_cannot_be_written_says_so_and_holds(tmp_path, queue):
    (tmp_path / "file").write_text("")
    told = []
    queue.failed.connect(told.append)
    queue.keep_in(tmp_path / "file")
    queue.add(named("d"))
    assert len(told) == 1 and names(queue).endswith("d")


# With the session


def finished(session, count):
    """Waits until so many trainings have ended."""
    outcomes = []
    session.training.finished.connect(outcomes.append)
    return outcomes, lambda: len(outcomes) == count and not session.training.at_work


def test_starting_while_another_trains_adds_to_the_queue_and_is_trained_next(qtbot, session):
    outcomes, done = finished(session, 3)
    started = []
    session.training.run_started.connect(lambda run: started.append(run.experiment.train.seed))
    session.start()
    for seed in (1, 2):
        session.draft.set("train.seed", seed)
        session.start()
    assert [item.experiment.train.seed for item in session.queue.items] == [1, 2]
    qtbot.waitUntil(done, timeout=60_000)
    assert started == [0, 1, 2]
    assert [type(outcome) for outcome in outcomes] == [Finished] * 3
    assert session.queue.items == ()


def test_stopping_by_hand_pauses_the_queue_and_says_so(qtbot, session):
    session.draft.set("train.epochs", 500)
    _, done = finished(session, 1)
    told = []
    session.message.connect(told.append)
    session.start()
    session.start()
    qtbot.waitUntil(lambda: session.training.progress.step > 0, timeout=60_000)
    session.stop()
    qtbot.waitUntil(done, timeout=60_000)
    assert session.queue.paused and len(session.queue.items) == 1
    assert [message.key for message in told] == ["queue"]
    session.queue.remove(session.queue.items[0].id)


def test_the_next_run_does_not_take_the_shown_one_away(qtbot, session):
    _, done = finished(session, 1)
    session.start()
    qtbot.waitUntil(done, timeout=60_000)
    looked_at = session.shown.run
    _, done = finished(session, 2)
    session.start()
    session.draft.set("train.seed", 5)
    session.start()
    qtbot.waitUntil(lambda: session.training.run is not None and session.shown.run != looked_at, timeout=60_000)
    session.show_run(looked_at)
    qtbot.waitUntil(done, timeout=60_000)
    assert session.shown.run.folder == looked_at.folder


def test_a_run_that_cannot_begin_keeps_its_place_and_pauses_the_queue(qtbot, session, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    session.runs_dir = blocked / "runs"
    told = []
    session.message.connect(told.append)
    session.queue.add(tiny())
    assert len(session.queue.items) == 1 and session.queue.paused and len(told) == 1
    session.queue.remove(session.queue.items[0].id)


# The panel


@pytest.fixture
def panel(qtbot, session):
    session.queue.pause()
    widget = QueuePanel(session)
    qtbot.addWidget(widget)
    widget.show()
    session.queue.add(*map(named, "abc"))
    yield widget
    for item in session.queue.items:
        session.queue.remove(item.id)


def test_the_panel_is_there_only_while_something_waits(qtbot, session, panel):
    assert panel.isVisible() and panel.title.text() == "Queue: 3, paused"
    for item in session.queue.items:
        session.queue.remove(item.id)
    assert not panel.isVisible()


def test_every_row_is_seen_whole(panel):
    last = panel.view.visualItemRect(panel.view.item(2))
    assert last.bottom() < panel.view.viewport().height() and not panel.view.verticalScrollBar().isVisible()


def test_a_row_says_about_how_long_it_takes_once_that_is_measured(qtbot, session, panel):
    rows = [panel.view.item(place) for place in range(3)]
    qtbot.waitUntil(lambda: all("about" in row.text() for row in rows), timeout=20_000)
    seconds = session.forecast.known(named("a"), session.settings.device)
    assert rows[0].text().endswith(f"about {duration(max(1.0, seconds * named('a').train.epochs))}")
    assert rows[0].toolTip().startswith(rows[0].text())


def test_what_cannot_be_measured_is_tried_once_and_the_others_after_it(qtbot, session, monkeypatch):
    tried = []

    def measure(experiment, device):
        tried.append(experiment.train.batch_size)
        if experiment.train.batch_size == 2:
            raise ValueError("no")
        return 2.0

    monkeypatch.setattr(forecast, "measure", measure)
    waiting = [replaced(named("a"), {"train.batch_size": size}) for size in (2, 3, 4)]
    session.forecast.changed.connect(lambda: session.forecast.look_ahead(waiting, "cpu"))
    session.forecast.look_ahead(waiting, "cpu")
    qtbot.waitUntil(lambda: session.forecast.known(waiting[2], "cpu") == 2.0, timeout=20_000)
    assert tried == [2, 3, 4] and session.forecast.known(waiting[0], "cpu") is None


def test_keys_move_and_remove(qtbot, session, panel):
    panel.view.setCurrentRow(2)
    panel.view.setFocus()
    QTest.keyClick(panel.view, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert names(session.queue) == "acb" and panel.view.currentRow() == 1
    panel.move_down()
    assert names(session.queue) == "abc"
    QTest.keyClick(panel.view, Qt.Key.Key_Delete)
    assert names(session.queue) == "ab"


def test_an_experiment_is_taken_back_into_the_form(session, panel):
    panel.view.setCurrentRow(1)
    panel.edit()
    assert session.draft.experiment == named("b") and names(session.queue) == "ac"


def test_a_title_says_what_differs_from_the_preset():
    import resources
    from engine import experiment

    preset = experiment.load(resources.presets()["mnist-strided"])
    changed = replaced(preset, {"train.learning_rate": 0.01})
    assert titled(changed, continues=False) == "mnist-strided, learning rate 0.01 · 20 epochs"
    assert titled(replaced(preset, {"train.epochs": 3}), continues=False) == "mnist-strided · 3 epochs"


def test_the_train_panel_offers_the_queue_only_while_something_is_at_work(qtbot, session):
    panel = TrainPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    assert not panel.queue.isVisible()
    _, done = finished(session, 2)
    panel.train.click()
    assert panel.queue.isVisible()
    panel.queue.click()
    assert len(session.queue.items) == 1
    qtbot.waitUntil(done, timeout=60_000)
    assert not panel.queue.isVisible()
