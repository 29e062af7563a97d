"""The whole way: Redis was away, workers consume again, the quotas are rebuilt, proved, and it is over."""

from typing import Any

import pytest

from disturb import refuse
from redis_unavailable_stage import COUNTERS, RECONCILE, TOKEN, RedisNight, RedisStage
from runbook.checks import http
from stage import event

RECONCILED = [("reconcile", "VERIFIED")]


def test_a_failover_with_loss_is_waited_for_then_the_quotas_are_rebuilt_proved_and_resolved(
    stage: RedisStage, night: RedisNight
) -> None:
    night.fails()
    night.until_it(lambda _: bool(stage.incident()))
    night.minutes(2)
    assert (stage.posts(), stage.incident()["status"]) == (0, "open")

    night.comes_back()
    night.until("resolved")

    assert stage.outcomes() == RECONCILED
    assert stage.outside.posts == [(RECONCILE, f"Bearer {TOKEN}")]
    assert stage.world["counters"] == COUNTERS
    assert stage.told() == ["reconcile applied", "fix verified", "resolved"]
    assert TOKEN not in str(stage.items())


def test_the_reconcile_waits_until_workers_consume(stage: RedisStage, night: RedisNight) -> None:
    night.to("the fix")
    night.depth = 500

    night.minutes(5)
    assert stage.posts() == 0

    night.depth = 3
    night.until("resolved")
    assert stage.posts() == 1


def test_a_reconcile_that_is_not_proved_is_said_to_be_queued_only(
    stage: RedisStage, night: RedisNight
) -> None:
    night.to("the fix")
    night.works = False

    night.until("resolved", most=30)

    assert stage.outcomes() == [("reconcile", "APPLIED")]
    assert "is queued, not proved" in stage.updates()[-1]["Message"]


@pytest.mark.parametrize(
    ("status", "minutes", "why"),
    [
        pytest.param("create-failed", 1, "it does not come back by itself", id="broken"),
        pytest.param("available", 11, "for 10 min by now", id="away-for-10-min"),
    ],
)
def test_a_redis_that_does_not_come_back_is_a_persons(
    stage: RedisStage, night: RedisNight, status: str, minutes: int, why: str
) -> None:
    night.to("the alarm")
    stage.world["status"] = status

    night.until("escalated", most=minutes + 1)

    [page] = stage.pages()
    assert why in page["Message"]
    assert "aws elasticache describe-events" in page["Message"]


def test_a_restart_that_no_probe_has_missed_is_made_good_as_well(
    stage: RedisStage, night: RedisNight
) -> None:
    night.fails()
    night.comes_back()  # between two probes
    night.minutes(2)
    assert not stage.incident()

    another = event("redis_unavailable_alarm")
    another["detail"]["alarmName"] = stage.settings.alarms[1]
    night.deliver(another)
    night.until("resolved")

    assert stage.outcomes() == RECONCILED
    assert stage.world["counters"] == COUNTERS


def test_does_nothing_when_redis_was_never_away(stage: RedisStage, night: RedisNight) -> None:
    night.minutes(2)

    night.deliver(event("redis_unavailable_alarm"))

    assert stage.incident()["status"] == "resolved"
    assert (stage.posts(), stage.told()) == (0, [])


# By hand


def test_a_look_by_hand_says_what_it_would_do_and_writes_nothing(
    stage: RedisStage, night: RedisNight
) -> None:
    stop_before_the_fix(stage, night)
    before = stage.items()

    night.deliver(event("redis_unavailable_by_hand"))

    answer = night.answers[-1]
    assert f"curl -X POST {stage.settings.reconcile_url}" in answer["would_change"]
    assert TOKEN not in str(answer)
    assert (stage.items(), stage.posts()) == (before, 0)


def stop_before_the_fix(stage: RedisStage, night: RedisNight) -> None:
    """Be where a look would reconcile, and may not by its mode."""
    night.to("the alarm")
    night.minute()
    stage.parameter(stage.settings.mode_parameters["reconcile_quotas"], "propose")
    night.comes_back()
    night.until("escalated")


