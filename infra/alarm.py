"""One row of the alarm table: what is measured, when it is bad, and who answers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from infra.environment import Environment

PERIOD_SECONDS = 60
RUNBOOK = "docs/operations.md"

Statistic = Literal["Minimum", "Maximum", "Sum", "SampleCount", "Average"]


@dataclass(frozen=True)
class Series:
    """One metric of an expression."""

    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: Statistic


@dataclass(frozen=True)
class Math:
    """A metric expression over series by id; a series without datapoints needs a FILL in it."""

    expression: str
    series: Mapping[str, Series]


@dataclass(frozen=True)
class Alarm:
    """One alarm.

    Attributes:
        id: unique within its group.
        group: the scenario that answers it, ``meta`` (Nightshift itself is ill) or ``second-path``.
        description: what it means and what to do, for the person who reads it at night.
        namespace, metric, dimensions, statistic: what is measured, per minute.
        comparison: which side of the threshold is bad.
        threshold: in the metric's unit.
        datapoints: how many of the last ``of`` minutes must be bad.
        of: minutes looked at.
        missing: what a minute without a datapoint counts as.
        to: whom CloudWatch itself tells; nobody where a scenario answers it.
        math: where it is set, the expression is compared and ``namespace``, ``metric``, ``dimensions`` and
            ``statistic`` are those of its first series, for people.
        twin_of: the critical alarm that this slow one backs up.
        passing: it tells of a moment, not of a state that lasts: it ends by itself and has no slow twin.
    """

    id: str
    group: str
    description: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: Statistic
    comparison: Literal["GreaterThanOrEqualToThreshold", "LessThanThreshold"]
    threshold: float
    datapoints: int
    of: int
    missing: Literal["missing", "breaching", "notBreaching"]
    to: Literal["pages", "second-path", ""] = ""
    twin_of: str = ""
    passing: bool = False
    math: Math | None = None

    def name(self, environment: Environment) -> str:
        """Return the alarm's name; routes and the functions know it by this."""
        return f"{environment.prefix}/{self.group}/{self.id}"


def twin(
    critical: Alarm,
    description: str,
    *,
    minutes: int = 30,
    missing: Literal["breaching", "notBreaching"] = "breaching",
) -> Alarm:
    """Return the slow copy of a critical alarm that pages by the second path, without Nightshift.

    Silence counts as bad unless told otherwise: what measures may be part of what is ill.
    """
    return replace(
        critical,
        id=critical.id,
        group="second-path",
        description=f"{description} See {RUNBOOK}.",
        datapoints=minutes,
        of=minutes,
        missing=missing,
        to="second-path",
        twin_of=f"{critical.group}/{critical.id}",
    )


def count(
    alarm_id: str,
    what: str,
    namespace: str,
    metric: str,
    dimensions: Mapping[str, str],
    datapoints: int = 1,
    of: int = 1,
) -> Alarm:
    """Return a meta alarm on a counter that should stay at 0."""
    return Alarm(
        id=alarm_id.replace("_", "-"),
        group="meta",
        description=f"Nightshift is ill: {what} See {RUNBOOK}.",
        namespace=namespace,
        metric=metric,
        dimensions=dimensions,
        statistic="Sum",
        comparison="GreaterThanOrEqualToThreshold",
        threshold=1,
        datapoints=datapoints,
        of=of,
        missing="notBreaching",
        to="pages",
    )
