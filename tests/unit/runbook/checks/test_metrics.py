"""Several series in one GetMetricData; a partial answer is none."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runbook.checks import metrics
from runbook.checks.metrics import Sample, Series
from runbook.model import Unknown

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SERIES = {
    "depth": Series("Nightshift", "QueueDepth", {"environment": "prod", "queue": "q"}, "Maximum"),
    "cpu": Series("AWS/ECS", "CPUUtilization", {}, "Average"),
}


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def query(key: str, namespace: str, name: str, dimensions: list[Any], stat: str) -> dict[str, Any]:
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
    return {"Id": key, "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}}


def answered(stubbed: Any, *answers: dict[str, Any]) -> Any:
    client, stub = stubbed("cloudwatch")
    own = [{"Name": "environment", "Value": "prod"}, {"Name": "queue", "Value": "q"}]
    stub.add_response(
        "get_metric_data",
        {"MetricDataResults": list(answers)},
        {
            "MetricDataQueries": [
                query("depth", "Nightshift", "QueueDepth", own, "Maximum"),
                query("cpu", "AWS/ECS", "CPUUtilization", [], "Average"),
            ],
            "StartTime": ago(30),
            "EndTime": NOW,
            "ScanBy": "TimestampAscending",
        },
    )
    return metrics.read(client, SERIES, NOW, timedelta(minutes=30))


def answer(key: str, *minutes: float, **changes: Any) -> dict[str, Any]:
    return {
        "Id": key,
        "Timestamps": [ago(one) for one in minutes],
        "Values": [float(one) for one in minutes],
        "StatusCode": "Complete",
        **changes,
    }


def test_reads_every_series_by_its_id_whatever_their_order(stubbed: Any) -> None:
    found = answered(stubbed, answer("cpu", 2), answer("depth", 3, 2, 1))

    assert found == {
        "depth": (Sample(ago(3), 3.0), Sample(ago(2), 2.0), Sample(ago(1), 1.0)),
        "cpu": (Sample(ago(2), 2.0),),
    }


def test_sorts_what_comes_newest_first(stubbed: Any) -> None:
    found = answered(stubbed, answer("depth", 1, 2, 3), answer("cpu"))

    assert [sample.value for sample in found["depth"]] == [3.0, 2.0, 1.0]


def test_no_datapoint_is_an_answer(stubbed: Any) -> None:
    found = answered(stubbed, answer("depth"), answer("cpu"))

    assert found == {"depth": (), "cpu": ()}


@pytest.mark.parametrize("status", ["PartialData", "InternalError", "Forbidden"])
def test_a_partial_answer_is_unknown_and_the_others_are_not(status: str, stubbed: Any) -> None:
    found = answered(stubbed, answer("depth", 1, StatusCode=status), answer("cpu", 1))

    assert found["depth"] == Unknown(f"metric QueueDepth: CloudWatch answered {status}")
    assert found["cpu"] == (Sample(ago(1), 1.0),)


def test_a_series_that_is_left_out_is_unknown(stubbed: Any) -> None:
    found = answered(stubbed, answer("depth", 1))

    assert found["cpu"] == Unknown("metric CPUUtilization: CloudWatch left it out of its answer")


SAMPLES = tuple(Sample(ago(minutes), minutes) for minutes in (3, 2, 1))


@pytest.mark.parametrize(
    ("count", "expected"), [(1, (1,)), (2, (2, 1)), (3, (3, 2, 1)), (9, (3, 2, 1))]
)
def test_takes_the_newest_samples(count: int, expected: tuple[float, ...]) -> None:
    found = metrics.newest(SAMPLES, count)

    assert expected == tuple(sample.value for sample in found)


@pytest.mark.parametrize(
    ("minutes", "expected"), [(3, (3, 2, 1)), (2.9, (2, 1)), (2, (2, 1)), (0.9, ())]
)
def test_takes_samples_whose_minute_starts_no_earlier(
    minutes: float, expected: tuple[float, ...]
) -> None:
    found = metrics.since(SAMPLES, ago(minutes))

    assert expected == tuple(sample.value for sample in found)


STEADY = (Sample(ago(3), 2), Sample(ago(2), 2), Sample(ago(1), 2))


@pytest.mark.parametrize(
    ("counter", "steady", "expected"),
    [
        pytest.param((Sample(ago(60), 9), Sample(ago(2), 4)), STEADY, "9 0 4 0 x", id="beside"),
        pytest.param((Sample(ago(1), 8), Sample(ago(0), 9)), STEADY[:1], "0 8 9 x", id="later"),
        pytest.param((), STEADY, "0 0 0 x", id="nothing-counted"),
        pytest.param((Sample(ago(2), 4),), (), "4 x", id="nothing-beside-it"),
        pytest.param((Sample(ago(2), 4),), Unknown("not read"), "4 x", id="unknown-beside-it"),
        pytest.param(Unknown("not read"), STEADY, "unknown: not read", id="unknown"),
    ],
)
def test_a_counter_is_shown_at_the_minutes_of_a_series_that_never_stops(
    counter: Any, steady: Any, expected: str
) -> None:
    assert metrics.line(metrics.beside(counter, steady), 5, "x") == expected
