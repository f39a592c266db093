"""Numbers as people read them: a fixed number of significant digits, durations and counts with their units."""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication

NOTHING = "–"
"""Stands where there is no number yet."""


def significant(value: float | None, digits: int = 4) -> str:
    """0.0123 -> '0.01230'; always the same number of digits, so that a changing number does not jitter."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0:
        return f"{0:.{digits - 1}f}"
    if not 1e-4 <= abs(value) < 10**digits:
        return f"{value:.{digits - 1}e}"
    return f"{value:#.{digits}g}".removesuffix(".")


def similarity(ratio_db: float, alike: float) -> str:
    """Peak signal-to-noise ratio and structural similarity: '24.1 dB · SSIM 0.912', without what is no number."""
    parts = [f"{ratio_db:.1f} dB"] if math.isfinite(ratio_db) else []
    return " · ".join([*parts, *([f"SSIM {alike:.3f}"] if math.isfinite(alike) else [])])


def short(value: float) -> str:
    """0.0010 -> '0.001', 12000 -> '12,000': no more digits than it needs."""
    return f"{value:,.0f}" if abs(value) >= 1000 and value == int(value) else f"{value:.6g}"


def count(value: float | None) -> str:
    """12345.6 -> '12,346'."""
    return NOTHING if value is None or not math.isfinite(value) else f"{value:,.0f}"


def duration(seconds: float | None) -> str:
    """3725 -> '1 h 02 min'; the two largest units."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    whole = max(0, round(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return QCoreApplication.translate("quantities", "{hours} h {minutes:02} min").format(
            hours=hours, minutes=minutes_left)
    if minutes:
        return QCoreApplication.translate("quantities", "{minutes} min {seconds:02} s").format(
            minutes=minutes, seconds=rest)
    return QCoreApplication.translate("quantities", "{seconds} s").format(seconds=rest)
