"""Which files of a folder are its images, and what is said where there are none."""

import os
import time
from pathlib import Path

import pytest

from engine.datasets import folder
from engine.datasets.sources import DataError
from tests.engine.datasets.images import fill, spec


def names(place, **given):
    """The files of a listing."""
    return folder.listing(spec(place, **given)).files


def test_the_images_of_a_folder_in_the_order_of_their_names(tmp_path):
    fill(tmp_path, 2, "PNG", first=5)
    fill(tmp_path, 2, "jpg")
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / ".hidden.png").write_bytes(b"")
    fill(tmp_path / ".git", 1)
    fill(tmp_path / "__MACOSX", 1)
    fill(tmp_path / "below" / "deeper", 1)
    assert names(tmp_path) == ("000.jpg", "001.jpg", "005.PNG", "006.PNG")
    assert names(tmp_path, recursive=True)[-1] == "below/deeper/000.png"
    assert len(names(tmp_path, recursive=True)) == 5


def test_each_folder_is_a_class(tmp_path):
    fill(tmp_path / "dogs", 2)
    fill(tmp_path / "cats" / "young", 1)
    fill(tmp_path / "cats", 1)
    fill(tmp_path, 1)
    found = folder.listing(spec(tmp_path, classes="folders"))
    assert found.files == ("cats/000.png", "dogs/000.png", "dogs/001.png")
    assert found.class_names == ("cats", "dogs")
    assert [(each.name, each.code) for each in found.skipped] == [("000.png", "image.class")]
    deep = folder.listing(spec(tmp_path, classes="folders", recursive=True))
    assert deep.files[1] == "cats/young/000.png" and deep.class_names == ("cats", "dogs")


def test_archives_and_foreign_kinds_are_named(tmp_path):
    fill(tmp_path, 1)
    for name in ("more.zip", "evil.tar.gz", "phone.HEIC"):
        (tmp_path / name).write_bytes(b"../x")
    skipped = {each.name: (each.code, each.text) for each in folder.listing(spec(tmp_path)).skipped}
    assert skipped == {"evil.tar.gz": ("image.archive", "an archive; only folders are read"),
                       "more.zip": ("image.archive", "an archive; only folders are read"),
                       "phone.HEIC": ("image.kind", "HEIC is not read; save it as PNG or JPEG")}


def test_the_memory_is_stated(tmp_path, monkeypatch):
    fill(tmp_path, 3)
    assert folder.listing(spec(tmp_path)).bytes == 3 * 3 * 12 * 12
    assert folder.listing(spec(tmp_path, colour="grey", image_size=64)).bytes == 3 * 64 * 64
    assert not folder.listing(spec(tmp_path)).large
    monkeypatch.setattr("engine.datasets.resizing.free_memory", lambda: 2000)
    assert folder.listing(spec(tmp_path)).large


@pytest.mark.parametrize("files", [(), ("readme.txt", "table.csv"), ("more.zip",)])
def test_a_folder_without_images(tmp_path, files):
    for name in files:
        (tmp_path / name).write_text("text")
    for ask in (folder.listing, folder.read, lambda data: list(folder.import_images(data))):
        with pytest.raises(DataError) as caught:
            ask(spec(tmp_path))
        assert caught.value.message.startswith(f"No images found in {tmp_path} (looked for PNG, JPEG, ")
        assert (caught.value.code, caught.value.values["field"]) == ("data.folder_empty", "data.folder")


@pytest.mark.parametrize(("chosen", "code", "text"), [
    ("", "data.folder_unset", "No folder of images is chosen"),
    ("gone", "data.folder_unreadable", "it does not exist"),
    ("photos.zip", "data.not_folder", "photos.zip is an archive; only folders of images can be imported. Unpack it."),
    ("photo.png", "data.not_folder", "is a file; only folders"),
    ("photo.png/below", "data.folder_unreadable", "cannot be read"),
    ("a\0b", "data.folder_unreadable", "cannot be used"),
    ("x" * 3000, "data.folder_unreadable", "cannot be read"),
])
def test_what_is_no_folder(tmp_path, monkeypatch, chosen, code, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos.zip").write_bytes(b"PK")
    fill(tmp_path, 1)
    (tmp_path / "photo.png").write_bytes(b"")
    for ask in (folder.listing, folder.read):
        with pytest.raises(DataError) as caught:
            ask(spec(chosen))  # type: ignore[arg-type]
        assert caught.value.code == code and text in caught.value.message
    assert folder.image_count(spec(chosen)) == 0 and folder.changes_since_import(spec(chosen)) is None


def test_a_folder_that_may_not_be_read(tmp_path, monkeypatch):
    fill(tmp_path / "open", 1)
    fill(tmp_path / "shut", 1)
    scan = os.scandir

    def refuse(path):
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = folder.listing(spec(tmp_path, recursive=True))
    assert found.files == ("open/000.png",)
    assert [(each.name, each.text) for each in found.skipped] == [("shut/", "it could not be read (permission denied)")]
    with pytest.raises(DataError, match="permission denied"):
        folder.listing(spec(tmp_path / "shut"))


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_followed_but_not_in_circles(tmp_path):
    fill(tmp_path / "elsewhere", 1)
    fill(tmp_path / "chosen", 1)
    (tmp_path / "chosen" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "chosen" / "up").symlink_to(tmp_path)
    (tmp_path / "elsewhere" / "round").symlink_to(tmp_path / "chosen")
    (tmp_path / "chosen" / "itself").symlink_to(tmp_path / "chosen" / "itself")
    (tmp_path / "chosen" / "nowhere.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "chosen" / "round.png").symlink_to(tmp_path / "chosen" / "round.png")
    found = names(tmp_path / "chosen", recursive=True)
    *_, last = folder.import_images(spec(tmp_path / "chosen"))
    assert last.count == 1 and [each.name for each in last.skipped] == ["nowhere.png", "round.png"]
    assert "link/000.png" in found and len(found) <= 8


def test_names_of_every_kind(tmp_path):
    place = tmp_path / "ñandú 🐦 photos"
    fill(place, 1)
    (place / "año nuevo 🎆.png").write_bytes((place / "000.png").read_bytes())
    if os.name != "nt":
        (place / os.fsdecode(b"broken-\xff.png")).write_bytes(b"")
    *_, last = folder.import_images(spec(place))
    assert last.count == 2 and len(last.skipped) == (os.name != "nt")
    assert last.text.encode() and all(each.name.encode() for each in last.skipped)
    assert folder.changes_since_import(spec(place)) is None


def test_many_files_are_listed_quickly(tmp_path):
    for number in range(5_000):
        (tmp_path / f"{number}.png").touch()
    began = time.perf_counter()
    assert len(names(tmp_path)) == 5_000
    assert time.perf_counter() - began < 1
