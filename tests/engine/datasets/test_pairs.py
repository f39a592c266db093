"""Two folders: the network is given the images of one and learns to draw those of the other."""

import numpy as np
import pytest
from PIL import Image

from engine import data as datasets
from engine.datasets import decoding, folder, importcache
from engine.datasets.sources import DataError
from tests.engine.datasets.images import fill, picture, spec


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache for one test."""
    monkeypatch.setenv(importcache.CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.fixture
def targets(tmp_path):
    """Ten images of 24×16."""
    fill(tmp_path / "sharp", 10, width=24, height=16)
    return tmp_path / "sharp"


@pytest.fixture
def inputs(tmp_path, targets):
    """The same at half the size, as JPEG."""
    (tmp_path / "coarse").mkdir()
    for path in targets.iterdir():
        Image.open(path).resize((12, 8)).save(tmp_path / "coarse" / f"{path.stem}.jpg", quality=95)
    return tmp_path / "coarse"


def pair(targets, inputs, **given):
    """A data spec for both folders; what is given beside is of the input."""
    return spec(targets, input={"change": "folder", "folder": str(inputs), **given})


def imported(data):
    *_, last = folder.import_images(data)
    return last


def test_inputs_are_brought_to_the_side_of_the_images(targets, inputs):
    data = pair(targets, inputs, enlargement="nearest")
    assert imported(data).text == "10 images"
    found = folder.read(data)
    assert found.images.shape == found.inputs.shape == (10, 3, 12, 12)
    expected = np.stack([decoding.decoded(inputs / f"{number:03}.jpg", 12, by="nearest") for number in range(10)])
    np.testing.assert_array_equal(found.inputs, expected)
    assert folder.listing(data).bytes == imported(data).bytes == 2 * 10 * 3 * 144


def test_small_inputs_stay_small(targets, inputs):
    data = pair(targets, inputs, enlargement="none", factor=2)
    assert folder.read(data).inputs.shape == (10, 3, 6, 6)
    loaded = datasets.load(data, targets)
    assert [split.inputs.shape[2:] for split in (loaded.training, loaded.test)] == [(6, 6), (6, 6)]
    mean = loaded.training.images.float().mean((1, 2, 3)) - loaded.training.inputs.float().mean((1, 2, 3))
    assert mean.abs().max() < 20  # each has the input that belongs to it


def test_files_without_a_partner_are_listed(targets, inputs):
    (inputs / "003.jpg").unlink()
    (targets / "007.png").unlink()
    last = imported(pair(targets, inputs))
    assert last.text == "8 images, 2 skipped"
    assert {each.name: each.text for each in last.skipped} == {
        "003.png": "no input of this name", "coarse/007.jpg": "an input without an image of this name"}
    assert folder.changes_since_import(pair(targets, inputs)) is None


def test_sizes_that_do_not_go_together_are_listed(targets, inputs):
    Image.new("RGB", (8, 8)).save(inputs / "002.jpg")
    Image.new("RGB", (24, 16)).save(inputs / "004.jpg")
    (inputs / "005.jpg").write_bytes(b"no image")
    (targets / "006.png").write_bytes(b"no image")
    last = imported(pair(targets, inputs))
    assert {each.name: (each.code, each.text) for each in last.skipped} == {
        "002.png": ("image.pair_size", "24×16 pixels, which is not 2 times its input of 8×8"),
        "004.png": ("image.pair_size", "24×16 pixels, which is not 2 times its input of 24×16"),
        "005.png": ("image.input", "its input: no image, or of a kind that cannot be read"),
        "006.png": ("image.none", "no image, or of a kind that cannot be read")}
    found = folder.read(pair(targets, inputs))
    assert len(found.images) == len(found.inputs) == last.count == 6


def test_inputs_of_the_same_size(targets, inputs):
    for path in targets.iterdir():
        Image.open(path).convert("L").save(inputs / f"{path.stem}.jpg")
    assert imported(pair(targets, inputs)).count == 10


def test_a_file_of_the_very_same_name_comes_first(tmp_path, targets):
    (tmp_path / "both").mkdir()
    for number in range(10):
        picture(number, 12, 8).save(tmp_path / "both" / f"{number:03}.png")
        Image.new("RGB", (12, 8)).save(tmp_path / "both" / f"{number:03}.jpg")
    last = imported(pair(targets, tmp_path / "both"))
    assert last.count == 10 and last.skipped[0].name == "both/000.jpg"
    assert folder.read(pair(targets, tmp_path / "both")).inputs.std() > 20


def test_folders_below_belong_together_by_their_whole_names(tmp_path):
    for place in ("sharp/a", "sharp/b", "coarse/a", "coarse/b"):
        fill(tmp_path / place, 3, first=10 * ("b" in place[-1:]))
    fill(tmp_path / "coarse" / "c", 1)
    data = spec(tmp_path / "sharp", recursive=True, input={"change": "folder", "folder": str(tmp_path / "coarse")})
    last = imported(data)
    assert (last.count, len(last.skipped)) == (6, 1)
    found = folder.read(data)
    np.testing.assert_array_equal(found.images, found.inputs)


@pytest.mark.parametrize(("names", "size", "code"), [
    (["other.png"], (12, 8), "data.no_pairs"), (["000.png", "001.png"], (7, 5), "data.pair_sizes"),
    (["000.png"], (48, 32), "data.pair_sizes"), ([], (1, 1), "data.folder_empty")])
def test_folders_that_do_not_go_together_at_all(tmp_path, targets, names, size, code):
    (tmp_path / "wrong").mkdir()
    for name in names:
        Image.new("RGB", size).save(tmp_path / "wrong" / name)
    with pytest.raises(DataError) as caught:
        imported(pair(targets, tmp_path / "wrong"))
    assert caught.value.code == code
    assert caught.value.values["field"] == "data.input.folder"


@pytest.mark.parametrize("chosen", ["", "/nowhere/at/all"])
def test_no_folder_of_inputs(targets, chosen):
    with pytest.raises(DataError) as caught:
        imported(pair(targets, chosen))
    assert caught.value.values["field"] == "data.input.folder"


def test_a_change_of_the_inputs_is_noticed(targets, inputs):
    data = pair(targets, inputs)
    folder.read(data)
    assert folder.changes_since_import(data) is None
    (inputs / "003.jpg").unlink()
    changes = folder.changes_since_import(data)
    assert changes == folder.Changes(("coarse/003.jpg",), (), ())


def test_turned_photographs_belong_together(tmp_path):
    for name in ("sharp", "coarse"):
        (tmp_path / name).mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(1, 16, 24).save(tmp_path / "sharp" / "a.jpg", exif=exif)
    picture(1, 12, 8).save(tmp_path / "coarse" / "a.png")
    assert imported(pair(tmp_path / "sharp", tmp_path / "coarse")).count == 1
