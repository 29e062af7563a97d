"""The SaaS's public health endpoint: ``{"status": "...", "db": "...", "redis": "..."}``."""

from dataclasses import dataclass

from runbook.checks import http
from runbook.model import Unknown

GOOD = frozenset({"ok", "up", "healthy", "connected", "pass"})
BAD = frozenset(
    {
        "error",
        "down",
        "unhealthy",
        "unavailable",
        "timeout",
        "disconnected",
        "degraded",
        "fail",
        "failed",
    }
)
"""Words of a field, in lower case; any other word says nothing, and is not guessed at."""
GATEWAY = frozenset({502, 503, 504})
"""Statuses with which something in front of the application says that it got no answer."""


@dataclass(frozen=True)
class Health:
    """What the endpoint answered.

    Attributes:
        status: HTTP's.
        db, redis: whether the part is well; None where the answer does not say.
        overall: the same of the whole, by the answer's own ``status``.
        spoken: whether it is a JSON object; else something in front of the application has answered.
    """

    status: int
    db: bool | None
    redis: bool | None
    overall: bool | None = None
    spoken: bool = True

    @property
    def ok(self) -> bool:
        """Say whether the whole is well: HTTP 200, and nothing in the answer that is not."""
        return (
            self.status == 200 and self.spoken and False not in (self.overall, self.db, self.redis)
        )

    @property
    def own(self) -> bool:
        """Say whether the application itself has answered; a gateway in its place may speak JSON as well."""
        speaks = any(one is not None for one in (self.overall, self.db, self.redis))
        return self.spoken and (self.status not in GATEWAY or speaks)


def read(url: str) -> Health | Unknown:
    """Ask the endpoint once. An error status with a body is an answer too: it names what fails."""
    reply = http.get(url)
    if isinstance(reply, Unknown):
        return reply
    body = reply.json
    found = body if isinstance(body, dict) else {}
    return Health(
        status=reply.status,
        db=_well(found.get("db")),
        redis=_well(found.get("redis")),
        overall=_well(found.get("status")),
        spoken=isinstance(body, dict),
    )


def _well(word: object) -> bool | None:
    text = word.lower() if isinstance(word, str) else ""
    return True if text in GOOD else False if text in BAD else None


def line(fact: Health | Unknown) -> str:
    """Return the answer as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    if not fact.spoken:
        return f"HTTP {fact.status}, no JSON: not the application's own answer"
    words = {True: "ok", False: "error", None: "not said"}
    return f"HTTP {fact.status}, db {words[fact.db]}, redis {words[fact.redis]}"
