"""The sweeps of a report: trained from its page, their map there, and the way to the Sweep tab."""

import numpy as np
import pytest

import resources
from engine import sweep
from engine.reports import Entry, Report, SweepEntry
from gui.tabs.reports import ReportsTab
from tests.engine.sweeping.small import carried_out, small, threads_for_workers

REPORT = Report(name="one", title="One", authors="Nobody", year=2020, experiment=(Entry(preset="digits-quick",
                                                                                          title="Digits"),),
                sweep=(SweepEntry(preset="small", title="A small sweep", caption="What it found."),))
DONE_MS = 60_000


@pytest.fixture(autouse=True)
def bundled(tmp_path, monkeypatch):
    """One small bundled sweep, and workers that are threads."""
    path = tmp_path / "small.toml"
    path.write_text(sweep.to_toml(small()), encoding="utf-8")
    monkeypatch.setattr(resources, "sweeps", lambda: {"small": path})
    with threads_for_workers():
        yield


@pytest.fixture
def page(qtbot, make_session):
    """``page()`` -> the session, the shown tab and its one sweep, once it was looked for."""
    def make():
        session = make_session()
        tab = ReportsTab(session, bundled=(REPORT,))
        qtbot.addWidget(tab)
        tab.resize(900, 700)
        tab.show()
        session.kept = tab
        session.wanted = []
        session.dialog_wanted.connect(session.wanted.append)
        qtbot.waitUntil(lambda: bool(tab.standings), timeout=20_000)
        return session, tab, tab.sweeps[0]
    return make


def test_a_sweep_that_was_not_trained_says_how_much_it_is_and_is_trained_at_a_click(qtbot, page):
    session, _, box = page()
    assert box.state.text() == "Not trained yet: 6 runs × 2 epochs." and box.map.isHidden()
    box.act.click()
    assert session.wanted == ["sweep"]
    qtbot.waitUntil(lambda: session.sweeps.shown is not None and not session.sweeps.busy, timeout=DONE_MS)
    qtbot.waitUntil(lambda: "6 of 6 runs done." in box.state.text(), timeout=20_000)
    assert np.isfinite(box.map._grid.losses).all() and not box.map.isHidden()
    box.act.click()
    assert session.wanted[-1] == "sweep" and box.act.text() == "Show in the Sweep tab"


def test_an_unfinished_sweep_is_continued_in_its_own_folder(qtbot, page, tmp_path):
    from engine.sweeping.told import Told

    cut = carried_out(small(), tmp_path / "runs", stop_after=lambda event: isinstance(event, Told))
    session, _, box = page()
    qtbot.waitUntil(lambda: box.act.text() == "Continue this sweep", timeout=20_000)
    box.act.click()
    qtbot.waitUntil(lambda: session.sweeps.shown is not None and not session.sweeps.busy, timeout=DONE_MS)
    assert session.sweeps.shown.complete and session.sweeps.shown.folder == cut[-1].folder


def test_a_click_on_the_map_goes_to_the_sweep_tab(qtbot, page, tmp_path):
    done = carried_out(small(), tmp_path / "runs")[-1]
    session, _, box = page()
    qtbot.waitUntil(lambda: not box.map.isHidden(), timeout=20_000)
    box.map.map.clicked.emit(0, 0)
    assert session.wanted == ["sweep"]
    qtbot.waitUntil(lambda: session.sweeps.shown is not None and not session.sweeps.at_work, timeout=20_000)
    assert session.sweeps.shown.folder == done.folder


def test_the_second_report_has_its_sweeps():
    from engine import reports

    found = {report.name: [entry.preset for entry in report.sweep] for report in reports.bundled()}
    assert found["2-dense-mnist"] == ["mnist-dense-lr-momentum", "mnist-dense-lr-momentum-long"]
