"""The migrations' one-off tasks, and what alembic writes, as tests of a database rollback need them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from runbook.checks.alembic import Migrations, Revisions, reads_of
from runbook.one_off import Family, Task

NOW = datetime(2026, 11, 23, 3, 20, tzinfo=UTC)
PREFIX = "nightshift-prod"
INTENT = "0b9dd8a4-7a2b-4b52-9d33-6e0f0f2a8a11"
FAMILY = Family(
    cluster="saas-prod",
    name="saas-migrate",
    container="migrate",
    log_group="/prod/migrate",
    subnets=("subnet-1", "subnet-2"),
    security_groups=("sg-1",),
)
DEFINITION = "arn:aws:ecs:me-south-1:111122223333:task-definition/saas-migrate:7"
TASKS = "arn:aws:ecs:me-south-1:111122223333:task/saas-prod/"
HERE = Revisions(current=("b2e4",), heads=("b2e4",), parents=("a1f0",))
BACK = Revisions(current=("a1f0",), heads=("b2e4",), parents=())

SHOW = ("Rev: b2e4 (head)", "Parent: a1f0", "Path: /app/versions/b2e4.py", "", "    seats", "")


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def task(
    ago: float,
    by: str = f"{reads_of(PREFIX)}202611230310-0",
    *,
    lasted: float | None = 1,
    code: int | None = 0,
    reason: str = "EssentialContainerExited, Essential container in task exited",
) -> Task:
    """Return a task that began some minutes ago, and ended unless ``lasted`` is None."""
    began = NOW - minutes(ago)
    over = lasted is not None
    return Task(
        arn=f"{TASKS}{by.rsplit('/', 1)[-1]}",
        definition=DEFINITION,
        started_by=by,
        status="STOPPED" if over else "RUNNING",
        exit_code=code if over else None,
        reason=reason if over else "ECS gives no reason",
        created_at=began - minutes(0.5),
        started_at=began,
        stopped_at=began + minutes(lasted) if lasted is not None else None,
    )


def downgrade_task(ago: float, *, lasted: float | None = 1, code: int | None = 0) -> Task:
    return task(ago, f"{PREFIX}/downgrade/{INTENT}", lasted=lasted, code=code)


def migrations(revisions: Revisions | None = HERE, *more: Task, ago: float = 3) -> Migrations:
    """Return what a look finds: one reading, and further tasks."""
    reading = task(ago)
    tasks = tuple(sorted([reading, *more], key=lambda one: one.created_at, reverse=True))
    return Migrations(tasks, revisions, reading if revisions else None)


def written(
    current: Sequence[str] = ("b2e4 (head)",),
    heads: Sequence[str] = ("b2e4 (head)",),
    show: Sequence[str] = SHOW,
    exits: Sequence[int] = (0, 0, 0),
) -> list[str]:
    """Return a reading's log."""
    lines: list[str] = []
    for name, said, code in zip(
        ("current", "heads", "show"), (current, heads, show), exits, strict=True
    ):
        lines += [f"nightshift:{name}", *said, f"nightshift:exit {code}"]
    return [*lines, "nightshift:end"]


def described(one: Task) -> dict[str, Any]:
    """Return a task as DescribeTasks shows it."""
    container: dict[str, Any] = {"name": "migrate", "lastStatus": one.status}
    if one.exit_code is not None:
        container["exitCode"] = one.exit_code
    shown: dict[str, Any] = {
        "taskArn": one.arn,
        "taskDefinitionArn": one.definition,
        "startedBy": one.started_by,
        "lastStatus": one.status,
        "createdAt": one.created_at,
        "containers": [container],
    }
    if one.started_at:
        shown["startedAt"] = one.started_at
    if one.stopped_at:
        code, _, reason = one.reason.partition(", ")
        shown |= {"stoppedAt": one.stopped_at, "stopCode": code, "stoppedReason": reason}
    return shown


def definition(**options: str) -> dict[str, Any]:
    """Return a task definition as DescribeTaskDefinition shows it."""
    usual = {"awslogs-group": "/prod/migrate", "awslogs-stream-prefix": "ecs"}
    driver = {"logDriver": "awslogs", "options": {**usual, **options}}
    container = {"name": "migrate", "logConfiguration": driver}
    return {"taskDefinition": {"containerDefinitions": [container]}}
