"""What this machine lacks, found before Qt or torch can fail in words of their own.

Without it Qt on a bare Debian aborts and names the wrong package. ``python -m engine.preflight`` prints the missing
system packages as one command; ``--install`` runs that command where it is permitted. Standard library only.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping

MISSING = 3
"""Exit code: something is missing on this machine."""

PACKAGES = {
    "torch": "torch",
    "torchvision": "torchvision",
    "numpy": "numpy",
    "pydantic": "pydantic",
    "safetensors": "safetensors",
    "requests": "requests",
    "PIL": "Pillow",
    "tomli_w": "tomli-w",
}
"""Module -> distribution of what the engine imports."""

WINDOW_PACKAGES = {"PySide6": "PySide6-Essentials", "pyqtgraph": "pyqtgraph"}
"""Module -> distribution of what the window imports besides."""

QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
"""Shared library -> Debian package: what QtGui and the offscreen platform load."""

XCB_LIBRARIES = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
"""Shared library -> Debian package: what the X11 platform loads besides."""

WAYLAND_LIBRARIES = {"libwayland-client.so.0": "libwayland-client0", "libwayland-cursor.so.0": "libwayland-cursor0"}
"""Shared library -> Debian package: what the Wayland platform loads besides."""

NO_DISPLAY = ("No display: {reason}. Start it in a desktop session, or train without a window: "
              "python main.py train digits-quick")


def missing_packages(needed: Mapping[str, str]) -> list[str]:
    """Distributions of the modules that cannot be found; nothing is imported."""
    return [package for module, package in needed.items() if importlib.util.find_spec(module) is None]


def loads(library: str) -> bool:
    """Whether the dynamic linker finds this library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_libraries(platform: str, found: Callable[[str], bool] = loads) -> list[str]:
    """Debian packages of the libraries that Qt's platform ('xcb', 'wayland', 'offscreen'…) would not find, sorted."""
    besides = {"xcb": XCB_LIBRARIES, "wayland": WAYLAND_LIBRARIES}.get(platform, {})
    return sorted(package for library, package in {**QT_LIBRARIES, **besides}.items() if not found(library))


def platform(environment: Mapping[str, str]) -> str:
    """The platform Qt will take: the one it is told, else Wayland or X11, whichever has a display; '' without any."""
    told = environment.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0]
    if told:
        return "wayland" if told.startswith("wayland") else told
    if environment.get("DISPLAY"):
        return "xcb"
    return "wayland" if environment.get("WAYLAND_DISPLAY") else ""


def connects(display: str) -> bool:
    """Whether an X server answers there; Qt would abort the process where none does."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(display.encode(), None))
    refused = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not refused


def engine_problem() -> str:
    """One line that says which Python packages the engine lacks, or ''."""
    return _packages_line(missing_packages(PACKAGES))


def window_problem(environment: Mapping[str, str] = os.environ) -> str:
    """One line that says why no window can open here, or ''."""
    line = _packages_line(missing_packages({**PACKAGES, **WINDOW_PACKAGES}))
    if line or not sys.platform.startswith("linux"):
        return line
    return _linux_problem(environment)


def _linux_problem(environment: Mapping[str, str]) -> str:
    """Libraries before the display, since connecting needs one of them."""
    chosen = platform(environment)
    missing = missing_libraries(chosen)
    if missing:
        return f"Missing system packages: {' '.join(missing)}. Run: {apt_command(missing)}"
    if not chosen:
        return NO_DISPLAY.format(reason="neither DISPLAY nor WAYLAND_DISPLAY is set")
    display = environment.get("DISPLAY", "")
    if chosen == "xcb" and not connects(display):
        return NO_DISPLAY.format(reason=f"no X server answers at DISPLAY={display!r}")
    return ""


def _packages_line(missing: list[str]) -> str:
    if not missing:
        return ""
    return f"Missing Python packages: {' '.join(missing)}. Run: {sys.executable} -m pip install {' '.join(missing)}"


def apt_command(packages: Iterable[str]) -> str:
    """The command that a person types."""
    return f"sudo apt install {' '.join(packages)}"


def mismatched_pair() -> str:
    """One line that says which torch would work with this torchvision, or ''; imports both, which takes seconds."""
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError) as error:  # a pair that does not match raises RuntimeError: torchvision::nms
        found = [f"{name} {version(name)}" for name in ("torch", "torchvision")]
        return (f"{' and '.join(found)} do not work together ({str(error).splitlines()[0]}). "
                f"This torchvision needs {_wanted_torch()}, from the same index. Run: {sys.executable} -m pip install "
                "--force-reinstall torch torchvision")
    return ""


def version(distribution: str) -> str:
    """Installed version of a distribution, such as '2.13.0+cpu'."""
    from importlib import metadata  # 75 ms that a start without problems does not pay

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _wanted_torch() -> str:
    """What torchvision's own metadata asks for, such as 'torch (>=2.14.0)'."""
    from importlib import metadata

    try:
        requirements = metadata.requires("torchvision") or []
    except metadata.PackageNotFoundError:
        requirements = []
    return next((line for line in requirements if line.split(" ")[0].split("=")[0] == "torch"), "a matching torch")


def install(packages: list[str]) -> bool:
    """Install Debian packages where that is permitted without a password; False where it is not or failed."""
    import subprocess

    administrator = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (administrator and not shutil.which("sudo")):
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    commands = (["apt-get", "update", "-q"], ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages])
    return all(subprocess.run([*administrator, *command], env=environment, check=False).returncode == 0
               for command in commands)


def main(arguments: list[str]) -> int:
    """``make``'s half of the preflight: 0 when nothing is missing (any more), else 3 and one line."""
    problem = mismatched_pair() if "--pair" in arguments else ""
    missing = missing_libraries(platform(os.environ) or "xcb") if sys.platform.startswith("linux") else []
    if not problem and missing and not ("--install" in arguments and install(missing)):
        problem = f"Missing system packages: {' '.join(missing)}. Run: {apt_command(missing)}"
    if problem:
        sys.stderr.write(f"{problem}\n")
    return MISSING if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
