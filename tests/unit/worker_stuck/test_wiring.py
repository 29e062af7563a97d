"""The scenario's numbers and commands come from its settings, and a typo among them names itself."""

from dataclasses import replace

import pytest

from prod_settings import WORKER as SETTINGS
from runbook.errors import SettingsError
from worker_stuck.decide import Limits
from worker_stuck.wiring import commands_of, limits_of


def test_a_task_can_hold_what_it_works_on_and_what_it_has_reserved() -> None:
    assert limits_of(SETTINGS) == Limits(queue_depth_good=100, held_per_task=8)


def test_an_environment_overrides_a_limit_by_its_name() -> None:
    limits = limits_of(replace(SETTINGS, limits={"stuck_probes": 7, "queue_depth_good": 50}))

    assert limits == Limits(queue_depth_good=50, held_per_task=8, stuck_probes=7)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ({"stuck_probe": 7}, r"^limits\.worker_stuck: unknown stuck_probe; expected "),
        ({"stuck_probes": "7"}, r"^limits\.worker_stuck\.stuck_probes is '7'; expected int$"),
    ],
    ids=["typo", "text"],
)
def test_refuses_a_limit_that_it_does_not_know(override: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        limits_of(replace(SETTINGS, limits=override))


def test_proposes_commands_with_the_targets_own_names() -> None:
    commands = commands_of(SETTINGS)

    at = "--region me-south-1 --cluster saas-prod --service saas-worker"
    family = "--region me-south-1 --family-prefix saas-worker-family"
    assert commands.redeploy == f"aws ecs update-service {at} --force-new-deployment"
    assert commands.scale_out == f"aws ecs update-service {at} --desired-count <more>"
    assert commands.look == (
        "aws ecs describe-services --region me-south-1 --cluster saas-prod --services saas-worker"
    )
    assert commands.rollback.splitlines() == [
        f"aws ecs list-task-definitions {family} --sort DESC --max-items 5",
        f"aws ecs update-service {at} --task-definition saas-worker-family:<previous>",
        "(Celery discards tasks that an older worker does not know: compare the tasks first)",
    ]
    assert commands.redis == "saas-redis"
