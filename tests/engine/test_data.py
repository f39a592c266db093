"""Images: read, checked, split, resized, shared, never changed. Small files of our own; the real ones where present."""

import hashlib
import importlib.metadata
import os
import shutil
import struct
import sys
import threading
import typing
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import data
from engine.datasets import resizing, sources
from engine.datasets.sources import Archive, File, Source
from engine.dataspec import IMAGE_SHAPES, Data, DatasetName

TRAINING, TEST = 300, 60

real_data = pytest.mark.real_data
needs_files = pytest.mark.skipif(
    not os.environ.get(sources.DATA_DIR_VARIABLE),
    reason=f"needs the real data sets: set {sources.DATA_DIR_VARIABLE} to the folder that holds MNIST/raw")


def idx(shape, content):
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + content


@pytest.fixture
def mnist(tmp_path, monkeypatch):
    """300 + 60 images of noise in MNIST's layout, with checksums; gives the data folder."""
    noise = np.random.Generator(np.random.PCG64(0))
    contents = {}
    for prefix, count in (("train", TRAINING), ("t10k", TEST)):
        pixels = noise.integers(0, 256, (count, 28, 28), np.uint8)
        contents[f"{prefix}-images-idx3-ubyte"] = idx(pixels.shape, pixels.tobytes())
        contents[f"{prefix}-labels-idx1-ubyte"] = idx((count,), bytes(i % 10 for i in range(count)))
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    archives = []
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        file = File(name, len(content), content[: 16 if "images" in name else 8], hashlib.md5(content).hexdigest())
        archives.append(Archive(f"{name}.gz", 1_000, "0" * 32, (file,)))
    monkeypatch.setitem(sources.SOURCES, "mnist", Source("MNIST/raw", ("http://127.0.0.1:9/",), tuple(archives)))
    return tmp_path


