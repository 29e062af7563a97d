"""A look that dies, or whose answer is lost: one switch, one redeploy, and none on an old decision."""

import pytest

from ai_provider_outage_stage import ANTHROPIC, OPENAI, ProviderNight, ProviderStage
from chapter_disturb import lost, silent
from crash_points import CrashPoints
from disturb import How


def both_made(night: ProviderNight) -> None:
    night.until_it(lambda stage: len(stage.changes()) == 2)
    night.until_it(lambda stage: stage.world["serving"] == OPENAI)


def both_applied(night: ProviderNight) -> None:
    made = [("switch_provider", "APPLIED"), ("redeploy", "APPLIED")]
    night.until_it(lambda stage: stage.outcomes() == made, most=8)
    night.until_it(lambda stage: not stage.rings())


THE_SWITCH = CrashPoints("the switch", both_applied)


@pytest.mark.parametrize("how", ["ended before", "ended after"])
def test_whatever_call_the_look_ends_at_the_night_ends_as_if_nothing_had_happened(
    night: ProviderNight, how: How
) -> None:
    _, usual = THE_SWITCH.undisturbed(night)

    for what, end in THE_SWITCH.ends(night, how):
        assert end.state == usual.state, what
        assert end.several == {}, what


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        pytest.param("the switch", "ssm.PutParameter", id="switch"),
        pytest.param("the redeploy", "ecs.UpdateService", id="redeploy"),
    ],
)
@pytest.mark.parametrize("arrives", [True, False], ids=["answer-lost", "never-arrived"])
def test_a_change_whose_answer_was_lost_is_made_once_in_all(
    stage: ProviderStage, night: ProviderNight, moment: str, name: str, arrives: bool
) -> None:
    night.to(moment)
    with lost(stage, name) if arrives else silent(stage, name):
        night.minute()

    both_made(night)

    assert stage.changes() == ["PutParameter", "UpdateService"]
    assert stage.provider() == OPENAI
    assert sorted(one["tries"] for one in stage.incident()["attempts"]) == [1, 1 if arrives else 2]


@pytest.mark.parametrize("moment", ["the way back", "the redeploy back"])
def test_an_undo_whose_answer_was_lost_is_made_once_in_all(
    stage: ProviderStage, night: ProviderNight, moment: str
) -> None:
    night.to(moment)
    with lost(stage, "ssm.PutParameter"), lost(stage, "ecs.UpdateService"):
        night.minute()

    night.until_it(lambda stage: stage.world["serving"] == ANTHROPIC)

    assert stage.changes() == ["PutParameter", "UpdateService"] * 2
    assert stage.ledger() == []


def test_a_provider_that_is_well_again_meanwhile_is_not_left_on_an_old_decision(
    stage: ProviderStage, night: ProviderNight
) -> None:
    night.to("the switch")
    with silent(stage, "ssm.PutParameter"):
        night.minute()
    night.goes_out()

    night.until("resolved")

    assert (stage.provider(), stage.changes(), stage.ledger()) == (ANTHROPIC, [], [])
    assert stage.outcomes() == [("switch_provider", "REFUSED")]
