"""Error lines of a log group, grouped: what an application says goes wrong, in a few lines.

At most 3 pages: of 100,000 lines 3,000 are read, some of the last 10 minutes and some of before, and the
answer says that there are more. What the lines say is data: it is cut, made printable, and never obeyed.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from runbook.aws import SideBySide, one_by_one
from runbook.checks.logs import pages
from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (Need("logs:FilterLogEvents", "log_group"),)

NEWEST = timedelta(minutes=10)
"""Are asked for by themselves: FilterLogEvents begins with the oldest line, and may have too many."""
MOST_LINES = 1000
"""Of a page: 3 of them are more than anybody reads, and a second's worth of waiting."""
MOST_GROUPS = 5
MOST_TEXT = 200
"""Characters of a group's text."""
MOST_IN_SENTENCE = 120
"""Characters of it within the sentence that a page begins with."""
MOST_PARSED = 8192
"""Characters of a line that are looked at: the rest of a stack trace repeats itself."""
WORDS = ("ERROR", "Error", "error", "CRITICAL", "FATAL", "Traceback", "Exception")
FILTER = " ".join(f"?{word}" for word in WORDS)
"""Any of the words, as CloudWatch Logs writes it; it looks at upper and lower case."""

_WORD = re.compile("|".join(WORDS))
_QUIET_LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "WARN", "NOTICE"})
_DATABASE = re.compile(
    r"too many (connections|clients)|remaining connection slots|db: error|\bpsycopg|\basyncpg"
    r"|sqlalchemy\.exc\.(OperationalError|TimeoutError|InterfaceError)|QueuePool limit"
    r"|password authentication failed|the database system is|could not connect to server"
    r"|server closed the connection unexpectedly|terminating connection due to"
    r"|connection to server (at \"|on socket)",
    re.IGNORECASE,
)
"""How Postgres and its Python clients name their trouble. A bare OperationalError may be Redis's."""
_CHANGING = re.compile(r"0x[0-9a-fA-F]+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{12,}|\d+")
"""What differs between two lines of one kind: addresses, ids, numbers."""


@dataclass(frozen=True)
class Group:
    """Lines that differ in numbers and ids only.

    Attributes:
        text: the newest of them, cut, one printable line.
    """

    text: str
    count: int
    last_at: datetime


@dataclass(frozen=True)
class Errors:
    """The error lines of one log group within a while.

    Attributes:
        since: the start of what was asked for.
        count: how many were read.
        groups: the most frequent ones.
        more: whether there are more that were not read; ``count`` is a least count then.
        database: how many of them are about the database.
        database_since: when the first of those was written; None when there is none.
    """

    since: datetime
    count: int
    groups: tuple[Group, ...]
    more: bool = False
    database: int = 0
    database_since: datetime | None = None


def read(
    logs: Any,
    group: str,
    now: datetime,
    span: timedelta,
    side_by_side: SideBySide = one_by_one,
) -> Errors:
    """Read the error lines of the last ``span``: some of its last 10 min, some of before, and what fits.

    The span has to be longer than ``NEWEST``.
    """
    questions = (
        _question(group, now - NEWEST, now),
        _question(group, now - span, now - NEWEST),
    )
    found, more = pages(logs, questions, side_by_side)
    lines = [(_at(one), str(one["message"])[:MOST_PARSED]) for one in found]
    return _grouped(now - span, [one for one in lines if _is_error(one[1])], more)


def _question(group: str, since: datetime, until: datetime) -> dict[str, Any]:
    return {
        "logGroupName": group,
        "startTime": int(since.timestamp() * 1000),
        "endTime": int(until.timestamp() * 1000) - 1,  # the end is part of what is searched
        "filterPattern": FILTER,
        "limit": MOST_LINES,
    }


def _at(event: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(event["timestamp"] / 1000, UTC)


def _record(message: str) -> Mapping[str, Any]:
    try:
        record = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, Mapping) else {}


def _is_error(message: str) -> bool:
    """Say whether a line is one: a JSON line by its level, another by its words."""
    level = _record(message).get("level", _record(message).get("levelname"))
    if isinstance(level, str) and level.upper() in _QUIET_LEVELS:
        return False
    return _WORD.search(message) is not None


def _text(message: str) -> str:
    """Return what a line says as one printable line: of JSON its message, of a stack trace its end."""
    record = _record(message)
    said = next((record[key] for key in ("message", "msg", "event") if record.get(key)), message)
    lines = [line for line in str(said).splitlines() if line.strip()]
    trace = len(lines) > 1 and any("Traceback" in line for line in lines)
    line = " ".join((lines[-1] if trace else " ".join(lines)).split())
    printable = "".join(one if one.isprintable() else "?" for one in line)
    return printable if len(printable) <= MOST_TEXT else printable[: MOST_TEXT - 3] + "..."


def _grouped(since: datetime, lines: Iterable[tuple[datetime, str]], more: bool) -> Errors:
    groups: dict[str, Group] = {}
    database: list[datetime] = []
    count = 0
    for at, message in sorted(lines, key=lambda one: one[0], reverse=True):
        count += 1
        text = _text(message)
        kind = _CHANGING.sub("#", text)
        known = groups.get(kind, Group(text, 0, at))
        groups[kind] = Group(known.text, known.count + 1, known.last_at)
        if _DATABASE.search(message):
            database.append(at)
    top = sorted(groups.values(), key=lambda one: (-one.count, one.text))[:MOST_GROUPS]
    return Errors(since, count, tuple(top), more, len(database), min(database, default=None))


def total(fact: Errors | Unknown) -> str:
    """Return how many there are, as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    least = "at least " if fact.more else ""
    return f"{least}{fact.count} since {fact.since:%H:%M} UTC, {fact.database} about the database"


def top(fact: Errors | Unknown, most: int = 3) -> tuple[str, ...]:
    """Return the most frequent ones, a line each."""
    if isinstance(fact, Unknown):
        return ()
    return tuple(f"{one.count} x {one.text}" for one in fact.groups[:most])


def shown(fact: Errors | Unknown) -> dict[str, str]:
    """Return how many there are and the most frequent ones, for people: one short line per name."""
    numbered = enumerate(top(fact), start=1)
    return {"error lines": total(fact), **{f"  line {number}": line for number, line in numbered}}


def most_often(fact: Errors | Unknown | None) -> str:
    """Return the most frequent one as the end of a sentence; empty where none was read."""
    if fact is None or isinstance(fact, Unknown) or not fact.groups:
        return ""
    return f"; most often: {fact.groups[0].text[:MOST_IN_SENTENCE]}"
