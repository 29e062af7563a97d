"""The end: no bad minute for 5 min, all alarms OK, and no task that ends badly."""

from typing import Any

import pytest

from backend_facts import (
    ALARM,
    GOOD,
    UNKNOWN,
    crashes,
    decided,
    facts,
    incident,
    kind,
    out_of_memory,
    series,
    service,
    stopped,
)
from runbook.model import Resolve, Status


def test_resolves_after_five_good_minutes_with_the_numbers() -> None:
    assert decided(facts(**GOOD)) == Resolve(
        "no bad minute for 5 min (0.0 % of 500 requests failed), alarms OK"
    )


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        pytest.param(series(50, 0, 0, 0, 0, 0), "Resolve", id="bad-six-minutes-ago"),
        pytest.param(series(50, 0, 0, 0, 0), "Wait", id="bad-five-minutes-ago"),
        pytest.param(series(50, 0), "Wait", id="bad-two-minutes-ago"),
        pytest.param(series(50), "Escalate", id="bad-in-the-last-minute"),
        pytest.param(series(4, 4, 4, 4, 4), "Resolve", id="4-percent-all-the-time"),
    ],
)
def test_watches_for_five_minutes(errors: Any, expected: str) -> None:
    assert kind(decided(facts(**{**GOOD, "target_5xx": errors}))) == expected


def test_at_night_without_requests_it_is_over_when_the_targets_are_healthy() -> None:
    assert kind(decided(facts(**GOOD, requests=()))) == "Resolve"


@pytest.mark.parametrize(
    ("healthy", "expected"),
    [
        pytest.param(series(2, 2, 2, 2, 2, newest=3), "Resolve", id="cloudwatch-is-two-min-late"),
        pytest.param(series(2, 2, 2, 2), "Wait", id="four-minutes-only"),
        pytest.param((), "Wait blind", id="nobody-counts-targets"),
        pytest.param(series(2, 2, 2, 2, 2, newest=20), "Wait blind", id="counted-long-ago"),
        pytest.param(series(2, 2, 2, 2, 0), "Escalate", id="no-healthy-target-now"),
        pytest.param(series(2, 2, 0, 2, 2), "Wait", id="no-healthy-target-a-moment-ago"),
    ],
)
def test_needs_healthy_targets_for_five_minutes(healthy: Any, expected: str) -> None:
    seen = facts(**GOOD, requests=(), healthy=healthy)

    assert kind(decided(seen)) == expected


@pytest.mark.parametrize(
    ("alarms", "expected"),
    [
        pytest.param({ALARM: "ALARM"}, "Wait", id="an-alarm-rings"),
        pytest.param({ALARM: "OK", "b": "ALARM"}, "Wait", id="another-alarm-rings"),
        pytest.param({ALARM: "INSUFFICIENT_DATA"}, "Wait blind", id="an-alarm-has-no-data"),
        pytest.param(UNKNOWN, "Wait blind", id="alarms-unknown"),
    ],
)
def test_good_minutes_are_not_the_end_while_an_alarm_is_not_ok(alarms: Any, expected: str) -> None:
    assert kind(decided(facts(**{**GOOD, "alarms": alarms}))) == expected


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param({"stopped": crashes(1, 4, 7)}, id="a-crash-loop"),
        pytest.param({"stopped": out_of_memory(1, 30)}, id="out-of-memory-twice"),
        pytest.param(
            {"stopped": (stopped(1, "TaskFailedToStart"),), "service": service(running=1)},
            id="a-failed-start",
        ),
        pytest.param({"stopped": UNKNOWN}, id="nobody-knows-how-tasks-end"),
    ],
)
def test_good_minutes_are_not_the_end_while_tasks_end_badly(seen: dict[str, Any]) -> None:
    assert not isinstance(decided(facts(**GOOD, **seen)), Resolve)


def test_one_stop_for_lack_of_memory_is_no_reason_to_go_on() -> None:
    assert kind(decided(facts(**GOOD, stopped=out_of_memory(1)))) == "Resolve"


def test_an_escalated_incident_may_still_end() -> None:
    about = incident(status=Status.ESCALATED, opened=50)

    assert kind(decided(facts(**GOOD), about)) == "Resolve"


def test_an_alarm_that_rings_on_over_good_minutes_is_told() -> None:
    well = {"requests": series(*[100] * 20), "healthy": series(*[2] * 20)}
    seen = facts(**{**GOOD, **well, "alarms": {"the team's own": "ALARM"}})

    decision = decided(seen, incident(opened=20))

    assert kind(decision) == "Escalate"
