"""A rehearsal that is killed leaves nothing behind: no worker, no server, no function, no case."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from gone import wait_until_gone
from rehearsal.journal import read

pytestmark = pytest.mark.usefixtures("can_rehearse")

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 240.0
"""Real seconds until a worker is started, on a busy machine: the app is synthesized first."""


@pytest.fixture
def driver(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "rehearsal", "run", "--scenario", "worker_stuck"]
    with (tmp_path / "driver.log").open("wb") as log:
        started = subprocess.Popen(  # noqa: S603  # what `make rehearse` runs
            [*command, "--case", "frozen", "--folder", str(tmp_path)],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(["functions", "."])},
        )
        yield started
        started.kill()
        started.wait()


def _wait(until: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not until():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_a_killed_driver_leaves_no_process_behind(
    driver: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    evidence = tmp_path / "worker_stuck" / "frozen"

    def a_worker_runs() -> bool:
        lines = read(evidence, "processes")
        return any(one["name"].startswith("worker ") for one in lines) or driver.poll() is not None

    assert _wait(a_worker_runs), (tmp_path / "driver.log").read_text()[-2000:]
    assert driver.poll() is None, (tmp_path / "driver.log").read_text()[-2000:]
    left = {one.pid: one for one in psutil.Process(driver.pid).children(recursive=True)}
    started = {one["pid"]: one["name"] for one in read(evidence, "processes")}
    assert started.keys() <= left.keys()
    assert any("rehearsal.run_case" in one.cmdline() for one in left.values())

    driver.kill()
    driver.wait()

    assert wait_until_gone(left.values()) == []
    late = {one["pid"] for one in read(evidence, "processes")} - left.keys()
    assert [pid for pid in late if psutil.pid_exists(pid)] == []
