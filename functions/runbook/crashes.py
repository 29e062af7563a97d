"""What stopped tasks tell of a service: does it crash-loop, run out of memory, fail to start? Pure.

A crash loop is 3 crashes of one deployment within 15 min. A task that could not start has not crashed, and
exit code 137 alone is not out-of-memory: rolling deployments kill with 137.
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
    own = [task for task in stopped if task.deployment == service.primary.id]
    crashed = [task for task in own if task.crashed and task.stopped_at >= since]
    # ECS counts tasks that could not start as well: where one is seen, its count proves nothing.
    counted = 0 if any(task.failed_to_start for task in own) else service.primary.failed_tasks
    count = max(len(crashed), counted)
    if count < most:
        return ""
    shown = crashed or own
    codes = sorted({code for task in shown for code in task.exit_codes})
    last = shown[0].reason if shown else "no stopped task is left to see"
    return f"{count} crashes in one deployment, exit codes {codes}, last: {last}"


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
