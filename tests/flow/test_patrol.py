"""Patrol: who is due, what was missed, what is unsent, what is overdue; each on its own."""

from typing import Any

import pytest

from night import Night
from seam import Call, Refusal
from stage import SETTINGS, Stage, event


def _fail(stage: Stage, operation: str, code: str = "InternalFailure") -> None:
    def before(call: Call) -> Refusal | None:
        ours = call.actor == "patrol" and call.operation == operation
        return Refusal(code, 500) if ours else None

    stage.hooks.before.append(before)


def _incident(stage: Stage, scenario: str, **values: Any) -> None:
    usual = {
        "version": 1,
        "open": "open",
        "claim_until": "2026-11-23T01:00:00.000Z",
        "next_look_at": "2026-11-23T01:59:30.000Z",
        "scenario": scenario,
        "target": "some-target",
        "incident_id": f"{scenario}-1",
        "triggers": 1,
    }
    stage.put(f"incident#{scenario}#some-target", "current", **{**usual, **values})


def _unsent(stage: Stage, at: str, **values: Any) -> None:
    usual = {
        "kind": "page",
        "subject": "s",
        "body": "b",
        "scenario": "worker_stuck",
        "incident": "i",
        "dedup": f"dedup {at}",
    }
    stage.put("outbox", f"{at}#dedup {at}", **{**usual, **values})


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
    ("age", "sent"), [pytest.param(61, 1, id="left"), pytest.param(59, 0, id="about to be sent")]
)
def test_a_message_that_a_dead_look_left_is_sent_and_removed(
    stage: Stage, age: int, sent: int
) -> None:
    _unsent(stage, "2026-11-23T02:00:00.000Z")
    stage.step(age)

    done = stage.patrol()

    assert (done.sent, len(stage.pages()), len(stage.outbox())) == (sent, sent, 1 - sent)


def test_a_message_that_sns_refuses_stays_is_a_problem_and_goes_out_later(stage: Stage) -> None:
    _unsent(stage, "2026-11-23T02:00:00.000Z")
    stage.step(90)
    _fail(stage, "Publish", "InternalError")

    done = stage.patrol()
    stage.calm()
    later = stage.patrol()

    assert done.problems == [
        "SNS refused 2026-11-23T02:00:00.000Z#dedup 2026-11-23T02:00:00.000Z: InternalError"
    ]
    assert (later.sent, stage.outbox()) == (1, [])


def test_a_message_that_cannot_be_removed_is_sent_again_and_the_others_are_sent(
    stage: Stage,
) -> None:
    _unsent(stage, "2026-11-23T02:00:00.000Z")
    _unsent(stage, "2026-11-23T02:00:01.000Z")
    stage.step(90)
    _fail(stage, "DeleteItem")

    done = stage.patrol()
    stage.calm()
    stage.patrol()

    assert len(done.problems) == 2
    assert len(stage.pages()) == 4
    dedups = {page["MessageAttributes"]["dedup"]["StringValue"] for page in stage.pages()}
    assert len(dedups) == 2
    assert stage.outbox() == []


def test_a_page_is_repeated_every_15_min_until_the_incident_ends(
    stage: Stage, night: Night
) -> None:
    night.to("no help")

    night.minutes(32)
    pages = stage.pages()
    night.worker = "works"
    night.until("resolved")
    ended = len(stage.pages())
    night.minutes(20)

    # 02:30, 02:45 and 03:00.
    assert len(pages) == 3
    assert len({(page["Subject"], page["Message"]) for page in pages}) == 1
    assert len({page["MessageAttributes"]["dedup"]["StringValue"] for page in pages}) == 3
    assert len(stage.pages()) == ended


def test_an_acknowledged_page_is_not_repeated(stage: Stage, night: Night) -> None:
    night.to("no help")
    night.minute()
    incident = stage.incident()
    stage.change(incident["pk"], incident["sk"], acknowledged_at="2026-11-23T02:31:00.000Z")

    night.minutes(40)

    assert len(stage.pages()) == 1


def test_a_page_that_cannot_be_written_down_is_a_problem_and_comes_a_minute_later(
    stage: Stage, night: Night
) -> None:
    night.to("no help")
    night.minutes(15)
    stage.step(60)
    _fail(stage, "TransactWriteItems")

    done = stage.patrol()
    stage.calm()
    later = stage.patrol()

    [problem] = done.problems
    assert problem.startswith(f"page about worker_stuck {SETTINGS.service}: TableError: ")
    assert (done.paged, later.paged, len(stage.pages())) == (0, 1, 2)


@pytest.mark.parametrize(
    ("late", "paged"), [pytest.param(299, 0, id="4:59"), pytest.param(301, 1, id="5:01")]
)
def test_a_look_that_is_overdue_by_5_min_pages(stage: Stage, late: int, paged: int) -> None:
    _incident(stage, "db_unavailable", next_look_at="2026-11-23T02:00:00.000Z")
    stage.step(late)

    done = stage.patrol()

    assert (done.paged, len(stage.pages())) == (paged, paged)
    for page in stage.pages():
        assert page["Subject"] == "[prod] db_unavailable some-target: PAGE looks are overdue"
        assert "its look was due at 2026-11-23T02:00:00.000Z" in page["Message"]


