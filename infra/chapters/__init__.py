"""One module a function: what it is told, what it may touch, which alarms and events wake it.

A module has ``spec(environment)``; one of a scenario also has ``alarms(environment)``, its rows of the
alarm table. Adding a function is adding its module here.
"""

from infra.alarm import Alarm
from infra.chapters import (
    ai_provider_outage,
    backend_5xx,
    db_connections,
    db_unavailable,
    diagnose,
    health_probe,
    patrol,
    redis_probe,
    redis_unavailable,
    rollback,
    triage,
    worker_stuck,
)
from infra.environment import Environment
from infra.spec import Spec

SCENARIOS = {
    "ai_provider_outage": ai_provider_outage,
    "backend_5xx": backend_5xx,
    "db_connections": db_connections,
    "db_unavailable": db_unavailable,
    "redis_unavailable": redis_unavailable,
    "worker_stuck": worker_stuck,
}
"""The scenarios by name: each has its alarms, its rules and its incidents."""
_OTHERS = (redis_probe, health_probe, diagnose, rollback, triage)


def specs(environment: Environment) -> list[Spec]:
    """Return every function of an environment."""
    found = [module.spec(environment) for module in (*SCENARIOS.values(), *_OTHERS)]
    return [*found, patrol.spec(environment, alarms(environment))]


def alarms(environment: Environment) -> list[Alarm]:
    """Return the alarms of all scenarios, with their slow twins."""
    return [alarm for module in SCENARIOS.values() for alarm in module.alarms(environment)]
