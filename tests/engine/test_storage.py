"""Files that are the old one or the new one; tensors in which every flipped bit is found; lines whole or not there."""

import contextlib
import errno
import json
import os
import pickle
import random
import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine import storage
from engine.runfiles import history, records, tensorfile
from engine.runfiles.notices import DamagedFile, ProgramFile

TENSORS = {"encoder.0.weight": torch.arange(6.0).reshape(2, 3), "step": torch.tensor(7), "none": torch.zeros(0, 4),
           "half": torch.ones(3, dtype=torch.bfloat16), "random": torch.get_rng_state()}
VALUES = {"step": 1200, "epoch": 0.1 + 0.2, "best": float("inf"), "names": ["ñ", "🙂"], "nothing": None}


def same(one, other):
    """Whether two dictionaries hold the same tensors."""
    return one.keys() == other.keys() and all(
        one[key].dtype == other[key].dtype and torch.equal(one[key], other[key]) for key in one)


# Atomic files


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "ñ 🙂.txt"
    storage.write_atomic(path, b"old")
    storage.write_atomic(path, b"new")
    assert path.read_bytes() == b"new" and list(tmp_path.iterdir()) == [path]


def test_a_file_that_vanishes_while_a_folder_is_listed_hides_no_other(tmp_path, monkeypatch):
    for name in "abc":
        (tmp_path / name).write_bytes(b"12")
    scandir = os.scandir

    @contextlib.contextmanager
    def vanishing(folder):
        with scandir(folder) as entries:
            found = list(entries)
        (tmp_path / "b").unlink()
        yield iter(found)

    monkeypatch.setattr(os, "scandir", vanishing)
    assert storage.listing(tmp_path) == [("a", 2), ("c", 2)]


def test_what_is_replaced_is_on_the_disk_before_and_its_name_after(tmp_path, monkeypatch):
    """The order that makes it durable: file, then rename, then folder."""
    calls = []
    opened = {}

    def note(name):
        real = getattr(os, name)

        def call(*arguments, **options):
            result = real(*arguments, **options)
            if name == "open":
                opened[result] = Path(arguments[0]).name
            calls.append((name, opened.get(arguments[0], "")) if name == "fsync" else (name, ""))
            return result
        monkeypatch.setattr(os, name, call)

    for name in ("open", "fsync", "replace"):
        note(name)
    storage.write_atomic(tmp_path / "a", b"content")
    durable = [call for call in calls if call[0] != "open"]
    assert [name for name, _ in durable] == ["fsync", "replace", "fsync"]
    assert durable[0][1].startswith("a.") and durable[2][1] == tmp_path.name


# Tensors


def test_tensors_and_values_come_back_as_they_were(tmp_path):
    storage.write_tensors(tmp_path / "a.safetensors", TENSORS, VALUES)
    tensors, values = storage.read_tensors(tmp_path / "a.safetensors")
    assert same(tensors, TENSORS) and values == VALUES
    assert storage.verify(tmp_path / "a.safetensors") == VALUES


def test_other_programs_can_read_the_file(tmp_path):
    from safetensors.torch import load_file

    storage.write_tensors(tmp_path / "a.safetensors", TENSORS, VALUES)
    assert same(load_file(tmp_path / "a.safetensors"), TENSORS)


def test_equal_content_gives_equal_bytes():
    assert tensorfile.pack(TENSORS, VALUES) == tensorfile.pack(TENSORS, dict(reversed(VALUES.items())))


def test_tensors_that_share_memory_or_are_views_are_stored_whole():
    base = torch.arange(12.0).reshape(3, 4)
    given_tensors = {"base": base, "same": base, "column": base[:, 1], "turned": base.T}
    tensors, _ = tensorfile.unpack(tensorfile.pack(given_tensors, {}))
    assert same(tensors, given_tensors)


