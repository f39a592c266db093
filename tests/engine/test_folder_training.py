"""A training on a person's own images: imported as its first part, stopped, and read from the cache."""

import json
import signal
import sys
from types import SimpleNamespace

import pytest

import main
from engine import job
from engine.datasets import decoding, folder, importcache
from engine.datasets.importing import Imported, Importing, is_importing
from engine.datasets.sources import DataError
from engine.experiment import from_toml
from engine.inbox import Inbox, Stop
from engine.job import Order, Started
from tests.engine.datasets.images import fill

TOML = """
name = "own"
data = {{dataset = "folder", image_size = 8, folder = '{folder}'}}
model = {{encoder = [{{kind = "linear", size = 8}}]}}
train = {{epochs = 2, batch_size = 8, learning_rate = 0.01}}
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache for one test."""
    monkeypatch.setenv(importcache.CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.fixture
def own(tmp_path):
    """An experiment on twenty photographs and a file that is none."""
    fill(tmp_path / "photos", 20)
    (tmp_path / "photos" / "page.jpg").write_text("<html>")
    (tmp_path / "own.toml").write_text(TOML.format(folder=tmp_path / "photos"))
    return from_toml((tmp_path / "own.toml").read_text())


@pytest.fixture
def command(tmp_path, capsys):
    """Run ``train`` on own.toml in this process; -> code, standard error, and the last line's JSON."""
    def run(*arguments):
        code = main.main(["train", str(tmp_path / "own.toml"), "--runs", str(tmp_path / "runs"), "--threads", "1",
                          *arguments])
        out, err = capsys.readouterr()
        return SimpleNamespace(code=code, err=err, answer=json.loads(out) if out else None)
    return run


def order(experiment, place, **given):
    return Order(experiment, place / "data", place / "runs", device="cpu", threads=1, **given)


def told(experiment, place, **given):
    """Everything that a training tells."""
    return [event for turn in job.train(order(experiment, place, **given), Inbox()) for event in turn]


def test_a_folder_is_imported_once_and_then_trained_on(own, tmp_path):
    events = told(own, tmp_path)
    start = next(number for number, event in enumerate(events) if isinstance(event, Started))
    assert all(is_importing(event) for event in events[:start])
    assert isinstance(events[start - 1], Imported) and events[start - 1].text == "20 images, 1 skipped"
    assert not any(is_importing(event) for event in events[start:]) and events[start].notices == ()
    assert isinstance(told(own, tmp_path)[0], Started)


def test_a_folder_that_has_changed_is_said_and_the_cache_is_trained_on(own, tmp_path):
    run = next(event for event in told(own, tmp_path) if isinstance(event, Started)).run
    (tmp_path / "photos" / "003.png").unlink()
    again = next(event for event in told(own, tmp_path) if isinstance(event, Started))
    assert [notice.code for notice in again.notices] == ["data.folder_changed"]
    assert again.notices[0].message == ("The folder has changed since import: 1 missing. Training goes on with what "
                                        "was imported; import again to use the folder as it is.")
    assert again.run.info.data_fingerprint == run.info.data_fingerprint


def test_a_stop_while_images_are_imported_leaves_no_run(own, tmp_path):
    inbox = Inbox()
    events = job.train(order(own, tmp_path), inbox)
    assert isinstance(next(events)[0], Importing)
    inbox.put(Stop())
    assert list(events) == []
    assert not (tmp_path / "runs").exists() and not folder.is_imported(own.data)


def test_a_training_that_is_closed_while_it_imports_leaves_nothing(own, tmp_path):
    events = job.train(order(own, tmp_path), Inbox())
    next(events)
    events.close()
    assert not (tmp_path / "runs").exists() and not folder.is_imported(own.data)


def test_the_command_tells_of_the_import_and_of_what_was_left_out(own, tmp_path, command):
    first = command()
    assert (first.code, first.answer["status"]) == (0, "finished")
    lines = first.err.splitlines()
    assert "Imported 20 images, 1 skipped" in lines
    assert "  page.jpg: no image, or of a kind that cannot be read" in lines
    (tmp_path / "photos" / "000.png").unlink()
    second = command()
    assert "Imported" not in second.err
    assert second.err.startswith("The folder has changed since import: 1 missing.")
    assert second.answer["train_loss"] == first.answer["train_loss"]
    third = command("--import-again")
    assert "Imported 19 images, 1 skipped" in third.err and "changed" not in third.err


def test_many_files_that_were_left_out_are_not_all_named(own, tmp_path, command):
    for number in range(30):
        (tmp_path / "photos" / f"bad{number}.png").touch()
    assert command().err.count("bad") == 20 and "  and 11 more\n" in command("--set", "data.fit=pad").err


def test_a_folder_without_images_is_one_line(own, tmp_path, command):
    for path in (tmp_path / "photos").glob("*.png"):
        path.unlink()
    ended = command()
    assert ended.code == 1 and ended.err.splitlines()[-1].startswith("No images found in ")
    assert "Traceback" not in ended.err and not (tmp_path / "runs").exists()


def test_too_few_images_are_refused_with_what_helps(own, tmp_path):
    for path in sorted((tmp_path / "photos").glob("*.png"))[2:]:
        path.unlink()
    with pytest.raises(DataError, match="2 images are too few") as caught:
        told(own, tmp_path)
    assert caught.value.values["field"] == "data.folder"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_signal_while_images_are_imported_ends_the_command(own, tmp_path, command, monkeypatch):
    decoded = decoding.decoded

    def interrupted(path, *given):
        if path.name == "005.png":
            signal.raise_signal(signal.SIGINT)
        return decoded(path, *given)

    monkeypatch.setattr(decoding, "decoded", interrupted)
    ended = command()
    assert ended.code == 130 and ended.err.splitlines()[-1] == "Interrupted by SIGINT."
    assert not folder.is_imported(own.data) and not list((tmp_path / "cache").rglob("*.tmp"))
