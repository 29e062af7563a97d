"""Real processes: written down, signalled as groups, and gone with their data when their parent is."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from gone import wait_until_gone
from rehearsal.journal import Journal
from rehearsal.processes import Processes

ROOT = Path(__file__).parents[2]
FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
"""A process with a child of its own, as a Celery worker has."""
PARENT = f"""
import signal, sys, time
from pathlib import Path
import psutil
from datetime import UTC, datetime
from rehearsal.clock import SharedClock
from rehearsal.journal import Journal
from rehearsal.processes import Processes

folder = Path(sys.argv[1])
clock = SharedClock(folder / "clock", datetime(2026, 11, 23, tzinfo=UTC))
processes = Processes(Journal(folder, clock))
(folder / "data" / "base").mkdir(parents=True)
processes.remove_at_the_end(folder / "data")
log = folder / "family.log"
family = processes.start("family", [sys.executable, "-c", {FAMILY!r}], log=log)
while not log.read_text().endswith("\\n"):
    time.sleep(0.01)
processes.signal(family, signal.SIGSTOP)
pids = [family.pid, int(log.read_text())]
while any(psutil.Process(pid).status() != psutil.STATUS_STOPPED for pid in pids):
    time.sleep(0.01)
print(*pids, flush=True)
time.sleep(600)
"""
"""A case that starts and freezes such a family, tells its process ids, and waits to be killed."""
PATIENCE_SECONDS = 10.0


def _wait(line: list[str]) -> list[str]:
    return [sys.executable, "-c", f"import time; time.sleep({line[0]})"]


def test_writes_down_start_signal_and_exit(
    processes: Processes, journal: Journal, tmp_path: Path
) -> None:
    process = processes.start("worker 1", _wait(["600"]), log=tmp_path / "log")

    processes.signal(process, signal.SIGKILL)
    process.wait()
    processes.reap()

    lines = [
        {key: one.get(key) for key in ("pid", "name", "event", "signal", "exit_code")}
        for one in journal.read("processes")
    ]
    same = {"pid": process.pid, "name": "worker 1", "signal": None, "exit_code": None}
    assert lines == [
        {**same, "event": "start"},
        {**same, "event": "signal", "signal": "SIGKILL"},
        {**same, "event": "exit", "exit_code": -9},
    ]


def test_a_signal_to_what_has_ended_is_neither_sent_nor_written_down(
    processes: Processes, journal: Journal, tmp_path: Path
) -> None:
    process = processes.start("worker 1", _wait(["0"]), log=tmp_path / "log")
    process.wait()

    processes.signal(process, signal.SIGTERM)

    assert [one["event"] for one in journal.read("processes")] == ["start"]


def test_output_of_both_kinds_is_appended_to_the_log(processes: Processes, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n", encoding="utf-8")
    program = "import sys; print('out', flush=True); print('err', file=sys.stderr)"

    processes.start("one", [sys.executable, "-c", program], log=log).wait()

    assert log.read_text(encoding="utf-8") == "before\nout\nerr\n"


def test_close_kills_what_stands_still_too(journal: Journal, tmp_path: Path) -> None:
    processes = Processes(journal)
    process = processes.start("worker 1", _wait(["600"]), log=tmp_path / "log")
    processes.signal(process, signal.SIGSTOP)

    processes.close()

    assert process.returncode == -signal.SIGKILL
    assert journal.read("processes")[-1]["event"] == "exit"


def test_close_removes_the_folders_that_it_was_told_of(journal: Journal, tmp_path: Path) -> None:
    processes = Processes(journal)
    kept, removed = tmp_path / "kept", tmp_path / "with a space"
    for folder in (kept, removed):
        (folder / "base").mkdir(parents=True)
    processes.remove_at_the_end(removed)

    processes.close()

    assert (kept.exists(), removed.exists()) == (True, False)


@pytest.mark.timeout(60)
@pytest.mark.usefixtures("can_rehearse")
def test_a_stopped_family_and_its_data_go_with_the_process_that_started_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:  # noqa: S603
        try:
            assert parent.stdout
            family = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        finally:
            parent.kill()

    assert len(family) == 2
    assert wait_until_gone(family) == []
    until = time.monotonic() + PATIENCE_SECONDS
    while (tmp_path / "data").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not (tmp_path / "data").exists()
