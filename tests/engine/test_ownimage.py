"""Own images: what becomes of any file, how they are fitted to a data set, and that nothing is trained on them."""

import io
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from engine import data, explore, model, ownimage, train
from engine.answers import QuestionError
from engine.experiment import Experiment
from engine.inbox import Inbox
from engine.ownimage import OwnImage, OwnImageError
from tests.gui.conftest import tiny


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def gradient(height=20, width=30):
    return np.add.outer(np.arange(height) * 5, np.arange(width) * 3).astype(np.uint8)


PHOTO = np.dstack([gradient(), gradient()[::-1], gradient()[:, ::-1]])


@pytest.mark.parametrize(("image", "expected"), [
    (Image.fromarray(gradient()), gradient()),
    (Image.fromarray(PHOTO), PHOTO),
    (Image.fromarray(np.dstack([gradient()] * 3)), gradient()),
    (Image.fromarray(gradient().astype(np.uint16) * 257), gradient()),
    (Image.fromarray((gradient() > 90).astype(np.uint8) * 255).convert("1"), (gradient() > 90) * 255),
    (Image.merge("LA", [Image.fromarray(gradient()), Image.new("L", (30, 20), 255)]), gradient()),
    (Image.merge("LA", [Image.fromarray(gradient()), Image.new("L", (30, 20), 0)]), np.full((20, 30), 255)),
    (Image.merge("RGBA", [*Image.fromarray(PHOTO).split(), Image.new("L", (30, 20), 255)]), PHOTO),
])
def test_any_mode_is_grey_or_colour_on_white(image, expected):
    read = ownimage.read(encoded(image), "a.png")
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, expected)


def test_a_palette_with_a_transparent_colour_and_cmyk():
    image = Image.fromarray(gradient()).convert("P")
    assert ownimage.read(encoded(image, transparency=int(np.array(image)[0, 0])), "a.png")[0, 0] == 255
    assert ownimage.read(encoded(Image.new("CMYK", (4, 4)), "JPEG"), "a.jpg").shape[:2] == (4, 4)


def test_numbers_without_a_range_are_stretched():
    values = np.float32([[-2, 0], [2, np.nan]])
    np.testing.assert_array_equal(ownimage.read(encoded(Image.fromarray(values), "TIFF"), "a.tif"),
                                  [[0, 128], [255, 128]])


def test_a_photograph_is_turned_as_its_camera_was_held():
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = ownimage.read(encoded(Image.fromarray(gradient()), exif=exif), "a.png")
    np.testing.assert_array_equal(turned, np.rot90(gradient(), -1))


def test_a_large_picture_is_kept_smaller():
    assert ownimage.read(encoded(Image.new("L", (3000, 1500))), "a.png").shape == (512, 1024)


@pytest.mark.parametrize("contents", [b"", b"hello", b"<html></html>", b"\x89PNG\r\n\x1a\n", b"GIF89a",
                                      b"%!PS-Adobe-3.0 EPSF-3.0\n", encoded(Image.fromarray(PHOTO))[:70],
                                      encoded(Image.fromarray(PHOTO), "JPEG")[:300]], ids=range(8))
