"""CloudWatch alarms: DescribeAlarms alone says what state an alarm is in; events are hints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runbook.checks.metrics import Series
from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (Need("cloudwatch:DescribeAlarms", "any"),)
"""On everything: with a narrower permission AWS leaves composite alarms out, and a team's own may be one."""

AUTO_SCALING = "TargetTracking-"
"""What the names of auto scaling's own alarms begin with: they ring whenever it could scale in."""
MOST_A_PAGE = 100
"""DescribeAlarms takes at most 100 names, gives at most 100 alarms; of those that ring nobody reads more."""
KINDS = ["MetricAlarm", "CompositeAlarm"]
"""Without them AWS tells of metric alarms only."""


@dataclass(frozen=True)
class Described:
    """One alarm at one moment.

    Attributes:
        state: OK, ALARM or INSUFFICIENT_DATA.
        since: when it came into that state.
        reason: CloudWatch's own words for it.
        meaning: what the team wrote into its description.
        series: what it measures; None for a composite one and for an expression.
        bad: which values are bad, in words.
    """

    name: str
    state: str
    since: datetime
    reason: str
    meaning: str = ""
    series: Series | None = None
    bad: str = ""


@dataclass(frozen=True)
class Ringing:
    """The alarms in ALARM, newest first.

    Attributes:
        scaling: how many of auto scaling's own ring besides: they are no trouble.
        more: whether there are more than one page has.
    """

    alarms: tuple[Described, ...]
    scaling: int
    more: bool


def states(cloudwatch: Any, names: Sequence[str]) -> dict[str, str] | Unknown:
    """Return the state of each named alarm: OK, ALARM or INSUFFICIENT_DATA.

    Args:
        cloudwatch: a boto3 client.
        names: of alarms; a call for every 100 of them.
    """
    found: dict[str, str] = {}
    for start in range(0, len(names), MOST_A_PAGE):
        answer = cloudwatch.describe_alarms(
            AlarmNames=list(names[start : start + MOST_A_PAGE]),
            AlarmTypes=KINDS,
            MaxRecords=MOST_A_PAGE,  # AWS's default is smaller, and the rest would be on another page
        )
        for alarm in (*answer["MetricAlarms"], *answer["CompositeAlarms"]):
            found[alarm["AlarmName"]] = str(alarm["StateValue"])
    missing = sorted(set(names) - set(found))
    if missing:
        return Unknown(f"alarms: {', '.join(missing)} does not exist")
    return found


def line(fact: dict[str, str] | Unknown) -> str:
    """Return the alarms with their states as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    return ", ".join(f"{name} {state}" for name, state in fact.items())


def ringing(cloudwatch: Any) -> Ringing:
    """Return every alarm of the account and region that is in ALARM."""
    answer = cloudwatch.describe_alarms(
        StateValue="ALARM",
        AlarmTypes=KINDS,
        MaxRecords=MOST_A_PAGE,
    )
    every = [_described(one) for one in (*answer["MetricAlarms"], *answer["CompositeAlarms"])]
    own = [one for one in every if not one.name.startswith(AUTO_SCALING)]
    newest = tuple(sorted(own, key=lambda one: one.since, reverse=True))
    return Ringing(newest, len(every) - len(own), "NextToken" in answer)


def describe(cloudwatch: Any, name: str) -> Described | Unknown:
    """Describe one alarm by its exact name."""
    answer = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=KINDS)
    found = [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
    return _described(found[0]) if found else Unknown(f"alarm {name}: it does not exist")


def _described(found: Mapping[str, Any]) -> Described:
    series = None
    if "MetricName" in found:
        dimensions = {one["Name"]: str(one["Value"]) for one in found.get("Dimensions", [])}
        stat = str(found.get("Statistic") or found.get("ExtendedStatistic", ""))
        series = Series(found["Namespace"], found["MetricName"], dimensions, stat)
    bad = ""
    if "Threshold" in found:
        bad = f"{found['ComparisonOperator']} {found['Threshold']:g}"
    return Described(
        name=found["AlarmName"],
        state=str(found["StateValue"]),
        since=found.get("StateTransitionedTimestamp") or found["StateUpdatedTimestamp"],
        reason=str(found.get("StateReason", "")),
        meaning=str(found.get("AlarmDescription", "")),
        series=series,
        bad=bad,
    )
