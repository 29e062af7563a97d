"""Waits for processes to be gone: a dead one that nobody has reaped counts as gone."""

import time
from collections.abc import Iterable

import psutil

PATIENCE_SECONDS = 20.0
"""Real seconds, on a machine with other work to do; it takes a few milliseconds."""


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Return those that still live after a while."""
    left = list(processes)
    until = time.monotonic() + PATIENCE_SECONDS
    while left and time.monotonic() < until:
        left = [one for one in left if _lives(one)]
        time.sleep(0.05)
    return left
