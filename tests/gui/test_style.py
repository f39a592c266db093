"""The look: contrast of every text colour, fonts with tabular figures, one switch for everything."""

import itertools
import re
import tomllib

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontInfo, QFontMetrics, QPixmap
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from gui import style
from gui.plots import colormaps

BOTH = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])


@pytest.fixture(autouse=True)
def light_again(qapp):
    style.apply(qapp, "light")
    yield
    style.apply(qapp, "light")


@BOTH
@pytest.mark.parametrize("text", ["text", "quiet", "accent", "good", "warning", "bad"])
def test_text_can_be_read_on_every_surface(dark, text):
    colours = style.tokens(dark)
    for surface in ("surface", "raised", "hover", "selection"):
        if text in ("text", "quiet") or surface in ("surface", "raised"):
            ratio = style.contrast(getattr(colours, text), getattr(colours, surface))
            assert ratio >= 4.5, f"{text} on {surface}: {ratio:.2f}"


@BOTH
def test_text_on_the_accent_can_be_read_and_controls_can_be_seen(dark):
    colours = style.tokens(dark)
    assert style.contrast(colours.on_accent, colours.accent) >= 4.5
    assert style.contrast(colours.outline, colours.raised) >= 3
    assert style.contrast(colours.outline, colours.surface) >= 2.9


def test_contrast_agrees_with_the_published_examples():
    assert style.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert style.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert style.contrast("#ffffff", "#777777") == style.contrast("#777777", "#ffffff")


@BOTH
def test_class_colours_are_okabe_and_itos_and_two_of_a_lightness_of_their_own(dark):
    colours = style.tokens(dark).classes
    published = {"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"}
    assert set(colours[:8]) == published | {"#ffffff" if dark else "#000000"}
    assert len(set(colours)) == len(set(style.CLASS_MARKERS)) == 10
    lab = colormaps.oklab(np.array([style.channels(colour) for colour in colours]))
    for added in (8, 9):
        assert np.delete(abs(lab[:, 0] - lab[added, 0]), added).min() > 0.05
    assert min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(lab, 2)) > 0.09


def test_spacing_and_sizes_are_those_of_the_design():
    assert (style.XS, style.S, style.M, style.L, style.XL) == (4, 8, 12, 16, 24)
    assert style.CONTROL_HEIGHT == 28
    sizes = {role: style.font(role).pixelSize() for role in ("body", "caption", "heading", "title")}
    assert sizes == {"body": 13, "caption": 11, "heading": 13, "title": 18}


def test_the_bundled_typeface_is_used_in_its_own_weights(qapp):
    assert "Inter" in style.load_fonts()
    assert (style.RESOURCES / "fonts" / "OFL.txt").read_text(encoding="utf-8").startswith("Copyright")
    for role, weight in (("body", 400), ("title", 500)):
        info = QFontInfo(style.font(role))
        assert (info.family(), info.weight()) == ("Inter", weight)


def test_figures_are_tabular(qapp):
    metrics = QFontMetrics(style.font())
    assert len({metrics.horizontalAdvance(digit * 8) for digit in "0123456789"}) == 1
    plain = style.font()
    plain.clearFeatures()
    assert QFontMetrics(plain).horizontalAdvance("1" * 8) < QFontMetrics(plain).horizontalAdvance("0" * 8)


@BOTH
def test_the_stylesheet_has_no_unfilled_name_and_no_missing_picture(dark):
    text = style.stylesheet(style.tokens(dark))
    assert "$" not in text
    pictures = re.findall(r'url\("(.+?)"\)', text)
    assert pictures and not [path for path in pictures if QPixmap(path).isNull()]


def test_both_themes_define_the_same_tokens():
    file = tomllib.loads((style.RESOURCES / "style" / "tokens.toml").read_text(encoding="utf-8"))
    assert file["light"].keys() == file["dark"].keys()
    names = [colour for table in ("light", "dark") for value in file[table].values()
             for colour in (value if isinstance(value, list) else [value])]
    assert not [colour for colour in names if not re.fullmatch("#[0-9a-f]{6}", colour)]


def test_the_theme_switches_at_once_and_says_so_once(qapp, qtbot):
    told = []
    style.theme().changed.connect(told.append)
    try:
        style.apply(qapp, "dark")
        assert style.theme().current.dark and qapp.palette().window().color().name() == style.tokens(True).surface
        style.apply(qapp, "dark")
        style.apply(qapp, "light")
        assert qapp.palette().window().color().name() == style.tokens(False).surface
    finally:
        style.theme().changed.disconnect(told.append)
    assert told == [style.tokens(True), style.tokens(False)]


def test_the_system_is_followed_only_when_asked(qapp):
    style.apply(qapp, "system")
    style.theme().follow(Qt.ColorScheme.Dark)
    assert style.theme().current.dark
    style.theme().follow(Qt.ColorScheme.Light)
    assert not style.theme().current.dark
    style.apply(qapp, "dark")
    style.theme().follow(Qt.ColorScheme.Light)
    assert style.theme().current.dark


def test_the_systems_own_signal_reaches_the_theme(qapp):
    style.apply(qapp, "system")
    QApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert style.theme().current.dark


def colour_of(icon, mode=style.QIcon.Mode.Normal):
    """The one colour an icon's opaque pixels have."""
    image = icon.pixmap(QSize(16, 16), mode).toImage()
    pixels = [image.pixelColor(x, y) for x in range(16) for y in range(16)]
    opaque = {pixel.name() for pixel in pixels if pixel.alpha() == 255}
    assert len(opaque) == 1
    return opaque.pop()


def test_an_icon_takes_the_colours_of_the_theme_of_the_moment(qapp, qtbot):
    button = QPushButton()
    qtbot.addWidget(button)
    button.setIcon(style.icon("stop"))
    assert colour_of(button.icon()) == style.tokens(False).text
    assert colour_of(button.icon(), style.QIcon.Mode.Disabled) == style.tokens(False).outline
    style.apply(qapp, "dark")
    assert colour_of(button.icon()) == style.tokens(True).text


@pytest.mark.parametrize("path", sorted((style.RESOURCES / "icons").glob("*.svg")), ids=lambda path: path.stem)
def test_every_icon_draws_something(path, qapp):
    image = style.icon(path.stem).pixmap(QSize(32, 32)).toImage()
    assert any(image.pixelColor(x, y).alpha() > 128 for x in range(32) for y in range(32))


def test_an_icon_that_does_not_exist_is_an_error(qapp):
    with pytest.raises(FileNotFoundError):
        style.icon("no-such-icon")


def test_a_label_is_dressed_in_role_and_tone(qtbot):
    label = style.dress(QLabel("0.0123"), "caption", "bad")
    qtbot.addWidget(label)
    label.ensurePolished()
    assert label.font().pixelSize() == 11
    assert label.palette().windowText().color().name() == style.tokens(False).bad


@pytest.mark.parametrize("stops", ["error", "negative", "positive"])
@BOTH
def test_colour_maps_start_at_the_surface(dark, stops):
    assert getattr(style.tokens(dark), stops)[0] == style.tokens(dark).surface
