"""The bundled run that the first start shows, so that no tab is empty: copied, never trained in place."""

from __future__ import annotations

import logging
from pathlib import Path

import resources
from engine import runs
from engine.run import Run
from engine.runfiles.notices import RunError

BUNDLED = resources.ROOT / "first-run"

logger = logging.getLogger("autoencoder-explorer")


def bring(runs_dir: Path, bundled: Path = BUNDLED) -> Run | None:
    """Copy the bundled run into a folder without runs; None when there are runs, or nothing can be copied."""
    if not bundled.is_dir() or runs.list_runs(runs_dir):
        return None
    try:
        found = runs.list_runs(bundled) or [Run(bundled)]
        return runs.adopt(found[0].folder, runs_dir)
    except (RunError, OSError) as error:
        logger.warning("the bundled run could not be copied: %s", error)
        return None
