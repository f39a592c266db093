"""Files of every kind become arrays of one shape, or are refused in words; none takes much memory or runs for long."""

import io
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from engine.datasets import decoding
from engine.datasets.decoding import Refused

ROOT = Path(__file__).parents[3]
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def saved(image, folder, name, **options):
    """An image as a file."""
    path = folder / name
    image.save(path, **options)
    return path


def quarters(side=32):
    """Red, green over blue, white: turned or mirrored, it is another picture."""
    image = Image.new("RGB", (side, side), "white")
    half = side // 2
    for colour, place in ((RED, (0, 0)), (GREEN, (half, 0)), (BLUE, (0, half))):
        image.paste(colour, (*place, place[0] + half, place[1] + half))
    return image


def corners(pixels):
    """(C, S, S) -> the colours near the four corners: above left and right, below left and right."""
    near, far = pixels.shape[1] // 4, 3 * pixels.shape[1] // 4
    return [tuple(int(value) for value in pixels[:, y, x]) for y in (near, far) for x in (near, far)]


def refused(path, code):
    """Decoding the file is refused with this code; the text is given back."""
    with pytest.raises(Refused) as caught:
        decoding.decoded(path, 16)
    assert caught.value.code == code, caught.value.text
    return caught.value.text


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
def test_a_picture_stands_as_its_camera_was_held(tmp_path, orientation, ending):
    upright = quarters()
    turned = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_90",
              7: "TRANSVERSE", 8: "ROTATE_270"}.get(orientation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = upright.transpose(Image.Transpose[turned]) if turned else upright
    options = {"exif": exif} | ({"quality": 100, "subsampling": 0} if ending == "jpg" else {})
    path = saved(image, tmp_path, f"image.{ending}", **options | ({"lossless": True} if ending == "webp" else {}))
    found = np.array(corners(decoding.decoded(path, 16)), int)
    assert np.abs(found - np.array([RED, GREEN, BLUE, (255, 255, 255)])).max() <= 3


def test_a_wide_picture_that_was_turned_is_padded_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(Image.new("RGB", (40, 10), "white"), tmp_path, "tall.png", exif=exif)
    pixels = decoding.decoded(path, 16, fit="pad")
    assert decoding.size_of(path) == (10, 40)
    assert pixels[0, :, 8].min() == 255 and pixels[0, :, 0].max() == 0


@pytest.mark.parametrize(("fit", "left", "middle"), [("crop", 255, 255), ("pad", 255, 255), ("stretch", 0, 255)])
def test_how_a_picture_becomes_square(tmp_path, fit, left, middle):
    image = Image.new("RGB", (96, 32))
    image.paste("white", (32, 0, 64, 32))
    pixels = decoding.decoded(saved(image, tmp_path, "wide.png"), 32, fit=fit)
    assert pixels.shape == (3, 32, 32)
    assert pixels[0, 16, 16] == middle
    assert pixels[0, 16, 2] == {"crop": 255, "pad": 0, "stretch": 0}[fit]
    assert pixels[0, 2, 16] == {"crop": 255, "pad": 0, "stretch": 255}[fit]


def test_palette_and_its_transparency(tmp_path):
    image = quarters().quantize(8)
    found = corners(decoding.decoded(saved(image, tmp_path, "palette.png"), 16))
    assert found == [RED, GREEN, BLUE, (255, 255, 255)]
    clear = image.getpixel((2, 2))
    found = corners(decoding.decoded(saved(image, tmp_path, "clear.png", transparency=clear), 16))
    assert found[0] == (255, 255, 255) and found[1] == GREEN


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_shows_white(tmp_path, mode):
    image = Image.new(mode, (32, 32), (0, 0) if mode == "LA" else (0, 0, 0, 0))
    image.paste((100, 255) if mode == "LA" else (100, 100, 100, 255), (0, 0, 16, 32))
    pixels = decoding.decoded(saved(image, tmp_path, "clear.png"), 16)
    assert corners(pixels) == [(100,) * 3, (255,) * 3] * 2
    half = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    assert set(decoding.decoded(saved(half, tmp_path, "half.png"), 8).flatten().tolist()) == {127}


def test_a_colour_that_stands_for_transparent(tmp_path):
    path = saved(quarters(), tmp_path, "key.png", transparency=RED)
    assert corners(decoding.decoded(path, 16))[0] == (255, 255, 255)


def test_cmyk(tmp_path):
    path = saved(quarters().convert("CMYK"), tmp_path, "print.jpg", quality=100, subsampling=0)
    found = np.array(corners(decoding.decoded(path, 16)), int)
    assert np.abs(found - np.array([RED, GREEN, BLUE, (255, 255, 255)])).max() <= 4


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path, ending):
    ramp = np.repeat(np.linspace(0, 65535, 16).astype(np.uint16)[None], 16, axis=0)
    pixels = decoding.decoded(saved(Image.fromarray(ramp), tmp_path, f"deep.{ending}"), 16, "grey")
    assert np.abs(pixels[0].astype(int) - np.rint(ramp / 257).astype(int)).max() <= 1
    assert len(set(pixels[0, 0].tolist())) == 16


