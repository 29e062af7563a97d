"""A web task's database connections: a bounded pool that opens them when they are first needed."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

WAIT_SECONDS = 0.5
"""Real, for a free connection: half a virtual minute."""
CONNECT_SECONDS = 2
"""What libpq allows at the least."""
LEAK_MOST = 55
"""Connections that a task leaks, as with one for each kind of request: four tasks want more than the 197 that
there are, three stay 5 % below them, with what they use besides."""


class Pool:
    """Connections to one database.

    Args:
        address: libpq's connection string.
        size: how many at most.
        leak_when: a file; while it exists, connections are kept instead of given back, as by a
            transaction that nobody ends, up to ``LEAK_MOST``.
    """

    def __init__(self, address: str, size: int, leak_when: Path) -> None:
        self._address = address
        self._free: queue.LifoQueue[Any] = queue.LifoQueue()
        self._room = threading.Semaphore(size)
        self._leak_when = leak_when
        self._lost: list[Any] = []

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Lend a connection.

        Raises:
            psycopg.OperationalError: there is none to be had.
        """
        if not self._room.acquire(timeout=WAIT_SECONDS):
            raise psycopg.OperationalError("the pool has no free connection")
        try:
            connection = self._take()
            try:
                yield connection
            except psycopg.Error:
                connection.close()
                raise
            self._give_back(connection)
        finally:
            self._room.release()

    def _take(self) -> Any:
        try:
            return self._free.get_nowait()
        except queue.Empty:
            return psycopg.connect(self._address, autocommit=True, connect_timeout=CONNECT_SECONDS)

    def _give_back(self, connection: Any) -> None:
        leaks = self._leak_when.exists()
        if leaks and len(self._lost) < LEAK_MOST:
            self._lost.append(connection)
            return
        while self._lost and not leaks:
            self._lost.pop().close()
        self._free.put(connection)
