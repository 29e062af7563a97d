"""What backend_5xx looks at, and the facts it makes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from backend_5xx.settings import Settings
from runbook import explains, limits
from runbook.aws import Aws, Calls
from runbook.checks import (
    alarms,
    ecs,
    error_lines,
    health,
    metrics,
    rds,
    service_deployments,
    task_definitions,
)
from runbook.checks.error_lines import Errors
from runbook.checks.metrics import Samples, Series, beside
from runbook.checks.reading import ask
from runbook.checks.service_deployments import History
from runbook.checks.task_definitions import TaskDefinition
from runbook.clock import from_text
from runbook.errors import TableError
from runbook.explains import Cause
from runbook.model import Apply, Decision, Escalate, HandOver, Incident, Unknown
from runbook.table import Table

NAME = "backend_5xx"
WINDOW = timedelta(minutes=30)
"""Of metrics: settling (20 min) and the datapoints of a verdict fit in."""
STOPPED_WINDOW = timedelta(minutes=60)
"""ECS itself forgets stopped tasks after about an hour."""
EVENTS_WINDOW = timedelta(minutes=30)
"""Of RDS events; those that count are younger still."""
LINES_WINDOW = timedelta(minutes=30)
"""Of log lines, as the runbook reads them."""
_SERIES = (
    "requests", "target_5xx", "elb_5xx", "healthy", "answered", "memory", "connections",
)  # fmt: skip


@dataclass(frozen=True)
class Closer:
    """What is read only where a decision is near: log lines, and how the worker fares.

    Attributes:
        lines: the backend's error lines.
        worker_lines: the worker's.
        worker: the worker's service.
        worker_stopped: its tasks that stopped within the last hour.
    """

    lines: Errors | Unknown
    worker_lines: Errors | Unknown
    worker: ecs.Service | Unknown
    worker_stopped: tuple[ecs.Stopped, ...] | Unknown


@dataclass(frozen=True)
class Known:
    """What our own table says.

    Attributes:
        causes: open incidents of scenarios that explain a failing backend.
        raised_at: when the backend's memory was last raised by us, None when it was not.
    """

    causes: tuple[Cause, ...]
    raised_at: datetime | None


@dataclass(frozen=True)
class Facts:
    """What is known about the backend at one moment. Each field is a value or ``Unknown``.

    Attributes:
        at: when the reads were made.
        alarms: state by alarm name.
        requests, target_5xx, elb_5xx: per minute, 30 min, oldest first, as the load balancer counts.
        healthy: healthy targets, the fewest in each minute.
        answered: 1 or 0 per minute: whether the health probe got the application's own answer, from outside.
        memory: percent of the tasks' memory, the most in each minute.
        connections: to the database, the most in each minute.
        service: the backend's ECS service.
        definition: the revision that its primary deployment runs.
        stopped: its tasks that stopped within the last hour, newest first.
        history: its newest deployments.
        health: the public health endpoint's answer now.
        instance, events: the database, and what RDS says has happened to it in 30 min.
        known: what our own table says.
        closer: None in a look that has not read it.
    """

    at: datetime
    alarms: dict[str, str] | Unknown
    requests: Samples | Unknown
    target_5xx: Samples | Unknown
    elb_5xx: Samples | Unknown
    healthy: Samples | Unknown
    answered: Samples | Unknown
    memory: Samples | Unknown
    connections: Samples | Unknown
    service: ecs.Service | Unknown
    definition: TaskDefinition | Unknown
    stopped: tuple[ecs.Stopped, ...] | Unknown
    history: History | Unknown
    health: health.Health | Unknown
    instance: rds.Instance | Unknown
    events: tuple[rds.Event, ...] | Unknown
    known: Known | Unknown
    closer: Closer | None = None

    def seen(self) -> dict[str, str]:
        """Return one short line per question."""
        return {
            "requests": metrics.line(
                beside(self.requests, self.healthy), 5, "a minute, last 5 min"
            ),
            "target 5xx": metrics.line(beside(self.target_5xx, self.healthy), 5, "a minute"),
            "elb 5xx": metrics.line(beside(self.elb_5xx, self.healthy), 5, "a minute"),
            "healthy": metrics.line(self.healthy, 5, "targets"),
            "from outside": metrics.line(self.answered, 5, "(1 is answered), last 5 min"),
            "memory": metrics.line(self.memory, 5, "% at the most"),
            "service": ecs.line(self.service),
            "deployments": service_deployments.line(self.history),
            "stopped": stopped_line(self.stopped),
            "health": health.line(self.health),
            "database": _database(self.instance, self.events),
            "connections": metrics.line(self.connections, 5, "to the database"),
            "other trouble": explains.line(
                self.known if isinstance(self.known, Unknown) else self.known.causes
            ),
            "alarms": alarms.line(self.alarms),
            **(_closer(self.closer) if self.closer else {}),
        }


def stopped_line(fact: tuple[ecs.Stopped, ...] | Unknown) -> str:
    """Return the stopped tasks as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    if not fact:
        return "no task within the last hour"
    crashed = sum(task.crashed for task in fact)
    memory = sum(task.out_of_memory for task in fact)
    return (
        f"{len(fact)} tasks within the last hour, {crashed} crashed, {memory} of those out of memory; "
        f"last: {fact[0].reason}"
    )


def _database(instance: rds.Instance | Unknown, events: tuple[rds.Event, ...] | Unknown) -> str:
    status = f"unknown: {instance.why}" if isinstance(instance, Unknown) else instance.status
    if isinstance(events, Unknown):
        return f"{status}; events unknown: {events.why}"
    last = f"{events[0].at:%H:%M} UTC {events[0].message}" if events else "none in 30 min"
    return f"{status}; last event: {last}"


