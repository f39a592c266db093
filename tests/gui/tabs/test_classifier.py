"""The Classifier tab: the three are queued, trained and shown; a cell shows its images; what cannot be is said."""

from __future__ import annotations

import numpy as np
import pytest

from engine import classify, runs
from gui.classifier.confusions import worst
from gui.tabs.classifier import ClassifierTab
from tests.gui.conftest import trained


@pytest.fixture
def source(qtbot, session):
    trained(qtbot, session)
    run = session.shown.run
    qtbot.waitUntil(lambda: len(session.runs.rows) == 1 and not session.runs.at_work, timeout=20_000)
    return run


@pytest.fixture
def tab(qtbot, session, source):
    widget = ClassifierTab(session)
    qtbot.addWidget(widget)
    widget.resize(1000, 700)
    widget.show()
    qtbot.waitUntil(lambda: widget.found is not None, timeout=20_000)
    return widget


@pytest.fixture
def short(monkeypatch):
    """The three in a few steps."""
    whole = classify.experiment_for

    def made(run, strategy, snapshot="last", changes=None, **more):
        return whole(run, strategy, snapshot, {**(changes or {}), "train.epochs": 1}, **more)

    monkeypatch.setattr(classify, "experiment_for", made)


def three_trained(qtbot, session, tab):
    tab.train.click()
    qtbot.waitUntil(lambda: tab.found is not None and len(tab.found.three) == 3 and not session.at_work
                    and not session.runs.at_work, timeout=60_000)


def test_before_it_says_what_the_three_are_and_offers_them(tab):
    assert tab.stage.state == "empty" and tab.train.isEnabled()
    assert "3 classifiers" in tab.train.toolTip()


def test_without_a_label_budget_its_view_says_what_to_do(qtbot, session, tab, short):
    three_trained(qtbot, session, tab)
    tab.show_view(3)
    assert tab.stage.state == "empty" and "Run the label budget" in tab.stage._text.text()
    tab.show_view(0)
    assert tab.stage.state == "ready"


def test_one_click_trains_the_three_one_after_another(qtbot, session, tab, short):
    three_trained(qtbot, session, tab)
    assert list(tab.found.three) == ["probe", "fine-tune", "scratch"]
    assert tab.stage.state == "ready" and not tab.train.isEnabled()
    assert len(tab.curves.plot.lines) == 6
    assert [row[0] for row in tab.table.table.rows] == ["Linear probe", "Fine-tuning", "From scratch"]


def test_a_cell_of_the_confusion_shows_its_images(qtbot, session, tab, short):
    three_trained(qtbot, session, tab)
    tab.show_view(1)
    view = tab.confusions
    qtbot.waitUntil(lambda: view.confusion is not None and view._contents is not None, timeout=20_000)
    assert view.matrix.chosen == worst(view.confusion.counts)
    row, column = np.argwhere(view.confusion.counts > 0)[0]
    view.matrix.clicked.emit(int(row), int(column))
    qtbot.waitUntil(lambda: len(view.images) > 0, timeout=20_000)
    labels = view._contents.labels["validation"]
    assert len(view.indices) == view.confusion.counts[row, column]
    assert set(labels[view.indices]) == {row} and set(view.confusion.predictions[view.indices]) == {column}
    view.images.clicked.emit(0)
    assert (session.shown.split, session.shown.image) == ("validation", view.indices[0])


def test_the_label_budget_is_proposed_with_its_cost_before_anything_is_queued(session, tab, short, monkeypatch):
    monkeypatch.setattr(classify, "BUDGETS", (10, 0))
    told = []
    session.message.connect(told.append)
    session.queue.pause()
    tab.run_budget.click()
    assert len(told) == 1 and "runs" in told[0].text and session.queue.items == ()
    told[0].actions[0].run()
    count = len(session.queue.items)
    assert count >= 18 and len({item.experiment.train.seed for item in session.queue.items}) == 3
    tab.run_budget.click()
    assert told[-1].actions == (), "what waits is not proposed again"
    for item in session.queue.items:
        session.queue.remove(item.id)


def test_a_training_of_the_budget_is_drawn_once_it_has_ended(qtbot, session, tab, source):
    few = classify.experiment_for(source, "probe", changes={"data.images_per_class": 10, "train.epochs": 1})
    begun = runs.create(session.runs_dir, few, "f")
    tab.show_view(3)
    session.refresh_runs()
    qtbot.waitUntil(lambda: len(tab.found.family.budget) == 1, timeout=20_000)
    assert tab.found.budget == () and tab.stage.state == "empty"
    assert begun.folder == tab.found.family.budget[0].folder
    session.draft.replace(few)
    trained(qtbot, session)
    qtbot.waitUntil(lambda: len(tab.found.budget) == 1, timeout=20_000)
    assert tab.stage.state == "ready" and [line.x.tolist() for line in tab.budget.plot.lines] == [[10]]


def test_what_waits_is_not_queued_twice(session, tab):
    session.queue.pause()
    tab.train.click()
    assert len(session.queue.items) == 3 and not tab.train.isEnabled()
    for item in session.queue.items:
        session.queue.remove(item.id)
    assert tab.train.isEnabled()


def test_without_a_run_it_says_so(qtbot, session):
    widget = ClassifierTab(session)
    qtbot.addWidget(widget)
    widget.show()
    assert widget.stage.state == "empty" and not widget.train.isEnabled()
    assert "Needs a shown run" in widget.train.toolTip()


def test_the_most_frequent_confusion_is_chosen_first_and_none_where_all_is_right():
    assert worst(np.array([[90, 3], [7, 1]])) == (1, 0)
    assert worst(np.diag([5, 5])) is None and worst(np.zeros((0, 0), dtype=int)) is None
