"""The table of a sweep on disk: quick where nothing changed, and never believed where a run says otherwise."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import runs, storage
from engine.runfiles import records
from engine.runfiles.records import RunState
from engine.sweep import trials
from engine.sweeping import results
from engine.sweeping.folder import create, list_sweeps, open_sweep, run_name
from engine.sweeping.results import NAME, Row
from tests.engine.sweeping.small import MOMENTA, small

GREY = np.arange(64, dtype=np.uint8).reshape(8, 8)
COLOUR = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)




@pytest.fixture
def folder(tmp_path):
    """A sweep of six trials of which three are over and remembered: with a picture in grey, in colour, and none."""
    folder = create(tmp_path, small())
    for trial, picture in zip(trials(small()), (GREY, COLOUR, None), strict=False):
        run = runs.create(folder.folder / "trials", trial.experiment, "images", name=run_name(trial.number))
        records.write_state(run.folder, RunState(status="stopped", reason="pruned", epoch=2.0, validation_loss=0.25,
                                                 training_loss=0.5, elapsed_s=1.5))
        folder.remember(folder.row(trial), trial, picture)
    return folder


def test_what_is_remembered_is_what_the_runs_say(folder):
    listed = folder.trials()
    remembered = folder.rows(listed)
    assert remembered == tuple(folder.row(trial) for trial in listed)
    assert remembered[0] == Row(0, 0, {"train.learning_rate": 0.05, "train.momentum": 0.0}, "stopped", 2.0, 0.25, 0.5,
                                None, 1.5, folder.run_of(listed[0]).folder)
    assert [row.status for row in remembered[3:]] == ["pending"] * 3 and not remembered[3].over


def test_pictures_come_back_as_they_were(folder):
    pictures = folder.results().pictures
    assert pictures.keys() == {0, 1}
    for number, expected in ((0, GREY), (1, COLOUR)):
        assert pictures[number].dtype == np.uint8 and pictures[number].shape == expected.shape
        assert (pictures[number] == expected).all()


def test_a_row_counts_only_while_the_state_of_its_run_is_the_same(folder):
    trial = folder.trials()[1]
    run = folder.run_of(trial)
    records.write_state(run.folder, RunState(status="stopped", reason="user", epoch=3.0, validation_loss=0.125))
    assert folder.rows([trial])[0] == folder.row(trial) and folder.row(trial).validation_loss == 0.125
    (run.folder / records.STATE).unlink()
    assert folder.rows([trial])[0].status == folder.row(trial).status == "new"


def test_rows_that_are_remembered_are_not_read_from_their_runs(folder, monkeypatch):
    """What makes two thousand trials open at once: of each the state is looked at, and nothing is read."""
    expected = folder.rows(folder.trials())
    monkeypatch.setattr(results, "row_of", lambda trial, run: pytest.fail("read") if trial.number < 3 else None)
    assert folder.rows(folder.trials())[:3] == expected[:3]


def test_two_thousand_rows_are_read_from_one_file(folder, monkeypatch):
    row, trial = folder.row(folder.trials()[0]), folder.trials()[0]
    line = json.dumps({"row": {name: getattr(row, name) for name in results._FIELDS}, "stamp": [1, 2],
                       "picture": results._packed(GREY)}).encode()
    (folder.folder / NAME).write_bytes(
        b"".join(line.replace(b'"number": 0', b'"number": %d' % number) + b"\n" for number in range(2000)))
    reads, real = [], storage.read
    monkeypatch.setattr(storage, "read", lambda path, missing=None: reads.append(path.name) or real(path, missing))
    found = folder.results()
    assert len(found.rows) == len(found.pictures) == 2000 and reads == [NAME]
    assert found.row(trial, folder.run_of(trial)).status == "stopped"  # of another state, so it is read anew


def test_the_newest_line_of_a_trial_counts(folder):
    trial = folder.trials()[0]
    folder.remember(replace(folder.row(trial), validation_loss=0.75), trial, None)
    assert folder.rows([trial])[0].validation_loss == 0.75


@pytest.mark.parametrize("damage", [b"{", b"[]", b"7", b"null", b'{"row": {}}', b'{"row": 3, "stamp": []}', b"\xff\xfe",
                                    b'{"row": {"number": 0}, "stamp": [1, 2]}', b"[" * 100_000,
                                    b'{"original": {"shape": [1e999], "data": ""}}', b'{"original": 5}'])
def test_a_damaged_line_hides_no_other(folder, damage):
    before = folder.rows(folder.trials())
    path = folder.folder / NAME
    path.write_bytes(damage + b"\n" + path.read_bytes())
    assert folder.rows(folder.trials()) == before and folder.results().rows.keys() == {0, 1, 2}


def test_a_torn_line_is_forgotten_and_the_next_begins_anew(folder):
    path = folder.folder / NAME
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert folder.results().rows.keys() == {0, 1} and folder.results().pictures.keys() == {0, 1}
    assert folder.rows(folder.trials())[2] == folder.row(folder.trials()[2])
    trial = folder.trials()[2]
    folder.remember(folder.row(trial), trial, None)
    assert folder.results().rows.keys() == {0, 1, 2} and len(path.read_bytes().splitlines()) == 3


@pytest.mark.parametrize("picture", [{"shape": [8, 8], "data": "!!"}, {"shape": [8, 8], "data": "AAAA"},
                                     {"shape": [9, 9], "data": results._packed(GREY)["data"]}, {"shape": [1e999]}, {},
                                     {"shape": ["x"], "data": results._packed(GREY)["data"]}, 3, [1]])
def test_a_damaged_picture_is_none(folder, picture):
    path = folder.folder / NAME
    record = json.loads(path.read_bytes().splitlines()[0])
    path.write_bytes(json.dumps({**record, "picture": picture}).replace("Infinity", "1e999").encode() + b"\n")
    assert folder.results().pictures == {}
    assert folder.rows(folder.trials())[0] == folder.row(folder.trials()[0])


values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                      lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                          st.sampled_from(["row", "stamp", "picture", "shape", "data", "number", "original"]), inner),
                      max_leaves=10)


@settings(max_examples=50)
@given(st.lists(values | st.fixed_dictionaries({
    "row": st.fixed_dictionaries(dict.fromkeys(results._FIELDS, values)), "stamp": st.lists(values, max_size=2),
    "picture": st.fixed_dictionaries({"shape": st.lists(values, max_size=2), "data": values})}), max_size=4))
def test_any_lines_are_read_without_an_exception(tmp_path_factory, lines):
    folder = tmp_path_factory.getbasetemp()
    (folder / NAME).write_bytes(b"".join(json.dumps(line).replace("Infinity", "1e999").encode() + b"\n"
                                         for line in lines))
    found = results.read(folder)
    assert all(picture.dtype == np.uint8 for picture in found.pictures.values())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_exception(tmp_path_factory, content):
    folder = tmp_path_factory.getbasetemp()
    (folder / NAME).write_bytes(content)
    assert results.read(folder).rows == {}


def test_a_table_that_cannot_be_opened_is_told_by_the_runs(folder):
    before = folder.rows(folder.trials())
    (folder.folder / NAME).unlink()
    (folder.folder / NAME).mkdir()
    assert folder.rows(folder.trials()) == before


# Folders of sweeps


def test_sweeps_are_listed_newest_first_and_runs_are_not_among_them(tmp_path):
    runs.create(tmp_path, small().base, "images")
    made = [create(tmp_path, small(MOMENTA, name=name)) for name in ("one", "one", "weird / name …")]
    found = list_sweeps(tmp_path)
    assert {folder.folder for folder in found} == {folder.folder for folder in made}
    assert [folder.name for folder in found] == sorted((folder.name for folder in made), reverse=True)
    assert open_sweep(made[0].name, tmp_path) == open_sweep(made[0].folder, tmp_path) == made[0]


@pytest.mark.parametrize("name", ["", "nothing", "a\0b", ".."])
def test_a_sweep_that_is_not_there_is_said_by_name(tmp_path, name):
    with pytest.raises(runs.RunError) as caught:
        open_sweep(name, tmp_path / "runs")
    assert caught.value.code == "sweep.missing"
    assert list_sweeps(tmp_path / "runs") == ()


def test_no_name_is_no_sweep_even_where_the_folder_is_one(tmp_path):
    with pytest.raises(runs.RunError):
        open_sweep("", create(tmp_path, small()).folder)
