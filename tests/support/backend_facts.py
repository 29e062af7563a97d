"""Facts about a web backend for tables of decisions: 5xx go on, all tasks well, and what differs from it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from backend_5xx.checks import Closer, Facts, Known
from backend_5xx.decide import decide
from backend_5xx.limits import Commands, Limits
from runbook.checks.ecs import Deployment, Service, Stopped
from runbook.checks.error_lines import Errors, Group
from runbook.checks.health import Health
from runbook.checks.metrics import Sample, Samples
from runbook.checks.rds import Event, Instance
from runbook.checks.service_deployments import History, Past, Revision
from runbook.checks.task_definitions import Container, TaskDefinition
from runbook.explains import Cause
from runbook.model import Attempt, Decision, Incident, Outcome, Status, Unknown

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
ARN = "arn:aws:ecs:me-south-1:111122223333"
TASKS = f"{ARN}:task/saas-prod/"
ALARM = "nightshift-prod/backend_5xx/5xx-rate"
IMAGE = "111122223333.dkr.ecr.me-south-1.amazonaws.com/saas-backend:stable"
ROLES = tuple(
    f"arn:aws:iam::111122223333:role/saas-backend-{kind}" for kind in ("task", "execution")
)
LIMITS = Limits(memory_cap_mib=4096, connection_limit=197)
COMMANDS = Commands(
    "me-south-1", "saas-prod", "saas-backend", "saas-worker", "/prod/backend", "saas-prod-db",
    "https://api.example.com/health",
)  # fmt: skip
UNKNOWN = Unknown("not read")


def ago(minutes: float) -> datetime:
    """Return a moment before now."""
    return NOW - timedelta(minutes=minutes)


def revision(number: int, family: str = "saas-backend") -> str:
    """Return the ARN of a task definition's revision."""
    return f"{ARN}:task-definition/{family}:{number}"


def series(*values: float, newest: float = 1) -> Samples:
    """Return one datapoint a minute, oldest first; the newest is of ``newest`` minutes ago."""
    oldest = newest + len(values) - 1
    return tuple(Sample(ago(oldest - number), value) for number, value in enumerate(values))


def deployment(number: int = 8, minutes: float = 1500, **changes: Any) -> Deployment:
    """Return the primary deployment of a revision, complete 5 min after it began."""
    complete = ago(max(minutes - 5, 0))
    usual = Deployment(
        f"ecs-svc/{number}", "PRIMARY", revision(number), "COMPLETED", ago(minutes), complete, 0
    )
    return replace(usual, **changes)


def service(primary: Deployment | None = None, **changes: Any) -> Service:
    """Return the backend with 2 of 2 tasks running."""
    usual = Service("saas-backend", 2, 2, 0, "ECS", "ROLLING", (primary or deployment(),))
    return replace(usual, **changes)


def past(number: int, minutes: float, status: str = "SUCCESSFUL", **changes: Any) -> Past:
    """Return the service deployment of a revision that began so many minutes ago."""
    finished = None if status in ("PENDING", "IN_PROGRESS") else ago(minutes - 5)
    what = Revision(revision(number), {"backend": f"sha256:{number:064x}"})
    arn = f"{ARN}:service-deployment/saas-prod/saas-backend/{number}"
    return replace(Past(arn, status, ago(minutes), finished, what), **changes)


OLD = past(7, 4320)


def fresh(
    minutes: float = 10, status: str = "SUCCESSFUL", state: str = "COMPLETED"
) -> dict[str, Any]:
    """Return the facts that tell of revision 8, deployed a while ago in place of revision 7."""
    primary = deployment(8, minutes, rollout_state=state)
    return {
        "service": service(primary),
        "history": History((past(8, minutes, status), OLD)),
    }


def stopped(minutes: float = 3, code: str = "EssentialContainerExited", **changes: Any) -> Stopped:
    """Return a task of the primary deployment that ended with exit code 1."""
    usual = Stopped(
        f"{TASKS}{minutes}",
        "ecs-svc/8",
        code,
        "Essential container in task exited",
        (1,),
        ago(minutes),
        task_definition=revision(8),
    )
    return replace(usual, **changes)


def crashes(*minutes: float, **changes: Any) -> tuple[Stopped, ...]:
    """Return crashed tasks, newest first as the check does."""
    return tuple(stopped(each, **changes) for each in sorted(minutes))


