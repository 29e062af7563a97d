"""CloudWatch Logs: has anything been logged lately?"""

from datetime import datetime, timedelta
from typing import Any

from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (Need("logs:FilterLogEvents", "log_group"),)

MOST_PAGES = 3
"""FilterLogEvents may answer empty pages with a token; more than 3 cost more than they tell."""


def any_line_since(logs: Any, group: str, since: datetime) -> bool | Unknown:
    """Say whether the log group has a line younger than ``since``.

    FilterLogEvents is asked, not DescribeLogStreams: the latter's lastEventTimestamp may lag by an hour.
    """
    asked: dict[str, Any] = {
        "logGroupName": group,
        "startTime": int(since.timestamp() * 1000),
        "limit": 1,
    }
    for _ in range(MOST_PAGES):
        answer = logs.filter_log_events(**asked)
        if answer["events"]:
            return True
        if "nextToken" not in answer:
            return False
        asked["nextToken"] = answer["nextToken"]
    return Unknown(f"logs of {group}: {MOST_PAGES} empty pages and still more to search")


def quiet(logs: Any, group: str, now: datetime, span: timedelta) -> bool | Unknown:
    """Say whether the log group has had no line for at least ``span``."""
    found = any_line_since(logs, group, now - span)
    return found if isinstance(found, Unknown) else not found
