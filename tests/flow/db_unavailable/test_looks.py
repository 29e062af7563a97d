"""Scenario C changes nothing: a failover is waited for, what does not come back by itself is a person's."""

from typing import Any

import pytest

from crash_points import CrashPoints
from db_unavailable_stage import HEALTH, DatabaseNight, DatabaseStage
from disturb import How, refuse
from runbook.checks import http
from stage import event

THE_PAGE = CrashPoints("the page", lambda night: night.minutes(4))


def test_a_failover_is_waited_for_and_resolved_without_a_word(
    stage: DatabaseStage, night: DatabaseNight
) -> None:
    night.fails_over()
    night.until_it(lambda _: bool(stage.incident()))
    night.minutes(1)
    assert "it is on its way back" in night.answers[-1]["why"]

    night.is_in("available")
    night.until("resolved")

    assert (stage.changes(), stage.pages(), stage.outcomes()) == ([], [], [])


@pytest.mark.parametrize("name", ["db_unavailable_alarm", "db_unavailable_failover"])
def test_each_event_that_wakes_it_leads_to_a_look(
    stage: DatabaseStage, night: DatabaseNight, name: str
) -> None:
    night.fails_over()

    night.deliver(event(name))

    assert stage.incident()["status"] == "open"
    assert night.answers[-1]["decided"] == "Wait"


def test_an_event_of_the_failover_opens_before_the_alarm_and_the_alarm_joins(
    stage: DatabaseStage, night: DatabaseNight
) -> None:
    night.fails_over()
    night.deliver(event("db_unavailable_failover"))

    night.deliver(event("db_unavailable_alarm"))

    assert night.answers[-1]["decided"] == "joined"
    assert stage.incident()["triggers"] == 2


@pytest.mark.parametrize(
    ("status", "why", "proposal"),
    [
        pytest.param("storage-full", "it does not come back by itself", "--allocated-storage", id="full"),
        pytest.param("stopped", "it does not come back by itself", "start-db-instance", id="stopped"),
        pytest.param("dreaming", "in no list of ours", "describe-db-instances", id="nobody-knows-it"),
    ],
)  # fmt: skip
def test_what_does_not_come_back_is_paged_at_once(
    stage: DatabaseStage, night: DatabaseNight, status: str, why: str, proposal: str
) -> None:
    night.is_in(status)

    night.deliver(event("db_unavailable_failover"))

    [page] = stage.pages()
    assert why in page["Message"]
    assert proposal in page["Message"]
    assert stage.changes() == []


def test_a_failover_that_takes_too_long_is_a_persons(
    stage: DatabaseStage, night: DatabaseNight
) -> None:
    night.to("the alarm")

    night.until("escalated", most=8)

    assert "is failing-over for 5 min by now" in stage.reasons()


def test_an_application_that_does_not_reconnect_is_paged_with_the_redeploy_as_proposal(
    stage: DatabaseStage, night: DatabaseNight
) -> None:
    night.reconnects = False
    night.minutes(4)
    stage.logs_an_error('ERROR role "saas" is not permitted to log in')

    night.until("escalated", most=10)

    [page] = stage.pages()
    assert "aws ecs update-service" in page["Message"]
    assert 'most often: ERROR role "saas" is not permitted to log in' in page["Message"]
    assert stage.changes() == []


def test_while_connections_run_out_it_waits_and_pages_nobody(
    stage: DatabaseStage, night: DatabaseNight
) -> None:
    night.reconnects = False
    stage.somebody_opened("db_connections")
    night.minutes(12)
    assert (stage.pages(), stage.incident()["status"]) == ([], "open")

    stage.others_end("db_connections")
    night.until("escalated", most=3)

    assert "it does not reconnect" in stage.reasons()


