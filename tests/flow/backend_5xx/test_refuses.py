"""What is not changed: the page says why, and what a person would type."""

from typing import Any

import pytest

from backend_ecs import digest
from backend_night import BackendNight
from backend_stage import NAME, SETTINGS, BackendStage
from runbook.clock import to_text
from seam import Call, Refusal
from stage import event

ROLLBACK_MODE = SETTINGS.mode_parameters["rollback_backend"]
RESOURCE = "ecs:saas-prod/saas-backend"


def page(stage: BackendStage) -> str:
    """Return the one page."""
    [found] = stage.pages()
    return str(found["Message"])


def crash_looping(night: BackendNight) -> None:
    night.minutes(3)
    night.deploy(8, "crashes")


def about_to_be_seen(stage: BackendStage, night: BackendNight) -> None:
    """Let a deployment crash often enough, before an alarm rings."""
    crash_looping(night)
    night.minutes(2)
    stage.backend.crash()


def filling(night: BackendNight) -> None:
    night.minutes(3)
    night.kinds[7] = "fills"


@pytest.mark.parametrize(
    ("parameter", "value", "why"),
    [
        pytest.param(
            ROLLBACK_MODE, "propose", f"mode of rollback_backend is propose ({ROLLBACK_MODE})",
            id="a-person-approves",
        ),
        pytest.param(
            ROLLBACK_MODE, "observe", f"mode of rollback_backend is observe ({ROLLBACK_MODE})",
            id="only-watches",
        ),
        pytest.param(
            SETTINGS.switch_parameter, "off",
            f"Nightshift is switched off ({SETTINGS.switch_parameter} is off)",
            id="switched-off",
        ),
        pytest.param(
            SETTINGS.switch_parameter, None,
            "the kill switch or the mode cannot be read", id="the-switch-is-gone",
        ),
    ],
)  # fmt: skip
def test_a_rollback_that_may_not_be_made_is_proposed_with_the_exact_change(
    stage: BackendStage, night: BackendNight, parameter: str, value: str | None, why: str
) -> None:
    stage.parameter(parameter, value)
    crash_looping(night)

    night.until("escalated")

    assert "--service saas-backend --task-definition saas-backend:7\n" in page(stage)
    assert "(saas-worker stays on saas-worker:3; " in page(stage)
    assert why in reasons(stage)
    assert stage.changes() == []


def reasons(stage: BackendStage) -> str:
    """Return the reasons in the record, which are not cut as a page's are."""
    return " ".join(str(record["why"]) for record in stage.records())


def moved(stage: BackendStage) -> None:
    stage.backend.tags["v7"] = digest(99)


def deregistered(stage: BackendStage) -> None:
    for arn, found in stage.backend.definitions.items():
        found["status"] = "ACTIVE" if arn.endswith(":8") else "INACTIVE"


def untagged(stage: BackendStage) -> None:
    del stage.backend.tags["v7"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(moved, "would ship another image", id="the-tag-has-moved"),
        pytest.param(untagged, "is not in ECR", id="the-image-was-deleted"),
        pytest.param(deregistered, "saas-backend:7 was deregistered", id="deregistered"),
    ],
)
def test_a_version_that_is_not_to_be_had_any_more_is_a_persons(
    stage: BackendStage, night: BackendNight, change: Any, why: str
) -> None:
    crash_looping(night)
    change(stage)

    night.until("escalated")

    assert why in reasons(stage)
    assert stage.changes() == []
    assert len(stage.pages()) == 1


def test_a_service_that_something_else_deploys_is_not_touched(
    stage: BackendStage, night: BackendNight
) -> None:
    crash_looping(night)
    stage.backend.controller = "CODE_DEPLOY"

    night.until("escalated")

    assert "blind: service saas-backend: no primary deployment" in page(stage)
    assert stage.changes() == []


def test_a_task_with_a_second_container_is_a_persons(
    stage: BackendStage, night: BackendNight
) -> None:
    filling(night)
    for found in stage.backend.definitions.values():
        found["containerDefinitions"].append({"name": "envoy", "image": "envoy:1"})

    night.until("escalated")

    assert "several containers (backend, envoy)" in page(stage)
    assert stage.changes() == []


