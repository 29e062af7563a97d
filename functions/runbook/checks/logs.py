"""CloudWatch Logs: has anything been logged lately, how much, and what last?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from runbook.aws import SideBySide, one_by_one
from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (Need("logs:FilterLogEvents", "log_group"),)

MOST_PAGES = 3
"""FilterLogEvents may answer empty pages with a token; more than 3 cost more than they tell."""
NEWEST = timedelta(minutes=2)
"""Are asked for by themselves: FilterLogEvents begins with the oldest line, and may have too many."""
MOST_LINES = 1000
"""Of a page."""


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


@dataclass(frozen=True)
class Recent:
    """What a log group has of a while.

    Attributes:
        since: the start of what was asked for.
        count: how many lines were read.
        more: whether there are more that were not read; ``count`` is a least count then.
        lines: the newest of those read, newest first: when, and what it says.
    """

    since: datetime
    count: int
    more: bool
    lines: tuple[tuple[datetime, str], ...]


def pages(
    logs: Any, questions: Sequence[Mapping[str, Any]], side_by_side: SideBySide
) -> tuple[list[Mapping[str, Any]], bool]:
    """Read the first page of each question, then of the first that has more, up to 3 pages in all.

    Args:
        logs: a boto3 client.
        questions: of FilterLogEvents, 3 at the most.
        side_by_side: how the first pages are asked for; each further one needs the answer before it.

    Returns:
        The events, and whether there are more that were not read.
    """
    calls = {
        str(number): partial(logs.filter_log_events, **asked)
        for number, asked in enumerate(questions)
    }
    answers = side_by_side(calls)
    found = [event for number in calls for event in answers[number]["events"]]
    waiting = [
        {**asked, "nextToken": answers[number]["nextToken"]}
        for number, asked in zip(calls, questions, strict=True)
        if "nextToken" in answers[number]
    ]
    for _ in range(MOST_PAGES - len(questions)):
        if not waiting:
            break
        asked = waiting.pop(0)
        answer = logs.filter_log_events(**asked)
        found += answer["events"]
        if "nextToken" in answer:
            waiting.append({**asked, "nextToken": answer["nextToken"]})
    return found, bool(waiting)


def recent(
    logs: Any,
    group: str,
    now: datetime,
    span: timedelta,
    most: int,
    side_by_side: SideBySide = one_by_one,
) -> Recent:
    """Read up to 3 pages of the last ``span``, its last 2 min first; keep the ``most`` newest lines."""
    questions = (
        _between(group, now - NEWEST, now),
        _between(group, now - span, now - NEWEST),
    )
    found, more = pages(logs, questions, side_by_side)
    newest = sorted(found, key=lambda one: int(one["timestamp"]), reverse=True)[:most]
    lines = tuple(
        (datetime.fromtimestamp(one["timestamp"] / 1000, UTC), str(one["message"]))
        for one in newest
    )
    return Recent(now - span, len(found), more, lines)


def _between(group: str, since: datetime, until: datetime) -> dict[str, Any]:
    return {
        "logGroupName": group,
        "startTime": int(since.timestamp() * 1000),
        "endTime": int(until.timestamp() * 1000) - 1,  # the end is part of what is searched
        "limit": MOST_LINES,
    }
