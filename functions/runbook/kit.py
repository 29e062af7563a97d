"""Puts together what the looks of one scenario's function work with; makes no call."""

from runbook import bus, incidents, limits, outbox
from runbook.aws import Aws
from runbook.clock import Clock
from runbook.function import NEEDS as FUNCTION_NEEDS
from runbook.gate import NEEDS as GATE_NEEDS
from runbook.gate import Gate
from runbook.incidents import Incidents
from runbook.outbox import Outbox
from runbook.permissions import Need
from runbook.scenario import F, Kit, Scenario
from runbook.settings import Chapter, build
from runbook.table import Table
from runbook.tell import Teller

NEEDS: tuple[Need, ...] = (
    *incidents.NEEDS,
    *outbox.NEEDS,
    *FUNCTION_NEEDS,
)
"""What every scenario's function may do; its own checks come on top."""
CHANGES = GATE_NEEDS
"""On top of that, for a scenario with fixes; each fix adds its own."""
HANDS_OVER = bus.NEEDS
"""On top of that, for a scenario that hands over."""
HOT = ("dynamodb", "ssm", "sns")
"""Services that every look calls: their clients are made at init."""


def make(
    settings: Chapter, aws: Aws, clock: Clock, scenario: Scenario[F], *, hands_over: bool = False
) -> Kit[F]:
    """Return what the function's looks work with.

    Args:
        settings: what the template tells the function.
        aws: clients.
        clock: the time.
        scenario: checks, table and fixes.
        hands_over: whether its table has a ``HandOver``.
    """
    table = Table(aws.reader("dynamodb"), settings.table)
    topics = {"page": settings.pages_topic, "update": settings.updates_topic}
    return Kit(
        scenario=scenario,
        side_by_side=aws.side_by_side,
        incidents=Incidents(table),
        gate=Gate(
            table=table,
            ssm=aws.reader("ssm"),
            switch=settings.switch_parameter,
            modes=settings.mode_parameters,
            limits=build(limits.Limits, settings.gate_limits, "limits.gate"),
            scenario=scenario.name,
            targets=settings.targets,
        ),
        outbox=Outbox(table, aws.reader("sns"), topics),
        teller=Teller(
            settings.environment, settings.region, settings.table, settings.switch_parameter
        ),
        clock=clock,
        events=aws.rare("events") if hands_over else None,
    )
