"""The states of a view, and when a view asks."""

import shutil

import pytest
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton

from engine.answers import Progress
from engine.run import Run
from gui.questions import Questions
from gui.widgets.controls import Flow, button
from gui.widgets.stage import Stage
from tests.gui.conftest import tiny, trained


@pytest.fixture
def stage(qtbot):
    widget = Stage(QLabel("content"))
    qtbot.addWidget(widget)
    widget.show()
    return widget


def texts(widget):
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


def test_empty_says_the_next_action(stage):
    stage.show_nothing(run_shown=False)
    assert stage.state == "empty" and texts(stage) == ["No run is shown", "Press Train, or choose a run in the list."]
    stage.show_nothing(run_shown=True)
    assert texts(stage)[0] == "No snapshot yet"
    stage.show_nothing(run_shown=True, trouble="settings unreadable: line 1")
    assert texts(stage) == ["This run cannot be shown", "settings unreadable: line 1"]


def test_a_failure_stands_above_the_content_until_the_next_answer(stage, qtbot):
    stage.show_content()
    stage.show_failed("Step 3 is damaged.")
    assert stage.state == "failed" and set(texts(stage)) == {
        "content", "Step 3 is damaged. What was shown before stays."}
    with qtbot.waitSignal(stage.retry):
        stage.findChild(QPushButton).click()
    stage.show_content()
    assert stage.state == "ready" and texts(stage) == ["content"]


def test_a_failure_over_nothing_leaves_no_other_words(stage):
    stage.show_nothing(run_shown=True)
    stage.show_failed("Step 3 is damaged.")
    assert stage.state == "failed" and [text for text in texts(stage) if text] == ["Step 3 is damaged."]


def test_busy_is_a_bar_over_the_content_that_moves_nothing(stage):
    stage.show_content()
    content = stage.findChildren(QLabel)[-1]
    before = content.geometry()
    stage.set_busy(True)
    bar = stage.findChild(QProgressBar)
    assert stage.busy and bar.isVisible() and (bar.minimum(), bar.maximum()) == (0, 0)
    stage.set_progress(30, 120)
    assert bar.value() / bar.maximum() == 0.25
    assert content.geometry() == before and bar.width() == stage.width()
    stage.set_busy(False)
    assert not bar.isVisible()


class Slow:
    """A question in pieces that never ends, and one that fails."""

    @staticmethod
    def endless(model, data):
        while True:
            yield Progress(1, 2)

    @staticmethod
    def wrong(model, data):
        raise ValueError("nothing of this kind")


@pytest.fixture
def questions(make_session, qtbot):
    session = make_session(tiny(train__epochs=0))
    trained(qtbot, session)
    view = QLabel()
    qtbot.addWidget(view)
    result = Questions(session.shown, "view", view)
    view.show()
    result.view, result.session = view, session
    qtbot.waitUntil(lambda: result.contents is not None, timeout=10_000)
    return result


def test_it_is_busy_only_after_a_while_and_until_cancelled(questions, qtbot):
    told = []
    questions.busy_changed.connect(told.append)
    questions.ask("quick", "code_of", "test", 0)
    qtbot.waitUntil(lambda: not questions.waits("quick"), timeout=10_000)
    questions.ask("slow", Slow.endless)
    assert not questions.busy
    qtbot.waitUntil(lambda: questions.busy, timeout=10_000)
    questions.cancel("slow")
    assert not questions.busy and told[-2:] == [True, False] and not questions.waits("slow")


def test_a_failure_is_told_once_with_its_text(questions, qtbot):
    told = []
    questions.failed.connect(lambda key, text: told.append((key, text)))
    questions.ask("bad", Slow.wrong)
    qtbot.waitUntil(lambda: bool(told), timeout=10_000)
    assert told == [("bad", "nothing of this kind")] and not questions.waits("bad")


def test_answers_of_other_views_and_older_questions_are_dropped(questions, qtbot):
    told = []
    questions.answered.connect(lambda key, answer: told.append(key))
    shown = questions.session.shown
    number = shown.ask("other.code", "code_of", "test", 0)
    questions.ask("code", "code_of", "test", 1)
    shown.answered.emit("view.code", number, "an older answer")
    qtbot.waitUntil(lambda: not questions.waits("code"), timeout=10_000)
    assert told == ["code"]


def test_nothing_is_asked_before_the_contents_are_known_or_without_a_run(questions):
    shown = questions.session.shown
    emptied = []
    questions.emptied.connect(lambda: emptied.append(True))
    shown.show_run(None)
    assert emptied and questions.contents is None
    assert questions.ask("code", "code_of", "test", 0) is False


def test_a_run_with_damaged_settings_says_so_and_nothing_of_the_run_before_comes_up(questions, tmp_path):
    shown = questions.session.shown
    shutil.copytree(shown.run.folder, tmp_path / "damaged")
    (tmp_path / "damaged" / "experiment.toml").write_text("[[[")
    told = []
    questions.emptied.connect(told.append)
    questions.ask("code", "code_of", "test", 0)
    shown.show_run(Run(tmp_path / "damaged"))
    assert shown.snapshot is not None and "line 1" in told[-1]
    assert questions.contents is None and not questions.waits("code")


def test_a_trained_run_without_snapshots_does_not_promise_the_first_one(make_session, qtbot, tmp_path):
    session = make_session(tiny())
    trained(qtbot, session)
    shutil.copytree(session.shown.run.folder, tmp_path / "bare")
    shutil.rmtree(tmp_path / "bare" / "history")
    view, told = QLabel(), []
    qtbot.addWidget(view)
    asking = Questions(session.shown, "view", view)
    asking.emptied.connect(told.append)
    view.show()
    session.shown.show_run(Run(tmp_path / "bare"))
    asking.refresh()
    assert session.shown.snapshot is None and told[-1].startswith("None of its snapshots are there any more.")


def test_controls_wrap_where_room_is_short_and_are_never_cut(qtbot):
    view = QLabel()
    qtbot.addWidget(view)
    flow = Flow(view)
    buttons = [button(f"Button {number}", "", text=True) for number in range(6)]
    for item in buttons:
        flow.addWidget(item)
    for width in (2000, 300, 180):
        view.resize(width, flow.heightForWidth(width))
        view.show()
        flow.setGeometry(view.rect())
        assert all(view.rect().contains(item.geometry()) for item in buttons)
        assert all(item.width() == item.sizeHint().width() for item in buttons)
        overlaps = [(a, b) for a in buttons for b in buttons if a is not b and a.geometry().intersects(b.geometry())]
        assert not overlaps
    assert flow.heightForWidth(180) > flow.heightForWidth(2000)
