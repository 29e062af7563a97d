"""Each event that is understood, and for each that is not the field and what was expected."""

import json
from pathlib import Path
from typing import Any

import pytest

from prod_settings import COMMON
from runbook.errors import TriggerError
from runbook.trigger import MOST_BYTES, Trigger, is_request, parse

EVENTS = Path(__file__).parents[3] / "events"
ALARM = "nightshift-prod/worker_stuck/queue-depth"


def event(name: str, **changes: Any) -> dict[str, Any]:
    """Return an event of the folder with some fields changed; ``detail__why`` is a field of detail."""
    found: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    for path, value in changes.items():
        part = found
        *parents, last = path.split("__")
        for parent in parents:
            part = part[parent]
        part[last.replace("_", "-") if last == "detail_type" else last] = value
    return found


def understood(what: object) -> Trigger:
    return parse(what, COMMON, scenario="worker_stuck", target="saas-worker", alarms=[ALARM])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "worker_stuck_alarm",
            Trigger(
                "trigger", f"alarm {ALARM} went to ALARM", "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92"
            ),
        ),
        (
            "worker_stuck_look_due",
            Trigger("look", "patrol: due", "6a7e8feb-b491-4cf7-a9f1-bf3703467718"),
        ),
        (
            "worker_stuck_look_missed_alarm",
            Trigger("trigger", "patrol: missed alarm", "6a7e8feb-b491-4cf7-a9f1-bf3703467718"),
        ),
        (
            "worker_stuck_by_hand",
            Trigger("request", "by hand: the queue looks long to me", by_hand=True),
        ),
        (
            "worker_stuck_by_hand_apply",
            Trigger(
                "request", "by hand: seen frozen workers, redeploy now", by_hand=True, apply=True
            ),
        ),
    ],
)
def test_understands_each_of_its_events(name: str, expected: Trigger) -> None:
    assert expected == understood(event(name))


@pytest.mark.parametrize(
    ("state", "asking"), [("ALARM", "trigger"), ("OK", "look"), ("INSUFFICIENT_DATA", "look")]
)
def test_only_an_alarm_that_rings_may_open_an_incident(state: str, asking: str) -> None:
    trigger = understood(event("worker_stuck_alarm", detail__state__value=state))

    assert asking == trigger.asking


def test_a_hand_over_is_a_look_at_an_incident_that_is_open_already() -> None:
    trigger = understood(event("worker_stuck_look_due", detail__why="handed over"))

    assert trigger.asking == "look"


def test_a_request_asks_for_no_change_unless_it_says_so() -> None:
    trigger = understood({"reason": "look at it"})

    assert trigger.apply is False


@pytest.mark.parametrize(
    ("what", "message"),
    [
        pytest.param(None, "the event is a NoneType; expected a JSON object", id="null"),
        pytest.param([], "the event is a list; expected a JSON object", id="list"),
        pytest.param("text", "the event is a str; expected a JSON object", id="text"),
        pytest.param(7, "the event is a int; expected a JSON object", id="number"),
        pytest.param({}, "event.detail-type is None; expected a text", id="empty"),
        pytest.param(
            {"apply": True},
            "event.detail-type is None; expected a text",
            id="request without reason",
        ),
    ],
)
def test_refuses_what_is_no_event(what: object, message: str) -> None:
    with pytest.raises(TriggerError) as refused:
        understood(what)

    assert message == str(refused.value)


KINDS = "'CloudWatch Alarm State Change', 'Nightshift Look'"
BUS = [
    ("detail_type", "", "event.detail-type is ''; expected a text"),
    ("detail_type", 5, "event.detail-type is 5; expected a text"),
    ("detail_type", "Scheduled Event", f"detail-type is 'Scheduled Event'; expected {KINDS}"),
    ("account", "999999999999", "event.account is '999999999999'; expected '111122223333'"),
    ("account", 111122223333, "event.account is 111122223333; expected '111122223333'"),
    ("account", None, "event.account is None; expected '111122223333'"),
    ("region", "us-east-1", "event.region is 'us-east-1'; expected 'me-south-1'"),
    ("region", "me-south-1 ", "event.region is 'me-south-1 '; expected 'me-south-1'"),
    ("detail", None, "event.detail is None; expected an object"),
    ("detail", [], "event.detail is []; expected an object"),
    ("detail", "{}", "event.detail is '{}'; expected an object"),
    ("id", None, "event.id is None; expected a text"),
    ("id", "", "event.id is ''; expected a text"),
]
ALARMS = [
    ("source", "mine", "event.source is 'mine'; expected 'aws.cloudwatch'"),
    ("source", "aws.cloudwatch.x", "event.source is 'aws.cloudwatch.x'; expected 'aws.cloudwatch'"),
    ("detail__alarmName", "theirs", f"event.detail.alarmName is 'theirs'; expected one of {ALARM}"),
    (
        "detail__alarmName",
        f"{ALARM}2",
        f"event.detail.alarmName is '{ALARM}2'; expected one of {ALARM}",
    ),
    ("detail__alarmName", "*", f"event.detail.alarmName is '*'; expected one of {ALARM}"),
    ("detail__alarmName", "", "event.detail.alarmName is ''; expected a text"),
    ("detail__alarmName", [ALARM], f"event.detail.alarmName is ['{ALARM}']; expected a text"),
    ("detail__state", "ALARM", "event.detail.state is 'ALARM'; expected an object"),
    ("detail__state__value", 1, "event.detail.state.value is 1; expected a text"),
    (
        "detail__state__value",
        "alarm",
        "event.detail.state.value is 'alarm'; expected OK, ALARM or INSUFFICIENT_DATA",
    ),
]
LOOKS = [
    ("source", "aws.cloudwatch", "event.source is 'aws.cloudwatch'; expected 'nightshift'"),
    ("detail__schema", 2, "event.detail.schema is 2; expected 1"),
    ("detail__schema", "1", "event.detail.schema is '1'; expected 1"),
    ("detail__schema", None, "event.detail.schema is None; expected 1"),
    ("detail__environment", "staging", "event.detail.environment is 'staging'; expected 'prod'"),
    (
        "detail__scenario",
        "backend_5xx",
        "event.detail.scenario is 'backend_5xx'; expected 'worker_stuck'",
    ),
    ("detail__target", "*", "event.detail.target is '*'; expected 'saas-worker'"),
    ("detail__target", "", "event.detail.target is ''; expected 'saas-worker'"),
    (
        "detail__target",
        "saas-backend",
        "event.detail.target is 'saas-backend'; expected 'saas-worker'",
    ),
    ("detail__why", "", "event.detail.why is ''; expected a text"),
    (
        "detail__why",
        "I say so",
        "event.detail.why is 'I say so'; expected 'due' or 'missed alarm' or 'handed over'",
    ),
]


