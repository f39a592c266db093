"""The page of the data sets, with a download that a test steers."""

import sys
import threading

import pytest
from PySide6.QtCore import QCoreApplication

from engine.datasets import download, sources
from engine.datasets.download import DownloadError, Progress
from gui.data_page import DataPage


class Fetch:
    """Stands in for the net: yields progress until it is told to end or fail."""

    def __init__(self):
        self.go_on, self.closed, self.error, self.done = threading.Event(), [], None, False

    def __call__(self, name, data_dir):
        try:
            yield Progress("train-images", 3_000_000, 12_000_000, 1_500_000.0)
            self.go_on.wait(10)
            if self.error:
                raise self.error
            yield Progress("train-images", 12_000_000, 12_000_000, 1_500_000.0)
            self.done = True
        finally:
            self.closed.append(True)


@pytest.fixture
def fetch(monkeypatch):
    fetch = Fetch()
    monkeypatch.setattr(download, "download", fetch)
    return fetch


@pytest.fixture
def page(qtbot, make_session):
    session = make_session(load=False)
    page = DataPage(session)
    page.show()
    session.kept = page
    yield page
    page.close()
    QCoreApplication.processEvents()


def test_nothing_is_fetched_before_a_button_is_pressed(qtbot, page):
    assert not page.bar.isVisible() and page.buttons["mnist"].isVisible()
    assert not page.buttons["digits"].isVisible()
    assert page.buttons["mnist"].toolTip().startswith("Fetch ")


def test_a_download_tells_bytes_rate_and_rest_and_ends(qtbot, page, fetch, monkeypatch):
    session = page._session
    with qtbot.waitSignal(session.downloads.progressed, timeout=5000):
        page.buttons["mnist"].click()
    assert page.progress.text() == "train-images: 3 MB of 12 MB · 2 MB/s · 6 s left"
    assert page.bar.value() == 250 and not page.buttons["kmnist"].isEnabled()
    monkeypatch.setattr(sources, "status", lambda name, folder: sources.Status("present", "60,000 images"))
    with qtbot.waitSignal(session.downloads.finished, timeout=5000):
        fetch.go_on.set()
    assert page.progress.text() == "MNIST is here." and fetch.done


def test_a_failed_download_says_what_was_kept_and_offers_more(qtbot, page, fetch):
    text = "MNIST could not be downloaded: the server is busy (503), tried 2 mirrors. Kept 3 of 12 MB; Retry continues."
    fetch.error = DownloadError("download.server", text)
    fetch.go_on.set()
    with qtbot.waitSignal(page._session.downloads.finished, timeout=5000):
        page.buttons["mnist"].click()
    message = page._session.messages[-1]
    assert message.text == text and page.progress.text() == text
    assert [action.label for action in message.actions] == ["Retry", "Use a file…", "Use a folder…",
                                                           "Use the built-in sample"]


def test_a_download_is_cancelled_by_its_button_and_by_closing(qtbot, page, fetch):
    session = page._session
    with qtbot.waitSignal(session.downloads.progressed, timeout=5000):
        page.buttons["mnist"].click()
    with qtbot.waitSignal(session.downloads.finished, timeout=5000):
        page.cancel.click()
        fetch.go_on.set()
    assert fetch.closed == [True] and not fetch.done and not session.downloads.at_work
    assert page.progress.text() == "MNIST: cancelled. What has come is kept."


def test_another_folder_is_looked_into(qtbot, page, tmp_path):
    page._session.use_data_dir(tmp_path)
    assert str(tmp_path) in page.folder.text() and page._session.settings.data_dir == str(tmp_path)


@pytest.mark.parametrize("broken", [True, False])
def test_a_torchvision_that_does_not_work_is_told_in_one_line(qtbot, make_session, monkeypatch, broken):
    if broken:
        monkeypatch.setitem(sys.modules, "torchvision", None)
    session = make_session()
    page = session.kept = DataPage(session)
    page.show()
    with qtbot.waitSignal(session.torchvision_checked, timeout=60_000):
        pass
    assert page.trouble.isVisible() == broken
    assert not broken or ("torchvision" in page.trouble.text() and "pip install" in page.trouble.text())
    page.close()
    QCoreApplication.processEvents()
