"""Facts about a Celery worker for tables of decisions: a frozen worker, and what differs from it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from runbook.checks.ecs import Definition, Deployment, Service, Stopped
from runbook.checks.metrics import Sample, Samples
from runbook.model import Attempt, Decision, Incident, Outcome, Status, Unknown
from worker_stuck.checks import Facts
from worker_stuck.decide import Commands, Limits, decide

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
ALARM = "nightshift-prod/worker_stuck/queue-depth"
TASKS = "arn:aws:ecs:me-south-1:111122223333:task/saas-prod/"
REVISION = "arn:aws:ecs:me-south-1:111122223333:task-definition/saas-worker:41"
LIMITS = Limits(queue_depth_good=100, held_per_task=8)
COMMANDS = Commands("redeploy it", "roll it back", "scale it out", "look at it", "the-redis")
UNKNOWN = Unknown("not read")


def ago(minutes: float) -> datetime:
    """Return a moment before now."""
    return NOW - timedelta(minutes=minutes)


def series(*values: float, newest: float = 1) -> Samples:
    """Return one datapoint a minute, oldest first; the newest is of ``newest`` minutes ago."""
    oldest = newest + len(values) - 1
    return tuple(Sample(ago(oldest - number), value) for number, value in enumerate(values))


def deployment(**changes: Any) -> Deployment:
    """Return a deployment of yesterday that has long been completed."""
    usual = Deployment("ecs-svc/1", "PRIMARY", REVISION, "COMPLETED", ago(1500), ago(1490), 0)
    return replace(usual, **changes)


def service(primary: Deployment | None = None, **changes: Any) -> Service:
    """Return a service with 2 of 2 tasks running."""
    usual = Service("saas-worker", 2, 2, 0, "ECS", "ROLLING", (primary or deployment(),))
    return replace(usual, **changes)


def stopped(minutes: float = 3, code: str = "EssentialContainerExited", **changes: Any) -> Stopped:
    """Return a task of the primary deployment that ended with exit code 1."""
    usual = Stopped(f"{TASKS}{minutes}", "ecs-svc/1", code, "it ended", (1,), ago(minutes))
    return replace(usual, **changes)


def crashes(*minutes: float, **changes: Any) -> tuple[Stopped, ...]:
    """Return crashed tasks, newest first as the check does."""
    return tuple(stopped(each, **changes) for each in sorted(minutes))


def facts(**changes: Any) -> Facts:
    """Return the facts about a frozen worker: the queue grows, nothing is logged, the CPU is idle."""
    usual = Facts(
        at=NOW,
        alarms={ALARM: "ALARM"},
        depth=series(120, 160, 200, 240, 280, 320, 360),
        unacked=series(8, 8, 8),
        redis_up=series(*[1] * 15),
        redis_run=series(*[4242] * 15),
        cpu=series(0, 0, 0, 0, 0),
        service=service(),
        running=(f"{TASKS}1", f"{TASKS}2"),
        stopped=(),
        definition=Definition(
            REVISION, "111122223333.dkr.ecr.me-south-1.amazonaws.com/saas-worker"
        ),
        quiet=True,
    )
    return replace(usual, **changes)


def attempt(
    outcome: Outcome | None = Outcome.APPLIED, minutes: float = 10, **changes: Any
) -> Attempt:
    """Return a redeploy at a depth of 400, as the gate writes it down."""
    usual = Attempt(
        intent_id="intent-1",
        fix="redeploy",
        resource="ecs:saas-prod/saas-worker",
        reason="the worker is stuck",
        prior={"deployment": "ecs-svc/0", "depth": 400, "redis_run": 4242},
        intended_at=ago(minutes),
        tried_at=ago(minutes),
        outcome=outcome,
        outcome_at=ago(minutes) if outcome else None,
        left={"deployment": "ecs-svc/1", "task_definition": REVISION},
    )
    return replace(usual, **changes)


def incident(*attempts: Attempt, opened: float = 5, **changes: Any) -> Incident:
    """Return an open incident of ``opened`` minutes ago."""
    usual = Incident(
        id="worker_stuck-20261123-0255-7f3a",
        scenario="worker_stuck",
        target="saas-worker",
        status=Status.OPEN,
        version=3,
        opened_at=ago(opened),
        attempts=attempts,
    )
    return replace(usual, **changes)


def decided(
    seen: Facts | None = None, about: Incident | None = None, limits: Limits = LIMITS
) -> Decision:
    """Decide with the usual limits and commands."""
    return decide(seen or facts(), about or incident(), limits, COMMANDS)


def kind(decision: Decision) -> str:
    """Return what a decision is, in a word or two: its type, that it is blind, its verdict."""
    words = [type(decision).__name__]
    if getattr(decision, "blind", False):
        words.append("blind")
    verdict = getattr(decision, "verdict", None)
    if verdict:
        words.append(str(verdict.outcome))
    return " ".join(words)
