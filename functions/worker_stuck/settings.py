"""What the template tells this function."""

from dataclasses import dataclass

from runbook.settings import Chapter


@dataclass(frozen=True, kw_only=True)
class Settings(Chapter):
    """The worker and its queue.

    Attributes:
        cluster, service, task_family, container, log_group, repository: the worker, by exact name.
        queue: the Celery queue.
        queue_depth_alarm: messages at which the alarm fires; below is good.
        concurrency: messages that one task works on at once.
        prefetch: messages that each of those reserves ahead.
    """

    cluster: str
    service: str
    task_family: str
    container: str
    log_group: str
    repository: str
    queue: str
    queue_depth_alarm: int
    concurrency: int
    prefetch: int
