"""Real processes that never outlive the rehearsal, whatever kills it, and folders that do not either.

Each is started in a group of its own. A minder, a tiny process, is told of every group over a pipe; when
the pipe closes, because the case ended or was killed, it kills them all, stopped ones too. Then it removes
the folders that it was told of: for a while, since a Postgres that lost its parent may still write to them.
"""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from rehearsal.journal import Journal

_MINDER = """
import os, shutil, signal, sys, time
groups, folders = set(), set()
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for line in sys.stdin:
    kind, what = line.rstrip("\\n").split(" ", 1)
    if kind == "group":
        groups.add(int(what))
    else:
        folders.add(what)
for group in groups:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
until = time.monotonic() + 10
while any(map(os.path.exists, folders)) and time.monotonic() < until:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    time.sleep(0.05)
"""


class Processes:
    """Starts processes, signals them, and writes down what became of each.

    Args:
        journal: gets a line in ``processes.jsonl`` for each start, signal and exit.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._running: dict[int, tuple[str, subprocess.Popen[bytes]]] = {}
        self._minder = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _MINDER],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a process in a group of its own, its output appended to ``log``.

        ``user`` is for what refuses to run as root.
        """
        output: IO[bytes]
        with log.open("ab") as output:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env) if env is not None else None,
                cwd=cwd,
                start_new_session=True,
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
            )
        self._tell_minder(f"group {process.pid}")
        self._running[process.pid] = (name, process)
        self._journal.write("processes", pid=process.pid, name=name, event="start")
        return process

    def _tell_minder(self, line: str) -> None:
        if self._minder.stdin is None:
            raise RuntimeError("the minder has no pipe: nothing would stop what is started")
        self._minder.stdin.write(f"{line}\n".encode())
        self._minder.stdin.flush()

    def remove_at_the_end(self, folder: Path) -> None:
        """Have a folder removed once all processes are gone."""
        self._tell_minder(f"folder {folder}")

    def signal(self, process: subprocess.Popen[bytes], number: signal.Signals) -> None:
        """Send a signal to the process's whole group, if it still runs."""
        if process.poll() is not None:
            return
        name, _ = self._running[process.pid]
        self._journal.write(
            "processes", pid=process.pid, name=name, event="signal", signal=number.name
        )
        os.killpg(process.pid, number)

    def reap(self) -> None:
        """Write down the exits since the last call."""
        for pid, (name, process) in list(self._running.items()):
            code = process.poll()
            if code is not None:
                del self._running[pid]
                self._journal.write("processes", pid=pid, name=name, event="exit", exit_code=code)

    def close(self) -> None:
        """Kill whatever still runs, and wait for it and for the minder."""
        for _, process in self._running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.reap()
        if self._minder.stdin is not None:
            self._minder.stdin.close()
        self._minder.wait()
