"""Reads Redis once: up or not, which run, how deep the queue. Never hangs, always answers.

An error that Redis answers with is no outage: somebody is there, and the probe may not, or cannot, read
what it asks for. Such a reading says neither up nor down, and is no datapoint.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthorizationError, ClusterDownError
from redis.retry import Retry

from redis_probe.login import Login, Logins
from runbook.model import Unknown

TIMEOUT_SECONDS = 2.0
"""To connect, and for each answer: a healthy Redis answers within milliseconds."""
MOST_COUNTED = 1000
"""Quota counters that are counted: more prove no more."""
SCAN_ROUNDS = 200
"""Of SCAN, each looking at about ``MOST_COUNTED`` keys: a large Redis is not searched to its end."""
RESULT = "celery-task-meta-"
"""How Celery's Redis backend names the result of a task, with the task's id behind."""
TASK = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""A task's id: Celery makes UUIDs."""
RUN_DIGITS = 12
"""Hexadecimal digits of run_id that become a number: 48 bits fit exactly into a metric's value."""
_ANSWERED = (
    redis.ResponseError,
    redis.AuthenticationError,
    AuthorizationError,
    ClusterDownError,
)
"""Redis is there: it wants another login, does not permit it, or has something else under this name."""
_NO_ANSWER = (redis.RedisError, OSError, ValueError, LookupError, AttributeError, TypeError)
"""What is no Redis can answer anything, and the client trips over it in as many ways."""


@dataclass(frozen=True)
class Settings:
    """What the template tells this function."""

    environment: str
    redis_host: str
    redis_port: int
    redis_tls: bool
    queue: str
    unacked: str
    quota_pattern: str
    region: str
    redis_secret: str


@dataclass(frozen=True)
class Asked:
    """What a direct call asks besides: the quota counters, and how a Celery task ended.

    Attributes:
        task: its id; empty for none.
    """

    task: str = ""


@dataclass(frozen=True)
class Reading:
    """What Redis answered.

    Attributes:
        up: whether all questions were answered; None where one was answered with an error. A Redis that still
            loads its data refuses every question of everybody: that one is not up.
        run_id: changes when Redis restarts; empty when it is not up.
        depth: messages in the queue's list, None when it is not up.
        unacked: messages handed out and not acknowledged, None when it is not up.
        quota_keys: counters of AI quotas, at most ``MOST_COUNTED``; None where nobody asked for them.
        task: what Celery's own result says of the task that was asked for, for example SUCCESS; empty where
            there is none: it has not run, keeps no result or elsewhere, or the probe may not read it.
        error: why it is not up, or not known to be.
    """

    up: bool | None
    run_id: str = ""
    depth: int | None = None
    unacked: int | None = None
    quota_keys: int | None = None
    task: str = ""
    error: str = ""

    def by_environment(self) -> dict[str, float]:
        """Return the metrics about Redis itself: none when it could not be read."""
        if self.up is None:
            return {}
        if not self.up:
            return {"RedisUp": 0}
        return {"RedisUp": 1, "RedisRun": int(self.run_id[:RUN_DIGITS], 16)}

    def by_queue(self) -> dict[str, float]:
        """Return the metrics about the queue: none when it could not be read, never a 0."""
        if self.depth is None or self.unacked is None:
            return {}
        return {"QueueDepth": self.depth, "Unacked": self.unacked}


def asked(event: Any) -> Asked:
    """Return what the event of a direct call asks; what is no task's id asks for none."""
    task = event.get("task") if isinstance(event, dict) else None
    return Asked(task if isinstance(task, str) and TASK.fullmatch(task) else "")


def read(settings: Settings, logins: Logins, more: Asked | None = None) -> Reading:
    """Ask Redis, on a connection of its own: a kept one would be the old primary after a failover.

    Args:
        settings: where Redis is, and what to ask it.
        logins: who asks; a login that Redis refuses is read again, once.
        more: what a direct call asks besides; None each minute.
    """
    reading, refused = _as_somebody(settings, logins, more)
    if refused and logins.renew():
        reading, _ = _as_somebody(settings, logins, more)
    return reading


def _as_somebody(settings: Settings, logins: Logins, more: Asked | None) -> tuple[Reading, bool]:
    """Return the reading, and whether Redis refused the login."""
    login = logins.read()
    if isinstance(login, Unknown):
        return Reading(up=None, error=login.why), False
    try:
        return _answered(settings, login, more), False
    except _ANSWERED as error:
        return _failed(None, login, error), isinstance(error, redis.AuthenticationError)
    except _NO_ANSWER as error:
        return _failed(False, login, error), False


def _failed(up: bool | None, login: Login, error: Exception) -> Reading:
    code = getattr(error, "status_code", None)  # the client cuts it off the text, where it knows it
    text = f"{code} {error}" if code else str(error)
    return Reading(up=up, error=login.out_of(f"{type(error).__name__}: {text}"))


def _answered(settings: Settings, login: Login, more: Asked | None) -> Reading:
    client: Any = redis.Redis(
        host=settings.redis_host,
        port=settings.redis_port,
        ssl=settings.redis_tls,
        username=login.username,
        password=login.password,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    try:
        client.ping()
        info = client.info("server")
        return Reading(
            up=True,
            run_id=str(info["run_id"]),
            depth=int(client.llen(settings.queue)),
            unacked=int(client.hlen(settings.unacked)),
            quota_keys=_quotas(client, settings.quota_pattern) if more else None,
            task=_state(client, more.task) if more and more.task else "",
        )
    finally:
        client.close()


def _state(server: Any, task: str) -> str:
    """Return what Celery keeps of a task; what is not to be had is no proof, and no trouble of Redis."""
    try:
        found = json.loads(server.get(f"{RESULT}{task}") or "{}")
        return str(found.get("status", ""))
    except (redis.ResponseError, ValueError, AttributeError):
        return ""


def _quotas(server: Any, pattern: str) -> int | None:
    """Count keys like the pattern, without blocking Redis; None where the probe may not."""
    cursor, found = 0, 0
    for _ in range(SCAN_ROUNDS):
        try:
            cursor, keys = server.scan(cursor, match=pattern, count=MOST_COUNTED)
        except redis.ResponseError:
            return None
        found += len(keys)
        if not cursor or found >= MOST_COUNTED:
            break
    return min(found, MOST_COUNTED)
