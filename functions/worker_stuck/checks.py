"""What worker_stuck looks at, and the facts it makes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from runbook.aws import Aws, Calls
from runbook.checks import alarms, ecs, logs, metrics
from runbook.checks.metrics import Samples, Series
from runbook.checks.reading import ask
from runbook.clock import whole_minutes
from runbook.model import Unknown
from worker_stuck.settings import Settings

WINDOW = timedelta(minutes=30)
"""Of metrics: as long as a backlog may drain before a person is asked."""
STOPPED_WINDOW = timedelta(minutes=60)
"""ECS itself forgets stopped tasks after about an hour."""
QUIET = timedelta(minutes=10)
"""Without a log line: a worker that consumes logs each task it takes."""
STALE = timedelta(minutes=5)
"""A newest datapoint older than this tells nothing: the probe, or CloudWatch, is behind."""


@dataclass(frozen=True)
class Queue:
    """The queue since Redis last restarted; before that it was another one.

    Attributes:
        depth: messages, per minute, oldest first, never empty.
        run: which run of Redis it is.
    """

    depth: Samples
    run: int

    def remember(self) -> dict[str, int]:
        """Return what the verification of a fix compares with."""
        return {"depth": int(self.depth[-1].value), "redis_run": self.run}


@dataclass(frozen=True)
class Facts:
    """What is known about the worker at one moment. Each field is a value or ``Unknown``.

    Attributes:
        at: when the reads were made.
        alarms: state by alarm name.
        depth: messages in the queue, per minute, 30 min, oldest first.
        unacked: messages handed out and not acknowledged, per minute.
        redis_up: 1 or 0 per minute.
        redis_run: a number that changes when Redis restarts, per minute.
        cpu: percent of the tasks' CPU, average per minute.
        service: the ECS service.
        running: ARNs of the tasks that are meant to run.
        stopped: tasks that stopped within the last hour.
        definition: the newest revision of the worker's family.
        quiet: no worker log line for 10 min.
    """

    at: datetime
    alarms: dict[str, str] | Unknown
    depth: Samples | Unknown
    unacked: Samples | Unknown
    redis_up: Samples | Unknown
    redis_run: Samples | Unknown
    cpu: Samples | Unknown
    service: ecs.Service | Unknown
    running: tuple[str, ...] | Unknown
    stopped: tuple[ecs.Stopped, ...] | Unknown
    definition: ecs.Definition | Unknown
    quiet: bool | Unknown

    @property
    def queue(self) -> Queue | Unknown:
        """Return the queue, if both its depth and the run of Redis are known and fresh."""
        depth, run = self.depth, self.redis_run
        if isinstance(depth, Unknown):
            return depth
        if isinstance(run, Unknown):
            return run
        for name, fact in (("the queue's depth", depth), ("which run of Redis it is", run)):
            if not fact or self.at - fact[-1].at > STALE:
                return Unknown(f"{name}: no datapoint for {whole_minutes(STALE)} min")
        others = [sample.at for sample in run if sample.value != run[-1].value]
        if others:
            depth = metrics.since(depth, others[-1] + timedelta(minutes=1))
        if not depth:
            return Unknown("the queue's depth: no datapoint since Redis restarted")
        return Queue(depth, int(run[-1].value))

    def seen(self) -> dict[str, str]:
        """Return one short line per question."""
        return {
            "queue": metrics.line(self.depth, 5, "messages, last 5 min"),
            "unacked": metrics.line(self.unacked, 1, "messages"),
            "redis up": metrics.line(self.redis_up, 1, "(1 is up)"),
            "worker cpu": metrics.line(self.cpu, 5, "%, last 5 min"),
            "worker logs": _text(
                self.quiet, "no line for 10 min" if self.quiet is True else "a line within 10 min"
            ),
            "service": ecs.line(self.service),
            "stopped": _stopped(self.stopped),
            "alarms": alarms.line(self.alarms),
        }


def _text(fact: object, known: str) -> str:
    return f"unknown: {fact.why}" if isinstance(fact, Unknown) else known


def _stopped(fact: tuple[ecs.Stopped, ...] | Unknown) -> str:
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    if not fact:
        return "no task within the last hour"
    crashed = sum(task.crashed for task in fact)
    return f"{len(fact)} tasks within the last hour, {crashed} crashed; last: {fact[0].reason}"


def series(settings: Settings) -> dict[str, Series]:
    """Return the metrics that are read, all in one call."""
    environment = {"environment": settings.environment}
    queue = {**environment, "queue": settings.queue}
    service = {"ClusterName": settings.cluster, "ServiceName": settings.service}
    return {
        "depth": Series("Nightshift", "QueueDepth", queue, "Maximum"),
        "unacked": Series("Nightshift", "Unacked", queue, "Maximum"),
        "redis_up": Series("Nightshift", "RedisUp", environment, "Minimum"),
        "redis_run": Series("Nightshift", "RedisRun", environment, "Maximum"),
        "cpu": Series("AWS/ECS", "CPUUtilization", service, "Average"),
    }


def reads(aws: Aws, settings: Settings, now: datetime) -> Calls:
    """Return the questions, to be asked side by side."""
    reader, cluster, service = aws.reader, settings.cluster, settings.service
    asked: dict[str, Callable[[], Any]] = {
        "alarms": partial(alarms.states, reader("cloudwatch"), settings.alarms),
        "metrics": partial(metrics.read, reader("cloudwatch"), series(settings), now, WINDOW),
        "service": partial(ecs.service, reader("ecs"), cluster, service),
        "running": partial(ecs.running_tasks, reader("ecs"), cluster, service),
        "stopped": partial(
            ecs.stopped_tasks,
            reader("ecs"),
            cluster,
            service,
            now,
            STOPPED_WINDOW,
            aws.side_by_side,
        ),
        "definition": partial(
            ecs.definition, reader("ecs"), settings.task_family, settings.container
        ),
        "quiet": partial(logs.quiet, reader("logs"), settings.log_group, now, QUIET),
    }
    return {name: partial(ask, name, read) for name, read in asked.items()}


def facts(now: datetime, answers: Mapping[str, Any]) -> Facts:
    """Make the answers into facts."""
    rest = dict(answers)
    measured = rest.pop("metrics")
    if isinstance(measured, Unknown):
        measured = dict.fromkeys(("depth", "unacked", "redis_up", "redis_run", "cpu"), measured)
    return Facts(at=now, **measured, **rest)
