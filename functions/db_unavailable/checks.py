"""What db_unavailable looks at, and the facts it makes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from db_unavailable.settings import Settings
from runbook import explains
from runbook.aws import Aws, Calls
from runbook.checks import alarms, error_lines, health, metrics, rds
from runbook.checks.error_lines import Errors
from runbook.checks.metrics import Samples, Series
from runbook.checks.reading import ask
from runbook.explains import Cause
from runbook.model import Decision, Escalate, Incident, Unknown
from runbook.table import Table

NAME = "db_unavailable"
WINDOW = timedelta(minutes=30)
"""Of the health probe's readings: longer than an alarm may ring on while all of them are good."""
EVENTS_WINDOW = timedelta(minutes=30)
"""Of RDS events: a failover and its recovery fit in."""
LINES_WINDOW = timedelta(minutes=30)
"""Of the backend's error lines, as the runbook reads them."""


@dataclass(frozen=True)
class Facts:
    """What is known about the database at one moment. Each field is a value or ``Unknown``.

    Attributes:
        at: when the reads were made.
        alarms: state by alarm name.
        instance: the DB instance.
        events: what RDS says has happened in the last 30 min, newest first.
        health: the public health endpoint's answer now.
        db_ok: 1 or 0 per minute: the endpoint's ``db`` field as the health probe saw it.
        causes: open incidents of scenarios that explain it.
        lines: the backend's error lines; None in a look that has not read them.
    """

    at: datetime
    alarms: dict[str, str] | Unknown
    instance: rds.Instance | Unknown
    events: tuple[rds.Event, ...] | Unknown
    health: health.Health | Unknown
    db_ok: Samples | Unknown
    causes: tuple[Cause, ...] | Unknown
    lines: Errors | Unknown | None = None

    def seen(self) -> dict[str, str]:
        """Return one short line per question."""
        return {
            "database": rds.line(self.instance),
            "rds events": _events(self.events),
            "health": health.line(self.health),
            "db field": metrics.line(self.db_ok, 5, "(1 is ok), last 5 min"),
            "other trouble": explains.line(self.causes),
            "alarms": alarms.line(self.alarms),
            **({} if self.lines is None else error_lines.shown(self.lines)),
        }


def _events(fact: tuple[rds.Event, ...] | Unknown) -> str:
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    if not fact:
        return "none in 30 min"
    return f"{len(fact)} in 30 min, last {fact[0].at:%H:%M} UTC: {fact[0].message}"


def reads(aws: Aws, settings: Settings, now: datetime) -> Calls:
    """Return the questions, to be asked side by side."""
    cloudwatch, database = aws.reader("cloudwatch"), aws.reader("rds")
    table = Table(aws.reader("dynamodb"), settings.table)
    environment = {"environment": settings.environment}
    series = {"db_ok": Series("Nightshift", "HealthDb", environment, "Minimum")}
    asked: dict[str, Callable[[], Any]] = {
        "alarms": partial(alarms.states, cloudwatch, settings.alarms),
        "metrics": partial(metrics.read, cloudwatch, series, now, WINDOW),
        "instance": partial(rds.instance, database, settings.instance),
        "events": partial(rds.events, database, settings.instance, now, EVENTS_WINDOW),
        "health": partial(health.read, settings.health_url),
        "causes": partial(explains.read, table, NAME, targets=settings.targets),
    }
    return {name: partial(ask, name, read) for name, read in asked.items()}


def facts(now: datetime, answers: Mapping[str, Any]) -> Facts:
    """Make the answers into facts."""
    rest = dict(answers)
    measured = rest.pop("metrics")
    if isinstance(measured, Unknown):
        measured = {"db_ok": measured}
    return Facts(at=now, **measured, **rest)


def closer_reads(
    aws: Aws, settings: Settings, facts: Facts, incident: Incident, decision: Decision
) -> Calls:
    """Return what is read before a person is paged: why the application says that its database fails."""
    del incident
    if not isinstance(decision, Escalate):
        return {}
    read = partial(
        error_lines.read,
        aws.reader("logs"),
        settings.log_group,
        facts.at,
        LINES_WINDOW,
        aws.side_by_side,
    )
    return {"lines": partial(ask, "error lines", read)}


def with_closer(facts: Facts, answers: Mapping[str, Any]) -> Facts:
    """Return the facts with what was read since."""
    return replace(facts, **answers)
