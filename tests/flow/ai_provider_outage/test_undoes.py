"""A switch that does not help is taken back, the backend redeployed once more; or a person has it."""

import pytest

from ai_provider_outage_stage import ANTHROPIC, OPENAI, PARAMETER, ProviderNight, ProviderStage
from disturb import refuse

ALL_BACK = [
    ("switch_provider", "UNDONE"),
    ("redeploy", "UNDONE"),
    ("switch_back", "APPLIED"),
    ("redeploy", "APPLIED"),
]


def test_a_switch_that_does_not_help_is_taken_back_with_its_redeploy_then_paged(
    stage: ProviderStage, night: ProviderNight
) -> None:
    night.to("the way back")

    night.until("escalated")
    night.minutes(6)

    assert stage.outcomes() == ALL_BACK
    assert stage.changes() == ["PutParameter", "UpdateService", "PutParameter", "UpdateService"]
    assert (stage.provider(), stage.world["serving"], stage.ledger()) == (ANTHROPIC, ANTHROPIC, [])
    assert len(stage.pages()) == 1
    assert night.errors == []


def test_a_provider_that_somebody_set_since_is_not_overwritten(
    stage: ProviderStage, night: ProviderNight
) -> None:
    night.to("the way back")
    stage.parameter(PARAMETER, "mistral")

    night.minutes(8)

    assert stage.provider() == "mistral"
    assert ("switch_provider", "SUPERSEDED") in stage.outcomes()
    assert "superseded, not undone" in stage.told()
    assert night.errors == []


@pytest.mark.parametrize(
    ("moment", "name", "kept"),
    [
        pytest.param("the way back", "ssm.PutParameter", "switch_provider", id="the-switch"),
        pytest.param("the redeploy back", "ecs.UpdateService", "redeploy", id="the-redeploy"),
    ],
)
def test_an_undo_that_aws_refuses_is_paged_and_breaks_no_later_look(
    stage: ProviderStage, night: ProviderNight, moment: str, name: str, kept: str
) -> None:
    night.to(moment)
    stage.hooks.before.append(refuse(name, "InvalidParameterException", stage.name))

    night.until("escalated", most=3)
    night.minutes(11)

    tried = [one for one in stage.calls if one.name == name]
    first = next(outcome for fix, outcome in stage.outcomes() if fix == kept)
    undos = [one["outcome"] for one in stage.incident()["attempts"] if one.get("undoes")]
    assert undos.count("FAILED") in (1, 2, 3)
    assert len(tried) - 1 == undos.count("FAILED")
    assert first not in ("UNDONE", "SUPERSEDED")
    assert stage.ledger() == (["switch_provider"] if kept == "switch_provider" else [])
    assert "AWS refused " in stage.pages()[0]["Message"]
    assert night.errors == []


def test_the_kill_switch_stops_the_way_back_too_and_patrol_pages_what_is_left(
    stage: ProviderStage, night: ProviderNight
) -> None:
    night.to("the way back")
    stage.parameter(stage.settings.switch_parameter, "off")

    night.until("escalated", most=4)

    assert (stage.provider(), stage.ledger()) == (OPENAI, ["switch_provider"])
    assert any("switched off with 1 temporary change" in one["Subject"] for one in stage.pages())


def test_the_way_back_needs_no_mode(stage: ProviderStage, night: ProviderNight) -> None:
    night.to("the way back")
    for mode in ("switch_provider", "redeploy_backend"):
        stage.parameter(stage.settings.mode_parameters[mode], "off")

    night.until("escalated")

    assert stage.outcomes() == ALL_BACK


def test_a_redeploy_that_is_refused_after_the_switch_is_paged_with_the_command(
    stage: ProviderStage, night: ProviderNight
) -> None:
    night.to("the redeploy")
    stage.parameter(stage.settings.mode_parameters["redeploy_backend"], "propose")

    night.until("escalated", most=3)

    [page] = stage.pages()
    assert "--service saas-backend --force-new-deployment" in page["Message"]
    assert stage.ledger() == ["switch_provider"]
