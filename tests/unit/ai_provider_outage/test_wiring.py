"""The scenario as it is put together from the environment file."""

from typing import Any

from ai_provider_outage.settings import Settings
from ai_provider_outage.wiring import wire
from infra import environment
from infra.chapters import ai_provider_outage
from runbook.aws import one_by_one
from runbook.clock import SystemClock
from runbook.settings import build

TOLD = dict(ai_provider_outage.spec(environment.load("prod")).settings)


class NoAws:
    """Hands out clients that nobody may call."""

    side_by_side = staticmethod(one_by_one)

    def reader(self, name: str) -> str:
        return name

    rare = reader


def test_no_switch_passes_the_gate_where_its_redeploy_would_not() -> None:
    aws: Any = NoAws()
    kit = wire(build(Settings, TOLD, "ai_provider_outage"), aws, SystemClock())

    assert kit.gate.follows == {"switch_provider": kit.scenario.fixes["redeploy"]}
