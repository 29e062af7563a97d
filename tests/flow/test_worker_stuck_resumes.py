"""A look that died, was frozen, or got no answer: the next one finds the intent and goes on from there."""

import pytest

from disturb import At, silent, then_do
from night import Night
from runbook.errors import LostClaimError
from seam import Call, Killed
from stage import SETTINGS, Stage, event

FIX = "the fix"


def _dies(stage: Stage, *, after: str, times: int) -> None:
    """End the function right after a call with this name, so many times."""
    left = [after] * times

    def hook(call: Call) -> None:
        if call.actor == "worker_stuck" and call.name in left:
            left.pop()
            raise Killed(f"after {call.name}")

    stage.hooks.after.append(hook)


def _calls_up_to_the_intent(stage: Stage, night: Night) -> int:
    night.to(FIX)
    counting = At()
    counting.install(stage.hooks)
    night.minute()
    stage.calm()
    return counting.names.index("dynamodb.TransactWriteItems") + 1


def test_a_look_that_dies_three_times_between_its_call_and_its_record_redeploys_once(
    stage: Stage, night: Night
) -> None:
    night.to(FIX)
    _dies(stage, after="ecs.UpdateService", times=1)
    night.minute()
    stage.calm()
    _dies(stage, after="cloudwatchlogs.FilterLogEvents", times=2)

    night.until("resolved")

    [attempt] = stage.incident()["attempts"]
    assert (stage.redeploys(), attempt["tries"], attempt["outcome"]) == (1, 1, "VERIFIED")
    assert len(night.errors) == 3
    assert stage.told() == ["redeploy applied", "fix verified", "resolved"]


def test_an_intent_whose_call_never_lands_is_called_three_times_and_given_to_a_person(
    stage: Stage, night: Night
) -> None:
    night.to(FIX)
    stage.hooks.sending.append(silent("ecs.UpdateService"))

    night.until("escalated")

    [attempt] = stage.incident()["attempts"]
    assert (stage.redeploys(), attempt["tries"], attempt["outcome"]) == (0, 3, "FAILED")
    calls = [call for call in stage.calls if call.operation == "UpdateService"]
    assert len(calls) == 3
    [page] = stage.pages()
    assert "was called 3 times and it cannot be proved whether it took effect" in page["Message"]
    assert len(stage.item(f"budget#{attempt['resource']}")["spent_at"]) == 1


def test_a_call_that_did_not_land_is_made_again_after_a_minute_and_proved(
    stage: Stage, night: Night
) -> None:
    night.to(FIX)
    stage.hooks.sending.append(silent("ecs.UpdateService"))
    night.minute()
    stage.calm()

    night.until("resolved")

    [attempt] = stage.incident()["attempts"]
    assert (stage.redeploys(), attempt["tries"], attempt["outcome"]) == (1, 2, "VERIFIED")
    assert attempt["intended_at"] < attempt["tried_at"]


def test_a_lost_call_is_not_repeated_after_the_switch_was_thrown(
    stage: Stage, night: Night
) -> None:
    night.to(FIX)
    stage.hooks.sending.append(silent("ecs.UpdateService"))
    night.minute()
    stage.calm()

    stage.parameter(SETTINGS.switch_parameter, "off")
    night.until("escalated")

    [attempt] = stage.incident()["attempts"]
    assert (stage.redeploys(), attempt["outcome"]) == (0, "REFUSED")
    [page] = stage.pages()
    assert "redeploy not applied: Nightshift is switched off" in page["Message"]


def test_a_lost_call_is_not_repeated_into_somebody_elses_deployment(
    stage: Stage, night: Night
) -> None:
    night.to(FIX)
    stage.hooks.sending.append(silent("ecs.UpdateService"))
    night.minutes(2)
    stage.calm()

    stage.ecs.definitions.append(f"{stage.ecs.definitions[0][:-1]}8")
    stage.ecs.deploy(stage.ecs.definitions[-1])
    night.until("escalated")

    assert stage.redeploys() == 0
    [page] = stage.pages()
    assert "it cannot be proved whether it took effect" in page["Message"]


def test_a_function_frozen_anywhere_before_its_intent_writes_nothing_once_another_look_proceeded(
    stage: Stage, night: Night
) -> None:
    expected_calls = _calls_up_to_the_intent(stage, night)

    for number in range(expected_calls):
        night.to(FIX)
        stage.step(60)
        frozen = _Frozen(stage, number)
        stage.hooks.before.append(frozen.before)

        try:
            stage.worker_stuck(event("worker_stuck_look_due"))
        except LostClaimError:
            assert frozen.meanwhile["changed"] == "redeploy of ecs:saas-prod/saas-worker"

        assert stage.redeploys() == 1, f"frozen before call {number}, {frozen.name}"
        assert len(stage.incident()["attempts"]) == 1


def test_a_function_frozen_at_its_intent_learns_that_it_has_lost_the_claim(
    stage: Stage, night: Night
) -> None:
    intent = _calls_up_to_the_intent(stage, night) - 1
    night.to(FIX)
    stage.step(60)
    stage.hooks.before.append(_Frozen(stage, intent).before)

    with pytest.raises(LostClaimError, match="another look has it; nothing was written"):
        stage.worker_stuck(event("worker_stuck_look_due"))

    assert stage.redeploys() == 1
    assert [record["outcome"] for record in stage.records() if "outcome" in record] == ["APPLIED"]
    assert stage.pages() == []


class _Frozen:
    """Stands still before one call for longer than a claim lasts, while another look proceeds.

    Up to the intent only: the function's time-out ends it 30 s before a claim does, so one that has
    written its intent cannot go on after the claim.
    """

    def __init__(self, stage: Stage, number: int) -> None:
        self._stage = stage
        self._left = number
        self.name = ""
        self.meanwhile: dict[str, object] = {}

    def before(self, call: Call) -> None:
        if call.actor != "worker_stuck":
            return
        if self._left == 0:
            self.name = call.name
            self._stage.step(91)
            self.meanwhile = self._stage.worker_stuck(event("worker_stuck_look_due"), "meanwhile")
        self._left -= 1


def test_a_look_that_comes_after_the_deadline_of_its_facts_does_not_act_on_them(
    stage: Stage, night: Night
) -> None:
    night.to(FIX)
    stage.hooks.before.append(then_do("ecs.DescribeServices", 2, lambda: stage.step(31)))

    night.minute()

    assert stage.redeploys() == 0
    assert stage.records()[-1]["refusal"]["code"] == "age"
    stage.calm()
    night.until("resolved")
    assert stage.redeploys() == 1