def test_floats_within_one_are_kept_and_others_go_from_least_to_greatest(tmp_path):
    ramp = np.repeat(np.linspace(0.25, 0.75, 16, dtype=np.float32)[None], 16, axis=0)
    pixels = decoding.decoded(saved(Image.fromarray(ramp), tmp_path, "unit.tif"), 16, "grey")
    assert (pixels.min(), pixels.max()) == (64, 191)
    pixels = decoding.decoded(saved(Image.fromarray(ramp * -1000), tmp_path, "wild.tif"), 16, "grey")
    assert (pixels.min(), pixels.max()) == (0, 255)
    ramp[0, 0], ramp[3, 3] = np.nan, np.inf
    pixels = decoding.decoded(saved(Image.fromarray(ramp), tmp_path, "nan.tif"), 16, "grey")
    assert (pixels[0, 0, 0], pixels[0, 3, 3], pixels[0, 0, 15]) == (0, 255, 191)
    nothing = np.full((16, 16), np.nan, np.float32)
    assert not decoding.decoded(saved(Image.fromarray(nothing), tmp_path, "nothing.tif"), 16, "grey").any()


def test_thirty_two_bits(tmp_path):
    ramp = np.repeat(np.linspace(-5_000_000, 5_000_000, 16).astype(np.int32)[None], 16, axis=0)
    pixels = decoding.decoded(saved(Image.fromarray(ramp), tmp_path, "long.tif"), 16, "grey")
    assert (pixels.min(), pixels.max()) == (0, 255)


def test_one_bit(tmp_path):
    image = Image.new("1", (16, 16))
    image.paste(1, (8, 0, 16, 16))
    pixels = decoding.decoded(saved(image, tmp_path, "bit.png"), 16)
    assert (pixels[0, 0, 0], pixels[0, 0, 15]) == (0, 255)


@pytest.mark.parametrize("ending", ["gif", "png", "webp"])
def test_of_an_animation_the_first_picture(tmp_path, ending):
    first, second = Image.new("RGB", (16, 16), RED), Image.new("RGB", (16, 16), BLUE)
    options = {"lossless": True} if ending == "webp" else {}
    path = saved(first, tmp_path, f"film.{ending}", save_all=True, append_images=[second, first], **options)
    assert corners(decoding.decoded(path, 16)) == [RED] * 4


def test_grey_and_colour_of_each_other(tmp_path):
    grey = saved(Image.new("L", (8, 8), 77), tmp_path, "grey.png")
    assert set(decoding.decoded(grey, 8).flatten().tolist()) == {77}
    red = decoding.decoded(saved(Image.new("RGB", (8, 8), RED), tmp_path, "red.png"), 8, "grey")
    assert red.shape == (1, 8, 8) and set(red.flatten().tolist()) == {76}


@pytest.mark.parametrize("text", ["conversion from CMY to RGB not supported", "decoder jpeg2k not available"])
def test_colours_and_compressions_that_are_not_read(tmp_path, monkeypatch, text):
    def fail(*_):
        raise ValueError(text)

    path = saved(quarters(), tmp_path, "image.png")
    monkeypatch.setattr(Image.Image, "convert", fail)
    assert "of a kind that is not read" in refused(path, "image.colours")


def test_the_colours_of_lab(tmp_path):
    grey = decoding.decoded(saved(Image.new("LAB", (8, 8), (128, 128, 128)), tmp_path, "lab.tif"), 8)
    assert np.ptp(grey.astype(int)) <= 3 and 100 < grey.mean() < 140


def test_one_pixel_and_a_line(tmp_path):
    assert decoding.decoded(saved(Image.new("RGB", (1, 1), RED), tmp_path, "dot.png"), 8).shape == (3, 8, 8)
    for fit in ("crop", "pad", "stretch"):
        assert decoding.decoded(saved(Image.new("L", (1, 9000)), tmp_path, "line.png"), 8, fit=fit).shape == (3, 8, 8)


def test_a_large_photograph_is_unpacked_smaller_and_looks_the_same(tmp_path):
    coarse = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    large = Image.fromarray(coarse).resize((1600, 1600), Image.Resampling.BICUBIC)
    fast = decoding.decoded(saved(large, tmp_path, "large.jpg", quality=95), 32)
    exact = decoding.decoded(saved(large, tmp_path, "large.png"), 32)
    assert np.abs(fast.astype(int) - exact.astype(int)).mean() < 1