def out_of_memory(*minutes: float, **changes: Any) -> tuple[Stopped, ...]:
    """Return tasks that were killed for lack of memory, newest first."""
    said = ("OutOfMemoryError: Container killed due to memory usage",)
    return crashes(*minutes, exit_codes=(137,), container_reasons=said, **changes)


def definition(number: int = 8, **changes: Any) -> TaskDefinition:
    """Return a Fargate task definition of one container, 0.5 vCPU and 1024 MiB."""
    containers = (Container("backend", IMAGE),)
    return replace(
        TaskDefinition(revision(number), True, 512, 1024, True, containers, ROLES), **changes
    )


def errors(
    count: int = 0, database: int = 0, since: float | None = None, *, more: bool = False
) -> Errors:
    """Return error lines, of which some are about the database, since so many minutes ago."""
    groups = (Group("ERROR it failed", count, ago(1)),) if count else ()
    began = ago(since) if since is not None else ago(1) if database else None
    return Errors(ago(30), count, groups, more, database, began)


def closer(**changes: Any) -> Closer:
    """Return what is read before a decision: no error line, a worker of last month."""
    primary = Deployment(
        "ecs-svc/w", "PRIMARY", revision(3, "saas-worker"), "COMPLETED", ago(40_000), ago(40_000), 0
    )
    worker = Service("saas-worker", 2, 2, 0, "ECS", "ROLLING", (primary,))
    return replace(Closer(errors(), errors(), worker, ()), **changes)


def facts(**changes: Any) -> Facts:
    """Return the facts about a backend of which every second request fails while all tasks run."""
    usual = Facts(
        at=NOW,
        alarms={ALARM: "ALARM"},
        requests=series(*[100] * 10),
        target_5xx=series(*[50] * 10),
        elb_5xx=(),
        healthy=series(*[2] * 10),
        answered=series(*[1] * 10),
        memory=series(*[60] * 10),
        connections=series(*[40] * 10),
        service=service(),
        definition=definition(),
        stopped=(),
        history=History((past(8, 1500), past(7, 9000))),
        health=Health(200, db=True, redis=True),
        instance=Instance("saas-prod-db", "available", True, "db.t4g.medium", 100),
        events=(),
        known=Known((), None),
        closer=closer(),
    )
    return replace(usual, **changes)


GOOD = {"target_5xx": (), "alarms": {ALARM: "OK"}}
"""What makes of the usual facts those of a good night."""


def event(minutes: float, *categories: str) -> Event:
    """Return an RDS event."""
    return Event(ago(minutes), categories, "Multi-AZ instance failover started")


def cause(
    scenario: str, minutes: float, status: Status = Status.OPEN, paged: float | None = None
) -> Known:
    """Return that one incident of another scenario is open since so many minutes, and paged since some."""
    paged_at = None if paged is None else ago(paged)
    return Known((Cause(scenario, f"{scenario}-1", ago(minutes), status, paged_at),), None)


def attempt(
    fix: str, outcome: Outcome | None = Outcome.APPLIED, minutes: float = 20, **changes: Any
) -> Attempt:
    """Return a fix of so many minutes ago, as the gate writes it down."""
    usual = Attempt(
        intent_id="intent-1",
        fix=fix,
        resource="ecs:saas-prod/saas-backend",
        reason="it was bad",
        prior={"deployment": "ecs-svc/7", "task_definition": revision(7), "to_mib": 2048},
        intended_at=ago(minutes),
        tried_at=ago(minutes),
        outcome=outcome,
        outcome_at=ago(minutes) if outcome else None,
        left={"deployment": "ecs-svc/8", "task_definition": revision(8)},
    )
    return replace(usual, **changes)


def incident(*attempts: Attempt, opened: float = 5, **changes: Any) -> Incident:
    """Return an open incident of ``opened`` minutes ago."""
    usual = Incident(
        id="backend_5xx-20261123-0255-7f3a",
        scenario="backend_5xx",
        target="saas-backend",
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
    """Return what a decision is, in a word or two: its type, its fix, that it is blind, its verdict."""
    words = [type(decision).__name__]
    words += [name for name in [getattr(decision, "fix", "")] if name]
    words += ["blind"] if getattr(decision, "blind", False) else []
    verdict = getattr(decision, "verdict", None)
    return " ".join([*words, *([str(verdict.outcome)] if verdict else [])])
