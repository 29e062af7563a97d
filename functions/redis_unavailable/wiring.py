"""Puts the scenario together from its parts; nothing here reads the environment or makes a call."""

from functools import partial

from redis_unavailable import checks
from redis_unavailable.decide import Commands, Limits, decide
from redis_unavailable.settings import Settings
from runbook import kit
from runbook.aws import Aws
from runbook.clock import Clock
from runbook.fixes.reconcile import Reconcile
from runbook.scenario import Closer, Kit, Scenario
from runbook.settings import build

NAME = "redis_unavailable"


def wire(settings: Settings, aws: Aws, clock: Clock) -> Kit[checks.Facts]:
    """Return what the function's looks work with."""
    fix = Reconcile(
        aws=aws,
        region=settings.region,
        url=settings.reconcile_url,
        secret=settings.reconcile_secret,
        probe=settings.probe,
    )
    own = {"queue_depth_good": settings.queue_depth_good}
    limits = build(Limits, {**own, **settings.limits}, "limits.redis_unavailable")
    at = f"--region {settings.region}"
    look = (
        f"aws elasticache describe-replication-groups {at} "
        f"--replication-group-id {settings.replication_group}\n"
        f"aws elasticache describe-events {at} --source-type replication-group "
        f"--source-identifier {settings.replication_group} --duration 60"
    )
    commands = Commands(look=look, reconcile=fix.command())
    scenario = Scenario(
        name=NAME,
        target=settings.replication_group,
        reads=partial(checks.reads, aws, settings),
        facts=checks.facts,
        decide=partial(decide, limits=limits, commands=commands),
        fixes={fix.name: fix},
        closer=Closer(partial(checks.closer_reads, aws, settings), checks.with_closer),
    )
    return kit.make(settings, aws, clock, scenario)
