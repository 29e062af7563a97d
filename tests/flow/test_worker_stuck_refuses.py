"""What the gate refuses: nothing is changed, the record says why, and who is told."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from disturb import refuse, silent, then_do
from ecs import OTHER_DIGEST
from night import Night
from runbook.clock import to_text
from stage import SETTINGS, Stage

RESOURCE = "ecs:saas-prod/saas-worker"
SWITCH = SETTINGS.switch_parameter
MODE = SETTINGS.mode_parameters["redeploy_worker"]
COMMAND = (
    "aws ecs update-service --region me-south-1 --cluster saas-prod --service saas-worker "
    "--force-new-deployment"
)

Arrange = Callable[[Stage], None]
UNREADABLE = "the kill switch or the mode cannot be read ({}): nothing was changed"


def _parameter(name: str, value: str | None) -> Arrange:
    return lambda stage: stage.parameter(name, value)


def _spent(of: str, count: int) -> Arrange:
    def arrange(stage: Stage) -> None:
        at = [to_text(stage.now() - timedelta(hours=hour)) for hour in range(count, 0, -1)]
        stage.put(f"budget#{of}", version=count, spent_at=at)

    return arrange


def _cooling(stage: Stage) -> None:
    applied, until = stage.now() - timedelta(minutes=19), stage.now() + timedelta(minutes=41)
    stage.put(
        f"cooldown#{RESOURCE}#redeploy",
        until=to_text(until),
        applied_at=to_text(applied),
        incident_id="worker_stuck-20261123-0203-beef",
    )


def _occupied(stage: Stage) -> None:
    stage.put(
        f"occupancy#{RESOURCE}", until="2026-11-23T02:40:00.000Z", incident_id="backend_5xx-1"
    )


def _blue_green(stage: Stage) -> None:
    stage.ecs.strategy = "BLUE_GREEN"


ESCALATING: dict[str, tuple[Arrange, str, str]] = {
    "switch off": (
        _parameter(SWITCH, "off"),
        "switch",
        f"Nightshift is switched off ({SWITCH} is off)",
    ),
    "switch missing": (
        _parameter(SWITCH, None),
        "switch",
        UNREADABLE.format(f"SSM has no parameter {SWITCH}"),
    ),
    "switch odd": (
        _parameter(SWITCH, "yes"),
        "switch",
        UNREADABLE.format(f"{SWITCH} is 'yes', expected on or off"),
    ),
    "switch unreadable": (
        lambda stage: stage.hooks.before.append(refuse("ssm.GetParameters")),
        "switch",
        UNREADABLE.format("SSM answered AccessDeniedException"),
    ),
    "switch does not answer": (
        lambda stage: stage.hooks.sending.append(silent("ssm.GetParameters")),
        "switch",
        UNREADABLE.format("SSM did not answer: ReadTimeoutError"),
    ),
    "mode off": (_parameter(MODE, "off"), "mode", f"mode of redeploy_worker is off ({MODE})"),
    "mode observe": (
        _parameter(MODE, "observe"),
        "mode",
        f"mode of redeploy_worker is observe ({MODE})",
    ),
    "mode missing": (
        _parameter(MODE, None),
        "switch",
        UNREADABLE.format(f"SSM has no parameter {MODE}"),
    ),
    "cooldown": (
        _cooling,
        "cooldown",
        f"redeploy was applied to {RESOURCE} 20 min ago and is not repeated within 60 min",
    ),
    "budget of the resource": (
        _spent(RESOURCE, 2),
        "budget",
        f"the budget of {RESOURCE} is empty: 2 fixes in 24 h, at most 2",
    ),
    "budget of the environment": (
        _spent("environment", 6),
        "budget",
        "the budget of environment is empty: 6 fixes in 24 h, at most 6",
    ),
    "another image": (
        lambda stage: stage.image(OTHER_DIGEST),
        "target",
        (
            f"a redeploy would ship another image: the tag now means {OTHER_DIGEST}, "
            f"running is sha256:{'a' * 64}"
        ),
    ),
    "blue/green": (
        _blue_green,
        "target",
        "saas-worker is deployed by ECS, BLUE_GREEN: not ours to redeploy",
    ),
}


@pytest.mark.parametrize(("arrange", "code", "reason"), ESCALATING.values(), ids=[*ESCALATING])
def test_a_refusal_that_will_not_pass_changes_nothing_and_pages_with_the_command(
    stage: Stage, night: Night, arrange: Arrange, code: str, reason: str
) -> None:
    night.to("the fix")
    arrange(stage)

    night.minute()

    assert stage.redeploys() == 0
    assert stage.incident()["attempts"] == []
    record = stage.records()[-1]
    assert record["decided"] == "Escalate"
    assert record["refusal"] == {"code": code, "reason": reason}
    [page] = stage.pages()
    assert f"redeploy not applied: {reason}"[:100] in page["Message"]
    assert f"Next     {COMMAND}\n" in page["Message"]
    assert "Done     nothing was changed\n" in page["Message"]


def test_an_odd_mode_is_refused_like_an_unreadable_one(stage: Stage, night: Night) -> None:
    night.to("the fix")
    stage.parameter(MODE, "perhaps")

    night.minute()

    assert stage.redeploys() == 0
    assert "'perhaps'" in stage.records()[-1]["refusal"]["reason"]
    assert len(stage.pages()) == 1


def test_a_refused_fix_takes_no_budget_no_cooldown_and_no_resource(
    stage: Stage, night: Night
) -> None:
    night.to("the fix")
    stage.parameter(SWITCH, "off")

    night.minutes(10)

    taken = [item["pk"] for item in stage.items() if item["pk"].startswith(("b", "c", "occ"))]
    assert taken == []


@pytest.mark.parametrize(
    ("arrange", "code", "reason"),
    [
        pytest.param(
            _occupied,
            "occupied",
            f"{RESOURCE} has an unsettled change of backend_5xx-1 until 2026-11-23T02:40:00.000Z",
            id="occupied",
        ),
        pytest.param(
            lambda stage: stage.hooks.before.append(
                then_do("ecs.DescribeServices", 2, stage.ecs.deploy)
            ),
            "busy",
            "saas-worker has a new deployment ecs-svc/0000000000000000005 that the decision "
            "did not see",
            id="deployed between decision and write",
        ),
        pytest.param(
            lambda stage: stage.ecs.deploy(),
            "busy",
            "saas-worker is being deployed (ecs-svc/0000000000000000005 is IN_PROGRESS)",
            id="deployment in progress",
        ),
    ],
)
def test_a_refusal_that_passes_by_itself_changes_nothing_and_waits(
    stage: Stage, night: Night, arrange: Arrange, code: str, reason: str
) -> None:
    night.to("the fix")
    arrange(stage)

    night.minute()

    assert stage.redeploys() == 0
    record = stage.records()[-1]
    assert (record["decided"], record["refusal"]) == ("Wait", {"code": code, "reason": reason})
    assert stage.incident()["status"] == "open"
    assert stage.told() == []


def test_after_somebody_elses_deployment_that_helped_the_incident_ends_without_a_fix(
    stage: Stage, night: Night
) -> None:
    night.to("the fix")
    stage.hooks.before.append(then_do("ecs.DescribeServices", 2, stage.ecs.deploy))
    night.after_redeploy = "works"

    night.until("resolved")

    assert stage.redeploys() == 0
    assert stage.pages() == []


def test_the_fix_is_applied_once_the_other_incident_has_let_go(stage: Stage, night: Night) -> None:
    night.to("the fix")
    _occupied(stage)

    night.minutes(10)
    before = stage.redeploys()
    night.minutes(9)

    assert (before, stage.redeploys()) == (0, 0)
    assert stage.incident()["status"] == "escalated"


def test_a_fix_that_is_refused_for_15_min_is_given_to_a_person(stage: Stage, night: Night) -> None:
    night.to("the fix")
    stage.put(f"occupancy#{RESOURCE}", until="2026-11-23T04:00:00.000Z", incident_id="other")

    night.minutes(15)
    waiting = stage.incident()["status"]
    night.minute()

    assert (waiting, stage.incident()["status"]) == ("open", "escalated")
    assert stage.redeploys() == 0
    assert len(stage.pages()) == 1


def test_a_limit_that_is_taken_in_the_moment_of_the_write_refuses_the_intent(
    stage: Stage, night: Night
) -> None:
    night.to("the fix")
    stage.hooks.before.append(then_do("dynamodb.TransactWriteItems", 1, lambda: _occupied(stage)))

    night.minute()

    assert stage.redeploys() == 0
    assert stage.incident()["attempts"] == []
    assert stage.records()[-1]["refusal"]["code"] == "raced"
    assert stage.item("budget#environment") == {}


def test_fixes_of_more_than_a_day_ago_do_not_count(stage: Stage, night: Night) -> None:
    night.to("the fix")
    long_ago = to_text(stage.now() - timedelta(hours=24))
    stage.put(f"budget#{RESOURCE}", version=2, spent_at=[long_ago, long_ago])

    night.minute()

    assert stage.redeploys() == 1
    assert stage.item(f"budget#{RESOURCE}")["spent_at"] == ["2026-11-23T02:23:00.000Z"]


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", "EXTERNAL"])
def test_a_service_that_somebody_else_deploys_is_not_touched_and_paged(
    stage: Stage, night: Night, controller: str
) -> None:
    night.to("the fix")
    stage.ecs.controller = controller

    night.minutes(3)

    assert stage.redeploys() == 0
    [page] = stage.pages()
    assert f"no primary deployment (deployment controller {controller})" in page["Message"]
    assert page["Subject"].startswith("[prod] worker_stuck saas-worker: PAGE blind: ")
