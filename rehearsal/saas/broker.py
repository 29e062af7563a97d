"""A real Redis of the case's own."""

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import redis

from rehearsal.parts import redis_server
from rehearsal.processes import Processes

if TYPE_CHECKING:
    import subprocess

START_SECONDS = 10.0
"""Real seconds; it takes about 0.05."""
DONE = "saas:done"
"""List of the numbers of all tasks that ran: evidence that work was really done."""


class Broker:
    """Redis, as ElastiCache would be.

    Args:
        folder: the case's folder.
        port: free on 127.0.0.1; the template names it.
        processes: starts it.
    """

    def __init__(self, folder: Path, port: int, processes: Processes) -> None:
        self.port = port
        self.url = f"redis://127.0.0.1:{port}/0"
        self._folder = folder
        self._processes = processes
        self.client = redis.Redis(host="127.0.0.1", port=port, decode_responses=True)
        self.process: subprocess.Popen[bytes]
        self.start()

    def start(self) -> None:
        """Start the server, empty, and wait until it answers."""
        self.process = self._processes.start(
            "redis",
            [
                redis_server(),
                "--bind", "127.0.0.1",
                "--port", str(self.port),
                "--save", "",
                "--appendonly", "no",
                "--dir", str(self._folder),
            ],
            log=self._folder / "redis.log",
        )  # fmt: skip
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self.client.ping()
            except redis.ConnectionError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """Kill the server with all that it keeps in memory, as when its node is lost."""
        self._processes.signal(self.process, signal.SIGKILL)
        self.process.wait()

    def up(self) -> bool:
        """Say whether it answers."""
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def depth(self, queue: str) -> int:
        """Return how many messages wait; 0 where it does not answer."""
        return int(self.client.llen(queue)) if self.up() else 0

    def done(self) -> list[int]:
        """Return the numbers of the tasks that ran, a number twice if it ran twice."""
        return [int(one) for one in self.client.lrange(DONE, 0, -1)] if self.up() else []
