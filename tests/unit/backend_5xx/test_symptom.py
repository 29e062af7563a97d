"""What makes a minute bad, and what the load balancer counts over several."""

from typing import Any

import pytest

from backend_5xx import symptom
from backend_5xx.symptom import Minute, Rate
from backend_facts import LIMITS, NOW, UNKNOWN, ago, facts, series
from runbook.model import Unknown


def minute(
    requests: float = 100, errors: float = 0, elb: float = 0, healthy: float | None = 2
) -> Minute:
    return Minute(NOW, requests, errors, elb, healthy)


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        pytest.param(minute(errors=4), False, id="4-percent"),
        pytest.param(minute(errors=5), True, id="5-percent"),
        pytest.param(minute(20, 1), True, id="1-of-20-requests"),
        pytest.param(minute(19, 19), False, id="too-few-requests-for-a-rate"),
        pytest.param(minute(0, 9, elb=9), False, id="9-of-the-load-balancers-own"),
        pytest.param(minute(0, 10, elb=10), True, id="10-of-the-load-balancers-own"),
        pytest.param(minute(0, healthy=0), True, id="no-target-is-healthy"),
        pytest.param(minute(0, healthy=None), False, id="nobody-counted-targets"),
        pytest.param(minute(0), False, id="nobody-asked"),
    ],
)
def test_a_minute_is_bad_by_the_alarms_measures(of: Minute, expected: bool) -> None:
    assert symptom.bad(of, LIMITS) is expected


def test_a_minute_puts_together_what_was_counted_in_it() -> None:
    seen = facts(
        requests=series(100, 80),
        target_5xx=series(50, newest=2),
        elb_5xx=series(7),
        healthy=series(2, 1),
    )

    assert symptom.minutes(seen, ago(5)) == (
        Minute(ago(2), 100, 50, 0, 2),
        Minute(ago(1), 80, 7, 7, 1),
    )


def test_counts_whole_minutes_of_the_window_only() -> None:
    seen = facts(requests=(), target_5xx=(), healthy=series(2, 2, 2, 2, newest=0))

    assert [one.at for one in symptom.minutes(seen, ago(2))] == [ago(2), ago(1)]


@pytest.mark.parametrize("name", ["requests", "target_5xx", "elb_5xx", "healthy"])
def test_a_count_that_could_not_be_read_makes_all_unknown(name: str) -> None:
    assert symptom.minutes(facts(**{name: UNKNOWN}), ago(5)) == UNKNOWN


@pytest.mark.parametrize(
    ("of", "expected", "text"),
    [
        pytest.param((), Rate(0, 0, 0, 0), "0.0 % of 0 requests failed", id="nothing"),
        pytest.param(
            (minute(), minute(errors=10)),
            Rate(5, 200, 2, 0),
            "5.0 % of 200 requests failed",
            id="two-minutes",
        ),
        pytest.param(
            (minute(2, 30, elb=30, healthy=0), minute(0, healthy=0)),
            Rate(100, 30, 1, 2),
            "100.0 % of 30 requests failed, no healthy target in 2 min",
            id="those-that-found-no-target-asked-too",
        ),
    ],
)
def test_the_rate_is_of_all_who_asked(of: Any, expected: Rate, text: str) -> None:
    assert symptom.rate(of) == expected
    assert str(symptom.rate(of)) == text


def test_an_unknown_is_told_with_its_reason() -> None:
    seen = facts(requests=Unknown("metric RequestCount: throttled"))

    assert symptom.minutes(seen, ago(5)) == Unknown("metric RequestCount: throttled")
