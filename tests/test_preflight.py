"""What is missing is said in one line with the command that helps, before Qt or torch can fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

import main
from engine import preflight

ROOT = Path(__file__).parent.parent
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Qt brings its libraries elsewhere")
HERE = {"QT_QPA_PLATFORM": "offscreen"}


def child(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a fresh process, from the project's folder; '' removes a variable."""
    merged = {name: value for name, value in {**os.environ, **environment}.items() if value}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=merged, capture_output=True, text=True)


WITHOUT = """
import ctypes, sys
real = ctypes.CDLL
def absent(name, *rest, **more):
    if name in {absent!r}:
        raise OSError(name)
    return real(name, *rest, **more)
ctypes.CDLL = absent
import main
sys.exit(main.main([]))
"""


@LINUX
def test_missing_libraries_are_named_before_qt_starts() -> None:
    absent = ("libxcb-icccm.so.4", "libxcb-keysyms.so.1")
    result = child(WITHOUT.format(absent=absent), QT_QPA_PLATFORM="xcb", DISPLAY=":0")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == ("Missing system packages: libxcb-icccm4 libxcb-keysyms1. "
                             "Run: sudo apt install libxcb-icccm4 libxcb-keysyms1\n")


@LINUX
def test_the_offscreen_platform_needs_no_x11_libraries() -> None:
    absent = {"libxcb-icccm.so.4", "libEGL.so.1"}
    assert preflight.missing_libraries("offscreen", lambda name: name not in absent) == ["libegl1"]
    assert preflight.missing_libraries("xcb", lambda name: name not in absent) == ["libegl1", "libxcb-icccm4"]


@LINUX
@pytest.mark.parametrize("platform", ["xcb", "offscreen", "wayland"])
def test_every_library_that_qt_links_to_is_looked_for(platform: str) -> None:
    """The table against Qt's own files: what they ask for outside of PySide6 and Debian's base system."""
    import PySide6

    if not shutil.which("objdump"):
        pytest.skip("no objdump (binutils) on this machine")
    plugin = Path(PySide6.__path__[0]) / "Qt/plugins/platforms" / f"libq{platform}.so"
    needed = set(direct_dependencies(plugin))
    base = ("libc.so", "libm.so", "libgcc_s", "libstdc++", "ld-linux", "libdl.so", "libpthread", "librt", "libz",
            "libQt6", "libicu", "libgthread")
    besides = {"xcb": preflight.XCB_LIBRARIES, "wayland": preflight.WAYLAND_LIBRARIES}.get(platform, {})
    assert {name for name in needed if not name.startswith(base)} <= {*preflight.QT_LIBRARIES, *besides}


def direct_dependencies(library: Path) -> Iterator[str]:
    """Names of the system libraries that a Qt library and the Qt libraries behind it ask for themselves."""
    seen, waiting = set(), [library]
    while waiting:
        file = waiting.pop()
        headers = subprocess.run(["objdump", "-p", str(file)], capture_output=True, text=True, check=True).stdout
        for name in (line.split()[-1] for line in headers.splitlines() if "NEEDED" in line):
            if name not in seen:
                seen.add(name)
                yield name
                bundled = library.parents[2] / "lib" / name
                if bundled.exists():
                    waiting.append(bundled)


@LINUX
def test_without_a_display_one_line_says_so() -> None:
    result = child("import sys, main; sys.exit(main.main([]))", QT_QPA_PLATFORM="", DISPLAY="", WAYLAND_DISPLAY="")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.startswith("No display: ") and result.stderr.count("\n") == 1


@LINUX
def test_a_display_that_does_not_answer_is_no_display() -> None:
    result = child("import sys, main; sys.exit(main.main([]))", QT_QPA_PLATFORM="xcb", DISPLAY=":7654")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.startswith("No display: no X server answers at DISPLAY=':7654'.")
    assert result.stderr.count("\n") == 1


