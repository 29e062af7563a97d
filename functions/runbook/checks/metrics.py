"""CloudWatch metrics: several series in one GetMetricData."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (Need("cloudwatch:GetMetricData", "any"),)

PERIOD_SECONDS = 60
"""The probes' and ECS's own resolution."""


@dataclass(frozen=True)
class Series:
    """A question to CloudWatch: one metric, one statistic, per minute."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    stat: str


@dataclass(frozen=True)
class Sample:
    """One datapoint: the start of its minute, and its value."""

    at: datetime
    value: float


Samples = tuple[Sample, ...]


def read(
    cloudwatch: Any, series: Mapping[str, Series], now: datetime, span: timedelta
) -> dict[str, Samples | Unknown]:
    """Read all series over the last ``span`` in one call.

    Args:
        cloudwatch: a boto3 client.
        series: questions by id (a lower-case letter first, then letters, digits, underscores).
        now: the end of the window.
        span: its length.

    Returns:
        Per id the samples, oldest first; none is an empty tuple, a partial answer is ``Unknown``.
    """
    answers = cloudwatch.get_metric_data(
        MetricDataQueries=[_query(key, one) for key, one in series.items()],
        StartTime=now - span,
        EndTime=now,
        ScanBy="TimestampAscending",
    )["MetricDataResults"]
    by_id = {answer["Id"]: answer for answer in answers}
    return {key: _samples(series[key].name, by_id.get(key)) for key in series}


def _query(key: str, series: Series) -> dict[str, Any]:
    return {
        "Id": key,
        "MetricStat": {
            "Metric": {
                "Namespace": series.namespace,
                "MetricName": series.name,
                "Dimensions": [
                    {"Name": name, "Value": value} for name, value in series.dimensions.items()
                ],
            },
            "Period": PERIOD_SECONDS,
            "Stat": series.stat,
        },
    }


def _samples(name: str, answer: Mapping[str, Any] | None) -> Samples | Unknown:
    if answer is None:
        return Unknown(f"metric {name}: CloudWatch left it out of its answer")
    status = answer.get("StatusCode", "Complete")
    if status != "Complete":
        return Unknown(f"metric {name}: CloudWatch answered {status}")
    pairs = zip(answer["Timestamps"], answer["Values"], strict=True)
    return tuple(sorted((Sample(at, value) for at, value in pairs), key=lambda sample: sample.at))


def newest(samples: Samples, count: int) -> Samples:
    """Return the newest ``count`` samples, oldest of them first."""
    return samples[-count:]


def since(samples: Samples, moment: datetime) -> Samples:
    """Return the samples whose minute starts at or after ``moment``."""
    return tuple(sample for sample in samples if sample.at >= moment)


def line(fact: Samples | Unknown, count: int, unit: str) -> str:
    """Return the newest ``count`` values as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    values = " ".join(f"{sample.value:g}" for sample in newest(fact, count))
    return f"{values or 'no datapoint'} {unit}"


def beside(counter: Samples | Unknown, steady: Samples | Unknown) -> Samples | Unknown:
    """Return a counter with a 0 at each minute of another series at which it counted nothing, for people.

    A counter has no datapoint where it counted nothing: by itself its newest ones may be of an hour ago.
    """
    if isinstance(counter, Unknown) or isinstance(steady, Unknown):
        return counter
    counted = {**{one.at: 0.0 for one in steady}, **{one.at: one.value for one in counter}}
    return tuple(Sample(at, value) for at, value in sorted(counted.items()))


def summary(fact: Samples | Unknown, unit: str) -> str:
    """Return a series as one line for people: least, mean, most and newest value, and of how many."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    if not fact:
        return "no datapoint"
    values = [sample.value for sample in fact]
    parts = {
        "min": min(values),
        "avg": sum(values) / len(values),
        "max": max(values),
        "last": values[-1],
    }
    said = " ".join(f"{name} {_short(value)}" for name, value in parts.items())
    return f"{said} {unit}".rstrip() + f", {len(values)} min"


def _short(value: float) -> str:
    """Write a number with 4 digits that count, and never as a power of ten where it is large."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def together(first: Samples | Unknown, second: Samples | Unknown) -> Samples | Unknown:
    """Return two counters added up per minute; a minute that one of them lacks counts the other's."""
    if isinstance(first, Unknown):
        return first
    if isinstance(second, Unknown):
        return second
    added: dict[datetime, float] = {}
    for sample in (*first, *second):
        added[sample.at] = added.get(sample.at, 0.0) + sample.value
    return tuple(Sample(at, value) for at, value in sorted(added.items()))
