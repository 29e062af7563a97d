"""The SaaS's public health endpoint: ``{"status": "...", "db": "...", "redis": "..."}``."""

from dataclasses import dataclass

from runbook.checks import http
from runbook.model import Unknown

GOOD = frozenset({"ok", "up", "healthy", "connected"})
BAD = frozenset({"error", "down", "unhealthy", "unavailable", "timeout", "disconnected"})
"""Words of a field, in lower case; any other word says nothing, and is not guessed at."""


@dataclass(frozen=True)
class Health:
    """What the endpoint answered.

    Attributes:
        status: HTTP's.
        db, redis: whether the part is well; None where the answer does not say.
    """

    status: int
    db: bool | None
    redis: bool | None

    @property
    def ok(self) -> bool:
        """Say whether the whole is well: HTTP 200 and no part that is not."""
        return self.status == 200 and self.db is not False and self.redis is not False


def read(url: str) -> Health | Unknown:
    """Ask the endpoint once. An error status with a body is an answer too: it names what fails."""
    reply = http.get(url)
    if isinstance(reply, Unknown):
        return reply
    found = reply.json if isinstance(reply.json, dict) else {}
    return Health(reply.status, _well(found.get("db")), _well(found.get("redis")))


def _well(word: object) -> bool | None:
    text = word.lower() if isinstance(word, str) else ""
    return True if text in GOOD else False if text in BAD else None


def line(fact: Health | Unknown) -> str:
    """Return the answer as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    words = {True: "ok", False: "error", None: "not said"}
    return f"HTTP {fact.status}, db {words[fact.db]}, redis {words[fact.redis]}"
