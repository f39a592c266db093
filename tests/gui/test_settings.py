"""The settings file: what was chosen comes back, and no content of it stops the start (case 21)."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gui.settings import FILE_NAME, Settings, SettingsError, load, parse, save


def test_what_was_chosen_comes_back(tmp_path):
    chosen = Settings(theme="dark", device="cpu", threads=2, data_dir="/dati/ñ 🙂", runs_dir="C:\\runs")
    save(tmp_path / "new folder", chosen)
    assert load(tmp_path / "new folder").settings == chosen


def test_without_a_file_there_are_defaults_and_nothing_to_say(tmp_path):
    loaded = load(tmp_path)
    assert loaded.settings == Settings() and not loaded.damaged and list(tmp_path.iterdir()) == []


def test_only_what_differs_from_the_defaults_is_written(tmp_path):
    save(tmp_path, Settings(threads=3))
    assert (tmp_path / FILE_NAME).read_text() == "threads = 3\n"


DAMAGED = {
    "binary": (b"\x00\xff\xfe\x01", 1),
    "binary later": (b"threads = 2\n\n\xff", 3),
    "a line that is no TOML": (b"theme = 'dark'\nthreads = 2\n\nwhat is this", 4),
    "wrong type": (b"theme = 'dark'\nthreads = 'many'\n", 2),
    "unknown key": (b"theme = 'dark'\n\ncolour = 3\n", 3),
    "unknown table": (b"threads = 2\n[colours]\na = 1\n", 2),
    "out of range": (b"threads = -1\n", 1),
    "infinite": (b"\nthreads = 1e999\n", 2),
    "nested": (b"threads = " + b"[" * 100_000, 1),
}


@pytest.mark.parametrize(("contents", "line"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_means_defaults_and_is_kept(tmp_path, contents, line):
    (tmp_path / FILE_NAME).write_bytes(contents)
    loaded = load(tmp_path)
    assert loaded.settings == Settings() and loaded.damaged and loaded.damaged_line == line
    assert re.fullmatch(r"settings\.bak-\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.toml", loaded.backup.name)
    assert loaded.backup.read_bytes() == contents == (tmp_path / FILE_NAME).read_bytes()


@pytest.mark.parametrize("contents", [b"", b"\xef\xbb\xbfthreads = 0\n", b"# nothing\r\n"])
def test_empty_files_and_byte_order_marks_are_no_damage(tmp_path, contents):
    (tmp_path / FILE_NAME).write_bytes(contents)
    loaded = load(tmp_path)
    assert loaded.settings == Settings() and not loaded.damaged


def test_backups_do_not_overwrite_each_other(tmp_path):
    backups = set()
    for number in range(3):
        (tmp_path / FILE_NAME).write_bytes(b"damaged %d" % number)
        backups.add(load(tmp_path).backup)
    assert sorted(path.read_bytes() for path in backups) == [b"damaged 0", b"damaged 1", b"damaged 2"]


def test_a_folder_in_place_of_the_file_means_defaults(tmp_path):
    (tmp_path / FILE_NAME).mkdir()
    assert load(tmp_path).settings == Settings() and load(tmp_path).damaged


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode),
                 st.dictionaries(st.sampled_from([*Settings.model_fields, "other"]), st.text(max_size=9)).map(
                     lambda d: "\n".join(f"{k} = {v}" for k, v in d.items()).encode())))
def test_any_bytes_are_settings_or_our_own_error(contents):
    try:
        assert isinstance(parse(contents), Settings)
    except SettingsError as error:
        assert error.line >= 1
