"""What stopped tasks tell of a service: does it crash-loop, run out of memory, fail to start? Pure.

A crash loop is 3 crashes of one deployment within 15 min. A task that could not start has not crashed, and
exit code 137 alone is not out-of-memory: rolling deployments kill with 137. ECS's own count of failed tasks
has no such window, and counts tasks that it could not place and those whose health checks failed: it is
believed only beside a crash that is seen.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from runbook.checks import ecs


def loop(
    service: ecs.Service,
    stopped: Sequence[ecs.Stopped],
    since: datetime,
    most: int,
) -> str:
    """Return what shows a crash loop of the primary deployment, an empty text when nothing does.

    Args:
        service: with ECS's own count of failed tasks.
        stopped: its stopped tasks, newest first.
        since: older crashes are no loop any more.
        most: crashes that make one.
    """
    own = _own(service, stopped)
    crashed = [task for task in own if task.crashed and task.stopped_at >= since]
    # ECS counts tasks that could not start as well: where one is seen, its count proves nothing.
    counted = 0 if any(task.failed_to_start for task in own) else service.primary.failed_tasks
    count = max(len(crashed), counted)
    if not crashed or count < most:
        return ""
    codes = sorted({code for task in crashed for code in task.exit_codes})
    return f"{count} crashes in one deployment, exit codes {codes}, last: {crashed[0].reason}"


def count(service: ecs.Service, stopped: Sequence[ecs.Stopped], since: datetime) -> int:
    """Return how many tasks of the primary deployment have crashed lately."""
    return sum(task.crashed and task.stopped_at >= since for task in _own(service, stopped))


def unexplained(
    service: ecs.Service, stopped: Sequence[ecs.Stopped], since: datetime, most: int
) -> str:
    """Return what ECS itself says where it counts failed tasks and none of them is seen to crash.

    Args: as of ``loop``. Such tasks had no place to run, or ECS stopped them for their health checks.
    """
    primary, own = service.primary, _own(service, stopped)
    if primary.failed_tasks < most or any(
        task.crashed and task.stopped_at >= since for task in own
    ):
        return ""
    said = [*(f"the last one: {task.reason}" for task in own[:1]), *service.events]
    why = "; ".join(said) or "ECS gives no reason"
    return f"{primary.failed_tasks} tasks of deployment {primary.id} failed, none is seen to crash; {why}"


def _own(service: ecs.Service, stopped: Sequence[ecs.Stopped]) -> list[ecs.Stopped]:
    return [task for task in stopped if task.deployment == service.primary.id]


def failed_starts(
    service: ecs.Service, stopped: Sequence[ecs.Stopped], since: datetime
) -> tuple[ecs.Stopped, ...]:
    """Return the tasks that could not start lately, while the service has fewer than it wants."""
    if service.running >= service.desired:
        return ()
    return tuple(task for task in stopped if task.failed_to_start and task.stopped_at >= since)


def out_of_memory(
    stopped: Sequence[ecs.Stopped], task_definition: str, at: datetime, span: timedelta
) -> tuple[ecs.Stopped, ...]:
    """Return the tasks of one revision that ended for lack of memory within ``span``."""
    return tuple(
        task
        for task in stopped
        if task.out_of_memory
        and task.task_definition == task_definition
        and at - task.stopped_at < span
    )
