"""Puts the scenario together from its parts; nothing here reads the environment or makes a call."""

from dataclasses import replace
from functools import partial

from ai_provider_outage import checks
from ai_provider_outage.decide import PROVIDER, Commands, Limits, decide
from ai_provider_outage.settings import Settings
from runbook import kit
from runbook.aws import Aws
from runbook.checks.ecr import Repository
from runbook.clock import Clock
from runbook.fixes.provider import SwitchBack, SwitchProvider
from runbook.fixes.redeploy import Redeploy
from runbook.scenario import Kit, Scenario
from runbook.settings import build

NAME = "ai_provider_outage"


def wire(settings: Settings, aws: Aws, clock: Clock) -> Kit[checks.Facts]:
    """Return what the function's looks work with."""
    parameter, region = settings.provider_parameter, settings.region
    switch = SwitchProvider(aws, parameter, settings.alternate, region)
    back = SwitchBack(aws, parameter, PROVIDER, region)
    redeploy = Redeploy(
        aws=aws,
        region=settings.region,
        cluster=settings.cluster,
        service=settings.service,
        container=settings.container,
        repository=Repository(settings.account, settings.region, settings.repository),
        mode_key="redeploy_backend",
    )
    commands = Commands(
        put=back.command(),
        redeploy=redeploy.command(),
        look=f"aws ssm get-parameter --region {region} --name {parameter}",
        alternate=settings.alternate,
    )
    limits = build(Limits, settings.limits, "limits.ai_provider_outage")
    scenario = Scenario(
        name=NAME,
        target=parameter,
        reads=partial(checks.reads, aws, settings),
        facts=checks.facts,
        decide=partial(decide, limits=limits, commands=commands),
        fixes={fix.name: fix for fix in (switch, back, redeploy)},
    )
    made = kit.make(settings, aws, clock, scenario)
    return replace(made, gate=replace(made.gate, follows={switch.name: redeploy}))
