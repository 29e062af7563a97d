"""Alarms as CloudWatch judges them: M of N, missing data, and the statistics of each period."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal.aws.alarms import breaches, by_metric, judge, window

X, o, _ = 100.0, 1.0, None
"""A breaching datapoint, a good one, and none."""
NOW = datetime(2026, 11, 23, 3, 10)  # noqa: DTZ001  # moto's datapoints are naive
MINUTE = timedelta(minutes=1)


@dataclass
class Alarm:
    """What is read of moto's alarm."""

    treat_missing_data: str = "missing"
    datapoints_to_alarm: int | None = 3
    evaluation_periods: int = 3
    state_value: str = "OK"
    comparison_operator: str = "GreaterThanOrEqualToThreshold"
    threshold: float = 100.0


def _shown(one: Any) -> str:
    """Return datapoints as they are drawn: X breaches, o does not, - is missing."""
    if not isinstance(one, list):
        return str(one)
    return "".join({X: "X", o: "o", _: "-"}.get(point, str(point)) for point in one)


@pytest.mark.parametrize(
    ("needed", "points", "state"),
    [
        (3, [o, o, o], "OK"),
        (3, [o, X, X], "OK"),
        (3, [X, X, o], "OK"),
        (3, [X, X, X], "ALARM"),
        (2, [o, X, X], "ALARM"),
        (2, [X, o, X], "ALARM"),
        (2, [X, X, o], "ALARM"),
        (2, [o, o, X], "OK"),
        (1, [o, o, X], "ALARM"),
        (None, [X, X, o], "OK"),
        (None, [X, X, X], "ALARM"),
    ],
    ids=_shown,
)
def test_m_of_n_datapoints_make_an_alarm(
    needed: int | None, points: list[float | None], state: str
) -> None:
    assert judge(Alarm(datapoints_to_alarm=needed), points) == state


@pytest.mark.parametrize("before", ["OK", "ALARM", "INSUFFICIENT_DATA"])
@pytest.mark.parametrize(
    ("treatment", "points", "state"),
    [
        ("missing", [_, _, _], "INSUFFICIENT_DATA"),
        ("missing", [_, _, o], "OK"),
        ("missing", [X, _, o], "OK"),
        ("missing", [X, _, X], "as before"),
        ("missing", [X, X, X], "ALARM"),
        (None, [_, _, _], "INSUFFICIENT_DATA"),
        ("breaching", [_, _, _], "ALARM"),
        ("breaching", [X, _, X], "ALARM"),
        ("breaching", [o, _, _], "OK"),
        ("notBreaching", [_, _, _], "OK"),
        ("notBreaching", [X, _, X], "OK"),
        ("notBreaching", [X, X, X], "ALARM"),
        ("ignore", [_, _, _], "as before"),
        ("ignore", [X, _, X], "as before"),
        ("ignore", [o, _, _], "OK"),
        ("ignore", [X, X, X], "ALARM"),
    ],
    ids=_shown,
)
def test_a_missing_datapoint_counts_as_the_alarm_says(
    treatment: Any, points: list[float | None], state: str, before: str
) -> None:
    alarm = Alarm(treat_missing_data=treatment, state_value=before)

    found = judge(alarm, points)

    assert (before if state == "as before" else state) == found


@pytest.mark.parametrize(
    ("comparison", "value", "bad"),
    [
        ("GreaterThanOrEqualToThreshold", 100.0, True),
        ("GreaterThanOrEqualToThreshold", 99.9, False),
        ("LessThanThreshold", 100.0, False),
        ("LessThanThreshold", 99.9, True),
    ],
)
def test_a_threshold_belongs_to_one_side(comparison: str, value: float, bad: bool) -> None:
    assert breaches(comparison, value, 100.0) is bad


def test_a_comparison_that_is_not_rehearsed_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="comparison GreaterThanThreshold"):
        breaches("GreaterThanThreshold", 1.0, 2.0)


def _named(names: dict[str, str]) -> list[Any]:
    return [SimpleNamespace(name=name, value=value) for name, value in names.items()]


