"""What redis_unavailable looks at, and the facts it makes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from redis_unavailable.settings import Settings
from runbook.aws import Aws, Calls
from runbook.checks import alarms, elasticache, health, metrics, redis
from runbook.checks.metrics import Samples, Series
from runbook.checks.reading import ask
from runbook.model import Decision, Incident, Unknown

WINDOW = timedelta(minutes=60)
"""Of the probe's readings: an outage that opened the incident is in it, and the run before it."""
LASTING = ("up", "run")
"""What shows a loss: read since before the incident's start, however long ago that is."""
BEFORE = timedelta(minutes=10)
"""More than the table looks back from the incident's start."""
EVENTS_WINDOW = timedelta(minutes=60)
"""Of ElastiCache's events: the same."""


@dataclass(frozen=True)
class Facts:
    """What is known about Redis at one moment. Each field is a value or ``Unknown``.

    Attributes:
        at: when the reads were made.
        alarms: state by alarm name.
        group: the replication group.
        events: what ElastiCache says has happened in the last hour, newest first.
        reading: Redis's own answer now, through the probe.
        up: 1 or 0 per minute, 60 min or since before the incident, as the probe saw it.
        run: a number that changes when Redis restarts, per minute.
        depth: messages in the Celery queue, per minute.
        health: the public health endpoint's answer now.
        task: how the Celery task of our reconcile ended by its own result, empty where that says nothing;
            None in a look that has not asked.
    """

    at: datetime
    alarms: dict[str, str] | Unknown
    group: elasticache.Group | Unknown
    events: tuple[elasticache.Event, ...] | Unknown
    reading: redis.Reading | Unknown
    up: Samples | Unknown
    run: Samples | Unknown
    depth: Samples | Unknown
    health: health.Health | Unknown
    task: str | Unknown | None = None

    def seen(self) -> dict[str, str]:
        """Return one short line per question."""
        return {
            "redis": redis.line(self.reading),
            "up": metrics.line(self.up, 10, "(1 is up), last 10 min"),
            "group": elasticache.line(self.group),
            "events": _events(self.events),
            "queue": metrics.line(self.depth, 5, "messages, last 5 min"),
            "health": health.line(self.health),
            "alarms": alarms.line(self.alarms),
            **({} if self.task is None else {"task": _task(self.task)}),
        }


def _task(fact: str | Unknown) -> str:
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    return fact or "no result is to be seen"


def _events(fact: tuple[elasticache.Event, ...] | Unknown) -> str:
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    if not fact:
        return "none in 60 min"
    return f"{len(fact)} in 60 min, last {fact[0].at:%H:%M} UTC: {fact[0].message}"


def _series(settings: Settings) -> dict[str, Series]:
    environment = {"environment": settings.environment}
    queue = {**environment, "queue": settings.queue}
    return {
        "up": Series("Nightshift", "RedisUp", environment, "Minimum"),
        "run": Series("Nightshift", "RedisRun", environment, "Maximum"),
        "depth": Series("Nightshift", "QueueDepth", queue, "Maximum"),
    }


def reads(aws: Aws, settings: Settings, now: datetime) -> Calls:
    """Return the questions, to be asked side by side."""
    cloudwatch, cache = aws.reader("cloudwatch"), aws.reader("elasticache")
    name, series = settings.replication_group, _series(settings)
    asked: dict[str, Callable[[], Any]] = {
        "alarms": partial(alarms.states, cloudwatch, settings.alarms),
        "metrics": partial(metrics.read, cloudwatch, series, now, WINDOW),
        "group": partial(elasticache.group, cache, name),
        "events": partial(elasticache.events, cache, name, now, EVENTS_WINDOW),
        "reading": partial(redis.read, aws.reader("lambda"), settings.probe),
        "health": partial(health.read, settings.health_url),
    }
    return {key: partial(ask, key, read) for key, read in asked.items()}


def facts(now: datetime, answers: Mapping[str, Any]) -> Facts:
    """Make the answers into facts."""
    rest = dict(answers)
    measured = rest.pop("metrics")
    if isinstance(measured, Unknown):
        measured = dict.fromkeys(("up", "run", "depth"), measured)
    return Facts(at=now, **measured, **rest)


def task_of(incident: Incident) -> str:
    """Return the id of the Celery task that our unproved reconcile has queued; empty where there is none."""
    attempt = incident.unverified
    return str(attempt.left.get("task_id", "")) if attempt else ""


def closer_reads(
    aws: Aws, settings: Settings, facts: Facts, incident: Incident, decision: Decision
) -> Calls:
    """Return what only some looks ask.

    Those are the result of our own task, where there is one to prove, and the probe's readings since before
    an incident that is older than what each look reads: a loss is not forgotten for being long ago.
    """
    del decision
    asked: dict[str, Callable[[], Any]] = {}
    task, span = task_of(incident), facts.at - incident.opened_at + BEFORE
    if task:
        read = partial(redis.read, aws.reader("lambda"), settings.probe, task)
        asked["task"] = partial(ask, "the task's result", read)
    if span > WINDOW:
        own = {name: one for name, one in _series(settings).items() if name in LASTING}
        whole = partial(metrics.read, aws.reader("cloudwatch"), own, facts.at, span)
        asked["whole"] = partial(ask, "the probe's readings since the start", whole)
    return asked


def with_closer(facts: Facts, answers: Mapping[str, Any]) -> Facts:
    """Return the facts with what was read since."""
    changes: dict[str, Any] = {}
    if "task" in answers:
        reading: redis.Reading | Unknown = answers["task"]
        changes["task"] = reading if isinstance(reading, Unknown) else reading.task
    if "whole" in answers:
        whole = answers["whole"]
        changes |= dict.fromkeys(LASTING, whole) if isinstance(whole, Unknown) else whole
    return replace(facts, **changes)