@LINUX
def test_nothing_is_missing_here() -> None:
    assert preflight.window_problem(HERE) == ""
    assert preflight.engine_problem() == ""


@pytest.mark.parametrize(("environment", "expected"), [
    ({}, ""),
    ({"DISPLAY": ":0"}, "xcb"),
    ({"WAYLAND_DISPLAY": "wayland-0"}, "wayland"),
    ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "xcb"),
    ({"QT_QPA_PLATFORM": "offscreen:size=800x600", "DISPLAY": ":0"}, "offscreen"),
    ({"QT_QPA_PLATFORM": "wayland-egl;xcb"}, "wayland"),
])
def test_the_platform_is_the_one_qt_will_take(environment: dict[str, str], expected: str) -> None:
    assert preflight.platform(environment) == expected


@pytest.mark.parametrize(("arguments", "absent", "named"), [
    ([], "torch", "torch"),
    ([], "PySide6", "PySide6-Essentials"),
    (["train", "digits-quick"], "torch", "torch"),
    (["list", "presets"], "pydantic", "pydantic"),
])
def test_a_missing_python_package_is_named_with_its_command(arguments: list[str], absent: str, named: str) -> None:
    """A package whose loader finds nothing, in a process of its own."""
    code = f"""
import sys
class Absent:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == {absent!r} else real(name, package)
sys.meta_path.insert(0, Absent)
import main
sys.exit(main.main({arguments!r}))
"""
    result = child(code, **HERE)
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == f"Missing Python packages: {named}. Run: {sys.executable} -m pip install {named}\n"


def test_a_torch_that_does_not_fit_torchvision_is_named(tmp_path: Path) -> None:
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from engine import preflight
sys.exit(preflight.main(["--pair"]))
"""
    result = child(code, **HERE)
    assert result.returncode == 3
    assert result.stderr.count("\n") == 1
    for part in ("torchvision::nms", preflight.version("torch"), "This torchvision needs torch", "pip install"):
        assert part in result.stderr


def test_without_permission_the_command_is_printed(monkeypatch: pytest.MonkeyPatch,
                                                   capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(preflight, "missing_libraries", lambda platform: ["libegl1"])
    monkeypatch.setattr(preflight.os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "")
    expected = 3 if sys.platform.startswith("linux") else 0
    assert preflight.main(["--install"]) == expected
    if expected:
        assert capsys.readouterr().err == "Missing system packages: libegl1. Run: sudo apt install libegl1\n"


@LINUX
@pytest.mark.parametrize(("user", "prefix"), [(0, ""), (1000, "sudo -n ")])
def test_permitted_packages_are_installed_after_an_update(user: int, prefix: str, tmp_path: Path,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins for apt-get and sudo write down how they were called."""
    log = tmp_path / "log"
    for name in ("apt-get", "sudo"):
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\necho "{name} $*" >> {log}\n')
        script.chmod(0o755)
    monkeypatch.setattr(preflight.os, "geteuid", lambda: user)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert preflight.install(["libegl1", "libgl1"])
    assert log.read_text().splitlines() == [
        f"{prefix}apt-get update -q", f"{prefix}apt-get install -q -y --no-install-recommends libegl1 libgl1"]


def test_a_console_that_is_not_there_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows starts a program without a console with sys.stderr None."""
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(preflight, "window_problem", lambda: "Missing Python packages: torch.")
    assert main.main([]) == 3
    with pytest.raises(SystemExit) as stopped:
        main.main(["--no-such-option"])
    assert stopped.value.code == 2


def test_on_windows_a_message_box_takes_the_place_of_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    user32 = types.SimpleNamespace(MessageBoxW=lambda owner, text, title, icon: shown.append(text))
    monkeypatch.setattr(main.sys, "stderr", None)
    monkeypatch.setattr(main.sys, "platform", "win32")
    monkeypatch.setattr(main.ctypes, "windll", types.SimpleNamespace(user32=user32), raising=False)
    main.say("No display.")
    assert shown == ["No display."]
