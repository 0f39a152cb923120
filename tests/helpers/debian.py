"""Debian packages that a few tests need: CI installs them, elsewhere a test without them is skipped."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock


def debian_packages(*names: str) -> None:
    """Return once the packages are installed; without ``CI`` skip where one is missing.

    Raises:
        RuntimeError: in CI, if they cannot be installed.
    """
    if all(_is_installed(name) for name in names):
        return
    if not os.environ.get("CI"):
        pytest.skip(f"needs Debian packages: apt-get install {' '.join(names)}")
    with FileLock(Path(tempfile.gettempdir(), "snakedit-test-packages.lock")):
        _install(names)


def _install(names: tuple[str, ...]) -> None:
    as_root = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *names]):
        done = subprocess.run(
            [*as_root, "apt-get", "--quiet", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise RuntimeError(f"apt-get {arguments[0]} failed:\n{done.stdout[-2000:]}")


def _is_installed(name: str) -> bool:
    if shutil.which("dpkg-query") is None:
        return False
    asked = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${db:Status-Status}", name], capture_output=True, text=True
    )
    return asked.stdout == "installed"
