"""The trash beside the runs, and notes changed a field at a time."""

from __future__ import annotations

import errno
import json
import os
import shutil

import pytest

from engine import runs, storage
from engine.experiment import Experiment, replaced
from engine.runfiles import lock, trash
from engine.runfiles.notices import Locked, RunError


@pytest.fixture
def run(tmp_path):
    return runs.create(tmp_path / "runs", Experiment(), "x")


def test_a_run_goes_to_the_trash_whole_and_comes_back(run):
    files = sorted(path.name for path in run.folder.iterdir())
    place = runs.trash(run.folder)
    assert runs.list_runs(place.parents[1]) == [] and not run.folder.exists()
    runs.restore(place, run.folder)
    assert runs.list_runs(run.folder.parent) == [run]
    assert sorted(path.name for path in run.folder.iterdir()) == files


def test_two_runs_of_one_name_lie_in_the_trash_side_by_side(run):
    first = runs.trash(run.folder)
    shutil.copytree(first, run.folder)
    second = runs.trash(run.folder)
    assert first != second and first.is_dir() and second.is_dir()


def test_a_run_does_not_come_back_over_another(run):
    place = runs.trash(run.folder)
    shutil.copytree(place, run.folder)
    with pytest.raises(RunError, match=r"could not be brought back .* It is in "):
        runs.restore(place, run.folder)
    assert place.is_dir()


def test_a_run_that_is_trained_stays_where_it_is(run):
    with lock.held(run.folder), pytest.raises(Locked):
        runs.trash(run.folder)
    (run.folder / lock.NAME).write_text(json.dumps({"pid": 7, "started": "x", "host": "lab3"}))
    with pytest.raises(Locked, match="Locked by host lab3"):
        runs.trash(run.folder)
    assert run.folder.is_dir()


def test_a_run_that_is_gone_says_so(run):
    shutil.rmtree(run.folder)
    with pytest.raises(RunError, match="could not be moved to the trash"):
        runs.trash(run.folder)
    with pytest.raises(RunError, match="is no longer there"):
        runs.set_notes(run, star=True)
    assert not run.folder.exists()


def test_notes_of_two_windows_are_both_kept(run):
    here, there = runs.Run(run.folder), runs.Run(run.folder)
    runs.set_notes(here, star=True)
    runs.set_notes(there, tags=("long",), remarks="Two\nlines")
    assert run.notes == runs.Notes(star=True, tags=("long",), remarks="Two\nlines")


# Settings without TOML


def test_settings_are_those_of_the_experiment_with_and_without_the_record(run):
    recorded = run.settings
    info = json.loads((run.folder / "run.json").read_text())
    assert info.pop("settings") == recorded
    (run.folder / "run.json").write_text(json.dumps(info))
    assert run.settings == recorded and recorded["train.epochs"] == Experiment().train.epochs


def test_an_edited_experiment_is_believed_and_the_record_is_not(run):
    path = run.folder / "experiment.toml"
    text = path.read_text()
    assert "epochs = " in text
    path.write_text(text.replace(f"epochs = {Experiment().train.epochs}", "epochs = 77"))
    assert run.settings["train.epochs"] == 77


def test_titles_say_what_differs_whatever_the_record_holds(run):
    other = runs.create(run.folder.parent, replaced(Experiment(), {"train.seed": 3}), "x")
    info = json.loads((run.folder / "run.json").read_text())
    (run.folder / "run.json").write_text(json.dumps(info | {"settings": {"name": ["no", "text"]}}))
    found = runs.titles([other, run])
    assert set(found) == {run.folder, other.folder} and all(found.values())


# Emptying it


def test_the_trash_is_counted_and_emptied_of_what_was_counted_and_nothing_else(run, tmp_path):
    other, late = (runs.create(run.folder.parent, Experiment(), "x") for _ in range(2))
    size = sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file())
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "precious").write_text("x")
    place = runs.trash(run.folder)
    (place / "link").symlink_to(kept)
    (place.parent / "linked run").symlink_to(kept)
    (place.parent / "note.txt").write_text("mine")
    found = trash.look(run.folder.parent)
    assert found.names == (place.name,) and found.size == size + (place / "link").lstat().st_size
    stays = runs.trash(late.folder)
    assert list(trash.empty(found)) == [trash.Emptied(1)]
    assert not place.exists() and stays.is_dir() and other.folder.is_dir()
    assert (kept / "precious").read_text() == "x" and (place.parent / "note.txt").exists()


def test_a_run_that_cannot_be_deleted_is_named_and_the_others_go(run, monkeypatch):
    second = runs.create(run.folder.parent, Experiment(), "x")
    first, last = sorted((runs.trash(run.folder), runs.trash(second.folder)))
    remove = storage.remove_folder

    def refuse(folder):
        if folder == first:
            raise PermissionError(errno.EACCES, "Permission denied")
        remove(folder)

    monkeypatch.setattr(storage, "remove_folder", refuse)
    told = list(trash.empty(trash.look(run.folder.parent)))
    assert told[-1].gone == 1 and [name for name, _ in told[-1].left] == [first.name]
    assert first.is_dir() and not last.exists()


def test_no_trash_a_linked_one_and_one_that_cannot_be_read(run, tmp_path, monkeypatch):
    folder = run.folder.parent
    assert trash.look(folder).names == ()
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "run").mkdir(parents=True)
    (folder / trash.NAME).symlink_to(elsewhere)
    assert trash.look(folder).names == ()
    (folder / trash.NAME).unlink()
    runs.trash(run.folder)

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(RunError, match=r"could not be read .* Nothing was deleted"):
        trash.look(folder)


def test_a_run_whose_trash_was_emptied_cannot_come_back_and_it_says_so(run):
    place = runs.trash(run.folder)
    list(trash.empty(trash.look(run.folder.parent)))
    with pytest.raises(RunError, match="no longer in the trash"):
        runs.restore(place, run.folder)
