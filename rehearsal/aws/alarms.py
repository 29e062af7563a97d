"""Evaluates the deployed alarms each virtual minute, as CloudWatch does: M of N, missing data, transitions.

Not rehearsed: percentiles, composite alarms, and CloudWatch's look-back for late data; the alarm table has
none of the former.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rehearsal.aws.expressions import evaluate

DELAY = timedelta(seconds=60)
"""Between a minute's end and its first evaluation: CloudWatch takes 60 to 120 s."""

LOOK_BACK = 2
"""Periods before an alarm's own that an expression may use: CloudWatch reads a few more than it compares."""

_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "Minimum": min,
    "Maximum": max,
    "Sum": sum,
    "SampleCount": len,
    "Average": lambda values: sum(values) / len(values),
}


def breaches(comparison: str, value: float, threshold: float) -> bool:
    """Say whether a datapoint is on the bad side."""
    if comparison == "GreaterThanOrEqualToThreshold":
        return value >= threshold
    if comparison == "LessThanThreshold":
        return value < threshold
    raise NotImplementedError(f"comparison {comparison} is not rehearsed")


def judge(alarm: Any, points: Sequence[float | None]) -> str:
    """Return the state that an alarm's window asks for.

    Args:
        alarm: moto's alarm.
        points: one per period, oldest first; None where the metric had no data.
    """
    missing = alarm.treat_missing_data or "missing"
    marks: list[bool | None] = [
        None if one is None else breaches(alarm.comparison_operator, one, float(alarm.threshold))
        for one in points
    ]
    if missing in ("breaching", "notBreaching"):
        marks = [missing == "breaching" if one is None else one for one in marks]
    known = [one for one in marks if one is not None]
    if not known:
        return str(alarm.state_value) if missing == "ignore" else "INSUFFICIENT_DATA"
    needed = int(alarm.datapoints_to_alarm or alarm.evaluation_periods)
    if sum(known) >= needed:
        return "ALARM"
    return "OK" if len(known) - sum(known) > 0 else str(alarm.state_value)


Key = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, name and dimensions of a metric."""


def by_metric(data: Iterable[Any]) -> dict[Key, list[Any]]:
    """Return moto's datapoints by metric, for all alarms of one evaluation."""
    found: dict[Key, list[Any]] = {}
    for one in data:
        dimensions = frozenset((two.name, two.value) for two in one.dimensions)
        found.setdefault((one.namespace, one.name, dimensions), []).append(one)
    return found


def window(
    alarm: Any,
    metrics: Mapping[Key, Sequence[Any]],
    now: datetime,
    queries: Sequence[Mapping[str, Any]] = (),
) -> list[float | None]:
    """Return the alarm's datapoints of its last periods.

    Args:
        alarm: moto's alarm.
        metrics: all datapoints that there are, by metric.
        now: the moment of the evaluation.
        queries: the alarm's metric queries, where it compares an expression.
    """
    if not queries:
        dimensions = frozenset((one.name, one.value) for one in alarm.dimensions)
        series = ((alarm.namespace, alarm.metric_name, dimensions), alarm.statistic)
        return _points(series, alarm, metrics, now)
    points = {
        one["Id"]: _points(_queried(one["MetricStat"]), alarm, metrics, now, LOOK_BACK)
        for one in queries
        if "MetricStat" in one
    }
    [expression] = [one["Expression"] for one in queries if "Expression" in one]
    newest = range(-int(alarm.evaluation_periods), 0)
    return [evaluate(expression, points, index) for index in newest]


Series = tuple[Key, str]
"""A metric and the statistic of it."""


def _queried(stat: Mapping[str, Any]) -> Series:
    metric = stat["Metric"]
    dimensions = frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions", []))
    return (metric["Namespace"], metric["MetricName"], dimensions), stat["Stat"]


def _points(
    series: Series,
    alarm: Any,
    metrics: Mapping[Key, Sequence[Any]],
    now: datetime,
    more: int = 0,
) -> list[float | None]:
    """Return one value a period, oldest first, with some periods before those that the alarm looks at."""
    key, statistic = series
    period = timedelta(seconds=int(alarm.period))
    end = (now - DELAY).replace(second=0, microsecond=0, tzinfo=None)  # moto's are naive
    mine = metrics.get(key, ())
    points: list[float | None] = []
    for index in range(int(alarm.evaluation_periods) + more, 0, -1):
        start = end - index * period
        values = [one.value for one in mine if start <= one.timestamp < start + period]
        points.append(float(_STATISTICS[statistic](values)) if values else None)
    return points
