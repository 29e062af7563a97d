"""Puts the scenario together from its parts; nothing here reads the environment or makes a call."""

from functools import partial
from typing import Any

from backend_5xx import checks
from backend_5xx.checks import NAME
from backend_5xx.decide import decide
from backend_5xx.limits import Commands, Limits
from backend_5xx.settings import Settings
from runbook import kit
from runbook.aws import Aws
from runbook.checks.ecr import Repository
from runbook.clock import Clock
from runbook.fixes.memory import RaiseMemory, RestoreMemory
from runbook.fixes.rollback import Rollback
from runbook.gate import Fix
from runbook.scenario import Closer, Kit, Scenario
from runbook.settings import build


def limits_of(settings: Settings) -> Limits:
    """Return the table's numbers: the target's own, the defaults, the environment's overrides."""
    own = {
        "memory_cap_mib": settings.memory_cap_mib,
        "connection_limit": settings.connection_limit,
    }
    return build(Limits, {**own, **settings.limits}, f"limits.{NAME}")


def commands_of(settings: Settings) -> Commands:
    """Return what a person types next, filled in with the target's names."""
    return Commands(
        region=settings.region,
        cluster=settings.cluster,
        service=settings.service,
        worker=settings.worker,
        log_group=settings.log_group,
        database=settings.instance,
        health_url=settings.health_url,
    )


def fixes_of(settings: Settings, aws: Aws, limits: Limits) -> dict[str, Fix]:
    """Return what may be changed, by the names that the table uses."""
    backend: dict[str, Any] = {
        "aws": aws,
        "region": settings.region,
        "cluster": settings.cluster,
        "service": settings.service,
        "container": settings.container,
        "repository": Repository(settings.account, settings.region, settings.repository),
    }
    memory: dict[str, Any] = {
        **backend,
        "roles": frozenset(settings.roles),
        "cap_mib": limits.memory_cap_mib,
        "factor": limits.raise_factor,
    }
    rollback = Rollback(**backend, proven=limits.proven, mode_key="rollback_backend")
    fixes: tuple[Fix, ...] = (rollback, RaiseMemory(**memory), RestoreMemory(**memory))
    return {fix.name: fix for fix in fixes}


def wire(settings: Settings, aws: Aws, clock: Clock) -> Kit[checks.Facts]:
    """Return what the function's looks work with."""
    limits = limits_of(settings)
    scenario = Scenario(
        name=NAME,
        target=settings.service,
        reads=partial(checks.reads, aws, settings),
        facts=checks.facts,
        decide=partial(decide, limits=limits, commands=commands_of(settings)),
        fixes=fixes_of(settings, aws, limits),
        closer=Closer(partial(checks.closer_reads, aws, settings), checks.with_closer),
    )
    return kit.make(settings, aws, clock, scenario, hands_over=True)