def test_a_mode_that_is_not_act_pages_with_the_exact_change(
    stage: RedisStage, night: RedisNight
) -> None:
    stop_before_the_fix(stage, night)

    [page] = stage.pages()
    assert f"Next     curl -X POST {stage.settings.reconcile_url}" in page["Message"]
    assert stage.posts() == 0


def test_a_person_who_asks_for_the_change_passes_its_mode(
    stage: RedisStage, night: RedisNight
) -> None:
    stop_before_the_fix(stage, night)

    night.deliver(event("redis_unavailable_by_hand_apply"))

    assert night.answers[-1]["changed"] == f"reconcile of http:{stage.settings.reconcile_url}"
    assert stage.posts() == 1


def test_the_kill_switch_refuses_also_a_person(stage: RedisStage, night: RedisNight) -> None:
    stop_before_the_fix(stage, night)
    stage.parameter(stage.settings.switch_parameter, "off")

    night.deliver(event("redis_unavailable_by_hand_apply"))

    assert "Nightshift is switched off" in night.answers[-1]["why"]
    assert stage.posts() == 0


# Handed over, and other incidents


@pytest.mark.parametrize("hurried", [True, False], ids=["by-its-event", "by-patrol-alone"])
def test_a_hand_over_opens_the_incident_and_leads_to_a_look(
    stage: RedisStage, night: RedisNight, hurried: bool
) -> None:
    night.fails()
    night.minute()
    stage.handed_over()

    if hurried:
        night.deliver(event("redis_unavailable_handed_over"))
    else:
        night.minute()

    assert stage.incident()["status"] == "open"
    assert night.answers[-1]["decided"] == "Wait"


def test_no_other_incident_silences_the_reconcile(stage: RedisStage, night: RedisNight) -> None:
    night.to("the fix")
    for scenario in ("db_connections", "db_unavailable", "worker_stuck"):
        stage.somebody_opened(scenario)

    night.minute()

    assert stage.posts() == 1


# What the endpoint answers, and the secret


@pytest.mark.parametrize(
    ("status", "why"),
    [
        pytest.param(
            401, "the token in the secret prod/super-admin-token is not accepted", id="401"
        ),
        pytest.param(404, "the endpoint answered 404", id="404"),
        pytest.param(302, "the endpoint answered 302", id="a-redirect"),
    ],
)
def test_an_endpoint_that_refuses_is_called_once_and_paged(
    stage: RedisStage, night: RedisNight, status: int, why: str
) -> None:
    night.to("the fix")
    stage.outside.says[RECONCILE] = (status, b"<html>")

    night.until("escalated")
    night.minutes(6)

    assert (stage.posts(), stage.outcomes()) == (1, [("reconcile", "FAILED")])
    assert why in stage.reasons()
    assert TOKEN not in str(stage.pages())
    assert night.errors == []


def test_a_secret_that_is_missing_is_named_and_nothing_is_sent(
    stage: RedisStage, night: RedisNight
) -> None:
    night.to("the fix")
    gone = refuse("secretsmanager.GetSecretValue", "ResourceNotFoundException", actor=stage.name)
    stage.hooks.before.append(gone)

    night.until("escalated")

    assert stage.posts() == 0
    why = "the secret prod/super-admin-token cannot be read: ResourceNotFoundException"
    assert why in stage.reasons()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param((500, b""), id="500"),
        pytest.param(None, id="no-answer"),
    ],
)
def test_an_endpoint_that_fails_is_called_three_times_and_given_to_a_person(
    stage: RedisStage, night: RedisNight, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "SECONDS", 0.1)
    night.to("the fix")
    stage.outside.says[RECONCILE] = said

    night.until("escalated", most=8)
    night.minutes(6)

    [attempt] = stage.incident()["attempts"]
    assert (stage.posts(), attempt["tries"], attempt["outcome"]) == (3, 3, "FAILED")
    assert len(stage.pages()) == 1
