"""Puts the scenario together from its parts; nothing here reads the environment or makes a call."""

from functools import partial

from db_unavailable import checks
from db_unavailable.checks import NAME
from db_unavailable.decide import Commands, Limits, decide
from db_unavailable.settings import Settings
from runbook import kit
from runbook.aws import Aws
from runbook.clock import Clock
from runbook.scenario import Closer, Kit, Scenario
from runbook.settings import build


def commands_of(settings: Settings) -> Commands:
    """Return what a person types next, filled in with the target's names."""
    database = f"--region {settings.region} --db-instance-identifier {settings.instance}"
    service = (
        f"--region {settings.region} --cluster {settings.cluster} --service {settings.backend}"
    )
    events = (
        f"aws rds describe-events --region {settings.region} --source-type db-instance "
        f"--source-identifier {settings.instance} --duration 60"
    )
    return Commands(
        look=f"aws rds describe-db-instances {database}\n{events}",
        start=f"aws rds start-db-instance {database}\n{events}",
        storage=(
            f"aws rds modify-db-instance {database} --allocated-storage <GiB> --apply-immediately\n"
            f"{events}"
        ),
        redeploy=(
            f"aws ecs update-service {service} --force-new-deployment\n"
            "(new tasks take connections before the old ones give theirs back)"
        ),
    )


def wire(settings: Settings, aws: Aws, clock: Clock) -> Kit[checks.Facts]:
    """Return what the function's looks work with."""
    limits = build(Limits, settings.limits, "limits.db_unavailable")
    scenario = Scenario(
        name=NAME,
        target=settings.instance,
        reads=partial(checks.reads, aws, settings),
        facts=checks.facts,
        decide=partial(decide, limits=limits, commands=commands_of(settings)),
        fixes={},
        closer=Closer(partial(checks.closer_reads, aws, settings), checks.with_closer),
    )
    return kit.make(settings, aws, clock, scenario)
