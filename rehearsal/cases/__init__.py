"""What is broken, and what must come of it: one small table a scenario."""

from rehearsal.cases import (
    ai_provider_outage,
    backend_5xx,
    db_connections,
    db_unavailable,
    redis_unavailable,
    rollback,
    rollback_database,
    triage,
    worker_stuck,
)
from rehearsal.cases.case import Case

SCENARIOS: dict[str, tuple[Case, ...]] = {
    "backend_5xx": backend_5xx.CASES,
    "db_connections": db_connections.CASES,
    "db_unavailable": db_unavailable.CASES,
    "redis_unavailable": redis_unavailable.CASES,
    "ai_provider_outage": ai_provider_outage.CASES,
    "rollback": (*rollback.CASES, *rollback_database.CASES),
    "triage": triage.CASES,
    "worker_stuck": worker_stuck.CASES,
}


def case_named(scenario: str, name: str) -> Case:
    """Return a case.

    Raises:
        KeyError: there is no such scenario or case; the message lists those there are.
    """
    if scenario not in SCENARIOS:
        raise KeyError(f"no scenario {scenario!r}; there are: {', '.join(SCENARIOS)}")
    found = [case for case in SCENARIOS[scenario] if case.name == name]
    if not found:
        there = ", ".join(case.name for case in SCENARIOS[scenario])
        raise KeyError(f"no case {name!r} in {scenario}; there are: {there}")
    return found[0]
