"""Evaluates the deployed alarms each virtual minute, as CloudWatch does: M of N, missing data, transitions.

Not rehearsed: metric math, percentiles, composite alarms, and CloudWatch's look-back for late data; the
alarm table has none of the former.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

DELAY = timedelta(seconds=60)
"""Between a minute's end and its first evaluation: CloudWatch takes 60 to 120 s."""

_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "Minimum": min,
    "Maximum": max,
    "Sum": sum,
    "SampleCount": len,
    "Average": lambda values: sum(values) / len(values),
}


@dataclass(frozen=True)
class AlarmChange:
    """One transition."""

    name: str
    before: str
    after: str
    at: datetime
    reason: str


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


def window(alarm: Any, metrics: Sequence[Any], now: datetime) -> list[float | None]:
    """Return the alarm's datapoints of its last periods."""
    period = timedelta(seconds=int(alarm.period))
    end = (now - DELAY).replace(second=0, microsecond=0, tzinfo=None)  # moto's are naive
    wanted = {(one.name, one.value) for one in alarm.dimensions}
    mine = [
        one
        for one in metrics
        if one.namespace == alarm.namespace
        and one.name == alarm.metric_name
        and {(dimension.name, dimension.value) for dimension in one.dimensions} == wanted
    ]
    statistic = _STATISTICS[alarm.statistic]
    points: list[float | None] = []
    for index in range(int(alarm.evaluation_periods), 0, -1):
        start = end - index * period
        values = [one.value for one in mine if start <= one.timestamp < start + period]
        points.append(float(statistic(values)) if values else None)
    return points