def _closer(closer: Closer) -> dict[str, str]:
    return {
        **error_lines.shown(closer.lines),
        "worker": ecs.line(closer.worker),
        "worker stops": stopped_line(closer.worker_stopped),
        "worker lines": error_lines.total(closer.worker_lines),
    }


def series(settings: Settings) -> dict[str, Series]:
    """Return the metrics that are read, all in one call."""
    balancer = {"LoadBalancer": settings.load_balancer}
    targets = {**balancer, "TargetGroup": settings.target_group}
    service = {"ClusterName": settings.cluster, "ServiceName": settings.service}
    database = {"DBInstanceIdentifier": settings.instance}
    alb = "AWS/ApplicationELB"
    return {
        "requests": Series(alb, "RequestCount", balancer, "Sum"),
        "target_5xx": Series(alb, "HTTPCode_Target_5XX_Count", balancer, "Sum"),
        "elb_5xx": Series(alb, "HTTPCode_ELB_5XX_Count", balancer, "Sum"),
        "healthy": Series(alb, "HealthyHostCount", targets, "Minimum"),
        "answered": Series(
            "Nightshift", "HealthAnswered", {"environment": settings.environment}, "Minimum"
        ),
        "memory": Series("AWS/ECS", "MemoryUtilization", service, "Maximum"),
        "connections": Series("AWS/RDS", "DatabaseConnections", database, "Maximum"),
    }


def reads(aws: Aws, settings: Settings, now: datetime) -> Calls:
    """Return the questions of every look, to be asked side by side."""
    reader, cluster, service = aws.reader, settings.cluster, settings.service
    cloudwatch, ecs_, database = reader("cloudwatch"), reader("ecs"), reader("rds")
    asked: dict[str, Callable[[], Any]] = {
        "alarms": partial(alarms.states, cloudwatch, settings.alarms),
        "metrics": partial(metrics.read, cloudwatch, series(settings), now, WINDOW),
        "service": partial(_running, ecs_, cluster, service),
        "stopped": partial(
            ecs.stopped_tasks, ecs_, cluster, service, now, STOPPED_WINDOW, aws.side_by_side
        ),
        "history": partial(service_deployments.read, ecs_, cluster, service),
        "health": partial(health.read, settings.health_url),
        "instance": partial(rds.instance, database, settings.instance),
        "events": partial(rds.events, database, settings.instance, now, EVENTS_WINDOW),
        "known": partial(known, Table(reader("dynamodb"), settings.table), settings),
    }
    return {name: partial(ask, name, read) for name, read in asked.items()}


def _running(
    client: Any, cluster: str, name: str
) -> tuple[ecs.Service, TaskDefinition | Unknown] | Unknown:
    """Read the service, then the revision that it runs."""
    service = ecs.service(client, cluster, name)
    if isinstance(service, Unknown):
        return service
    arn = service.primary.task_definition
    read: Callable[[], TaskDefinition | Unknown] = partial(task_definitions.read, client, arn)
    return service, ask("its task definition", read)


def known(table: Table, settings: Settings) -> Known | Unknown:
    """Read which other incidents are open, and when the memory was last raised."""
    cooldown = limits.cooldown_key(f"ecs:{settings.cluster}/{settings.service}", "raise_memory")
    keys = [*explains.keys(NAME, settings.targets), cooldown]
    try:
        items = table.get_many(keys)
    except TableError as error:
        return Unknown(f"our own table: {error}")
    applied = items.get(cooldown[0], {}).get("applied_at")
    causes = explains.found(NAME, settings.targets, items)
    return Known(causes, from_text(applied) if applied else None)


def facts(now: datetime, answers: Mapping[str, Any]) -> Facts:
    """Make the answers into facts."""
    rest = dict(answers)
    measured, running = rest.pop("metrics"), rest.pop("service")
    if isinstance(measured, Unknown):
        measured = dict.fromkeys(_SERIES, measured)
    service, definition = (running, running) if isinstance(running, Unknown) else running
    return Facts(at=now, service=service, definition=definition, **measured, **rest)


def closer_reads(
    aws: Aws, settings: Settings, facts: Facts, incident: Incident, decision: Decision
) -> Calls:
    """Return what is read on the first look and where something is about to happen, else nothing."""
    begun = incident.since
    first = facts.at - begun < timedelta(seconds=1)
    near = isinstance(decision, Apply | Escalate | HandOver)
    undo = isinstance(decision, Apply) and decision.undoes
    if not first and (undo or not near):
        return {}
    logs, ecs_, cluster = aws.reader("logs"), aws.reader("ecs"), settings.cluster
    worker, at, together = settings.worker, facts.at, aws.side_by_side
    asked: dict[str, Callable[[], Any]] = {
        "lines": partial(error_lines.read, logs, settings.log_group, at, LINES_WINDOW, together),
        "worker_lines": partial(
            error_lines.read, logs, settings.worker_log_group, at, LINES_WINDOW, together
        ),
        "worker": partial(ecs.service, ecs_, cluster, worker),
        "worker_stopped": partial(
            ecs.stopped_tasks, ecs_, cluster, worker, at, STOPPED_WINDOW, together
        ),
    }
    return {name: partial(ask, name, read) for name, read in asked.items()}


def with_closer(facts: Facts, answers: Mapping[str, Any]) -> Facts:
    """Return the facts with what was read since."""
    return replace(facts, closer=Closer(**answers))