def raw(data_dir, prefix="train"):
    folder = data_dir / "MNIST" / "raw"
    images = np.fromfile(folder / f"{prefix}-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 1, 28, 28)
    return images, np.fromfile(folder / f"{prefix}-labels-idx1-ubyte", np.uint8, offset=8)


def rows(images):
    """Images as a list of bytes, to compare as sets and sequences."""
    return [image.tobytes() for image in np.asarray(images)]


def content_hash(dataset):
    return data.fingerprint((dataset.training, dataset.validation, dataset.test))


def test_every_name_of_an_experiment_has_its_reader_and_shape():
    names = typing.get_args(DatasetName)
    assert tuple(data.DATASETS) == names == tuple(IMAGE_SHAPES)
    assert {*sources.SOURCES, *sources.BUILT_IN, "folder"} == set(names)
    assert data.DATASETS["digits"](Data(), Path()).training.shape[1:] == (1, *[IMAGE_SHAPES["digits"][1]] * 2)
    for name in ("mnist", "fashion-mnist", "kmnist"):
        assert struct.unpack_from(">2I", sources.SOURCES[name].files[0].head, 8) == (IMAGE_SHAPES[name][1],) * 2


def test_the_digits_need_no_folder(tmp_path):
    dataset = data.load(Data(), tmp_path / "nowhere")
    assert (len(dataset.training), len(dataset.validation), len(dataset.test)) == (10_800, 1_200, 2_000)
    assert tuple(dataset.training.images.shape[1:]) == (1, 28, 28) and dataset.class_names == tuple("0123456789")
    assert not (tmp_path / "nowhere").exists()
    assert data.status("digits", tmp_path).state == "built in"


def test_the_hold_out_divides_the_training_images(mnist):
    dataset = data.load(Data(dataset="mnist", hold_out=0.2), mnist)
    images, labels = raw(mnist)
    assert (len(dataset.training), len(dataset.validation), len(dataset.test)) == (240, 60, TEST)
    assert sorted(rows(dataset.training.images) + rows(dataset.validation.images)) == sorted(rows(images))
    assert rows(dataset.test.images) == rows(raw(mnist, "t10k")[0])
    label_of = dict(zip(rows(images), labels.tolist(), strict=True))
    for split in (dataset.training, dataset.validation):
        assert [label_of[row] for row in rows(split.images)] == split.labels.tolist()
    assert dataset.independent_test
    for split in map(dataset.split, data.SPLITS):
        assert split.images.dtype == torch.uint8 and split.images.is_contiguous() and split.images.device.type == "cpu"
        assert split.labels.dtype == torch.int64 and len(split.labels) == len(split)


def test_the_official_test_images_can_be_the_validation_images(mnist):
    dataset = data.load(Data(dataset="mnist", validation="test"), mnist)
    assert dataset.validation is dataset.test and not dataset.independent_test
    assert rows(dataset.training.images) == rows(raw(mnist)[0])


def test_the_seed_alone_chooses_the_held_out_images():
    def held_out(**changes):
        return data.split_indices(Data(dataset="mnist", **changes), 1_000)[1].tolist()

    assert held_out(seed=3) == held_out(seed=3, training_images=50) == held_out(seed=3, image_size=8)
    assert held_out(seed=3) != held_out(seed=4)
    assert held_out() == sorted(held_out()) and len(held_out(hold_out=0.25)) == 250


def test_fewer_training_images_are_a_subset_taken_after_the_hold_out():
    def kept(count):
        return data.split_indices(Data(dataset="mnist", training_images=count), 1_000)[0].tolist()

    assert [len(kept(count)) for count in (1, 10, 900, 5_000, 0)] == [1, 10, 900, 900, 900]
    assert set(kept(10)) < set(kept(100)) < set(kept(0))
    assert kept(100) != list(range(100)) and kept(100) == sorted(kept(100))


def test_the_split_of_a_seed_never_changes():
    """Runs of earlier versions are resumed on the same images."""
    kept, held_out, _ = data.split_indices(Data(dataset="mnist", hold_out=0.1, training_images=6), 50)
    assert (kept.tolist(), held_out.tolist()) == ([1, 15, 21, 32, 46, 48], [2, 3, 11, 13, 20])


def test_tiny_sets_keep_one_image_in_each_split():
    kept, held_out, _ = data.split_indices(Data(hold_out=0.01), 2)
    assert len(kept) == len(held_out) == 1


def test_equal_specs_share_one_object_until_nobody_holds_it(mnist):
    spec = Data(dataset="mnist")
    dataset = data.load(spec, mnist)
    assert data.load(Data(dataset="mnist"), mnist) is dataset
    assert data.load(Data(dataset="mnist", seed=1), mnist) is not dataset
    digits = data.load(Data(), mnist)
    assert data.load(Data(), mnist / "elsewhere") is digits
    gone = weakref.ref(dataset)
    del dataset
    assert gone() is None


def test_two_threads_get_one_object_and_it_is_built_once(mnist, monkeypatch):
    built, entered, proceed, answers = [], threading.Event(), threading.Event(), []
    read = data.DATASETS["mnist"]

    def slowly(spec, data_dir):
        built.append(data_dir)
        entered.set()
        assert proceed.wait(10)
        return read(spec, data_dir)

    monkeypatch.setitem(data.DATASETS, "mnist", slowly)
    spec = Data(dataset="mnist", seed=5)
    threads = [threading.Thread(target=lambda: answers.append(data.load(spec, mnist))) for _ in range(2)]
    threads[0].start()
    assert entered.wait(10)
    threads[1].start()
    other = data.load(Data(dataset="digits", training_images=10), mnist)  # another data set does not wait
    assert len(other.training) == 10
    proceed.set()
    for thread in threads:
        thread.join(10)
    assert len(built) == 1 and answers[0] is answers[1]


def test_an_epoch_leaves_the_images_as_they_were(mnist):
    dataset = data.load(Data(dataset="mnist"), mnist)
    before = content_hash(dataset)
    model = torch.nn.Linear(784, 784)
    for batch in torch.randperm(len(dataset.training)).split(64):
        images = dataset.training.images[batch].float().div_(255).flatten(1)
        torch.nn.functional.mse_loss(model(images), images).backward()
    assert content_hash(dataset) == before == dataset.fingerprint
    dataset.training.images[0, 0, 0, 0] ^= 1
    assert content_hash(dataset) != before


def test_the_fingerprint_sees_pixels_labels_and_division(mnist):
    def fingerprint(**changes):
        return data.load(Data(dataset="mnist", **changes), mnist).fingerprint

    every = [fingerprint(), fingerprint(seed=1), fingerprint(hold_out=0.2), fingerprint(validation="test"),
             fingerprint(training_images=9), fingerprint(image_size=16)]
    assert len(set(every)) == len(every) and fingerprint() == every[0] and len(every[0]) == 64
    pixels = torch.zeros(2, 1, 8, 8, dtype=torch.uint8)
    with_labels = [data.fingerprint((data.Split(pixels, labels),))
                   for labels in (None, torch.tensor([0, 1]), torch.tensor([1, 0]))]
    assert len(set(with_labels)) == 3


def test_loading_draws_from_no_global_generator(mnist):
    before = torch.get_rng_state(), np.random.get_state()[1].tobytes()
    data.load(Data(dataset="mnist", image_size=9), mnist)
    data.load(Data(training_images=20), mnist)
    assert torch.equal(torch.get_rng_state(), before[0]) and np.random.get_state()[1].tobytes() == before[1]


@pytest.mark.parametrize("size", [8, 14, 40])
def test_resizing_keeps_the_mean_and_does_not_alias(mnist, monkeypatch, size):
    monkeypatch.setattr(resizing, "CHUNK_BYTES", 70 * size**2)
    dataset = data.load(Data(dataset="mnist", image_size=size, training_images=200), mnist)
    own = data.load(Data(dataset="mnist", training_images=200), mnist)
    assert tuple(dataset.training.images.shape) == (200, 1, size, size)
    assert dataset.training.images.dtype == torch.uint8 and dataset.training.images.is_contiguous()
    means, own_means = (images.float().mean(dim=(1, 2, 3)) for images in (dataset.training.images, own.training.images))
    assert (means - own_means).abs().max() < 12
    if size < 28:  # noise is averaged away only when every pixel of the original counts
        assert dataset.training.images.float().std() < 0.75 * own.training.images.float().std()


def test_the_own_size_is_no_resizing(mnist, monkeypatch):
    monkeypatch.setattr(resizing, "_torchvision_resize", None)
    assert data.load(Data(dataset="mnist", image_size=28), mnist).training.images.shape[-1] == 28


def forget_torchvision(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)


def test_a_broken_torchvision_is_named_and_everything_else_works(mnist, tmp_path, monkeypatch):
    """A build of torchvision for another torch raises RuntimeError on import, not ImportError."""
    fake = tmp_path / "fake" / "torchvision"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    forget_torchvision(monkeypatch)
    monkeypatch.syspath_prepend(fake.parent)
    monkeypatch.setattr(importlib.metadata, "version", {"torch": "2.13+cpu", "torchvision": "0.28+cu130"}.get)
    with pytest.raises(data.DataError) as caught:
        data.load(Data(dataset="mnist", image_size=14), mnist)
    assert caught.value.message == (
        "Built-in data sets need a matching torchvision (found torch 2.13+cpu with torchvision 0.28+cu130).")
    assert (caught.value.code, caught.value.values["torchvision"]) == ("data.torchvision", "0.28+cu130")
    assert len(data.load(Data(dataset="mnist", seed=9), mnist).training) == 270


def test_a_missing_torchvision_is_named(mnist, monkeypatch):
    def version(package):
        if package == "torchvision":
            raise importlib.metadata.PackageNotFoundError(package)
        return "2.13+cpu"

    forget_torchvision(monkeypatch)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setattr(importlib.metadata, "version", version)
    with pytest.raises(data.DataError, match=r"found torch 2\.13\+cpu with torchvision missing"):
        data.load(Data(dataset="mnist", image_size=14), mnist)


def test_images_beyond_half_of_the_memory_lie_on_the_disk_and_are_the_same(mnist, monkeypatch):
    spec = Data(dataset="mnist", image_size=64)
    inside = data.load(spec, mnist)
    monkeypatch.setattr(resizing, "free_memory", lambda: 2_000_000)
    made = []
    monkeypatch.setattr(np, "memmap", lambda *arguments, _make=np.memmap, **named: (
        made.append(named["shape"]) or _make(*arguments, **named)))
    outside = data._build(spec, mnist)
    assert (270, 1, 64, 64) in made and (270, 1, 28, 28) not in made and outside.fingerprint == inside.fingerprint


def test_images_that_fit_nowhere_are_refused(mnist, monkeypatch):
    monkeypatch.setattr(resizing, "free_memory", lambda: 10_000_000)
    monkeypatch.setattr(resizing.shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(1, 1, 5_000_000))
    with pytest.raises(data.DataError, match=r"270 images of 256×256 need 0\.0 GB; neither the memory") as caught:
        data.load(Data(dataset="mnist", image_size=256), mnist)
    assert caught.value.values["needed"] == 270 * 256 * 256
    monkeypatch.setattr(resizing, "free_memory", lambda: None)
    data.load(Data(dataset="mnist", image_size=256, training_images=5), mnist)


def test_present_files_are_found_without_reading_them(mnist, monkeypatch):
    monkeypatch.setattr(sources, "md5_of", None)
    status = data.status("mnist", mnist)
    assert status.state == "present" and str(mnist) in status.text


def test_missing_files_are_named_with_what_helps(tmp_path):
    assert data.status("mnist", tmp_path) == data.Status(
        "missing", "Not on this computer (11 MB to download)", 11_594_722, {"megabytes": 11})
    with pytest.raises(data.MissingData) as caught:
        data.load(Data(dataset="mnist"), tmp_path)
    assert caught.value.message == (f"MNIST is not in {tmp_path} (looked for …/MNIST/raw/train-images). "
                                    "Download it, choose another data folder, or use the built-in digits.")


def test_a_truncated_file_is_told_with_its_bytes(tmp_path, monkeypatch):
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    (folder / "train-images-idx3-ubyte").write_bytes(sources.SOURCES["mnist"].files[0].head + bytes(2_984))
    with pytest.raises(data.DamagedData) as caught:
        data.load(Data(dataset="mnist"), tmp_path)
    assert caught.value.message == "…/MNIST/raw/train-images is incomplete (3 000 of 47 040 016 bytes)."
    status = data.status("mnist", tmp_path)
    assert (status.state, status.text) == ("damaged", caught.value.message)


def spoiled(path, change):
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)