def test_files_that_are_no_images(tmp_path):
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "page.jpg").write_text("<!DOCTYPE html><html><body>404</body></html>")
    (tmp_path / "photo.png").mkdir()
    assert refused(tmp_path / "empty.png", "image.empty") == "the file is empty"
    refused(tmp_path / "page.jpg", "image.none")
    refused(tmp_path / "gone.png", "image.unreadable")
    refused(tmp_path / "photo.png", "image.unreadable")


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "tif", "bmp", "webp"])
def test_half_a_file(tmp_path, ending):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    path = saved(noise, tmp_path, f"half.{ending}")
    path.write_bytes(path.read_bytes()[:path.stat().st_size // 2])
    with pytest.raises(Refused):
        decoding.decoded(path, 16)


def chunk(kind, content):
    """A chunk of a PNG file, with its checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, extra=b"", data=b""):
    """A greyscale PNG file that says it has this size."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", data or zlib.compress(b"")) + chunk(b"IEND", b"")


def test_bombs_are_refused_before_they_are_unpacked(tmp_path):
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(png(20_000, 20_000, data=zlib.compress(bytes(20_001 * 20_000), 1)))
    code = ("import resource, sys\nfrom pathlib import Path\nfrom engine.datasets import decoding\nimport PIL.Image\n"
            "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            "try:\n    decoding.decoded(Path(sys.argv[1]), 16)\n"
            "except decoding.Refused as error:\n    sys.stdout.write(error.text)\n"
            "grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before\n"
            "assert grown < 50_000, grown\n")
    for size, text in (((20_000, 20_000), "too large (400 megapixels; limit 64)"),
                       ((9_000, 9_000), "too large (81 megapixels; limit 64)"),
                       ((1, 100_000), "too large (1×100,000 pixels; limit 16,000 a side)")):
        if size[0] != 20_000:
            bomb.write_bytes(png(*size))
        child = subprocess.run([sys.executable, "-c", code, str(bomb)], cwd=ROOT, capture_output=True, text=True,
                               check=False)
        assert (child.returncode, child.stdout, child.stderr) == (0, text, "")


def test_a_bomb_of_text_is_refused(tmp_path):
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(100 * 2**20)))
    path = tmp_path / "text.png"
    path.write_bytes(png(8, 8, text, zlib.compress(bytes(9 * 8))))
    refused(path, "image.content")


def test_much_text_in_many_chunks_is_refused(tmp_path):
    notes = PngImagePlugin.PngInfo()
    for number in range(80):
        notes.add_text(f"note {number}", "x" * 1_000_000, zip=True)
    refused(saved(Image.new("L", (8, 8)), tmp_path, "notes.png", pnginfo=notes), "image.content")


def test_a_file_that_is_too_large_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(decoding, "LIMIT_BYTES", 100)
    refused(saved(quarters(), tmp_path, "big.png"), "image.bytes")


def samples():
    """Small files of each kind, plain and with notes."""
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (24, 20, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind, image, options in (("PNG", noise, {"exif": exif}), ("JPEG", noise, {"exif": exif}),
                                 ("PNG", noise.quantize(16), {"transparency": 3}), ("GIF", noise.quantize(16), {}),
                                 ("TIFF", noise, {}), ("TIFF", noise, {"compression": "tiff_lzw", "exif": exif}),
                                 ("TIFF", Image.fromarray(np.ones((9, 9), np.float32)), {}), ("BMP", noise, {}),
                                 ("WEBP", noise, {}), ("PPM", noise, {}), ("PNG", noise.convert("RGBA"), {})):
        stream = io.BytesIO()
        image.save(stream, kind, **options)
        yield stream.getvalue()


SAMPLES = list(samples())


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SAMPLES), st.integers(0, 2**32), st.integers(1, 12), st.booleans())
def test_whatever_the_bytes_there_is_an_array_or_a_reason(tmp_path_factory, content, seed, count, cut):
    draw = random.Random(seed)
    mutated = bytearray(content)
    for _ in range(count):
        place = draw.randrange(len(mutated)) if draw.random() < 0.5 else draw.randrange(min(64, len(mutated)))
        mutated[place] = draw.choice((0, 1, 255, draw.randrange(256), mutated[place] ^ 1 << draw.randrange(8)))
    path = tmp_path_factory.getbasetemp() / "fuzzed.png"
    path.write_bytes(mutated[:draw.randrange(len(mutated))] if cut else mutated)
    for colour, fit in (("rgb", "crop"), ("grey", "pad")):
        try:
            found = decoding.decoded(path, 12, colour, fit)
        except Refused as error:
            assert error.code.startswith("image.") and error.text
        else:
            assert found.shape == (3 if colour == "rgb" else 1, 12, 12) and found.dtype == np.uint8
