"""The wheel carries what it should, and works where nothing else of the project is."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import resources

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree as pip builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir",
                    str(folder), str(ROOT)],
                   check=True)
    (built,) = folder.glob("autoencoder_explorer-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the programs of an environment with the wheel in it.

    Its dependencies are not downloaded again (5.7 GB): after the wheel's own files, which come first on the path, the
    environment sees the packages of the one that runs the tests. So this proves what the wheel carries, and that its
    command works without the project's folder; that the dependencies suffice only `make run` on a fresh machine proves.
    """
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=True)
    scheme = {"base": str(home), "platbase": str(home)}
    programs = Path(sysconfig.get_path("scripts", "venv", scheme))
    python = programs / Path(sys.executable).name
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    site = Path(sysconfig.get_path("purelib", "venv", scheme))
    (site / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return programs


def run(program: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment outside the project's folder."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run([str(program), *arguments], cwd=cwd, env=environment, capture_output=True, text=True)


def test_the_wheel_contains_the_packages_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    top = {name.split("/")[0] for name in names}
    (metadata,) = {name for name in top if name.endswith(".dist-info")}
    assert top == {"main.py", "engine", "gui", "resources", metadata}
    assert f"{metadata}/licenses/LICENSE" in names


def test_the_wheel_contains_every_tracked_file_of_its_packages(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files", "main.py", "engine", "gui", "resources"], cwd=ROOT,
                             capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    present = {name for name in tracked.stdout.splitlines() if (ROOT / name).exists()}
    assert "resources/presets/digits-quick.toml" in present
    assert present <= names


def test_the_installed_command_lists_the_presets(installed: Path, tmp_path: Path) -> None:
    result = run(installed / "autoencoder-explorer", "list", "presets", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    for name in resources.presets():
        assert name in result.stdout


def test_the_installed_command_runs_its_own_files(installed: Path, tmp_path: Path) -> None:
    python = installed / Path(sys.executable).name
    code = "import engine, gui, main, resources, sys; sys.stdout.write(' '.join(" \
           "m.__file__ for m in (engine, gui, main, resources)))"
    result = run(python, "-c", code, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert all(Path(file).is_relative_to(installed.parent) for file in result.stdout.split())


def test_the_version_is_told_once() -> None:
    """pyproject.toml and the changelog agree."""
    import tomllib

    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines() if line.startswith("## ")]
    assert headings[0].startswith(f"## {version}")
