"""What the tasks' processes use of CPU and memory."""

import time
from collections.abc import Sequence

import psutil

TASK_CPUS = 1.0
"""What a task has: CPUUtilization is measured against it."""
MEMORY_SCALE = 4
"""MiB of a task that one real MiB stands for: a task of 1 GiB takes 256 MiB of this machine."""
_MIB = 1024 * 1024


class Cpu:
    """CPU time of one service's tasks, from one call to the next."""

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}
        self._at = time.monotonic()

    def percent(self, pids: Sequence[int], tasks: int) -> float | None:
        """Return the CPU since the last call in percent of what the tasks have; None for no known task."""
        now = time.monotonic()
        totals = {pid: _cpu_seconds(pid) for pid in pids}
        known = [pid for pid in pids if pid in self._seconds]
        used = sum(max(0.0, totals[pid] - self._seconds[pid]) for pid in known)
        span, self._seconds, self._at = now - self._at, totals, now
        return 100 * used / span / (TASK_CPUS * max(tasks, 1)) if known and span else None


def _cpu_seconds(pid: int) -> float:
    try:
        process = psutil.Process(pid)
        everyone = [process, *process.children(recursive=True)]
        return float(sum(sum(one.cpu_times()[:2]) for one in everyone))
    except psutil.Error:
        return 0.0


def memory_mib(pid: int) -> float:
    """Return what a task uses: its process's resident memory, scaled; 0 where it has ended."""
    try:
        return float(psutil.Process(pid).memory_info().rss) / _MIB * MEMORY_SCALE
    except psutil.Error:
        return 0.0