def test_what_is_no_image_says_so_by_name(contents, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(contents)
    with pytest.raises(OwnImageError, match=r"^a\.txt is no image\.$"):
        ownimage.read_file(path)


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    with pytest.raises(OwnImageError, match=r"a\.png could not be read \(.+\)\."):
        ownimage.read_file(tmp_path / "a.png")
    with pytest.raises(OwnImageError, match="could not be read"):
        ownimage.read_file(tmp_path)


def blank(width, height):
    """A PNG whose head promises so many pixels, without any."""
    import struct
    import zlib

    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + encoded(
        Image.new("L", (1, 1)))[33:]


@pytest.mark.parametrize(("width", "height", "text"), [
    (20_000, 20_000, "400 megapixels; limit 64"), (10_000, 10_000, "100 megapixels; limit 64"),
    (1, 100_000, "1×100,000 pixels; limit 16,000 a side"), (2**31 - 1, 2**31 - 1, "megapixels; limit 64")])
def test_bombs_are_refused_unopened(width, height, text):
    tracemalloc.start()
    with pytest.raises(OwnImageError) as refused:
        ownimage.read(blank(width, height), "bomb.png")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert text in str(refused.value) and "bomb.png is too large" in str(refused.value)
    assert peak < 5e6


def test_a_bomb_of_text_is_refused():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("a", "a" * 100_000_000, zip=True)
    with pytest.raises(OwnImageError, match="is no image"):
        ownimage.read(encoded(Image.new("L", (2, 2)), pnginfo=notes), "a.png")


SAMPLES = [encoded(Image.fromarray(PHOTO), kind) for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")]


@settings(max_examples=300, deadline=None)
@given(sample=st.sampled_from(SAMPLES), places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8),
       end=st.floats(0, 1))
def test_damaged_files_are_a_picture_or_an_error_of_ours(sample, places, end):
    damaged = bytearray(sample)
    for place, value in places:
        damaged[int(place * (len(damaged) - 1))] = value
    try:
        pixels = ownimage.read(bytes(damaged[: max(1, int(len(damaged) * (1 - end / 4)))]), "a.png")
    except OwnImageError:
        return
    for shape in ((1, 28, 28), (3, 32, 32)):
        fitted = ownimage.fitted(OwnImage("a", pixels), shape, True)
        assert fitted.shape == shape and fitted.dtype == np.uint8


@settings(max_examples=200, deadline=None)
@given(contents=st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_by_name(contents):
    try:
        ownimage.read(contents, "x")
    except OwnImageError as error:
        assert str(error).startswith("x ")


def on_paper(ink=0, paper=255, height=40, width=40):
    pixels = np.full((height, width), paper, np.uint8)
    pixels[10:30, 15:20] = ink
    return pixels


def test_dark_on_bright_is_turned_round_for_a_data_set_on_black_only():
    paper, board = OwnImage("a", on_paper()), OwnImage("a", on_paper(255, 0))
    assert ownimage.fitted(paper, (1, 40, 40), True)[0, 15, 17] == 255
    np.testing.assert_array_equal(ownimage.fitted(paper, (1, 40, 40), True), ownimage.fitted(board, (1, 40, 40), True))
    np.testing.assert_array_equal(ownimage.fitted(paper, (1, 40, 40), False)[0], paper.pixels)
    np.testing.assert_array_equal(ownimage.fitted(paper, (3, 40, 40), True)[1], paper.pixels)


@pytest.mark.parametrize(("inversion", "expected"), [("never", 255), ("always", 0), ("automatic", 0)])
def test_the_person_can_say_whether_it_is_turned_round(inversion, expected):
    assert ownimage.fitted(OwnImage("a", on_paper(), inversion), (1, 40, 40), True)[0, 0, 0] == expected


@given(height=st.integers(1, 60), width=st.integers(1, 60), colour=st.booleans(), channels=st.sampled_from([1, 3]),
       side=st.integers(8, 64))
@settings(max_examples=60, deadline=None)
def test_any_picture_is_whole_and_in_the_middle(height, width, colour, channels, side):
    pixels = np.full((height, width, 3) if colour else (height, width), 90, np.uint8)
    fitted = ownimage.fitted(OwnImage("a", pixels), (channels, side, side), True)
    assert fitted.shape == (channels, side, side) and (abs(fitted.astype(int) - 90) <= 1).all()
    assert fitted.flags.c_contiguous


def test_the_empty_room_beside_a_long_picture_has_the_colour_of_its_edge():
    squared = ownimage.square(on_paper(height=40, width=80))
    assert squared.shape == (80, 80) and (squared[:20] == 255).all() and (squared[20:60] == on_paper(width=80)).all()
    assert ownimage.square(np.dstack([np.full((3, 5), value, np.uint8) for value in (1, 2, 3)]))[0, 0].tolist() == [
        1, 2, 3]


def test_data_sets_know_their_ground():
    assert ownimage.white_on_black(data.load(Experiment().data, data.default_data_dir()).training.images.numpy())
    assert not ownimage.white_on_black(np.full((3, 3, 8, 8), 120, np.uint8))
    assert not ownimage.white_on_black(np.zeros((0, 1, 8, 8), np.uint8))


def test_what_is_kept_comes_back_in_order(tmp_path):
    folder = tmp_path / "own"
    first = ownimage.keep(folder, OwnImage("Größe 1", on_paper()))
    second = ownimage.keep(folder, OwnImage("b", PHOTO, "never"))
    (folder / "0003.png").write_bytes(b"damaged")
    (folder / "photo.png").write_bytes(encoded(Image.fromarray(gradient())))
    again = ownimage.kept(folder)
    assert [image.name for image in again] == ["Größe 1", "b", "photo"]
    assert [image.inversion for image in again] == ["automatic", "never", "automatic"]
    assert [image.path for image in again[:2]] == [first.path, second.path]
    for before, after in zip((on_paper(), PHOTO, gradient()), again, strict=True):
        np.testing.assert_array_equal(before, after.pixels)
    assert ownimage.keep(folder, first).path == folder / "0004.png"
    assert ownimage.kept(tmp_path / "nothing") == ()


def test_where_nothing_can_be_written_it_says_so(tmp_path):
    (tmp_path / "own").write_text("a file in the folder's place")
    with pytest.raises(OwnImageError, match=r"a could not be kept \(.+\)\. It is there until the window closes\."):
        ownimage.keep(tmp_path / "own", OwnImage("a", gradient()))


@pytest.fixture(scope="module")
def digits():
    return data.load(tiny().data, data.default_data_dir())


def test_a_data_set_takes_them_as_a_split_without_labels(digits):
    with_own = ownimage.with_own(digits, [OwnImage("a", on_paper()), OwnImage("b", PHOTO)])
    own = with_own.split("own")
    assert own.images.shape == (2, 1, 8, 8) and own.labels is None and len(own) == 2
    assert own.images[0, 0, 4, 3] > 150 > 50 > own.images[0, 0, 0, 0], "turned round"
    assert with_own.training is digits.training and with_own.fingerprint == digits.fingerprint
    assert len(digits.split("own")) == 0 and digits.own is None
    assert len(ownimage.with_own(with_own, []).split("own")) == 0


def test_every_question_takes_an_own_image(digits):
    network = model.build(tiny())
    mine = ownimage.with_own(digits, [OwnImage("Own image 1", on_paper()), OwnImage("b", PHOTO)])
    contents = explore.contents(network, mine)
    assert contents.sizes["own"] == 2 and contents.labels["own"] is None and contents.class_of("own", 1) == "b"
    assert contents.of_class("own", None).tolist() == [0, 1] and contents.of_class("own", 3).tolist() == [0, 1]
    assert (contents.image_shape, contents.white_on_black) == ((1, 8, 8), True)
    assert explore.reconstruct(network, mine, "own", [0, 1]).labels is None
    assert explore.code_of(network, mine, "own", 0).label is None
    assert explore.interpolation(network, mine, ("own", 1), ("test", 0), "spherical", 0.5).labels[0] is None
    assert list(explore.worst_first(network, mine, "own"))[-1].order.shape == (2,)
    assert list(explore.code_plane(network, mine, "own", 1, size=2))[-1].pictures.shape[0] == 4
    with pytest.raises(QuestionError, match="not among the own images"):
        explore.code_of(network, digits, "own", 0)


def test_nothing_is_trained_or_evaluated_on_them(digits):
    mine = ownimage.with_own(digits, [OwnImage("a", on_paper())])
    runs = [[event for event in train.train(tiny(train__epochs=1), images, Inbox(), threads=1)
             if type(event).__name__ == "Evaluation"] for images in (digits, mine)]
    assert [(e.training_loss, e.validation_loss) for e in runs[0]] == [
        (e.training_loss, e.validation_loss) for e in runs[1]]
