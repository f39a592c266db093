"""A folder of images becomes one array, with a report; it is read from the cache, and anew when that is damaged."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from engine import data as datasets
from engine import storage
from engine.datasets import decoding, folder, importcache
from engine.datasets.importing import Imported, Importing
from engine.datasets.sources import DataError
from tests.engine.datasets.images import fill, picture, spec

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache for one test."""
    place = tmp_path / "cache"
    monkeypatch.setenv(importcache.CACHE_VARIABLE, str(place))
    return place


def imported(data):
    """Import; -> what came of it."""
    *_, last = folder.import_images(data)
    assert isinstance(last, Imported)
    return last


def cached_files(cache):
    """Names of all files in the cache, without what changes in them."""
    return sorted(path.name.partition("-")[0] for path in cache.rglob("*") if path.is_file())


def pixels(path):
    return decoding.decoded(path, 12)


def test_the_images_are_kept_in_the_order_of_their_names(tmp_path, cache):
    paths = fill(tmp_path / "photos", 30)
    last = imported(spec(tmp_path / "photos"))
    assert (last.count, last.skipped, last.class_names, last.bytes) == (30, (), (), 30 * 3 * 144)
    assert last.text == "30 images"
    found = folder.read(spec(tmp_path / "photos"))
    assert isinstance(found.images, np.memmap) and not found.images.flags.writeable
    np.testing.assert_array_equal(found.images, np.stack([pixels(path) for path in paths]))
    assert found.labels is None and found.inputs is None
    assert cached_files(cache) == ["files", "images", "index.json"]


def test_classes(tmp_path):
    for name, count in (("dogs", 3), ("cats", 2), ("bad", 1)):
        fill(tmp_path / name, count)
    (tmp_path / "bad" / "000.png").write_bytes(b"no image")
    data = spec(tmp_path, classes="folders")
    assert imported(data).class_names == folder.class_names(data) == ("cats", "dogs")
    found = folder.read(data)
    assert found.labels is not None and found.labels.tolist() == [0, 0, 1, 1, 1]
    assert found.class_names == ("cats", "dogs") and folder.image_count(data) == 5


