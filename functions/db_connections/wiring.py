"""Puts the scenario together from its parts; nothing here reads the environment or makes a call."""

from datetime import timedelta
from functools import partial
from typing import Any

from db_connections import checks
from db_connections.decide import ORDER, Advice, Known, Limits, decide
from db_connections.settings import Settings
from runbook import kit
from runbook.aws import Aws
from runbook.clock import Clock
from runbook.fixes.scale import Restore, Scale
from runbook.scenario import Kit, Scenario
from runbook.settings import build

NAME = "db_connections"
QUERY = (
    "psql: SELECT client_addr, usename, state, count(*) FROM pg_stat_activity "
    "GROUP BY 1, 2, 3 ORDER BY 4 DESC;"
)


def wire(settings: Settings, aws: Aws, clock: Clock) -> Kit[checks.Facts]:
    """Return what the function's looks work with."""
    fixes: dict[str, Scale] = {}
    tiers: dict[str, Known] = {}
    for name in ORDER:
        found = settings.tiers[name]
        own: dict[str, Any] = {
            "aws": aws,
            "region": settings.region,
            "cluster": settings.cluster,
            "service": found["service"],
            "tier": name,
            "floor": found["floor"],
            "holds": timedelta(seconds=found["settle_seconds"]),
            "mode_key": f"scale_{name}",
        }
        fixes[f"scale_{name}"] = Scale(**own, name=f"scale_{name}")
        fixes[f"restore_{name}"] = Restore(**own, name=f"restore_{name}")
        tiers[name] = Known(
            floor=found["floor"],
            settle_seconds=found["settle_seconds"],
            pool_size=found["pool_size"],
            command=fixes[f"scale_{name}"].to_count("{count}"),
        )
    may_have = {"connections": settings.max_connections - settings.reserved}
    limits = build(Limits, {**may_have, **settings.limits}, "limits.db_connections")
    scenario = Scenario(
        name=NAME,
        target=settings.instance,
        reads=partial(checks.reads, aws, settings),
        facts=partial(checks.facts, settings),
        decide=partial(decide, limits=limits, advice=Advice(tiers, QUERY)),
        fixes=fixes,
    )
    return kit.make(settings, aws, clock, scenario)
