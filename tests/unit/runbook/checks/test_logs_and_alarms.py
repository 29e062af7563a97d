"""Has anything been logged, and which alarms ring: answers that may be empty or incomplete."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runbook.checks import alarms, logs
from runbook.model import Unknown

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TEN_MINUTES_AGO_MS = 1795402200000
LINE = [{"message": "task done"}]


def test_the_milliseconds_are_those_of_ten_minutes_ago() -> None:
    assert datetime.fromtimestamp(TEN_MINUTES_AGO_MS / 1000, UTC) == NOW - timedelta(minutes=10)


@pytest.mark.parametrize(
    ("pages", "quiet"),
    [
        pytest.param([LINE], False, id="a line"),
        pytest.param([[]], True, id="no line"),
        pytest.param([[], [], LINE], False, id="a line on the third page"),
        pytest.param([[], [], []], True, id="three empty pages and no more"),
        pytest.param([LINE, None], False, id="a line, and more to search"),
        pytest.param(
            [[], [], [], None],
            Unknown("logs of /prod/worker: 3 empty pages and still more to search"),
            id="three empty pages and more to search",
        ),
    ],
)
def test_says_whether_a_log_group_has_been_quiet(
    pages: list[Any], quiet: Any, stubbed: Any
) -> None:
    client, stub = stubbed("logs")
    asked = {"logGroupName": "/prod/worker", "startTime": TEN_MINUTES_AGO_MS, "limit": 1}
    for number, events in enumerate(pages):
        if events is None:
            break
        more = {"nextToken": f"t{number}"} if number + 1 < len(pages) else {}
        token = {"nextToken": f"t{number - 1}"} if number else {}
        stub.add_response("filter_log_events", {"events": events, **more}, {**asked, **token})

    found = logs.quiet(client, "/prod/worker", NOW, timedelta(minutes=10))

    assert quiet == found


ASKED = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100}


def alarm(name: str, state: str) -> dict[str, str]:
    return {"AlarmName": name, "StateValue": state}


@pytest.mark.parametrize(
    ("simple", "composite", "expected"),
    [
        pytest.param(
            [alarm("a", "OK")],
            [alarm("b", "ALARM")],
            {"a": "OK", "b": "ALARM"},
            id="a metric's and a composite one",
        ),
        pytest.param(
            [alarm("b", "INSUFFICIENT_DATA"), alarm("a", "OK")],
            [],
            {"a": "OK", "b": "INSUFFICIENT_DATA"},
            id="any order",
        ),
        pytest.param(
            [alarm("b", "OK")], [], Unknown("alarms: a does not exist"), id="one is missing"
        ),
        pytest.param([], [], Unknown("alarms: a, b does not exist"), id="both are missing"),
    ],
)
def test_reads_the_state_of_each_named_alarm(
    simple: list[Any], composite: list[Any], expected: Any, stubbed: Any
) -> None:
    client, stub = stubbed("cloudwatch")
    stub.add_response(
        "describe_alarms",
        {"MetricAlarms": simple, "CompositeAlarms": composite},
        {"AlarmNames": ["a", "b"], **ASKED},
    )

    assert expected == alarms.states(client, ["a", "b"])


def test_reads_more_alarms_than_one_call_takes(stubbed: Any) -> None:
    client, stub = stubbed("cloudwatch")
    names = [f"alarm {number}" for number in range(201)]
    for start in (0, 100, 200):
        asked = names[start : start + 100]
        answer = {"MetricAlarms": [alarm(name, "OK") for name in asked], "CompositeAlarms": []}
        stub.add_response("describe_alarms", answer, {"AlarmNames": asked, **ASKED})

    assert alarms.states(client, names) == dict.fromkeys(names, "OK")