@pytest.mark.parametrize(("change", "words"), [
    (lambda content: content.__setitem__(5_000, content[5_000] ^ 1), "its checksum is not the published one"),
    (lambda content: content.__setitem__(3, 1), "its header is not the published one"),
    (lambda content: content.extend(b"more"), "its size is not the published one"),
])
def test_a_replaced_file_is_damaged(mnist, change, words):
    path = mnist / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    spoiled(path, change)
    assert data.status("mnist", mnist).state == ("present" if "checksum" in words else "damaged")
    with pytest.raises(data.DamagedData) as caught:
        data.load(Data(dataset="mnist"), mnist)
    assert caught.value.message == f"…/MNIST/raw/t10k-images is damaged ({words})."
    assert data.status("mnist", mnist).state == "damaged"
    assert path.exists()


def test_a_file_is_read_for_its_checksum_once_and_again_when_it_changes(mnist, monkeypatch):
    read = []
    real = sources.md5_of
    monkeypatch.setattr(sources, "md5_of", lambda path: read.append(path.name) or real(path))
    for seed in range(3):
        data.load(Data(dataset="mnist", seed=seed), mnist)
    assert sorted(read) == sorted(file.name for file in sources.SOURCES["mnist"].files)
    path = mnist / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    spoiled(path, lambda content: content.__setitem__(100, content[100] ^ 1))
    later = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))
    with pytest.raises(data.DamagedData):
        data.load(Data(dataset="mnist", seed=4), mnist)