def _point(at: datetime, value: float, **other: Any) -> Any:
    fields = {"namespace": "Nightshift", "name": "QueueDepth", "dimensions": {"Queue": "celery"}}
    fields |= other
    return SimpleNamespace(
        value=value, timestamp=at, **{**fields, "dimensions": _named(fields["dimensions"])}
    )


def _alarm(statistic: str = "Maximum", period: int = 60, periods: int = 3) -> Any:
    return SimpleNamespace(
        namespace="Nightshift",
        metric_name="QueueDepth",
        dimensions=_named({"Queue": "celery"}),
        statistic=statistic,
        period=period,
        evaluation_periods=periods,
    )


@pytest.mark.parametrize(
    ("statistic", "value"),
    [("Minimum", 1.0), ("Maximum", 5.0), ("Sum", 9.0), ("SampleCount", 3.0), ("Average", 3.0)],
)
def test_a_period_is_summed_up_by_the_alarms_statistic(statistic: str, value: float) -> None:
    data = [_point(NOW - 2 * MINUTE + timedelta(seconds=n), n) for n in (1, 5, 3)]

    assert window(_alarm(statistic), by_metric(data), NOW) == [None, None, value]


def test_datapoints_come_oldest_first_and_an_empty_period_is_none() -> None:
    data = [_point(NOW - 2 * MINUTE, 7), _point(NOW - 4 * MINUTE, 5)]

    assert window(_alarm(), by_metric(data), NOW) == [5.0, None, 7.0]


@pytest.mark.parametrize(
    ("seconds_ago", "points"),
    [
        (59, [None, None]),
        (60, [None, None]),
        (61, [None, 1.0]),
        (120, [None, 1.0]),
        (121, [1.0, None]),
        (180, [1.0, None]),
        (181, [None, None]),
    ],
)
def test_the_last_minute_is_not_measured_yet_and_a_period_begins_with_its_first_moment(
    seconds_ago: int, points: list[float | None]
) -> None:
    data = [_point(NOW - timedelta(seconds=seconds_ago), 1)]

    assert window(_alarm(periods=2), by_metric(data), NOW + timedelta(seconds=20)) == points


def test_a_longer_period_takes_in_more() -> None:
    data = [_point(NOW - n * MINUTE, 1) for n in range(2, 9)]

    assert window(_alarm("Sum", period=300, periods=2), by_metric(data), NOW) == [2.0, 5.0]


@pytest.mark.parametrize(
    "other",
    [
        {"namespace": "AWS/ECS"},
        {"name": "Unacked"},
        {"dimensions": {"Queue": "other"}},
        {"dimensions": {"Name": "celery"}},
        {"dimensions": {}},
        {"dimensions": {"Queue": "celery", "Service": "saas-worker"}},
    ],
    ids=["namespace", "name", "value", "dimension", "fewer dimensions", "more dimensions"],
)
def test_another_metric_is_another_metric(other: dict[str, Any]) -> None:
    data = [_point(NOW - 2 * MINUTE, 7, **other)]

    assert window(_alarm(), by_metric(data), NOW) == [None, None, None]


def test_an_expression_is_computed_from_its_own_series_period_by_period() -> None:
    data = [
        _point(NOW - 2 * MINUTE, 30, name="Requests"),
        _point(NOW - 2 * MINUTE, 6, name="Errors"),
        _point(NOW - 3 * MINUTE, 30, name="Requests"),
    ]
    dimensions = [{"Name": "Queue", "Value": "celery"}]
    queries = [
        {"Id": "rate", "Expression": "IF(n >= 20, 100 * FILL(e, 0) / n, 0)"},
        *(
            {
                "Id": letter,
                "MetricStat": {
                    "Metric": {
                        "Namespace": "Nightshift",
                        "MetricName": name,
                        "Dimensions": dimensions,
                    },
                    "Stat": "Sum",
                },
            }
            for letter, name in (("n", "Requests"), ("e", "Errors"))
        ),
    ]

    assert window(_alarm(), by_metric(data), NOW, queries) == [None, 0.0, 20.0]
