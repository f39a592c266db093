"""The train panel: what its buttons say and do in every state, device and threads, forecast and remaining time."""

import pytest

from gui.panels.train import TrainPanel
from gui.training import Progress
from tests.gui.conftest import tiny


@pytest.fixture
def open_panel(qtbot, make_session):
    def open_(experiment=None, load=True):
        session = make_session(experiment, load=load)
        panel = TrainPanel(session)
        qtbot.addWidget(panel)
        panel.show()
        session.kept = panel
        return session, panel

    return open_


def test_the_largest_button_says_what_it_does_in_every_state(qtbot, open_panel):
    session, panel = open_panel(tiny(train__epochs=100_000), load=False)
    seen = [(session.training.state, panel.train.text(), panel.train.isEnabled())]
    session.training.state_changed.connect(
        lambda state: seen.append((state, panel.train.text(), panel.train.isEnabled())))
    panel.train.click()
    qtbot.waitUntil(lambda: session.training.state == "running", timeout=60_000)
    panel.train.click()
    qtbot.waitUntil(lambda: session.training.state == "paused", timeout=20_000)
    panel.train.click()
    qtbot.waitUntil(lambda: session.training.state == "running", timeout=20_000)
    with qtbot.waitSignal(session.training.finished, timeout=20_000):
        panel.stop.click()
    assert seen == [
        ("idle", "Train", True), ("loading", "Loading…", True), ("idle", "Train", True), ("starting", "Pause", True),
        ("running", "Pause", True), ("paused", "Continue", True), ("running", "Pause", True),
        ("saving", "Saving…", False), ("idle", "Train", True)]


def test_a_forecast_is_measured_once_and_follows_the_experiment(qtbot, open_panel):
    session, panel = open_panel()
    qtbot.waitUntil(lambda: session.forecast.epoch_s is not None, timeout=20_000)
    first = session.forecast.epoch_s
    assert 0 < first < 60 and panel.forecast.text().startswith("About ") and "per epoch" in panel.forecast.text()
    text = panel.forecast.text()
    session.draft.set_many({"train.learning_rate": 0.5, "train.seed": 7})
    assert session.forecast.epoch_s == first and panel.forecast.text() == text
    session.draft.set("train.batch_size", 100)
    assert session.forecast.epoch_s == first, "the old one stays until the new one is there"
    qtbot.waitUntil(lambda: session.forecast.epoch_s != first, timeout=20_000)
    session.draft.undo()
    assert session.forecast.epoch_s == first
    session.draft.set("model.encoder.0.kernel", 99)
    assert panel.forecast.text() == "The experiment cannot be trained yet."


def test_progress_tells_epoch_speed_and_what_is_left(qtbot, open_panel):
    session, panel = open_panel(tiny(train__epochs=100_000))
    with qtbot.waitSignal(session.training.run_started, timeout=20_000):
        panel.train.click()
    qtbot.waitUntil(lambda: session.training.progress.remaining_s is not None, timeout=20_000)
    panel.train.click()
    qtbot.waitUntil(lambda: session.training.state == "paused", timeout=20_000)
    assert panel.bar.isVisible() and panel.bar.maximum() == 400_000 and panel.bar.value() > 0
    assert panel.forecast.text().startswith("Epoch ") and panel.forecast.text().endswith(" left")


def test_the_epoch_counts_batches():
    progress = Progress(step=6, batches_per_epoch=4)
    assert progress.epoch == 1.5 and Progress().epoch == 0.0


def test_device_and_threads_are_kept_in_the_settings(qtbot, open_panel):
    session, panel = open_panel(load=False)
    assert (panel.device.currentText(), panel.threads.currentText()) == ("CPU", "1")
    index = panel.threads.findData(2)
    panel.threads.setCurrentIndex(index)
    panel.threads.activated.emit(index)
    assert session.settings.threads == 2 and session.starting.order(tiny()).threads == 2
    session.change_settings(threads=3)
    assert panel.threads.currentText() == "3"


def test_more_epochs_need_a_run_that_can_be_trained(qtbot, open_panel):
    session, panel = open_panel()
    assert not panel.more.isEnabled() and "Needs a shown run" in panel.more.toolTip()
    assert not panel.stop.isEnabled() and "Nothing is being trained" in panel.stop.toolTip()
    with qtbot.waitSignal(session.training.finished, timeout=60_000):
        panel.train.click()
    qtbot.waitUntil(panel.more.isEnabled, timeout=10_000)
    with qtbot.waitSignal(session.training.finished, timeout=60_000) as finished:
        panel.more.click()
    assert finished.args[0].step == 48


def test_more_epochs_are_for_the_shown_run_only(qtbot, open_panel):
    session, panel = open_panel()
    with qtbot.waitSignal(session.training.finished, timeout=60_000):
        panel.train.click()
    earlier = session.shown.run
    session.draft.set("train.epochs", 100_000)
    with qtbot.waitSignal(session.training.run_started, timeout=20_000):
        panel.train.click()
    qtbot.waitUntil(panel.more.isEnabled, timeout=20_000)
    session.show_run(earlier)
    assert not panel.more.isEnabled() and "Another run is being trained" in panel.more.toolTip()
    session.show_run(session.training.run)
    assert panel.more.isEnabled()


def test_one_batch_says_why_it_cannot_be_trained(open_panel):
    session, panel = open_panel(load=False)
    session.draft.set("model.encoder.0.kernel", 99)
    assert not panel.batch.isEnabled() and session.draft.problems[0].message in panel.batch.toolTip()
