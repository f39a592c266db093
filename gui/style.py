"""How the window looks: tokens, palette, typeface, stylesheet and icons, light and dark, switched at once.

Colours come from ``theme().current``; whatever paints with them connects to ``theme().changed`` and paints again.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, Literal, TypeVar

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QImage, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QWidget

RESOURCES = Path(__file__).resolve().parent.parent / "resources"

Choice = Literal["system", "light", "dark"]
Role = Literal["body", "caption", "heading", "title"]
Tone = Literal["text", "quiet", "accent", "good", "warning", "bad"]

CHOICES: tuple[Choice, ...] = ("system", "light", "dark")

_FILE: dict[str, Any] = tomllib.loads((RESOURCES / "style" / "tokens.toml").read_text(encoding="utf-8"))

XS: int
S: int
M: int
L: int
XL: int
XS, S, M, L, XL = (_FILE["space"][name] for name in ("xs", "s", "m", "l", "xl"))
"""Distances in px: 4, 8, 12, 16, 24; nothing stands at another distance."""

CONTROL_HEIGHT: int = _FILE["size"]["control_height"]
RADIUS: int = _FILE["size"]["radius"]
RADIUS_LARGE: int = _FILE["size"]["radius_large"]

CLASS_MARKERS = ("o", "s", "t", "d", "t1", "p", "star", "h", "+", "x")
"""The second channel beside the ten class colours, as pyqtgraph names its symbols."""


@dataclass(frozen=True)
class Tokens:
    """The colours of one theme as '#rrggbb'; ``error``, ``negative`` and ``positive`` are the stops of colour maps."""

    dark: bool
    surface: str
    raised: str
    hover: str
    selection: str
    line: str
    outline: str
    text: str
    quiet: str
    accent: str
    on_accent: str
    good: str
    warning: str
    bad: str
    classes: tuple[str, ...]
    error: tuple[str, ...]
    negative: tuple[str, ...]
    positive: tuple[str, ...]


@cache
def tokens(dark: bool) -> Tokens:
    """The tokens of the light or the dark theme."""
    table = _FILE["dark" if dark else "light"]
    colours: dict[str, Any] = {name: tuple(c) if isinstance(c, list) else c for name, c in table.items()}
    return Tokens(dark=dark, **colours)


@cache
def print_tokens() -> Tokens:
    """The light theme for paper: white where the surface is, black text."""
    light = tokens(False)
    maps: dict[str, Any] = {name: ("#ffffff", *getattr(light, name)[1:]) for name in ("error", "negative", "positive")}
    return replace(light, surface="#ffffff", raised="#ffffff", text="#000000", quiet="#33373c", **maps)


CLASS_COLOURS = {False: tokens(False).classes, True: tokens(True).classes}
"""Dark? -> ten colours, Okabe–Ito's eight and two more; ``theme().current.classes`` are those in use."""


