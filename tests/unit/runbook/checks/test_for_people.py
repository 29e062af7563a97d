"""What checks answer for a report: newest log lines, an alarm as it is described, a series in one line."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from around import NOW, ago, series
from at_once import AtOnce
from runbook.checks import alarms, elasticache, logs, metrics, rds
from runbook.checks.alarms import Described
from runbook.checks.metrics import Series
from runbook.model import Unknown

HALF_HOUR = timedelta(minutes=30)


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def logged(minutes: float, message: str) -> dict[str, Any]:
    return {"timestamp": ms(ago(minutes)), "message": message}


LAST = {"logGroupName": "/g", "startTime": ms(ago(2)), "endTime": ms(NOW) - 1, "limit": 1000}
BEFORE = {**LAST, "startTime": ms(ago(30)), "endTime": ms(ago(2)) - 1}


def recent(stubbed: Any, *pages: tuple[dict[str, Any], dict[str, Any]], most: int = 2) -> Any:
    client, stub = stubbed("logs")
    for asked, page in pages:
        stub.add_response("filter_log_events", page, asked)
    return logs.recent(client, "/g", NOW, HALF_HOUR, most)


def test_counts_a_logs_lines_and_shows_the_newest_first(stubbed: Any) -> None:
    found = recent(
        stubbed,
        (LAST, {"events": [logged(1.5, "b"), logged(0.5, "c")]}),
        (BEFORE, {"events": [logged(20, "a")]}),
    )

    assert (found.since, found.count, found.more) == (ago(30), 3, False)
    assert found.lines == ((ago(0.5), "c"), (ago(1.5), "b"))
    assert all(at.tzinfo is UTC for at, _ in found.lines)


def test_the_newest_two_minutes_are_read_on_before_the_rest(stubbed: Any) -> None:
    found = recent(
        stubbed,
        (LAST, {"events": [logged(1.9, "a")], "nextToken": "last"}),
        (BEFORE, {"events": [], "nextToken": "before"}),
        ({**LAST, "nextToken": "last"}, {"events": [logged(0.1, "c")]}),
    )

    assert (found.count, found.more) == (2, True)
    assert [text for _, text in found.lines] == ["c", "a"]


def test_both_windows_of_a_log_are_asked_for_at_once(stubbed: Any) -> None:
    client, stub = stubbed("logs")
    for asked in (LAST, BEFORE):
        stub.add_response("filter_log_events", {"events": []}, asked)
    together = AtOnce()

    logs.recent(client, "/g", NOW, HALF_HOUR, 2, together)

    assert together.counts == [2]


def test_a_log_without_lines_has_none(stubbed: Any) -> None:
    found = recent(stubbed, (LAST, {"events": []}), (BEFORE, {"events": []}))

    assert (found.count, found.more, found.lines) == (0, False, ())


def described(stubbed: Any, *found: dict[str, Any]) -> Any:
    client, stub = stubbed("cloudwatch")
    kinds = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    answer = {"MetricAlarms": list(found), "CompositeAlarms": []}
    stub.add_response("describe_alarms", answer, {"AlarmNames": ["a"], **kinds})
    return alarms.describe(client, "a")


def test_describes_what_an_alarm_measures(stubbed: Any) -> None:
    found = described(
        stubbed,
        {
            "AlarmName": "a",
            "StateValue": "ALARM",
            "StateReason": "too high",
            "StateUpdatedTimestamp": ago(1),
            "StateTransitionedTimestamp": ago(9),
            "AlarmDescription": "what it means",
            "Namespace": "N",
            "MetricName": "M",
            "Dimensions": [{"Name": "d", "Value": "v"}],
            "Statistic": "Sum",
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 5.0,
        },
    )

    assert found == Described(
        name="a",
        state="ALARM",
        since=ago(9),
        reason="too high",
        meaning="what it means",
        series=Series("N", "M", {"d": "v"}, "Sum"),
        bad="GreaterThanThreshold 5",
    )


def test_describes_an_alarm_that_is_not_on_one_metric(stubbed: Any) -> None:
    found = described(
        stubbed, {"AlarmName": "a", "StateValue": "OK", "StateUpdatedTimestamp": ago(1)}
    )

    assert found == Described(name="a", state="OK", since=ago(1), reason="")


def test_an_alarm_that_is_not_there_is_unknown(stubbed: Any) -> None:
    assert described(stubbed) == Unknown("alarm a: it does not exist")


@pytest.mark.parametrize(
    ("fact", "unit", "expected"),
    [
        pytest.param(Unknown("why"), "%", "unknown: why", id="unknown"),
        pytest.param((), "%", "no datapoint", id="nothing measured"),
        pytest.param(series(2, 1, 6), "%", "min 1 avg 3 max 6 last 6 %, 3 min", id="percent"),
        pytest.param(series(7), "", "min 7 avg 7 max 7 last 7, 1 min", id="a count"),
        pytest.param(
            series(0.000812, 0.25),
            "s",
            "min 0.000812 avg 0.1254 max 0.25 last 0.25 s, 2 min",
            id="small",
        ),
        pytest.param(
            series(123456, 1000.4), "", "min 1000 avg 62228 max 123456 last 1000, 2 min", id="large"
        ),
        pytest.param(series(-2000, 0), "", "min -2000 avg -1000 max 0 last 0, 2 min", id="below 0"),
    ],
)
def test_a_series_in_one_line(fact: Any, unit: str, expected: str) -> None:
    assert metrics.summary(fact, unit) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(rds.line(Unknown("why")), "unknown: why", id="a database, unknown"),
        pytest.param(
            rds.line(rds.Instance("db", "stopped", False, "db.t4g.medium", 100)),
            "db is stopped, db.t4g.medium, no standby",
            id="a database",
        ),
        pytest.param(elasticache.line(Unknown("why")), "unknown: why", id="redis, unknown"),
        pytest.param(
            elasticache.line(elasticache.Group("r", "modifying", "")),
            "r is modifying, primary not shown",
            id="redis",
        ),
    ],
)
def test_a_store_in_one_line(line: str, expected: str) -> None:
    assert line == expected
