"""CloudWatch alarms: DescribeAlarms alone says what state an alarm is in; events are hints."""

from collections.abc import Sequence
from typing import Any

from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (Need("cloudwatch:DescribeAlarms", "alarms"),)


def states(cloudwatch: Any, names: Sequence[str]) -> dict[str, str] | Unknown:
    """Return the state of each named alarm: OK, ALARM or INSUFFICIENT_DATA.

    Args:
        cloudwatch: a boto3 client.
        names: 1 to 100 alarm names, the most that one call takes.
    """
    answer = cloudwatch.describe_alarms(
        AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    found = {
        alarm["AlarmName"]: str(alarm["StateValue"])
        for alarm in (*answer["MetricAlarms"], *answer["CompositeAlarms"])
    }
    missing = sorted(set(names) - set(found))
    if missing:
        return Unknown(f"alarms: {', '.join(missing)} does not exist")
    return found


def line(fact: dict[str, str] | Unknown) -> str:
    """Return the alarms with their states as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    return ", ".join(f"{name} {state}" for name, state in fact.items())