def test_every_flipped_bit_is_found():
    data = tensorfile.pack({"a": torch.arange(3.0), "b": torch.ones(2, 2, dtype=torch.int64)}, {"step": 3})
    for place in range(len(data) * 8):
        damaged = bytearray(data)
        damaged[place // 8] ^= 1 << place % 8
        with pytest.raises(DamagedFile):
            tensorfile.check(bytes(damaged))


@pytest.mark.parametrize("damage", [
    lambda data: b"", lambda data: data[:5], lambda data: data[:-1], lambda data: data[: len(data) // 2],
    lambda data: data + b"\0", lambda data: b"\x89PNG\r\n\x1a\n" + bytes(500),
    lambda data: random.Random(1).randbytes(999),
    lambda data: b"\x10\0\0\0\0\0\0\0" + b"[" * 100_000, lambda data: (100_000).to_bytes(8, "little") + b"[" * 100_000,
    lambda data: b"\xff" * 8 + data[8:],
], ids=["empty", "5 bytes", "one byte less", "half", "one byte more", "picture", "random", "short nesting", "nesting",
        "huge"])
def test_damage_of_every_kind_is_our_own_error(tmp_path, damage):
    path = tmp_path / "a.safetensors"
    path.write_bytes(damage(tensorfile.pack(TENSORS, VALUES)))
    with pytest.raises(DamagedFile):
        storage.read_tensors(path)
    with pytest.raises(DamagedFile):
        storage.verify(path)


def test_a_foreign_safetensors_file_a_folder_and_no_file_are_our_own_errors(tmp_path):
    from safetensors.torch import save

    (tmp_path / "foreign").write_bytes(save({"a": torch.zeros(3)}))
    (tmp_path / "folder").mkdir()
    for name in ("foreign", "folder", "nothing", "x" * 300, "nul\0"):
        with pytest.raises(DamagedFile):
            storage.read_tensors(tmp_path / name)


class Harmful:
    """A pickle that would make a file when opened."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch '{self.marker}'",)


@pytest.mark.parametrize("protocol", [0, 2, 3, 4, 5])
def test_a_file_with_program_code_is_not_opened(tmp_path, protocol):
    marker, path = tmp_path / "marker", tmp_path / "model.pt"
    path.write_bytes(pickle.dumps(Harmful(marker), protocol=protocol))
    with pytest.raises(DamagedFile) as caught:
        storage.read_tensors(path)
    if protocol:  # the oldest protocol is plain text, which is refused like any other text
        assert isinstance(caught.value, ProgramFile)
    assert not marker.exists()


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: len(tail).to_bytes(8, "little") + tail))
def test_arbitrary_bytes_are_never_another_error(data):
    with pytest.raises(DamagedFile):
        tensorfile.check(data)


def test_damage_is_remembered_until_the_file_changes(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"damaged")
    assert not storage.known_damaged(path)
    with pytest.raises(DamagedFile):
        storage.verify(path)
    assert storage.known_damaged(path)
    storage.write_tensors(path, TENSORS, {})
    assert not storage.known_damaged(path) and storage.verify(path) == {}


# Lines


def test_lines_are_added_whole_and_a_torn_tail_goes_first(tmp_path):
    path = tmp_path / "metrics.jsonl"
    assert storage.append_line(path, b"1") == 2
    path.write_bytes(path.read_bytes() + b'{"torn')
    storage.append_line(path, b"2")
    assert path.read_bytes() == b"1\n2\n"
    path.write_bytes(b"x" * 200_000)  # a tail longer than what is read at once
    storage.append_line(path, b"3")
    assert path.read_bytes() == b"3\n"


def test_a_repeated_call_does_not_leave_a_line_twice(tmp_path):
    path = tmp_path / "metrics.jsonl"
    end = storage.append_line(path, b"1")
    for _ in range(3):
        storage.append_line(path, b"2", after=end)
    assert path.read_bytes() == b"1\n2\n"
    path.unlink()
    assert storage.append_line(path, b"3", after=end) == 2  # the file is gone: no hole in front


def test_one_line_is_one_write(tmp_path, monkeypatch):
    written = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: (written.append(bytes(data)), write(file, data))[1])
    storage.append_line(tmp_path / "metrics.jsonl", b"x" * 100_000)
    assert written == [b"x" * 100_000 + b"\n"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_half_a_line_is_taken_back(tmp_path, monkeypatch, error):
    path, write = tmp_path / "metrics.jsonl", os.write
    storage.append_line(path, b"1")

    def fill_up(file, data):
        write(file, data[:3])
        raise error

    with monkeypatch.context() as patch, pytest.raises(type(error)):
        patch.setattr(os, "write", fill_up)
        storage.append_line(path, b"23456")
    assert path.read_bytes() == b"1\n"


def test_cutting_keeps_whole_lines(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b"one\ntwo\nthree\n")
    assert storage.cut_lines(path, 9) == 8 and path.read_bytes() == b"one\ntwo\n"
    assert storage.cut_lines(tmp_path / "nothing", 9) == 0


def test_damaged_lines_are_named_by_number_and_a_torn_one_is_left_out(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": \n\xff\xfe\n' + b"[" * 100_000 + b'\nNaN\n{"b": 2}\n{"to')
    lines = storage.read_lines(path)
    assert lines.records == ((1, {"a": 1}), (6, {"b": 2})) and lines.bad == (2, 3, 4, 5)


almost_json = st.lists(st.sampled_from([b"\n", b"{", b"}", b'"', b"1", b"[", b":", b"1e999"])).map(b"".join)


@given(st.binary(max_size=300) | almost_json)
def test_arbitrary_bytes_are_lines_good_or_bad(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "arbitrary.jsonl"
    path.write_bytes(data)
    lines = storage.read_lines(path)
    assert sorted([number for number, _ in lines.records] + list(lines.bad)) == list(range(1, data.count(b"\n") + 1))


# Every call to the system fails once

CALLS = {"open", "write", "fsync", "close", "replace", "rename", "unlink", "mkdir", "ftruncate", "lseek", "read",
         "fstat", "scandir"}


class FailingOs:
    """The ``os`` module, of which one call fails: before it does anything, or after."""

    def __init__(self, failing=0, error=None, done_first=False):
        self.count, self.failing, self.error, self.done_first = 0, failing, error, done_first

    def __getattr__(self, name):
        real = getattr(os, name)
        return (lambda *arguments, **options: self._call(name, real, *arguments, **options)) if name in CALLS else real

    def _call(self, name, real, *arguments, **options):
        self.count += 1
        if self.count != self.failing:
            return real(*arguments, **options)
        if self.done_first or name == "close":  # a descriptor is gone whatever close() says
            with contextlib.suppress(OSError):
                real(*arguments, **options)
        raise self.error


def save(folder, step, metrics_end):
    """What a checkpoint does: a line of metrics, the tensors, the state, and old ones go; -> bytes of metrics."""
    line = json.dumps({"step": step, "losses": [0.5] * 10}).encode()
    end = storage.append_line(folder / "metrics.jsonl", line, metrics_end)
    storage.sync(folder / "metrics.jsonl")
    storage.make_folder(folder / history.CHECKPOINTS)
    storage.write_tensors(history.checkpoint_path(folder, step), {"a": torch.full((3,), float(step))}, {"step": step})
    records.write_state(folder, records.RunState(step=step))
    history.prune(folder, {file.path.name for file in history.checkpoints(folder)}, best_step=10)
    return end


def prepared(folder):
    """A folder with four saves behind it, so that the next one has something to prune."""
    end = 0
    for step in (10, 20, 30, 40):
        end = save(folder, step, end)
    return end


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """A folder before the save that is to fail, bytes of its metrics, and how often that save calls the system."""
    folder, counting = tmp_path_factory.mktemp("before"), FailingOs()
    end = prepared(folder)
    other = tmp_path_factory.mktemp("counted")
    prepared(other)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "os", counting)
        save(other, 50, end)
    return folder, end, counting.count, contents(other)


def contents(folder):
    """Name -> bytes of all files."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


ERRORS = [OSError(errno.ENOSPC, "full"), OSError(errno.EACCES, "denied"), OSError(errno.EIO, "broken"),
          KeyboardInterrupt()]


@pytest.mark.parametrize("done_first", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("error", ERRORS, ids=["ENOSPC", "EACCES", "EIO", "interrupt"])
def test_every_call_that_fails_leaves_the_old_or_the_new_state(before, tmp_path, error, done_first, monkeypatch):
    original, end, total, expected = before
    assert total > 25
    for failing in range(1, total + 1):
        folder = Path(shutil.copytree(original, tmp_path / f"{failing}"))
        with monkeypatch.context() as patch:
            patch.setattr(storage, "os", FailingOs(failing, error, done_first))
            with pytest.raises(type(error)):
                save(folder, 50, end)
        assert not list(folder.rglob(f"*{storage.TEMPORARY}")), failing
        steps = [storage.verify(file.path)["step"] for file in history.checkpoints(folder)]
        assert steps in ([10, 30, 40], [10, 30, 40, 50], [10, 40, 50]), failing
        told = [values["step"] for _, values in storage.read_lines(folder / "metrics.jsonl").records]
        assert told in ([10, 20, 30, 40], [10, 20, 30, 40, 50]), failing
        assert records.state(folder).step in (40, 50)
        save(folder, 50, end)
        assert contents(folder) == expected, failing


# Folders


def test_a_folder_has_its_name_only_when_it_is_complete(tmp_path):
    def fill(folder):
        assert folder.name.startswith(".")
        (folder / "a").write_text("a")

    assert storage.new_folder(tmp_path, "run", fill) == tmp_path / "run"
    assert storage.new_folder(tmp_path, "run", fill) == tmp_path / "run_2"

    def fail(folder):
        fill(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        storage.new_folder(tmp_path, "other", fail)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "run_2"]


def test_what_is_in_the_way_is_set_aside_and_kept(tmp_path):
    path = tmp_path / "step.safetensors"
    for content in ("one", "two"):
        path.write_text(content)
        storage.set_aside(path)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        "step.safetensors.damaged": "one", "step.safetensors.damaged-2": "two"}
