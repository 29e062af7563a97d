"""A real Redis of the case's own."""

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
        self.process: subprocess.Popen[bytes] = processes.start(
            "redis",
            [
                redis_server(),
                "--bind", "127.0.0.1",
                "--port", str(port),
                "--save", "",
                "--appendonly", "no",
                "--dir", str(folder),
            ],
            log=folder / "redis.log",
        )  # fmt: skip
        self.client = redis.Redis(host="127.0.0.1", port=port, decode_responses=True)
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

    def depth(self, queue: str) -> int:
        """Return how many messages wait."""
        return int(self.client.llen(queue))

    def done(self) -> list[int]:
        """Return the numbers of the tasks that ran, a number twice if it ran twice."""
        return [int(one) for one in self.client.lrange(DONE, 0, -1)]
