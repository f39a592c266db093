"""The engine's trainings for the window: with snapshots for the live view; and what is loaded before the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from engine import job
from engine.inbox import Inbox
from engine.job import Order, Started

__all__ = ["LIVE_INTERVAL_S", "Order", "Started", "load_engine", "train"]

LIVE_INTERVAL_S = 0.5
"""Shortest time between two snapshots for the live view."""


def train(order: Order, inbox: Inbox) -> Iterator[tuple[Any, ...]]:
    """Started, then what recording and training tell. Raises DataError, DeviceError, OutOfMemory, RunError, OSError."""
    return job.train(replace(order, live_interval_s=LIVE_INTERVAL_S), inbox)


def load_engine() -> None:
    """Import torch and everything that uses it, and make the digits; on a thread, because that takes seconds."""
    from engine import data, device, explore, forecast, runs, train  # noqa: F401
    from engine.dataspec import Data

    data.load(Data(), data.default_data_dir())