def test_what_cannot_be_read_is_named(mnist, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(data.DataError, match="…/MNIST/raw/train-images"):
        data.load(Data(dataset="mnist"), tmp_path / "file")
    path = mnist / "MNIST" / "raw" / "train-images-idx3-ubyte"
    path.unlink()
    path.mkdir()
    with pytest.raises(data.DamagedData, match="train-images"):
        data.load(Data(dataset="mnist"), mnist)


def test_labels_that_name_no_class_are_refused(tmp_path, monkeypatch):
    """KMNIST's publisher gives no checksums of the unpacked files: size, header and labels are all there is."""
    folder = tmp_path / "KMNIST" / "raw"
    folder.mkdir(parents=True)
    for file in sources.SOURCES["kmnist"].files:
        (folder / file.name).write_bytes(file.head + bytes(file.size - len(file.head)))
    assert len(data.load(Data(dataset="kmnist", training_images=7), tmp_path).training) == 7
    spoiled(folder / "t10k-labels-idx1-ubyte", lambda content: content.__setitem__(-1, 10))
    with pytest.raises(data.DamagedData, match=r"t10k-labels is damaged \(label 10 is not one of its 10 classes\)"):
        data.load(Data(dataset="kmnist", training_images=8), tmp_path)


def test_the_data_folder_is_the_named_one_else_the_users_own(monkeypatch, tmp_path):
    monkeypatch.setenv(sources.DATA_DIR_VARIABLE, str(tmp_path))
    assert data.default_data_dir() == tmp_path
    monkeypatch.setenv(sources.DATA_DIR_VARIABLE, "below")
    assert data.default_data_dir() == Path.cwd() / "below"
    monkeypatch.delenv(sources.DATA_DIR_VARIABLE)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    places = {"linux": ("XDG_DATA_HOME", ".local/share"), "darwin": (None, "Library/Application Support"),
              "win32": ("LOCALAPPDATA", "AppData/Local")}
    for platform, (variable, below) in places.items():
        monkeypatch.setattr(sys, "platform", platform)
        if variable:
            monkeypatch.setenv(variable, str(tmp_path / "chosen"))
            assert data.default_data_dir() == tmp_path / "chosen" / "autoencoder-explorer" / "data"
            monkeypatch.delenv(variable)
        assert data.default_data_dir() == tmp_path / below / "autoencoder-explorer" / "data"


@needs_files
@real_data
@pytest.mark.parametrize(("name", "first_labels"), [("mnist", [5, 0, 4, 1, 9]), ("fashion-mnist", [9, 0, 0, 3, 0])])
def test_the_real_files_are_intact_and_read_as_torchvision_reads_them(name, first_labels):
    torchvision_datasets = pytest.importorskip("torchvision.datasets")
    data_dir = data.default_data_dir()
    dataset = data.load(Data(dataset=name, validation="test"), data_dir)
    assert dataset.training.labels[:5].tolist() == first_labels
    reader = {"mnist": torchvision_datasets.MNIST, "fashion-mnist": torchvision_datasets.FashionMNIST}[name]
    for train, split in ((True, dataset.training), (False, dataset.test)):
        theirs = reader(str(data_dir), train=train)
        assert torch.equal(split.images[:, 0], theirs.data) and torch.equal(split.labels, theirs.targets)
    assert tuple(dataset.class_names) == (tuple("0123456789") if name == "mnist" else tuple(theirs.classes))
