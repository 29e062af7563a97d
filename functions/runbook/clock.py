"""Time: aware UTC, always passed in, written with a fixed width so that text sorts like time."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the library gets the time from; tests step it by hand."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """Write a moment as ``2026-11-23T20:14:59.123Z``: 24 characters, in order when sorted as text."""
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
    )


def from_text(text: str) -> datetime:
    """Read what ``to_text`` wrote.

    Raises:
        ValueError: the text is not such a moment.
    """
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def seconds(count: float) -> timedelta:
    """Return a span of ``count`` seconds."""
    return timedelta(seconds=count)


def minutes(count: float) -> timedelta:
    """Return a span of ``count`` minutes."""
    return timedelta(minutes=count)


def whole_minutes(span: timedelta) -> int:
    """Return how many whole minutes a span has, for sentences meant for people."""
    return int(span.total_seconds() // 60)
