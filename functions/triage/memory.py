"""Which alarm was paged when: one page per alarm in 60 min, and how often it rang within them.

The row is written in the transaction that writes the page, so of two invocations for one alarm one pages
and the other is counted, and one that dies before has paged nobody and hidden nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from runbook.clock import to_text
from runbook.table import SCHEMA, Conflict, Table, to_aws

QUIET = timedelta(minutes=60)
"""After a page: an alarm that flaps wakes nobody twice within it; it is counted."""
KEEP = timedelta(days=7)
"""Of a row that matters no more: until then a person can read it."""
SK = "-"


@dataclass(frozen=True)
class Paged:
    """The last page about an alarm.

    Attributes:
        until: no other page before this, as text.
        joined: how often the alarm has rung since.
    """

    until: str
    joined: int


def key(alarm: str) -> str:
    """Return the partition of an alarm's one row."""
    return f"triage#{alarm}"


def last(table: Table, alarm: str) -> Paged | None:
    """Return the last page about an alarm, also one that is long ago.

    Raises:
        TableError: it cannot be read.
    """
    item = table.get(key(alarm), SK)
    return Paged(item["until"], item["joined"]) if item else None


def remember(alarm: str, now: datetime) -> dict[str, Any]:
    """Return the transaction item that takes the next 60 min, if nobody has taken them."""
    item = {
        "pk": key(alarm),
        "sk": SK,
        "schema": SCHEMA,
        "until": to_text(now + QUIET),
        "joined": 0,
        "expires_at": int((now + QUIET + KEEP).timestamp()),
    }
    return {
        "Put": {
            "Item": to_aws(item),
            "ConditionExpression": "attribute_not_exists(pk) OR #until <= :now",
            "ExpressionAttributeNames": {"#until": "until"},
            "ExpressionAttributeValues": to_aws({":now": to_text(now)}),
        }
    }


def join(table: Table, alarm: str) -> int:
    """Count one more time that the alarm rang after its page; return how often by now.

    Raises:
        TableError: it cannot be written.
    """
    answer = table.update(
        key(alarm), SK, "ADD joined :one", "attribute_exists(pk)", {}, {":one": 1}
    )
    return 0 if isinstance(answer, Conflict) else int(answer["joined"])
