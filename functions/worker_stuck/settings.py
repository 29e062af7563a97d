"""What the template tells this function."""

from dataclasses import dataclass, field
from typing import Any

from runbook.settings import Common


@dataclass(frozen=True)
class Settings(Common):
    """The worker and its queue.

    Attributes:
        switch_parameter: the kill switch's name.
        mode_parameters: parameter name by mode key.
        alarms: names of the alarms that this scenario answers.
        cluster, service, task_family, container, log_group, repository: the worker, by exact name.
        queue: the Celery queue.
        queue_depth_alarm: messages at which the alarm fires; below is good.
        concurrency: messages that one task works on at once.
        prefetch: messages that each of those reserves ahead.
        limits: overrides of ``decide.Limits``, by name.
        gate_limits: overrides of ``runbook.limits.Limits``, by name.
    """

    switch_parameter: str
    mode_parameters: dict[str, str]
    alarms: list[str]
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
    limits: dict[str, Any] = field(default_factory=dict)
    gate_limits: dict[str, Any] = field(default_factory=dict)
