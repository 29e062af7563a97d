"""The SaaS's users: some requests each virtual minute, whatever happens."""

import http.client
import itertools
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

from rehearsal.clock import SharedClock
from rehearsal.parts import LOOPBACK

A_MINUTE = 30
"""Requests: rates need 20."""
AT_ONCE = 12
"""Users who wait for an answer; more would queue up behind a backend that hangs."""
PATIENCE_SECONDS = 3.0
"""Real: longer than the load balancer waits."""
NAMES = ("ana", "ben", "caro", "dan")


class Users:
    """Sends requests by the virtual clock.

    Args:
        port: of the front.
        clock: the virtual time.
        chats: of each minute's requests, how many ask the AI.
        a_minute: requests.

    Attributes:
        reports: of each minute's requests, how many ask for a report; none until a case wants some.
    """

    def __init__(
        self, port: int, clock: SharedClock, chats: int = 0, a_minute: int = A_MINUTE
    ) -> None:
        self._port = port
        self._clock = clock
        self.reports = 0
        self._every = timedelta(minutes=1) / a_minute
        self._chats = chats
        self._a_minute = a_minute
        self._next = clock.now()
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._waiting: list[Future[None]] = []
        self._number = itertools.count()

    def send(self) -> None:
        """Send what is due by the clock."""
        now = self._clock.now()
        self._waiting = [one for one in self._waiting if not one.done()]
        while self._next <= now:
            self._next += self._every
            if len(self._waiting) < AT_ONCE:
                self._waiting.append(self._pool.submit(self._one, next(self._number)))

    def _one(self, number: int) -> None:
        path = f"/api/v1/{self._wanted(number % self._a_minute)}"
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", path, headers={"X-User": NAMES[number % len(NAMES)]})
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            pass  # the load balancer has counted it
        finally:
            connection.close()

    def _wanted(self, turn: int) -> str:
        if turn < self._chats:
            return "chat"
        return "report" if turn < self._chats + self.reports else "items"

    def close(self) -> None:
        """Send nothing any more."""
        self._pool.shutdown(wait=True, cancel_futures=True)