class Theme(QObject):
    """The theme in use: ``current`` tokens, the user's ``choice``; ``changed(Tokens)`` when the colours change."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.choice: Choice = "system"
        self.current = tokens(False)
        self.line_width = 1.0
        """Of the curves of plots, in dots of what is painted on; on the screen more than 1 takes many times as long."""

    def choose(self, choice: Choice) -> None:
        """Follow the system, or stay light or dark."""
        self.choice = choice
        hints = QApplication.styleHints()
        if choice == "system":
            hints.unsetColorScheme()
        else:  # title bars and native dialogs follow where the platform can
            hints.setColorScheme(Qt.ColorScheme.Dark if choice == "dark" else Qt.ColorScheme.Light)
        self._show(choice == "dark" if choice != "system" else hints.colorScheme() == Qt.ColorScheme.Dark)

    @contextmanager
    def printing(self, line_width: float) -> Iterator[None]:
        """Meanwhile whatever paints itself has the colours and lines of paper; nothing of it reaches the screen.

        Give no control to the event loop in it: that is what would paint.
        """
        before, self.current, self.line_width = self.current, print_tokens(), line_width
        self.changed.emit(self.current)
        try:
            yield
        finally:
            self.current, self.line_width = before, 1.0
            self.changed.emit(self.current)

    @Slot(Qt.ColorScheme)
    def follow(self, scheme: Qt.ColorScheme) -> None:
        """The system changed its colours."""
        if self.choice == "system":
            self._show(scheme == Qt.ColorScheme.Dark)

    def _show(self, dark: bool) -> None:
        """Dress the application, then tell those who paint themselves."""
        before, self.current = self.current, tokens(dark)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setPalette(palette(self.current))
            app.setStyleSheet(stylesheet(self.current))
        if before != self.current:
            self.changed.emit(self.current)


@cache
def theme() -> Theme:
    """The one theme of this process."""
    return Theme()


def apply(app: QApplication, choice: Choice = "system") -> None:
    """Give the application its style, typeface and colours; called again, it only switches the theme."""
    if app.property("dressed") is None:
        app.setStyle("Fusion")
        load_fonts()
        app.setFont(font())
        app.styleHints().colorSchemeChanged.connect(theme().follow)
        app.setProperty("dressed", True)
    theme().choose(choice)


@cache
def load_fonts() -> tuple[str, ...]:
    """Register the bundled typeface and return its family names; once per process."""
    numbers = [QFontDatabase.addApplicationFont(str(path)) for path in sorted((RESOURCES / "fonts").glob("*.otf"))]
    return tuple({family for number in numbers for family in QFontDatabase.applicationFontFamilies(number)})


def font(role: Role = "body") -> QFont:
    """The typeface in one of its four roles; figures are tabular, so that changing numbers do not jitter."""
    result = QFont(_FILE["type"]["family"])
    result.setPixelSize(_FILE["type"]["body" if role == "heading" else role])
    result.setWeight(QFont.Weight.Medium if role in ("heading", "title") else QFont.Weight.Normal)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


W = TypeVar("W", bound=QWidget)


def dress(widget: W, role: Role = "body", tone: Tone = "text") -> W:
    """Give a label (or another widget) one of the roles and tones, and return it."""
    widget.setFont(font(role))
    mark(widget, "tone", tone)
    return widget


def mark(widget: QWidget, name: str, value: str | bool) -> None:
    """Set a property the stylesheet looks at (tone, primary, problem, card, rule, segment) and show it at once."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def palette(colours: Tokens) -> QPalette:
    """What Fusion draws with, from the tokens."""
    result = QPalette()
    role = QPalette.ColorRole
    for names, colour in (
        ((role.Window, role.AlternateBase), colours.surface),
        ((role.Base, role.Button, role.ToolTipBase), colours.raised),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText, role.BrightText), colours.text),
        ((role.PlaceholderText,), colours.quiet),
        ((role.Highlight, role.Accent, role.Link), colours.accent),
        ((role.HighlightedText,), colours.on_accent),
        ((role.Light, role.Midlight), colours.hover),
        ((role.Mid, role.Dark), colours.line),
        ((role.Shadow,), colours.outline),
    ):
        for name in names:
            result.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, name, QColor(colours.quiet))
    return result


def stylesheet(colours: Tokens) -> str:
    """The stylesheet with the tokens filled in. Raises KeyError for a token that does not exist."""
    template = Template((RESOURCES / "style" / "window.qss").read_text(encoding="utf-8"))
    return template.substitute(
        _FILE["space"], **_FILE["size"], **vars(colours),
        inner_height=CONTROL_HEIGHT - 2, spin_height=CONTROL_HEIGHT - 4, tool_height=CONTROL_HEIGHT - 5,
        accent_hover=mixed(colours.accent, colours.text, 0.12),
        accent_pressed=mixed(colours.accent, colours.text, 0.24),
        icons=(RESOURCES / "icons").as_posix(), theme="dark" if colours.dark else "light")


def mixed(one: str, other: str, share: float) -> str:
    """The colour ``share`` (0 to 1) of the way from one to the other, '#rrggbb'."""
    red, green, blue = (a + (b - a) * share for a, b in zip(channels(one), channels(other), strict=True))
    return QColor.fromRgbF(red, green, blue).name()


def channels(colour: str) -> tuple[float, float, float]:
    """'#rrggbb' -> red, green, blue, 0 to 1."""
    parsed = QColor(colour)
    return parsed.redF(), parsed.greenF(), parsed.blueF()


def luminance(colour: str) -> float:
    """Relative luminance of '#rrggbb', 0 to 1 (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def icon(name: str, tone: Tone | Literal["on_accent"] = "text") -> QIcon:
    """A line icon of resources/icons in a colour of the theme; it changes with the theme. Raises FileNotFoundError."""
    return QIcon(_Line(name, tone))


@cache
def _drawing(name: str) -> str:
    """The SVG text of an icon. Raises FileNotFoundError."""
    return (RESOURCES / "icons" / f"{name}.svg").read_text(encoding="utf-8")


class _Line(QIconEngine):
    """Paints an icon with the colours of the moment, so that no button has to be told of a new theme."""

    def __init__(self, name: str, tone: str) -> None:
        super().__init__()
        self._name, self._tone = name, tone
        _drawing(name)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        tone = "outline" if mode == QIcon.Mode.Disabled else self._tone
        text = _drawing(self._name).replace("currentColor", getattr(theme().current, tone))
        side = min(rect.width(), rect.height())
        corner = QPointF(rect.x() + (rect.width() - side) / 2, rect.y() + (rect.height() - side) / 2)
        QSvgRenderer(text.encode()).render(painter, QRectF(corner, QSize(side, side)))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return QPixmap.fromImage(image)

    def clone(self) -> QIconEngine:
        return _Line(self._name, self._tone)
