"""Imports point one way: the architecture of docs/architecture.md, read from the files with ast."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("engine", "gui", "resources")

CHAINS = [
    "main > gui.app > gui.window > gui.tabs.* gui.panels > gui.session > gui.workers",
    "gui.tabs.* gui.panels > gui.plots",
    "main > gui > engine",
    "main > engine.command > engine.job engine.terminal.listing > engine.runs > engine.storage",
    "engine.command > engine.runs > engine.train engine.explore engine.classify engine.sweep"
    " > engine.model > engine.layers > engine.shapes > engine.experiment",
    "engine.command > engine.data > engine.experiment",
]
"""A package imports only what stands further right, and itself; packages side by side never import each other."""

ONLY = {
    "gui.tabs": "gui.window gui.tabs", "gui.panels": "gui.window gui.panels",
    "gui.window": "gui.app", "gui.app": "main",
    "PySide6": "gui", "shiboken6": "gui", "pyqtgraph": "gui.plots", "threading": "gui.workers engine",
    "PySide6.QtCore.QThread": "gui.workers", "PySide6.QtCore.QRunnable": "", "concurrent": "engine.sweeping",
    "multiprocessing": "engine.sweeping", "optuna": "engine.sweeping", "distributed": "engine.sweeping",
}
"""Module or name -> the only places that may import it."""

MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path.read_text("utf-8")
           for path in [ROOT / "main.py", *(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))]}


def within(module: str, packages: str) -> bool:
    """Whether a dotted name is one of these space-separated packages, or in it."""
    return any(module == package or module.startswith(f"{package}.") for package in packages.split())


def imported(source: str) -> Iterator[str]:
    """Dotted names of everything a file imports, at any depth."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def place(chain: str, name: str) -> tuple[int, str] | None:
    """How far right a name stands in a chain, and in which of the packages side by side; every tab is one."""
    for position, cell in enumerate(chain.split(" > ")):
        for package in cell.split():
            if within(name, package.removesuffix(".*")):
                depth = len(package.split("."))
                return position, ".".join(name.split(".")[:depth])
    return None


def allowed(importer: str, name: str) -> bool:
    """Whether one module may import one name."""
    for chain in CHAINS:
        mine, theirs = place(chain, importer), place(chain, name)
        if mine and theirs and mine != theirs and theirs[0] <= mine[0]:
            return False
    return not any(within(name, module) and not within(importer, places) for module, places in ONLY.items())


def violations(modules: dict[str, str]) -> list[str]:
    """'gui.tabs.latent imports gui.window' for each import that points the wrong way."""
    return [f"{module} imports {name}" for module, source in modules.items() for name in imported(source)
            if not allowed(module, name)]


def test_imports_point_one_way() -> None:
    assert "engine.experiment" in MODULES and "main" in MODULES
    assert violations(MODULES) == []


@pytest.mark.parametrize(("module", "line"), [
    ("engine.model", "from PySide6.QtCore import QObject"),
    ("engine.explore", "import pyqtgraph as pg"),
    ("engine.device", "from gui import session"),
    ("engine.experiment", "from engine.shapes import plan"),
    ("engine.shapes", "import engine.model"),
    ("engine.train", "def f():\n    from engine import runs"),
    ("engine.explore", "from engine import train"),
    ("engine.storage", "from engine.runs import Run"),
    ("gui.tabs.latent", "from gui.tabs import reconstruction"),
    ("gui.tabs.latent", "from gui.tabs.reconstruction import ReconstructionTab"),
    ("gui.tabs.latent", "import gui.window"),
    ("gui.tabs.latent", "from gui.panels.runs import RunsPanel"),
    ("gui.tabs.latent", "import pyqtgraph"),
    ("gui.tabs.latent", "from PySide6.QtCore import QThread, Qt"),
    ("gui.session", "import threading"),
    ("gui.session", "from gui.tabs import latent"),
    ("gui.form", "from gui.panels import experiment"),
    ("gui.workers", "from gui.session import Session"),
    ("gui.plots.curves", "from gui.tabs import training"),
    ("gui.window", "from gui import app"),
    ("gui.app", "from main import main"),
    ("engine.runs", "import multiprocessing.pool"),
])
def test_an_import_that_points_back_is_found(module: str, line: str) -> None:
    assert len(violations({module: line})) >= 1


@pytest.mark.parametrize(("module", "line"), [
    ("gui.tabs.latent", "from gui.session import Session\nimport gui.plots.tiles\nimport engine.explore"),
    ("gui.plots.curves", "import pyqtgraph\nfrom gui.plots.export import save\nfrom gui import style"),
    ("engine.runs", "from engine import storage, train\nfrom engine.experiment import Experiment"),
    ("engine.train", "from engine.model import build\nfrom engine.data import Dataset"),
    ("gui.workers", "from PySide6.QtCore import QThread\nimport threading"),
    ("main", "from engine import preflight, command\nfrom gui import app"),
])
def test_an_import_that_points_forward_is_allowed(module: str, line: str) -> None:
    assert violations({module: line}) == []


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = {module: {other for name in imported(source) for other in MODULES
                      if within(name, other) and not within(module, other)} for module, source in MODULES.items()}
    while leaves := {module for module, others in graph.items() if not others}:
        graph = {module: others - leaves for module, others in graph.items() if module not in leaves}
    assert not graph, f"a circle among {sorted(graph)}"


def loaded_after(statement: str) -> set[str]:
    """Top-level packages in sys.modules of a fresh process that ran a statement."""
    code = f"{statement}\nimport sys\nsys.stdout.write(' '.join({{name.partition('.')[0] for name in sys.modules}}))"
    child = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return set(child.stdout.split())


def test_the_window_is_there_before_torch() -> None:
    light = [name for name in MODULES if name in ("engine.experiment", "engine.shapes", "engine.runs", "engine.inbox")
             or within(name, "gui")]
    assert loaded_after(f"import {', '.join(light)}").isdisjoint({"torch", "torchvision", "safetensors"})


def test_main_does_nothing_on_import() -> None:
    assert loaded_after("import main").isdisjoint({"torch", "PySide6", "pyqtgraph", "pydantic", "numpy"})
