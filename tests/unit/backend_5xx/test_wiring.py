"""The scenario as it is put together from the environment file."""

from typing import Any

import pytest

from backend_5xx.limits import Limits
from backend_5xx.settings import Settings
from backend_5xx.wiring import commands_of, limits_of, wire
from infra import environment
from infra.chapters import backend_5xx
from runbook.aws import one_by_one
from runbook.clock import SystemClock
from runbook.errors import SettingsError
from runbook.settings import build

TOLD = dict(backend_5xx.spec(environment.load("prod")).settings)


class NoAws:
    """Hands out clients that nobody may call."""

    side_by_side = staticmethod(one_by_one)

    def reader(self, name: str) -> str:
        return name

    rare = reader


def settings(**changes: Any) -> Settings:
    return build(Settings, {**TOLD, **changes}, "backend_5xx")


def test_the_table_has_the_targets_own_numbers() -> None:
    limits = limits_of(settings())

    assert (limits.memory_cap_mib, limits.connection_limit) == (4096, 197)


def test_an_environment_overrides_a_limit() -> None:
    assert limits_of(settings(limits={"proven_minutes": 90})).proven_minutes == 90


def test_a_limit_that_the_table_does_not_have_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"limits\.backend_5xx: unknown speed"):
        limits_of(settings(limits={"speed": 3}))


def test_the_alarms_measure_what_a_bad_minute_is() -> None:
    alarms = {one.id: one for one in backend_5xx.alarms(environment.load("prod"))}
    limits = Limits(memory_cap_mib=1, connection_limit=1)

    assert alarms["5xx-rate"].threshold == limits.rate_percent
    assert alarms["elb-5xx"].threshold == limits.elb_errors
    assert alarms["5xx-rate"].math is not None
    assert f"rq >= {limits.fewest_requests}," in alarms["5xx-rate"].math.expression


def test_every_fix_is_of_the_backend_and_has_a_live_mode() -> None:
    aws: Any = NoAws()
    kit = wire(settings(), aws, SystemClock())
    fixes = kit.scenario.fixes

    assert set(fixes) == {"rollback", "raise_memory", "restore_memory"}
    assert {fix.resource for fix in fixes.values()} == {"ecs:saas-prod/saas-backend"}
    assert {fix.mode_key for fix in fixes.values()} <= settings().mode_parameters.keys()
    assert all(fix.deploys for fix in fixes.values())


def test_the_scenario_hands_over_and_looks_closer() -> None:
    aws: Any = NoAws()
    kit = wire(settings(), aws, SystemClock())

    assert (kit.scenario.name, kit.scenario.target) == ("backend_5xx", "saas-backend")
    assert kit.events == "events"
    assert kit.scenario.closer is not None


def test_a_person_gets_commands_with_the_targets_names() -> None:
    commands = commands_of(settings())

    assert commands.deploy("saas-backend:7") == (
        "aws ecs update-service --region me-south-1 --cluster saas-prod --service saas-backend "
        "--task-definition saas-backend:7"
    )
    assert "/prod/backend" in commands.look
    assert commands.database == "saas-prod-db"
