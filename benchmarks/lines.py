"""What CloudWatch Logs answers: any number of error lines, spread over half an hour, in AWS's pages.

Every line is an error: the most that a search for errors can find.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

SPAN = timedelta(minutes=30)
MOST_EVENTS = 10_000
MOST_BYTES = 1024 * 1024
"""A page of FilterLogEvents has at most so many events, and bytes."""
OVERHEAD = 26
"""Bytes that Logs counts for an event besides its text."""
TEXT = "ERROR order %06d failed after 30 ms: the upstream server answered 502 Bad Gateway to POST /v1/jobs"


@dataclass(frozen=True)
class Lines:
    """The lines of each log group.

    Attributes:
        count: in all of half an hour.
        silence: age of the newest.
    """

    count: int
    silence: timedelta

    def page(self, params: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Answer FilterLogEvents: from the oldest line that was asked for, up to a page of them."""
        oldest, newest = self._window(params, now.timestamp() * 1000)
        found = max(oldest - newest + 1, 0)
        start = int(params.get("nextToken", 0))
        most = min(params.get("limit", MOST_EVENTS), MOST_BYTES // (len(TEXT) + OVERHEAD))
        end = min(start + most, found)
        events = [self._line(oldest - one, now) for one in range(start, end)]
        return {"events": events, **({"nextToken": str(end)} if end < found else {})}

    def _window(self, params: Mapping[str, Any], now: float) -> tuple[int, int]:
        """Return the oldest and the newest line of a window; 0 is the newest of all."""
        silence, step = self._milliseconds()
        until = params.get("endTime", now)
        oldest = math.floor((now - params["startTime"] - silence) / step)
        newest = math.ceil((now - until - silence) / step)
        return min(oldest, self.count - 1), max(newest, 0)

    def _milliseconds(self) -> tuple[float, float]:
        """Return the age of the newest line, and the time between two."""
        silence = self.silence / timedelta(milliseconds=1)
        return silence, (SPAN / timedelta(milliseconds=1) - silence) / max(self.count, 1)

    def _line(self, number: int, now: datetime) -> dict[str, Any]:
        silence, step = self._milliseconds()
        at = int(now.timestamp() * 1000 - silence - number * step)
        return {
            "logStreamName": f"app/{number % 10}",
            "timestamp": at,
            "message": TEXT % number,
            "ingestionTime": at + 500,
            "eventId": f"{at:032d}{number:024d}",
        }
