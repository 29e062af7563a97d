"""Runbook scenario B: database connections run out."""

import math
from typing import Any

import db_connections.needs
from db_connections.decide import Limits
from infra import settings
from infra.alarm import RUNBOOK, Alarm, twin
from infra.environment import Backend, Environment, Worker
from infra.spec import Spec
from runbook.settings import build

NAME = "db_connections"
MARGIN_SECONDS = 180
"""After a task's end until the metric has settled: two of CloudWatch's minutes and one of ECS's."""


def limits_of(environment: Environment) -> Limits:
    """Return the numbers that the alarm and the table share."""
    database = environment.database
    own = {"connections": database.max_connections - database.reserved}
    return build(Limits, {**own, **environment.limits.db_connections}, f"limits.{NAME}")


def alarms(environment: Environment) -> list[Alarm]:
    """Return the scenario's alarm and its twin."""
    database, limits = environment.database, limits_of(environment)
    critical = Alarm(
        id="connections",
        group=NAME,
        description=(
            f"Runbook scenario B: {limits.full_percent:g} % or more of the {limits.connections} connections "
            "that the application may have are taken, for 3 min. Nightshift looks who takes them. "
            f"See {RUNBOOK}."
        ),
        namespace="AWS/RDS",
        metric="DatabaseConnections",
        dimensions={"DBInstanceIdentifier": database.instance},
        statistic="Maximum",
        comparison="GreaterThanOrEqualToThreshold",
        threshold=float(math.ceil(limits.full_percent / 100 * limits.connections)),
        datapoints=3,
        of=3,
        missing="missing",
    )
    why = (
        "The database's connections have been taken, or nobody could count them, for 30 min, and "
        "Nightshift has not ended it: look yourself."
    )
    return [critical, twin(critical, why)]


def _tier(service: Worker | Backend, deregistration_seconds: int) -> dict[str, Any]:
    settle = deregistration_seconds + service.stop_seconds + MARGIN_SECONDS
    return {
        "service": service.service,
        "floor": service.floor,
        "settle_seconds": settle,
        "pool_size": service.pool_size,
    }


def spec(environment: Environment) -> Spec:
    """Return the scenario's function."""
    backend, worker, database = environment.backend, environment.worker, environment.database
    ids = [one.id for one in alarms(environment) if one.group == NAME]
    return Spec(
        folder=NAME,
        purpose="Runbook scenario B: database connections run out",
        settings={
            **settings.chapter(environment, NAME, ids),
            "instance": database.instance,
            "max_connections": database.max_connections,
            "reserved": database.reserved,
            "load_balancer": environment.load_balancer.name,
            "cluster": environment.cluster.name,
            "tiers": {
                "worker": _tier(worker, 0),
                "backend": _tier(backend, backend.deregistration_seconds),
            },
            "limits": environment.limits.db_connections,
        },
        callers=environment.existing_alarms.get(NAME, []),
        needs=db_connections.needs.NEEDS,
        memory_mib=1024,
        services=[backend.service, worker.service],
        changes=[backend.service, worker.service],
    )
