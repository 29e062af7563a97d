"""Patrol asks for looks: who is due, what was missed; each step and each item on its own."""

from typing import Any

import pytest

from building import SETTINGS
from disturb import refuse_patrol
from leftovers import some_incident, unsent
from night import Night
from seam import Call, Refusal
from stage import Stage, event


def test_a_look_that_is_due_is_asked_for_and_given(stage: Stage, night: Night) -> None:
    night.to("the alarm")
    night.minute()
    looks = len(stage.records())

    stage.step(60)
    done = stage.patrol()
    [asked] = stage.bus
    night.deliver(asked)

    assert done.looks == [f"worker_stuck {SETTINGS.service} due"]
    assert asked["detail"] == event("worker_stuck_look_due")["detail"]
    assert len(stage.records()) == looks + 1


def test_a_look_that_is_not_due_is_not_asked_for(stage: Stage, night: Night) -> None:
    night.to("the alarm")
    night.minute()

    stage.step(44)
    done = stage.patrol()

    assert (done.looks, stage.bus) == ([], [])


def test_an_alarm_whose_event_was_lost_opens_the_incident_within_a_minute(
    stage: Stage, night: Night
) -> None:
    stage.alarm("ALARM")

    done = stage.patrol()
    [asked] = stage.bus
    night.deliver(asked)

    assert done.looks == [f"worker_stuck {SETTINGS.service} missed alarm"]
    assert asked["detail"] == event("worker_stuck_look_missed_alarm")["detail"]
    assert (stage.incident()["status"], stage.incident()["triggers"]) == ("open", 1)


def test_an_alarm_with_an_open_incident_is_not_missed(stage: Stage, night: Night) -> None:
    night.to("the alarm")
    night.minute()

    done = stage.patrol()

    assert done.looks == []


@pytest.mark.parametrize(
    "operation", ["Query", "PutEvents", "DescribeAlarms", "TransactWriteItems", "Publish"]
)
def test_a_step_that_fails_is_a_problem_and_the_others_go_on(
    stage: Stage, night: Night, operation: str
) -> None:
    night.to("no help")
    night.minutes(15)
    stage.step(60)
    unsent(stage, "2026-11-23T02:00:00.000Z")
    some_incident(stage, "db_unavailable", next_look_at="2026-11-23T02:00:00.000Z")
    refuse_patrol(stage, operation)

    done = stage.patrol()

    assert done.problems
    does = {"PutEvents": len(done.looks), "Publish": done.sent, "TransactWriteItems": done.paged}
    if operation != "Query":
        assert {name for name, count in does.items() if not count} <= {operation}


def test_an_incident_of_an_unknown_schema_is_a_problem_and_does_not_stop_the_others(
    stage: Stage,
) -> None:
    some_incident(stage, "ancient", schema=2, next_look_at="2026-11-23T01:00:00.000Z")
    some_incident(stage, "db_unavailable")

    done = stage.patrol()

    assert done.looks == ["db_unavailable some-target due"]
    assert done.problems == [
        (
            "item 'incident#ancient#some-target' 'current' has schema 2; this code knows 1: "
            "deploy the version that wrote it, or remove the item"
        )
    ]


def test_a_look_that_eventbridge_refuses_is_a_problem(stage: Stage) -> None:
    some_incident(stage, "db_unavailable")
    usual = stage.hooks.answer

    def answer(call: Call) -> tuple[int, Any] | None:
        if call.operation != "PutEvents":
            return usual(call)
        return 200, {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}

    stage.hooks.answer = answer
    done = stage.patrol()

    assert done.looks == []
    assert done.problems == [
        "EventBridge refused the look db_unavailable some-target due: InternalFailure"
    ]


def test_looks_are_asked_for_in_batches_of_10_oldest_first(stage: Stage) -> None:
    for number in range(23):
        due = f"2026-11-23T01:{59 - number:02}:00.000Z"
        some_incident(stage, f"scenario-{number:02}", next_look_at=due)

    done = stage.patrol()

    batches = [call.params["Entries"] for call in stage.calls if call.operation == "PutEvents"]
    assert [len(batch) for batch in batches] == [10, 10, 3]
    assert done.looks == [f"scenario-{number:02} some-target due" for number in range(22, -1, -1)]


def test_a_batch_that_fails_does_not_stop_the_next_one(stage: Stage) -> None:
    for number in range(13):
        some_incident(stage, f"scenario-{number:02}")
    asked: list[Call] = []

    def first_fails(call: Call) -> Refusal | None:
        if call.operation != "PutEvents":
            return None
        asked.append(call)
        return Refusal("ThrottlingException") if len(asked) == 1 else None

    stage.hooks.before.append(first_fails)
    done = stage.patrol()

    assert len(done.looks) == 3
    assert len(done.problems) == 1