def test_the_report_names_what_was_left_out(tmp_path):
    good = fill(tmp_path / "photos", 8)
    jpeg = picture(9, 200, 200)
    jpeg.save(tmp_path / "photos" / "half.jpg")
    cut = (tmp_path / "photos" / "half.jpg").read_bytes()
    (tmp_path / "photos" / "half.jpg").write_bytes(cut[:len(cut) // 2])
    (tmp_path / "photos" / "001.png").write_bytes(good[1].read_bytes()[:-200])
    (tmp_path / "photos" / "empty.gif").touch()
    (tmp_path / "photos" / "page.jpg").write_text("<html>")
    flipped = bytearray(good[5].read_bytes())
    flipped[len(flipped) // 2] ^= 16
    good[5].write_bytes(flipped)
    last = imported(spec(tmp_path / "photos"))
    assert last.text == "6 images, 5 skipped"
    assert {each.name: each.text for each in last.skipped} == {
        "001.png": "the file is cut short", "005.png": "the file is damaged", "empty.gif": "the file is empty",
        "half.jpg": "the file is cut short", "page.jpg": "no image, or of a kind that cannot be read"}
    assert folder.imported(spec(tmp_path / "photos")) == last
    rest = [path for path in good if path.name not in ("001.png", "005.png")]
    np.testing.assert_array_equal(folder.read(spec(tmp_path / "photos")).images,
                                  np.stack([pixels(path) for path in rest]))


def test_only_bad_files(tmp_path, cache):
    fill(tmp_path / "photos", 1)[0].write_bytes(b"")
    with pytest.raises(DataError, match=r"No images found in .*; 1 could not be used"):
        imported(spec(tmp_path / "photos"))
    assert cached_files(cache) == []


def test_progress_is_told(tmp_path):
    fill(tmp_path, 40)
    events = list(folder.import_images(spec(tmp_path)))
    told = [event for event in events if isinstance(event, Importing)]
    assert told[-1] == Importing(40, 40, "039.png")
    assert [event.done for event in told] == sorted(event.done for event in told)
    assert all(event.preliminary for event in events)


@pytest.mark.parametrize("turns", [1, 2, 4])
def test_nothing_is_left_of_an_import_that_is_cancelled(tmp_path, cache, monkeypatch, turns):
    fill(tmp_path / "photos", 40)
    monkeypatch.setattr("engine.datasets.importing.REPORT_S", 0)
    events = folder.import_images(spec(tmp_path / "photos"))
    for _ in range(turns):
        next(events)
    events.close()
    assert cached_files(cache) == [] and folder.image_count(spec(tmp_path / "photos")) == 0
    assert not folder.is_imported(spec(tmp_path / "photos"))


def test_a_slow_file_does_not_hold_up_who_cancels(tmp_path, monkeypatch):
    fill(tmp_path, 3)
    release = threading.Event()
    monkeypatch.setattr(decoding, "decoded", lambda *_: release.wait(20) and None)
    events = folder.import_images(spec(tmp_path))
    began = time.monotonic()
    for _ in range(3):
        next(events)
    events.close()
    assert time.monotonic() - began < 0.5 * 3
    release.set()
    for thread in threading.enumerate():
        if thread.name == "images":
            thread.join(10)
            assert not thread.is_alive()


def test_the_cache_is_told_apart_by_how_images_are_read_and_not_by_the_split(tmp_path):
    fill(tmp_path, 4)
    one = spec(tmp_path)
    same = [{"seed": 5}, {"validation_share": 0.3}, {"test_share": 0.2}, {"training_images": 2},
            {"folder": f"{tmp_path}/"}, {"input": {"change": "gaussian"}}]
    others = [{"image_size": 16}, {"colour": "grey"}, {"fit": "pad"}, {"recursive": True}, {"classes": "folders"},
              {"folder": str(tmp_path.parent)},
              {"input": {"change": "folder", "folder": "x"}}]
    assert {importcache.entry(spec(tmp_path, **given)) for given in same} == {importcache.entry(one)}
    assert len({importcache.entry(one), *(importcache.entry(spec(tmp_path, **given)) for given in others)}) == 8
    assert importcache.entry(spec(tmp_path, image_size=0)) == importcache.entry(spec(tmp_path, image_size=96))


def test_a_second_reading_opens_no_image(tmp_path, monkeypatch):
    fill(tmp_path, 4)
    first = np.array(folder.read(spec(tmp_path)).images)
    monkeypatch.setattr(decoding, "decoded", lambda *_: pytest.fail("read again"))
    np.testing.assert_array_equal(folder.read(spec(tmp_path)).images, first)


def test_what_changes_in_the_folder_is_noticed_and_imported_again(tmp_path):
    paths = fill(tmp_path, 6)
    data = spec(tmp_path)
    assert folder.changes_since_import(data) is None
    before = folder.read(data).images
    kept = np.array(before)
    assert folder.changes_since_import(data) is None
    paths[0].unlink()
    changes = folder.changes_since_import(data)
    assert changes and changes.text == "The folder has changed since import: 1 missing."
    fill(tmp_path, 2, first=10)
    picture(77).resize((13, 13)).save(paths[3])
    changes = folder.changes_since_import(data)
    assert changes == folder.Changes(("000.png",), ("010.png", "011.png"), ("003.png",))
    assert changes.text == "The folder has changed since import: 1 missing, 2 new, 1 altered."
    assert changes.notice.values == {"missing": 1, "new": 2, "altered": 1}
    np.testing.assert_array_equal(folder.read(data).images, kept)
    folder.forget(data)
    assert folder.image_count(data) == 0
    assert len(folder.read(data).images) == 7 and folder.changes_since_import(data) is None
    np.testing.assert_array_equal(before, kept)  # who trains on the old ones goes on


def test_a_bad_file_that_is_mended_is_an_altered_one(tmp_path):
    fill(tmp_path, 2)
    (tmp_path / "bad.png").write_bytes(b"no image")
    folder.read(spec(tmp_path))
    picture(5).save(tmp_path / "bad.png")
    changes = folder.changes_since_import(spec(tmp_path))
    assert changes and changes.altered == ("bad.png",)


def test_a_folder_that_has_gone(tmp_path):
    fill(tmp_path / "photos", 3)
    data = spec(tmp_path / "photos")
    kept = np.array(folder.read(data).images)
    (tmp_path / "photos").rename(tmp_path / "moved")
    changes = folder.changes_since_import(data)
    assert changes and changes.text.endswith("3 missing.")
    np.testing.assert_array_equal(folder.read(data).images, kept)


def damages(cache):
    """Ways in which files of the cache can be damaged, by the part of their name that comes first."""
    def of(name, change):
        def damage():
            path = next(path for path in cache.rglob("*.*") if path.name.startswith(name))
            change(path)
        return damage

    def edited(path):
        path.write_text(path.read_text().replace('"labels": []', '"labels": [7]', 1))

    def reshaped(path):
        path.write_bytes(path.read_bytes().replace(b"(5, 3, 12, 12)", b"(5, 12, 3, 12)", 1))

    return {
        "no array": of("images", Path.unlink),
        "short array": of("images", lambda path: os.truncate(path, path.stat().st_size - 1)),
        "long array": of("images", lambda path: path.open("ab").write(b"x")),
        "empty array": of("images", lambda path: path.write_bytes(b"")),
        "other header": of("images", reshaped),
        "no index": of("index", Path.unlink),
        "empty index": of("index", lambda path: path.write_bytes(b"")),
        "binary index": of("index", lambda path: path.write_bytes(bytes(range(256)))),
        "nested index": of("index", lambda path: path.write_text("[" * 100_000)),
        "list index": of("index", lambda path: path.write_text("[]")),
        "edited names": of("index", lambda path: path.write_text(path.read_text().replace(
            '"class_names": []', '"class_names": ["cats"]', 1))),
        "other count": of("index", lambda path: path.write_text(path.read_text().replace("5, 3", "4, 3"))),
        "no files": of("files", Path.unlink),
        "edited files": of("files", edited),
    }


@pytest.mark.parametrize("damage", damages(Path()))
def test_a_damaged_cache_is_made_anew(tmp_path, cache, damage):
    fill(tmp_path / "photos", 5)
    data = spec(tmp_path / "photos")
    kept = np.array(folder.read(data).images)
    damages(cache)[damage]()
    assert not folder.is_imported(data)
    np.testing.assert_array_equal(folder.read(data).images, kept)
    assert folder.is_imported(data)
    assert cached_files(cache) == ["files", "images", "index.json"]


def test_an_index_of_another_schema_is_not_read(tmp_path, monkeypatch):
    fill(tmp_path, 2)
    folder.read(spec(tmp_path))
    monkeypatch.setattr(importcache, "SCHEMA", 99)
    assert folder.image_count(spec(tmp_path)) == 0


def test_a_disk_that_is_full(tmp_path, cache, monkeypatch):
    fill(tmp_path / "photos", 5)
    usage = type("Usage", (), {"free": 100})
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda _: usage)
        with pytest.raises(DataError, match=r"5 images need 2 KB of disk; .* has 100 bytes free"):
            imported(spec(tmp_path / "photos"))

    def fail(*_):
        raise OSError(28, "No space left on device")

    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, fail)
            if name == "replace":
                patch.setattr(Path, "replace", fail)
            with pytest.raises(DataError) as caught:
                imported(spec(tmp_path / "photos"))
        assert caught.value.code == "data.cache" and "the disk is full" in caught.value.message
        assert cached_files(cache) == []
    assert imported(spec(tmp_path / "photos")).count == 5


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    fill(tmp_path / "photos", 2)
    (tmp_path / "file").touch()
    monkeypatch.setenv(importcache.CACHE_VARIABLE, str(tmp_path / "file" / "below"))
    with pytest.raises(DataError, match="could not be kept in"):
        folder.read(spec(tmp_path / "photos"))


def test_what_a_crash_left_goes_with_the_next_import(tmp_path, cache):
    fill(tmp_path / "photos", 2)
    data = spec(tmp_path / "photos")
    place = importcache.entry(data)
    place.mkdir(parents=True)
    (place / "images-1.npy.999999999.tmp").write_bytes(b"half")
    (place / "images-1.npy").write_bytes(b"without an index")
    imported(data)
    assert cached_files(cache) == ["files", "images", "index.json"]


def test_two_who_import_at_once_both_have_the_images(tmp_path):
    fill(tmp_path / "photos", 20)
    data, found = spec(tmp_path / "photos"), []
    threads = [threading.Thread(target=lambda: found.append(np.array(folder.read(data).images))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3 and all((one == found[0]).all() for one in found)


def test_the_data_set_of_an_experiment(tmp_path):
    fill(tmp_path, 40)
    data = spec(tmp_path)
    found = datasets.load(data, tmp_path)
    assert [len(found.split(name)) for name in datasets.SPLITS] == [34, 3, 3]
    everything = np.concatenate([found.split(name).images.numpy() for name in datasets.SPLITS])
    assert sorted(image.tobytes() for image in everything) == sorted(
        image.tobytes() for image in folder.read(data).images)
    assert datasets.load(data, tmp_path / "other") is found
    other = datasets.load(spec(tmp_path, seed=1), tmp_path)
    assert other.fingerprint != found.fingerprint


def test_a_folder_that_is_imported_again_is_another_data_set(tmp_path):
    paths = fill(tmp_path, 8)
    held = datasets.load(spec(tmp_path), tmp_path)
    paths[0].unlink()
    assert datasets.load(spec(tmp_path), tmp_path) is held
    folder.forget(spec(tmp_path))
    again = datasets.load(spec(tmp_path), tmp_path)
    assert len(held.training) + 1 == len(again.training) + 2 and again.fingerprint != held.fingerprint


def test_images_that_would_take_half_of_the_memory_stay_on_the_disk(tmp_path, monkeypatch):
    fill(tmp_path, 20)
    usual = datasets.load(spec(tmp_path), tmp_path).fingerprint
    folder.forget(spec(tmp_path))
    mapped = []
    memmap = np.memmap

    def mapping(*given, **named):
        mapped.append(named.get("shape"))
        return memmap(*given, **named)

    monkeypatch.setattr("engine.datasets.resizing.free_memory", lambda: 1000)
    monkeypatch.setattr(np, "memmap", mapping)
    found = datasets.load(spec(tmp_path), tmp_path)
    assert found.fingerprint == usual
    assert (16, 3, 12, 12) in mapped


MANY = """
import resource, sys
from pathlib import Path
from engine.datasets import folder
from engine.dataspec import Data
peaks = []
for event in folder.import_images(Data(dataset="folder", folder=sys.argv[1], image_size=32)):
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
sys.stdout.write(f"{event.count} {peaks[len(peaks) // 4]} {peaks[-1]}")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts in KB there")
@pytest.mark.parametrize("count", [2_000, pytest.param(20_000, marks=pytest.mark.long)])
def test_many_small_images_are_imported_with_a_steady_memory(tmp_path, count):
    content = fill(tmp_path / "one", 1, width=28, height=28)[0].read_bytes()
    (tmp_path / "many").mkdir()
    for number in range(count):
        (tmp_path / "many" / f"{number:05}.png").write_bytes(content)
    child = subprocess.run([sys.executable, "-c", MANY, str(tmp_path / "many")], cwd=ROOT, capture_output=True,
                           text=True, check=True)
    images, quarter, last = map(int, child.stdout.split())
    assert images == count
    # what grows is the list of the files, not their pixels (3 KB each)
    assert last - quarter < count * 1.0


def test_the_index_says_what_was_imported(tmp_path, cache):
    fill(tmp_path / "photos", 3)
    imported(spec(tmp_path / "photos"))
    index = json.loads(next(cache.rglob("index.json")).read_bytes())["body"]
    assert index["shape"] == [3, 3, 12, 12] and index["images"].startswith("images-")
    files = json.loads((next(cache.rglob("index.json")).parent / index["files"]).read_bytes())
    size, time_ns = (path := tmp_path / "photos" / "000.png").stat().st_size, storage.stamp(path)[0]
    assert files["seen"][0] == ["000.png", size, time_ns]