def test_memory_that_was_raised_this_week_is_a_leak_by_now(
    stage: BackendStage, night: BackendNight
) -> None:
    stage.put(
        f"cooldown#{RESOURCE}#raise_memory",
        until="2026-11-21T04:00:00.000Z",
        applied_at="2026-11-21T03:00:00.000Z",
        incident_id="backend_5xx-1",
        verified_at="",
    )
    filling(night)

    night.until("escalated")

    assert "a leak: " in page(stage)
    assert stage.changes() == []


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["ERROR KeyError: 'tenant'"], id="one-line"),
        pytest.param(["ERROR KeyError: 'tenant'"] * 4000, id="four-thousand-lines"),
    ],
)
def test_5xx_that_nothing_explains_are_paged_with_the_top_error_lines(
    stage: BackendStage, night: BackendNight, lines: list[str]
) -> None:
    night.minutes(3)
    night.kinds[7] = "errors"
    for start in range(0, len(lines), 1000):
        stage.admin("logs").put_log_events(
            logGroupName=SETTINGS.log_group,
            logStreamName="w",
            logEvents=[
                {"timestamp": int(stage.now().timestamp() * 1000), "message": line}
                for line in lines[start : start + 1000]
            ],
        )

    night.until("escalated")

    assert "most often: ERROR KeyError: 'tenant'" in page(stage)
    assert "x ERROR KeyError: 'tenant'" in page(stage)
    reads = [one for one in stage.calls if one.operation == "FilterLogEvents"]
    assert len(reads) <= 6


def test_a_log_group_that_does_not_exist_is_named_in_the_page(
    stage: BackendStage, night: BackendNight
) -> None:
    night.minutes(3)
    night.kinds[7] = "works"
    stage.admin("logs").delete_log_group(logGroupName=SETTINGS.log_group)
    for _ in range(4):
        stage.step(60)
        stage.count(100, 50, 2)

    night.deliver(event("backend_5xx_alarm"))

    assert "error lines  unknown: lines: AWS answered ResourceNotFoundException" in page(stage)


def test_an_unsettled_change_of_another_scenario_is_waited_for(
    stage: BackendStage, night: BackendNight
) -> None:
    stage.put(
        f"occupancy#{RESOURCE}",
        until=to_text(stage.now().replace(hour=4, minute=0)),
        incident_id="ai_provider_outage-1",
    )
    crash_looping(night)

    night.minutes(5)

    assert stage.changes() == []
    assert stage.incident()["status"] == "open"
    assert "has an unsettled change of ai_provider_outage-1" in night.answers[-1]["why"]


def test_a_duplicate_alarm_joins_and_changes_nothing_twice(
    stage: BackendStage, night: BackendNight
) -> None:
    crash_looping(night)
    night.until_changed()

    night.deliver(event("backend_5xx_alarm"))
    night.deliver(event("backend_5xx_alarm"))

    assert [one["decided"] for one in night.answers[-2:]] == ["joined", "joined"]
    assert stage.changes() == ["UpdateService"]
    assert stage.incident()["triggers"] == 3


def denied(name: str) -> Any:
    """Answer every call of the function with this name as IAM does."""

    def before(call: Call) -> Refusal | None:
        ours = call.actor == NAME and call.name == name
        return Refusal("AccessDeniedException") if ours else None

    return before


def test_a_change_that_iam_denies_is_paged_and_not_tried_again(
    stage: BackendStage, night: BackendNight
) -> None:
    stage.hooks.before.append(denied("ecs.UpdateService"))
    crash_looping(night)

    night.until("escalated")
    night.minutes(6)

    tried = [one for one in stage.calls if one.name == "ecs.UpdateService"]
    [attempt] = stage.incident()["attempts"]
    assert (len(tried), attempt["outcome"]) == (1, "FAILED")
    assert "AWS refused rollback of ecs:saas-prod/saas-backend: AccessDenied" in reasons(stage)


def test_deployments_that_iam_does_not_show_are_no_ground_to_change_anything(
    stage: BackendStage, night: BackendNight
) -> None:
    stage.hooks.before.append(denied("ecs.ListServiceDeployments"))
    crash_looping(night)

    night.until("escalated")

    assert "blind: history: AWS answered AccessDeniedException" in page(stage)
    assert stage.changes() == []


def test_a_look_by_hand_says_what_it_would_do_and_touches_nothing(
    stage: BackendStage, night: BackendNight
) -> None:
    stage.parameter(ROLLBACK_MODE, "propose")
    about_to_be_seen(stage, night)
    before = stage.items()

    night.deliver(event("backend_5xx_by_hand"))

    answer = night.answers[-1]
    assert answer["decided"] == "Apply"
    assert "--task-definition saas-backend:7" in answer["would_change"]
    assert answer["undo"].startswith("by hand: aws ecs update-service")
    assert stage.items() == before


def test_a_person_who_asks_for_the_change_passes_its_mode(
    stage: BackendStage, night: BackendNight
) -> None:
    stage.parameter(ROLLBACK_MODE, "propose")
    about_to_be_seen(stage, night)

    night.deliver(event("backend_5xx_by_hand_apply"))

    assert night.answers[-1]["changed"] == f"rollback of {RESOURCE}"
    assert stage.changes() == ["UpdateService"]
