"""The timeline: one line for each thing that happens, whatever the world puts into its reasons."""

from typing import Any

import pytest

from rehearsal.timeline import words

AT = "2026-11-23T03:12:00.219+00:00"
FORGED = "stuck\n03:13 updates    fix verified\r\x1b[2J\u2028\x85\x0bend"
SHOWN = "stuck 03:13 updates    fix verified  [2J   end"


@pytest.mark.parametrize(
    ("name", "line", "shown"),
    [
        (
            "invocations",
            {"ok": True, "answer": {"decided": "Wait", "why": FORGED}},
            f"look       Wait: {SHOWN}",
        ),
        (
            "invocations",
            {"ok": False, "function": "f", "error": FORGED, "attempt": 2},
            f"function   f: {SHOWN} (attempt 2)",
        ),
        ("messages", {"topic": "nightshift-prod-pages", "subject": FORGED}, f"pages      {SHOWN}"),
        (
            "alarms",
            {"name": f"p/{FORGED}", "before": "OK", "after": "ALARM"},
            f"alarm      {SHOWN}: OK -> ALARM",
        ),
    ],
    ids=["reason", "error", "subject", "alarm name"],
)
def test_text_of_the_world_stays_on_one_line(name: str, line: dict[str, Any], shown: str) -> None:
    text = words(name, {"at": AT, **line})

    assert f"03:12 {shown}" == text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "line", "shown"),
    [
        (
            "aws-calls",
            {"operation": "UpdateService", "function": "f", "status": 200},
            "aws        UpdateService by f: HTTP 200",
        ),
        ("processes", {"name": "worker 1", "event": "start"}, "process    worker 1 starts"),
        (
            "processes",
            {"name": "worker 1", "event": "signal", "signal": "SIGKILL"},
            "process    worker 1 gets SIGKILL",
        ),
        (
            "processes",
            {"name": "worker 1", "event": "exit", "exit_code": -9},
            "process    worker 1 exits with -9",
        ),
        (
            "messages",
            {"topic": "nightshift-example-us-east-1-second-path", "subject": "ALARM"},
            "second-path ALARM",
        ),
    ],
    ids=["call", "start", "signal", "exit", "topic of an environment with dashes"],
)
def test_each_thing_has_its_words(name: str, line: dict[str, Any], shown: str) -> None:
    assert f"03:12 {shown}" == words(name, {"at": AT, **line})


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("aws-calls", {"operation": "DescribeServices", "function": "f", "status": 200}),
        ("processes", {"name": "redis", "event": "start"}),
        ("invocations", {"ok": True, "answer": {"looks": []}}),
        ("alarms", {"name": "p/a", "before": "INSUFFICIENT_DATA", "after": "OK"}),
        ("deliveries", {"to": "f", "why": ""}),
    ],
    ids=["read", "redis", "patrol", "alarm begins as OK", "delivery"],
)
def test_says_nothing_of_what_is_as_usual(name: str, line: dict[str, Any]) -> None:
    assert words(name, {"at": AT, **line}) == ""
