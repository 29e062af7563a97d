"""AWS clients with the time-outs that a look can afford, and calls made side by side.

A look must end within the function's 60 s. Reads: 2 attempts of at most 2 + 3 s. Fixes: exactly one
attempt, since boto3's default client sends a write up to three times when an answer is lost.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol

import boto3
from botocore.config import Config

CONNECT_SECONDS = 2
READ_SECONDS = 3
READ_ATTEMPTS = 2
FIX_READ_SECONDS = 5
"""Longer than a read: UpdateService is slower, and a lost answer costs a minute's wait."""
MOST_AT_ONCE = 10
"""Threads and pooled connections: the widest look makes 8 calls side by side."""

READ_CONFIG = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"total_max_attempts": READ_ATTEMPTS, "mode": "standard"},
    max_pool_connections=MOST_AT_ONCE,
)
FIX_CONFIG = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=FIX_READ_SECONDS,
    retries={"total_max_attempts": 1, "mode": "standard"},
)

Calls = Mapping[str, Callable[[], Any]]


class SideBySide(Protocol):
    """Makes several calls and returns their answers by name; the first error is raised at the end."""

    def __call__(self, calls: Calls) -> dict[str, Any]:
        """Make the calls."""
        ...


def in_threads(calls: Calls) -> dict[str, Any]:
    """Make all calls at once, each in a thread, and wait for all of them."""
    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE) as pool:
        futures = {name: pool.submit(call) for name, call in calls.items()}
    return {name: future.result() for name, future in futures.items()}


def one_by_one(calls: Calls) -> dict[str, Any]:
    """Make the calls one after another, in their order: for tests that step through a look."""
    return {name: call() for name, call in calls.items()}


class Rare:
    """A client that is made when it is first used: few looks need it, and making one takes CPU time."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        """Return what the client has by that name."""
        return getattr(self._make(), name)


class Aws:
    """Clients by service name, made once each.

    Args:
        region: where the environment lives.
        session: a boto3 session; tests pass their own.
        side_by_side: how several calls are made; threads unless told otherwise.
    """

    def __init__(
        self,
        region: str,
        session: boto3.session.Session | None = None,
        side_by_side: SideBySide = in_threads,
    ) -> None:
        self._session = session or boto3.session.Session(region_name=region)
        self._region = region
        self._clients: dict[tuple[str, bool], Any] = {}
        self.side_by_side = side_by_side

    def warm(self, *services: str, fix: str | None = None) -> "Aws":
        """Make the clients of the hot path now, at Lambda's full-CPU init."""
        for service in services:
            self.reader(service)
        if fix:
            self.fixer(fix)
        return self

    def reader(self, service: str) -> Any:
        """Return the client for reads and for Nightshift's own table, topics and queue."""
        return self._client(service, fix=False)

    def rare(self, service: str) -> Any:
        """Return what ``reader`` does, made when it is first used."""
        return Rare(partial(self.reader, service))

    def fixer(self, service: str) -> Any:
        """Return the client for one write to the users' systems: it makes one attempt only."""
        return self._client(service, fix=True)

    def _client(self, service: str, *, fix: bool) -> Any:
        key = (service, fix)
        if key not in self._clients:
            config = FIX_CONFIG if fix else READ_CONFIG
            self._clients[key] = self._session.client(
                service, region_name=self._region, config=config
            )
        return self._clients[key]