@pytest.mark.parametrize(
    ("name", "field", "value", "message"),
    [
        *(("worker_stuck_alarm", *row) for row in BUS + ALARMS),
        *(("worker_stuck_look_due", *row) for row in BUS + LOOKS),
    ],
)
def test_names_the_wrong_field_and_what_was_expected(
    name: str, field: str, value: object, message: str
) -> None:
    with pytest.raises(TriggerError) as refused:
        understood(event(name, **{field: value}))

    assert message == str(refused.value)


TARGET = (
    "request.target is {!r}; expected 'saas-worker', written out: "
    "a wildcard or an empty target is never accepted"
)


@pytest.mark.parametrize(
    ("request_by_hand", "message"),
    [
        pytest.param(
            {"reason": "r", "force": True, "aply": True},
            "the request has aply, force; expected only reason, apply, target",
            id="unknown fields",
        ),
        pytest.param({"reason": ""}, "request.reason is ''; expected a text", id="no reason"),
        pytest.param({"reason": 5}, "request.reason is 5; expected a text", id="a number"),
        pytest.param(
            {"reason": "x" * 501},
            "request.reason has 501 characters; expected at most 500",
            id="long reason",
        ),
        pytest.param(
            {"reason": "r", "apply": "true"},
            "request.apply is 'true'; expected true or false",
            id="apply as text",
        ),
        pytest.param(
            {"reason": "r", "apply": 1}, "request.apply is 1; expected true or false", id="apply 1"
        ),
        pytest.param(
            {"reason": "r", "apply": None},
            "request.apply is None; expected true or false",
            id="apply null",
        ),
        *(
            pytest.param({"reason": "r", "target": one}, TARGET.format(one), id=f"target {one!r}")
            for one in ("*", "", "saas-*", "saas-backend", "SAAS-WORKER", None, ["saas-worker"])
        ),
    ],
)
def test_answers_a_wrong_request_with_the_field_and_what_was_expected(
    request_by_hand: dict[str, object], message: str
) -> None:
    with pytest.raises(TriggerError) as refused:
        understood(request_by_hand)

    assert message == str(refused.value)


def test_takes_a_reason_of_500_characters() -> None:
    trigger = understood({"reason": "x" * 500})

    assert trigger.why == "by hand: " + "x" * 500


def padded(size: int) -> dict[str, str]:
    """Return an event of exactly so many bytes of JSON."""
    return {"pad": "x" * (size - len(json.dumps({"pad": ""})))}


def test_reads_an_event_of_256_kb() -> None:
    with pytest.raises(TriggerError, match=r"^event\.detail-type is None; expected a text$"):
        understood(padded(MOST_BYTES))


def test_refuses_an_event_of_one_byte_more() -> None:
    with pytest.raises(TriggerError) as refused:
        understood(padded(256 * 1024 + 1))

    assert str(refused.value) == "the event has 262145 bytes; expected at most 262144"


def test_refuses_a_request_by_its_size_as_well() -> None:
    with pytest.raises(TriggerError, match=r"bytes; expected at most 262144$"):
        understood({"reason": "x" * 300_000})


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ({"reason": "r"}, True),
        ({"reason": ""}, True),
        ({"reason": "r", "detail-type": "x"}, False),
        ({"apply": True}, False),
        ("reason", False),
        (["reason"], False),
    ],
    ids=str,
)
def test_answers_a_person_and_keeps_what_nobody_waits_for(what: object, expected: bool) -> None:
    assert expected is is_request(what)
