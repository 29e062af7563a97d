"""Runbook scenario B: database connections run out."""

from typing import Any

import db_connections.needs
from infra import settings
from infra.alarm import RUNBOOK, Alarm, twin
from infra.environment import Backend, Environment, Worker
from infra.spec import Spec

NAME = "db_connections"
FULL = 0.95
"""Of what the application may have: the next pool that grows is refused."""
MARGIN_SECONDS = 180
"""After a task's end until the metric has settled: two of CloudWatch's minutes and one of ECS's."""


def alarms(environment: Environment) -> list[Alarm]:
    """Return the scenario's alarm and its twin."""
    database = environment.database
    may_have = database.max_connections - database.reserved
    critical = Alarm(
        id="connections",
        group=NAME,
        description=(
            f"Runbook scenario B: {FULL:.0%} or more of the {may_have} connections that the application "
            f"may have are taken, for 3 min. Nightshift looks who takes them. See {RUNBOOK}."
        ),
        namespace="AWS/RDS",
        metric="DatabaseConnections",
        dimensions={"DBInstanceIdentifier": database.instance},
        statistic="Maximum",
        comparison="GreaterThanOrEqualToThreshold",
        threshold=float(int(FULL * may_have)),
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