def test_an_overdue_look_is_paged_again_only_after_15_min(stage: Stage) -> None:
    _incident(stage, "db_unavailable", next_look_at="2026-11-23T02:00:00.000Z")
    stage.step(301)

    paged = []
    for _ in range(31):
        paged.append(stage.patrol().paged)
        stage.step(60)

    assert [minute for minute, count in enumerate(paged) if count] == [0, 15, 30]


def test_the_heartbeat_needs_a_complete_pass(stage: Stage) -> None:
    stage.patrol()
    _fail(stage, "DescribeAlarms")
    stage.patrol()

    assert stage.heartbeats == 1


@pytest.mark.parametrize(
    "operation", ["Query", "PutEvents", "DescribeAlarms", "TransactWriteItems", "Publish"]
)
def test_a_step_that_fails_is_a_problem_and_the_others_go_on(
    stage: Stage, night: Night, operation: str
) -> None:
    night.to("no help")
    night.minutes(15)
    stage.step(60)
    _unsent(stage, "2026-11-23T02:00:00.000Z")
    _incident(stage, "db_unavailable", next_look_at="2026-11-23T02:00:00.000Z")
    _fail(stage, operation)

    done = stage.patrol()

    assert done.problems
    does = {"PutEvents": len(done.looks), "Publish": done.sent, "TransactWriteItems": done.paged}
    if operation != "Query":
        assert {name for name, count in does.items() if not count} <= {operation}


def test_an_incident_of_an_unknown_schema_is_a_problem_and_does_not_stop_the_others(
    stage: Stage,
) -> None:
    _incident(stage, "ancient", schema=2, next_look_at="2026-11-23T01:00:00.000Z")
    _incident(stage, "db_unavailable")

    done = stage.patrol()

    assert done.looks == ["db_unavailable some-target due"]
    assert done.problems == [
        (
            "item 'incident#ancient#some-target' 'current' has schema 2; this code knows 1: "
            "deploy the version that wrote it, or remove the item"
        )
    ]


def test_a_message_of_an_unknown_schema_is_a_problem_and_does_not_stop_the_others(
    stage: Stage,
) -> None:
    _unsent(stage, "2026-11-23T02:00:00.000Z", schema=2)
    _unsent(stage, "2026-11-23T02:00:01.000Z")
    stage.step(90)

    done = stage.patrol()

    assert done.sent == 1
    [problem] = done.problems
    assert "has schema 2; this code knows 1" in problem
    assert len(stage.outbox()) == 1


def test_a_page_that_was_lost_from_its_incident_does_not_stop_the_pass(stage: Stage) -> None:
    _incident(stage, "ancient", page_again_at="2026-11-23T01:00:00.000Z")
    _incident(
        stage,
        "db_unavailable",
        page_again_at="2026-11-23T01:00:00.000Z",
        page={"subject": "s", "body": "b"},
    )

    done = stage.patrol()

    assert len(stage.pages()) == 1
    assert len(done.problems) == 1


def test_a_look_that_eventbridge_refuses_is_a_problem(stage: Stage) -> None:
    _incident(stage, "db_unavailable")
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
        _incident(stage, f"scenario-{number:02}", next_look_at=due)

    done = stage.patrol()

    batches = [call.params["Entries"] for call in stage.calls if call.operation == "PutEvents"]
    assert [len(batch) for batch in batches] == [10, 10, 3]
    assert done.looks == [f"scenario-{number:02} some-target due" for number in range(22, -1, -1)]


def test_a_batch_that_fails_does_not_stop_the_next_one(stage: Stage) -> None:
    for number in range(13):
        _incident(stage, f"scenario-{number:02}")
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


def test_what_comes_back_three_times_within_an_hour_is_paged_once_and_not_repaired(
    stage: Stage, night: Night
) -> None:
    night.minutes(5)
    for status in ("open", "open", "open", "escalated"):
        night.depth, night.worker = 1400, "works"
        night.until(status)
        night.until("resolved")

    assert stage.redeploys() == 0
    assert len(stage.incident()["reopened_at"]) == 3
    assert {"PAGE flapping: came back 3 times within an hour; no fix is applied"} == {
        told for told in stage.told() if told.startswith("PAGE")
    }
    assert len(stage.pages()) == 1


def test_a_worker_that_freezes_while_it_is_flapping_is_not_redeployed(
    stage: Stage, night: Night
) -> None:
    night.minutes(5)
    for _ in range(3):
        night.depth, night.worker = 1400, "works"
        night.until("open")
        night.until("resolved")
    night.depth, night.worker = 1400, "works"
    night.until("escalated")

    night.worker = "frozen"
    night.minutes(30)

    assert stage.redeploys() == 0
    assert stage.incident()["status"] == "escalated"
