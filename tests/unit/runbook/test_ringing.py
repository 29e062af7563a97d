"""An alarm that is not OK while the symptom is good: waited for, then told; one without data is unknown."""

from datetime import datetime
from typing import Any

import pytest

from around import NOW, ago, attempt, incident, kind
from runbook.model import Incident, Outcome, Unknown
from runbook.ringing import good_since, ringing


def decided(alarms: Any, about: Incident | None = None, since: datetime | None = None) -> Any:
    about = about or incident(opened=60)
    return ringing(alarms, about, NOW, since or ago(60), "all is well", "look at it")


@pytest.mark.parametrize(
    ("alarms", "expected"),
    [
        pytest.param({"a": "ALARM"}, "Escalate", id="it rings"),
        pytest.param({"a": "OK", "b": "ALARM"}, "Escalate", id="another rings"),
        pytest.param({"a": "INSUFFICIENT_DATA", "b": "ALARM"}, "Escalate", id="one is blind"),
        pytest.param({"a": "OK", "b": "INSUFFICIENT_DATA"}, "Wait blind", id="no data"),
        pytest.param(Unknown("throttled"), "Wait blind", id="not read"),
    ],
)
def test_an_alarm_that_is_not_ok_is_never_swallowed(alarms: Any, expected: str) -> None:
    decision = decided(alarms)

    assert kind(decision) == expected


def test_says_which_alarm_rings_and_what_is_good() -> None:
    decision = decided({"a": "OK", "b": "ALARM"})

    assert (
        decision.reason
    ) == "alarm b rings, and nothing that this scenario measures is bad: all is well"
    assert decision.proposal == "look at it"


def test_nothing_keeps_it_open_when_all_are_ok() -> None:
    assert decided({"a": "OK"}) is None


@pytest.mark.parametrize(
    ("about", "since", "expected"),
    [
        pytest.param(incident(opened=15.1), ago(60), "Escalate", id="opened long ago"),
        pytest.param(incident(opened=15), ago(60), "Wait", id="opened lately"),
        pytest.param(incident(opened=60), ago(15), "Wait", id="good only lately"),
        pytest.param(incident(opened=60, reopened_at=(ago(9),)), ago(60), "Wait", id="re-opened"),
        pytest.param(
            incident(attempt("redeploy", Outcome.VERIFIED, 9), opened=60),
            ago(60),
            "Wait",
            id="changed lately",
        ),
    ],
)
def test_an_alarm_may_ring_on_for_15_min(about: Incident, since: datetime, expected: str) -> None:
    decision = decided({"a": "ALARM"}, about, since)

    assert kind(decision) == expected


@pytest.mark.parametrize(
    ("goods", "expected"),
    [
        pytest.param([True, False, True, True], ago(2), id="since the last bad one"),
        pytest.param([True, True], ago(2), id="all"),
        pytest.param([True, False], None, id="bad now"),
        pytest.param([], None, id="nothing measured"),
    ],
)
def test_good_counts_from_the_last_bad_measurement(goods: list[bool], expected: Any) -> None:
    moments = [ago(len(goods) - number) for number in range(len(goods))]

    assert expected == good_since(zip(moments, goods, strict=True))
