"""The whole way: a long outage, the provider switched, the backend redeployed, the errors gone."""

from typing import Any

import pytest

from ai_provider_outage_stage import (
    ANTHROPIC,
    GREEN,
    OPENAI,
    PARAMETER,
    ProviderNight,
    ProviderStage,
)
from disturb import refuse
from runbook.checks import http
from stage import event

SWITCH = ("switch_provider", "VERIFIED")
REDEPLOY = ("redeploy", "VERIFIED")


def test_a_long_outage_is_switched_redeployed_proved_and_resolved(
    stage: ProviderStage, night: ProviderNight
) -> None:
    night.to("the switch")

    night.until("resolved")

    assert stage.outcomes() == [SWITCH, REDEPLOY]
    assert stage.changes() == ["PutParameter", "UpdateService"]
    assert (stage.provider(), stage.world["serving"]) == (OPENAI, OPENAI)
    assert stage.ledger() == ["switch_provider"]
    assert stage.told() == [
        "switch_provider applied", "redeploy applied", "fix verified", "resolved",
    ]  # fmt: skip
    assert (
        "switching back to anthropic after its recovery is yours" in stage.updates()[-1]["Message"]
    )


def test_the_switch_comes_after_30_min_and_its_entry_says_how_to_go_back(
    stage: ProviderStage, night: ProviderNight
) -> None:
    night.to("the switch")
    assert "30 min" not in stage.reasons()

    night.minute()

    [entry] = [item for item in stage.items() if item["pk"] == "ledger"]
    assert "for 30 min by now" in stage.reasons()
    assert "--value anthropic" in entry["revert"]


def test_an_outage_that_ends_in_time_changes_nothing(
    stage: ProviderStage, night: ProviderNight
) -> None:
    night.to("the alarm")
    night.minutes(6)

    night.goes_out()
    night.until("resolved")

    assert (stage.changes(), stage.pages()) == ([], [])


def test_a_provider_that_admits_nothing_is_a_persons_after_15_min(
    stage: ProviderStage, night: ProviderNight
) -> None:
    night.to("the alarm")
    stage.outside.say(f"/{ANTHROPIC}", GREEN)

    night.until("escalated", most=18)

    assert stage.changes() == []
    assert "anthropic admits no outage for 15 min" in stage.reasons()


def test_an_alternate_that_is_out_as_well_is_not_switched_to(
    stage: ProviderStage, night: ProviderNight
) -> None:
    night.to("the switch")
    night.goes_out(ANTHROPIC, OPENAI)

    night.until("escalated", most=3)

    assert stage.changes() == []
    assert "openai is not well either: major" in stage.reasons()


def test_does_nothing_when_it_cleared_by_itself(stage: ProviderStage, night: ProviderNight) -> None:
    night.deliver(event("ai_provider_outage_alarm"))

    assert stage.incident()["status"] == "resolved"
    assert (stage.changes(), stage.told()) == ([], [])


# By hand, modes and other incidents


def proposed(stage: ProviderStage, night: ProviderNight) -> None:
    """Be where the switch is due, and may not be made."""
    night.to("the switch")
    stage.parameter(stage.settings.mode_parameters["switch_provider"], "propose")
    night.until("escalated", most=3)


def test_a_mode_that_is_not_act_pages_with_the_exact_change(
    stage: ProviderStage, night: ProviderNight
) -> None:
    proposed(stage, night)

    [page] = stage.pages()
    assert f"--name {PARAMETER} --value openai" in page["Message"]
    assert stage.changes() == []


def test_a_look_by_hand_says_what_it_would_do_and_writes_nothing(
    stage: ProviderStage, night: ProviderNight
) -> None:
    proposed(stage, night)
    before = stage.items()

    night.deliver(event("ai_provider_outage_by_hand"))

    answer = night.answers[-1]
    assert "--value openai" in answer["would_change"]
    assert "--value anthropic" in answer["undo"]
    assert (stage.items(), stage.changes()) == (before, [])


def test_a_person_who_asks_for_the_change_passes_its_mode(
    stage: ProviderStage, night: ProviderNight
) -> None:
    proposed(stage, night)

    night.deliver(event("ai_provider_outage_by_hand_apply"))

    assert night.answers[-1]["changed"] == f"switch_provider of ssm:{PARAMETER}"
    assert stage.provider() == OPENAI


def test_the_kill_switch_refuses_also_a_person(stage: ProviderStage, night: ProviderNight) -> None:
    proposed(stage, night)
    stage.parameter(stage.settings.switch_parameter, "off")

    night.deliver(event("ai_provider_outage_by_hand_apply"))

    assert "Nightshift is switched off" in night.answers[-1]["why"]
    assert stage.changes() == []


def test_the_backend_is_not_redeployed_while_connections_run_out(
    stage: ProviderStage, night: ProviderNight
) -> None:
    night.to("the redeploy")
    stage.somebody_opened("db_connections")
    night.minutes(3)
    assert stage.changes() == ["PutParameter"]
    assert "no deployment while connections run out" in night.answers[-1]["why"]

    stage.others_end("db_connections")
    night.minutes(1)

    assert stage.changes() == ["PutParameter", "UpdateService"]


def test_a_parameter_that_somebody_set_between_decision_and_call_is_left_as_it_is(
    stage: ProviderStage, night: ProviderNight
) -> None:
    night.to("the switch")
    reads: list[str] = []

    def set_by_hand(call: Any) -> None:
        if call.operation == "GetParameter" and call.actor == stage.name:
            reads.append(call.operation)
            if len(reads) == 2:
                stage.parameter(PARAMETER, "mistral")

    stage.hooks.before.append(set_by_hand)

    night.minute()

    assert (stage.provider(), stage.changes()) == ("mistral", [])
    assert "somebody has just changed /prod/ai/provider" in stage.reasons()


# What cannot be read


@pytest.mark.parametrize(
    ("said", "why"),
    [
        pytest.param((200, b"<html>all fine</html>"), "without a summary", id="HTML"),
        pytest.param((500, b""), "HTTP 500 without a summary", id="500"),
        pytest.param((200, b""), "without a summary", id="nothing"),
        pytest.param((200, b" " * 10_000_000), "answered more than 64 KB", id="10-MB"),
        pytest.param(None, "status page: ", id="hangs"),
    ],
)
def test_a_status_page_that_says_nothing_switches_nothing_and_is_paged(
    stage: ProviderStage,
    night: ProviderNight,
    said: Any,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "SECONDS", 0.3)
    night.to("the switch")
    stage.outside.says[f"/{ANTHROPIC}"] = said

    night.until("escalated", most=4)

    [page] = stage.pages()
    assert stage.changes() == []
    assert "PAGE blind: " in page["Subject"]
    assert why in page["Message"]


def test_a_parameter_that_is_missing_is_paged_as_blind(
    stage: ProviderStage, night: ProviderNight
) -> None:
    night.to("the switch")
    stage.parameter(PARAMETER, None)

    night.until("escalated", most=4)

    assert stage.changes() == []
    assert "blind: provider: AWS answered ParameterNotFound" in stage.pages()[0]["Message"]


def test_a_switch_that_iam_denies_is_paged_and_not_tried_again(
    stage: ProviderStage, night: ProviderNight
) -> None:
    night.to("the switch")
    stage.hooks.before.append(refuse("ssm.PutParameter", actor=stage.name))

    night.until("escalated", most=3)
    night.minutes(6)

    assert stage.outcomes() == [("switch_provider", "FAILED")]
    assert (stage.changes(), stage.ledger(), night.errors) == ([], [], [])