def test_lines_that_cannot_be_read_keep_no_page_back(
    stage: DatabaseStage, night: DatabaseNight
) -> None:
    stage.admin("logs").delete_log_group(logGroupName=stage.settings.log_group)
    night.is_in("stopped")

    night.deliver(event("db_unavailable_failover"))

    [page] = stage.pages()
    assert "error lines" in page["Message"]
    assert "unknown: error lines" in page["Message"]


# By hand, handed over


@pytest.mark.parametrize("apply", [False, True], ids=["dry", "apply"])
def test_a_look_by_hand_has_nothing_that_it_could_change(
    stage: DatabaseStage, night: DatabaseNight, apply: bool
) -> None:
    night.fails_over()
    before = stage.items()

    night.deliver(event("db_unavailable_by_hand", apply=apply))

    answer = night.answers[-1]
    assert answer["decided"] == "Wait"
    assert answer.get("would_change", answer.get("changed")) == "nothing"
    assert (stage.items() == before) is not apply


def test_a_hand_over_opens_the_incident_and_leads_to_a_look(
    stage: DatabaseStage, night: DatabaseNight
) -> None:
    night.is_in("storage-full")
    stage.handed_over()

    night.deliver(stage.hand_over_event())

    assert stage.incident()["status"] == "escalated"
    assert len(stage.pages()) == 1


# What cannot be read


@pytest.mark.parametrize(
    ("said", "why"),
    [
        pytest.param((200, b"<html>all is well</html>"), "does not say", id="HTML"),
        pytest.param((302, b""), "does not say", id="a-redirect"),
        pytest.param((200, b'{"db": "fine"}'), "does not say", id="another-word"),
        pytest.param((200, b" " * 70_000), "answered more than 64 KB", id="too-long"),
        pytest.param(None, "cannot be asked", id="hangs"),
    ],
)
def test_a_health_endpoint_that_says_nothing_is_paged_as_blind_and_ends_nothing(
    stage: DatabaseStage,
    night: DatabaseNight,
    said: Any,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "SECONDS", 0.1)
    stage.outside.says[HEALTH] = said

    for _ in range(4):  # the first 5 min are the clients' to reconnect
        night.deliver(event("db_unavailable_failover"))
        stage.step(60)
        night.deliver(event("db_unavailable_look_due"))
        stage.step(60)

    assert stage.incident()["status"] == "escalated"
    [page] = stage.pages()
    assert "PAGE blind: " in page["Subject"]
    assert why in page["Message"]


def test_a_health_endpoint_that_lies_does_not_end_what_the_probe_has_seen(
    stage: DatabaseStage, night: DatabaseNight
) -> None:
    night.fails_over()
    night.minutes(3)
    stage.world["status"] = "available"
    stage.outside.says[HEALTH] = (200, b'{"status": "ok", "db": "ok"}')

    stage.step(60)
    night.deliver(event("db_unavailable_look_due"))

    assert stage.incident()["status"] == "open"
    assert "watching for 5 min" in night.answers[-1]["why"]


@pytest.mark.parametrize("name", ["rds.DescribeDBInstances", "cloudwatch.DescribeAlarms"])
def test_an_aws_that_refuses_to_answer_is_paged_as_blind(
    stage: DatabaseStage, night: DatabaseNight, name: str
) -> None:
    stage.hooks.before.append(refuse(name, actor=stage.name))
    stage.handed_over()

    night.until("escalated", most=5)

    assert stage.pages()[0]["Subject"].startswith(
        "[prod] db_unavailable saas-prod-db: PAGE blind: "
    )


# A look that ends


@pytest.mark.parametrize("how", ["ended before", "ended after"])
def test_whatever_call_the_look_that_pages_ends_at_the_page_comes_once(
    night: DatabaseNight, how: How
) -> None:
    _, usual = THE_PAGE.undisturbed(night)
    assert usual.state["incident"]["status"] == "escalated"

    for what, end in THE_PAGE.ends(night, how):
        assert end.state == usual.state, what
        assert end.several == {}, what
