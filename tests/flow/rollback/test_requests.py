"""What is no request is answered, and nothing is done; what comes over the bus can look and nothing else."""

from typing import Any

import pytest

from rollback_stage import RollbackStage
from seam import Call, Killed
from stage import event

REAL = event("rollback_backend_by_hand_apply")
LOOK = event("rollback_look_due")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        pytest.param({}, "request.part", id="nothing"),
        pytest.param([], "a list", id="a-list"),
        pytest.param(event("worker_stuck_by_hand_apply"), "request.part", id="a-scenarios-request"),
        pytest.param({**REAL, "part": "*"}, "request.part", id="wildcard"),
        pytest.param({**REAL, "to": "*"}, "request.to", id="any-revision"),
        pytest.param({**REAL, "apply": True}, "has apply", id="unknown-field"),
        pytest.param({**REAL, "dry_run": "no"}, "request.dry_run", id="wrong-type"),
    ],
)
def test_a_request_that_is_none_is_answered_and_nothing_is_asked_or_written(
    stage: RollbackStage, asked: object, field: str
) -> None:
    answer = stage.ask(asked)

    assert list(answer) == ["refused"]
    assert field in answer["refused"]
    assert "expected" in answer["refused"]
    assert stage.calls == []


def with_detail(**more: Any) -> dict[str, Any]:
    return {**LOOK, "detail": {**LOOK["detail"], **more}}


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(event("backend_5xx_alarm"), id="an-alarm"),
        pytest.param(event("backend_5xx_deployment_failed"), id="a-service-event"),
        pytest.param({**LOOK, **REAL, "detail-type": "Nightshift Rollback"}, id="a-rollback"),
        pytest.param(with_detail(part="backend", dry_run=False), id="a-look-with-a-request-in-it"),
        pytest.param(with_detail(why="missed alarm"), id="a-missed-alarm"),
        pytest.param({"Records": [{"Sns": {"Message": "{}"}}], **REAL}, id="a-request-over-sns"),
    ],
)
def test_an_event_that_asks_for_more_than_a_look_goes_to_the_dead_letters(
    stage: RollbackStage, sent: dict[str, Any]
) -> None:
    answer = stage.ask(sent)

    assert "refused" in answer
    [letter] = stage.dead_letters()
    assert letter["why"] == answer["refused"]
    assert stage.changes() == []
    assert stage.case() == {}


def test_a_request_in_the_fields_of_a_look_starts_nothing(stage: RollbackStage) -> None:
    answer = stage.ask({**LOOK, **REAL})

    assert answer["decided"] == "joined"
    assert stage.changes() == []


def test_a_look_at_nothing_opens_nothing(stage: RollbackStage) -> None:
    answer = stage.look_again()

    assert answer["decided"] == "joined"
    assert stage.case() == {}


def test_patrol_asks_for_the_second_look_and_it_is_taken(stage: RollbackStage) -> None:
    stage.ask(REAL)
    stage.step(60)
    stage.backend.roll_on()

    stage.patrol()
    [asked] = stage.bus
    answer = stage.ask(asked)

    assert answer["decided"] == "Wait"
    assert answer["incident"] == stage.case()["incident_id"]


def test_a_look_that_dies_is_repeated_and_calls_nothing_twice(stage: RollbackStage) -> None:
    stage.hooks.after.append(dies_after("UpdateService"))
    with pytest.raises(Killed):
        stage.ask(REAL)
    stage.calm()

    stage.step(60)
    stage.backend.roll_on()
    stage.until("resolved")

    assert stage.changes() == ["UpdateService"]
    assert stage.case()["attempts"][0]["outcome"] == "VERIFIED"


def dies_after(operation: str) -> Any:
    def die(call: Call) -> None:
        if call.operation == operation:
            raise Killed

    return die
