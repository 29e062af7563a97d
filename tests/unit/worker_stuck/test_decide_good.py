"""Runbook scenario F: the end needs a short queue for 5 min and all alarms OK."""

import pytest

from runbook.model import Outcome, Resolve, Unknown
from worker_facts import ALARM, attempt, crashes, decided, facts, incident, kind, series, service

SHORT = series(5, 5, 5, 5, 5)
OK = {ALARM: "OK"}


def test_resolves_when_the_queue_has_been_short_for_5_min_and_the_alarm_is_ok() -> None:
    decision = decided(facts(depth=SHORT, alarms=OK))

    assert Resolve("fewer than 100 messages for 5 min (now 5), alarms OK") == decision


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        pytest.param(series(5, 5, 5, 5), "Wait", id="4 probes"),
        pytest.param(series(0, 0, 0, 0, 0), "Resolve", id="an empty queue is short"),
        pytest.param(series(99, 99, 99, 99, 99), "Resolve", id="one below the threshold"),
        pytest.param(series(100, 5, 5, 5, 5), "Wait", id="long at first"),
        pytest.param(series(5, 5, 100, 5, 5), "Wait", id="long in between"),
        pytest.param(series(100, 5, 5, 5, 5, 5), "Wait", id="long 6 min ago"),
        pytest.param(series(100, 5, 5, 5, 5, 5, 5), "Resolve", id="long 7 min ago"),
        pytest.param(series(5, 5, 5, 5, 5, newest=2), "Resolve", id="5 probes, 2 to 6 min old"),
        pytest.param(series(5, 5, 5, 5, 5, newest=2.1), "Wait", id="5 probes, too old"),
    ],
)
def test_resolves_only_after_5_good_min(depth: object, expected: str) -> None:
    decision = decided(facts(depth=depth, alarms=OK))

    assert expected == kind(decision)


@pytest.mark.parametrize(
    ("alarms", "expected"),
    [
        pytest.param({"a": "OK", "b": "OK"}, "Resolve", id="all OK"),
        pytest.param({"a": "OK", "b": "ALARM"}, "Wait", id="one in ALARM"),
        pytest.param({"a": "INSUFFICIENT_DATA"}, "Wait blind", id="INSUFFICIENT_DATA is unknown"),
        pytest.param(Unknown("alarms: throttled"), "Wait blind", id="unreadable"),
    ],
)
def test_resolves_only_when_all_alarms_are_ok(alarms: object, expected: str) -> None:
    decision = decided(facts(depth=SHORT, alarms=alarms))

    assert expected == kind(decision)


def test_names_the_alarm_that_is_not_ok() -> None:
    decision = decided(facts(depth=SHORT, alarms={"a": "OK", "b": "INSUFFICIENT_DATA"}))

    assert decision.reason == "the queue is short again, but alarm b is in INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    "alarms",
    [
        pytest.param({ALARM: "INSUFFICIENT_DATA"}, id="INSUFFICIENT_DATA"),
        pytest.param(Unknown("alarms: throttled"), id="unreadable"),
    ],
)
def test_asks_for_no_alarm_before_the_5_min_are_over(alarms: object) -> None:
    decision = decided(facts(depth=series(300, 300, 5, 5), alarms=alarms))

    assert kind(decision) == "Wait"
    assert decision.reason == "the queue is short again (5); watching for 5 min"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"stopped": crashes(1, 4, 7)}, id="crash loop"),
        pytest.param({"service": service(running=0, desired=0)}, id="scaled to 0"),
        pytest.param({"service": service(running=1)}, id="a task is missing"),
    ],
)
def test_a_short_queue_ends_it_whatever_the_tasks_do(changes: dict[str, object]) -> None:
    decision = decided(facts(depth=SHORT, alarms=OK, **changes))

    assert kind(decision) == "Resolve"


def test_does_not_end_while_a_redeploy_is_not_judged() -> None:
    decision = decided(facts(depth=SHORT, alarms=OK), incident(attempt(Outcome.APPLIED, 2)))

    assert kind(decision) == "Wait"
    assert "settles" in decision.reason


def test_an_alarm_that_rings_on_over_a_short_queue_is_told() -> None:
    seen = facts(depth=series(*[5] * 20), alarms={"the team's own": "ALARM"})

    decision = decided(seen, incident(opened=20))

    assert kind(decision) == "Escalate"
