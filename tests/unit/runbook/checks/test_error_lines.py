"""Error lines as a log group has them: JSON, plain, stack traces, far too many, none, no group."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from at_once import AtOnce
from runbook.checks import error_lines
from runbook.checks.error_lines import Errors, Group
from runbook.checks.reading import ask
from runbook.model import Unknown

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SPAN = timedelta(minutes=30)
TRACE = """Traceback (most recent call last):
  File "/app/main.py", line 12, in serve
    value = int(text)
ValueError: invalid literal for int() with base 10: 'x'
"""


class Logs:
    """A log group as FilterLogEvents reads it: oldest line first, a page at a time."""

    def __init__(self, *messages: str, seconds: float = 1) -> None:
        at = int(NOW.timestamp() * 1000)
        self._lines = [
            {"timestamp": at - int(number * seconds * 1000) - 1, "message": message}
            for number, message in enumerate(messages)
        ][::-1]
        self.asked: list[dict[str, Any]] = []

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        since, until = asked["startTime"], asked["endTime"]
        found = [one for one in self._lines if since <= one["timestamp"] <= until]
        start = int(asked.get("nextToken", 0))
        after = start + asked["limit"]
        more = {"nextToken": str(after)} if after < len(found) else {}
        return {"events": found[start:after], **more}


def read(*messages: str, seconds: float = 1) -> Errors:
    return error_lines.read(Logs(*messages, seconds=seconds), "/prod/backend", NOW, SPAN)


def test_asks_for_the_last_ten_minutes_first_and_for_no_moment_twice() -> None:
    logs = Logs()

    error_lines.read(logs, "/prod/backend", NOW, SPAN)

    newest, before = logs.asked
    now = int(NOW.timestamp() * 1000)
    assert (newest["startTime"], newest["endTime"]) == (now - 600_000, now - 1)
    assert (before["startTime"], before["endTime"]) == (now - 1_800_000, now - 600_001)
    assert {one["logGroupName"] for one in logs.asked} == {"/prod/backend"}
    assert newest["filterPattern"].split()[0] == "?ERROR"


def test_lines_that_differ_in_numbers_and_ids_only_are_one_group() -> None:
    found = read(
        "ERROR order 17 failed after 30 ms",
        "ERROR order 4711 failed after 2 ms",
        "ERROR user 0f8fad5b-d9cb-469f-a165-70867728950e is gone",
    )

    assert [(one.text, one.count) for one in found.groups] == [
        ("ERROR order 17 failed after 30 ms", 2),
        ("ERROR user 0f8fad5b-d9cb-469f-a165-70867728950e is gone", 1),
    ]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(json.dumps({"level": "ERROR", "message": "no disk"}), ["no disk"], id="json"),
        pytest.param(json.dumps({"levelname": "error", "msg": "no"}), ["no"], id="other-names"),
        pytest.param(json.dumps({"level": "INFO", "message": "0 errors"}), [], id="json-info"),
        pytest.param(json.dumps(["ERROR"]), ['["ERROR"]'], id="json-that-is-no-object"),
        pytest.param("INFO all is well", [], id="the-filter-let-it-through"),
        pytest.param(
            TRACE, ["ValueError: invalid literal for int() with base 10: 'x'"], id="a-stack-trace"
        ),
        pytest.param("ERROR a\nb\tc", ["ERROR a b c"], id="lines-and-tabs"),
        pytest.param("ERROR \x1b[31mred\x00", ["ERROR ?[31mred?"], id="unprintable"),
        pytest.param("ERROR " + "x" * 300, ["ERROR " + "x" * 191 + "..."], id="too-long"),
        pytest.param("[" * 100_000 + " ERROR", [], id="deeper-and-longer-than-is-read"),
    ],
)
def test_shows_what_a_line_says_as_one_short_line(message: str, expected: list[str]) -> None:
    assert expected == [one.text for one in read(message).groups]


def test_of_100000_lines_3000_are_read_from_both_windows_and_it_says_so() -> None:
    logs = Logs(*("ERROR at work" for _ in range(100_000)), seconds=0.01)

    found = error_lines.read(logs, "/prod/backend", NOW, SPAN)

    assert len(logs.asked) == 3
    assert (found.count, found.more) == (3000, True)
    assert [one["endTime"] - int(NOW.timestamp() * 1000) for one in logs.asked] == [
        -1,
        -600_001,
        -1,
    ]
    assert error_lines.total(found) == "at least 3000 since 02:30 UTC, 0 about the database"


def test_both_windows_are_asked_for_at_once() -> None:
    together = AtOnce()

    error_lines.read(Logs("ERROR"), "/prod/backend", NOW, SPAN, together)

    assert together.counts == [2]


def test_a_window_that_is_read_to_its_end_is_no_least_count() -> None:
    logs = Logs(*("ERROR at work" for _ in range(1200)), seconds=0.1)

    found = error_lines.read(logs, "/prod/backend", NOW, SPAN)

    assert (len(logs.asked), found.count, found.more) == (3, 1200, False)


def test_empty_pages_are_not_the_end_and_not_followed_for_ever() -> None:
    class Empty(Logs):
        def filter_log_events(self, **asked: Any) -> dict[str, Any]:
            self.asked.append(asked)
            return {"events": [], "nextToken": "more"}

    logs = Empty()

    found = error_lines.read(logs, "/prod/backend", NOW, SPAN)

    assert (len(logs.asked), found.count, found.more) == (3, 0, True)


def test_only_the_most_frequent_groups_are_kept() -> None:
    words = ("one", "two", "three", "four", "five", "six")
    lines = [f"ERROR {word}" for number, word in enumerate(words) for _ in range(number + 1)]

    found = read(*lines)

    assert [one.text for one in found.groups] == [
        f"ERROR {word}" for word in ("six", "five", "four", "three", "two")
    ]
    assert found.count == 21


@pytest.mark.parametrize(
    ("message", "is_one"),
    [
        pytest.param("FATAL: sorry, too many clients already ERROR", True, id="too-many-clients"),
        pytest.param("ERROR too many connections", True, id="too-many-connections"),
        pytest.param('ERROR {"db": 1} db: error', True, id="the-runbooks-own-words"),
        pytest.param("psycopg.OperationalError: connection failed", True, id="psycopg"),
        pytest.param("sqlalchemy.exc.TimeoutError: QueuePool limit", True, id="pool"),
        pytest.param('ERROR password authentication failed for user "app"', True, id="password"),
        pytest.param(
            'GET /items failed: connection failed: connection to server at "10.0.0.7", port 5432 failed: '
            'FATAL: role "app" is not permitted to log in',
            True,
            id="a-role-that-may-not-log-in",
        ),
        pytest.param("kombu.exceptions.OperationalError: redis is away", False, id="redis"),
        pytest.param("ERROR connection refused by the mail server", False, id="mail"),
    ],
)
def test_tells_trouble_with_the_database_from_other_trouble(message: str, is_one: bool) -> None:
    assert read(message).database == int(is_one)


def test_tells_when_trouble_with_the_database_began() -> None:
    found = read("ERROR other", "psycopg Error b", "psycopg Error a", "ERROR other")

    assert (found.database, found.database_since) == (2, NOW - timedelta(milliseconds=2001))


def test_a_log_group_that_does_not_exist_is_unknown() -> None:
    class Missing:
        def filter_log_events(self, **_: Any) -> dict[str, Any]:
            error = {"Error": {"Code": "ResourceNotFoundException"}}
            raise ClientError(error, "FilterLogEvents")

    found = ask("lines", lambda: error_lines.read(Missing(), "/prod/backend", NOW, SPAN))

    assert found == Unknown("lines: AWS answered ResourceNotFoundException to FilterLogEvents")
    assert error_lines.total(found).startswith("unknown: lines")
    assert error_lines.top(found) == ()


def test_the_top_is_shown_with_its_counts() -> None:
    found = Errors(NOW, 4, (Group("ERROR a", 3, NOW), Group("ERROR b", 1, NOW)))

    assert error_lines.top(found, 1) == ("3 x ERROR a",)


@given(st.lists(st.text(max_size=300), max_size=20))
def test_whatever_is_logged_is_counted_or_left_out_and_shown_printable(lines: list[str]) -> None:
    found = read(*(f"ERROR {line}" for line in lines))

    assert found.count == len(lines)
    assert all(one.text.isprintable() and len(one.text) <= 200 for one in found.groups)
