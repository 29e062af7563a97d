"""Runbook scenario F: the Celery worker is stuck or not processing."""

import worker_stuck.needs
from infra import settings
from infra.alarm import RUNBOOK, Alarm, twin
from infra.environment import Environment
from infra.spec import Spec

NAME = "worker_stuck"


def alarms(environment: Environment) -> list[Alarm]:
    """Return the scenario's alarm and its twin."""
    critical = Alarm(
        id="queue-depth",
        group=NAME,
        description=(
            f"Runbook scenario F: {environment.alarms.queue_depth} or more Celery messages wait for "
            f"3 min. Nightshift looks at the worker. See {RUNBOOK}."
        ),
        namespace="Nightshift",
        metric="QueueDepth",
        dimensions={"environment": environment.name, "queue": environment.redis.queue},
        statistic="Minimum",
        comparison="GreaterThanOrEqualToThreshold",
        threshold=environment.alarms.queue_depth,
        datapoints=3,
        of=3,
        missing="missing",
    )
    why = (
        "The Celery queue has been long, or unknown, for 30 min, and Nightshift has not ended it: look "
        "yourself. A queue that nobody measures counts as long, since the probe is part of Nightshift."
    )
    return [critical, twin(critical, why)]


def spec(environment: Environment) -> Spec:
    """Return the scenario's function."""
    worker = environment.worker
    return Spec(
        folder=NAME,
        purpose="Runbook scenario F: the Celery worker is stuck or not processing",
        settings={
            **settings.chapter(
                environment, NAME, [one.id for one in alarms(environment) if one.group == NAME]
            ),
            "cluster": environment.cluster.name,
            "queue": environment.redis.queue,
            "queue_depth_alarm": environment.alarms.queue_depth,
            **worker.model_dump(include=set(_TOLD)),
            "limits": environment.limits.worker_stuck,
        },
        callers=environment.existing_alarms.get(NAME, []),
        needs=worker_stuck.needs.NEEDS,
        memory_mib=1024,
        services=[worker.service],
        changes=[worker.service],
        log_groups=[worker.log_group],
        repositories=[worker.repository],
    )


_TOLD = (
    "service", "task_family", "container", "log_group", "repository", "concurrency", "prefetch",
)  # fmt: skip
