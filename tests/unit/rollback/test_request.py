"""A request names its part, its reason and what it means; whatever comes over the bus can only look."""

from typing import Any

import pytest

from infra.chapters import rollback as chapter
from infra.environment import load
from rollback.parts import parts_of
from rollback.request import is_event, parse, second_look
from rollback.services_request import Wish
from rollback.settings import Settings
from runbook.aws import Aws
from runbook.errors import TriggerError
from runbook.settings import build
from stage import event

SETTINGS = build(Settings, chapter.spec(load("prod")).settings, "rollback")
PARTS = parts_of(SETTINGS, Aws("me-south-1"))
ASKED = {"part": "backend", "reason": "it is bad"}


def test_a_request_is_a_dry_run_unless_it_says_otherwise() -> None:
    found = parse(ASKED, PARTS)

    assert (found.part.name, found.reason, found.dry_run) == ("backend", "it is bad", True)
    assert found.wish == Wish()


def test_a_request_carries_what_its_part_takes() -> None:
    found = parse({**ASKED, "dry_run": False, "to": "saas-backend:6"}, PARTS)

    assert not found.dry_run
    assert found.wish == Wish("saas-backend:6")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(f"rollback_{part}_by_hand{kind}", id=f"{part}{kind}")
        for part in ("backend", "worker", "frontend")
        for kind in ("", "_apply")
    ],
)
def test_the_examples_are_requests_as_their_names_say(name: str) -> None:
    found = parse(event(name), PARTS)

    assert name.startswith(f"rollback_{found.part.name}_")
    assert found.dry_run == (not name.endswith("_apply"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"part": "everything"}, "request.part is 'everything'; expected one of", id="part"
        ),
        pytest.param({"part": ""}, "request.part is ''", id="empty-part"),
        pytest.param({"part": "*"}, r"request.part is '\*'", id="wildcard-part"),
        pytest.param({"part": ["backend"]}, r"request.part is \['backend'\]", id="two-parts"),
        pytest.param({"part": None}, "request.part is None", id="no-part"),
        pytest.param({"reason": ""}, "request.reason is ''", id="empty-reason"),
        pytest.param({"reason": 3}, "request.reason is 3", id="reason-of-another-type"),
        pytest.param({"reason": "x" * 501}, "request.reason has 501 characters", id="long-reason"),
        pytest.param(
            {"dry_run": "false"}, "request.dry_run is 'false'; expected true or", id="text"
        ),
        pytest.param({"dry_run": 0}, "request.dry_run is 0; expected true or false", id="number"),
        pytest.param({"dry_run": None}, "request.dry_run is None", id="null"),
        pytest.param({"to": "*"}, r"request.to is '\*'; expected", id="wildcard-target"),
        pytest.param({"to": ""}, "request.to is ''; expected", id="empty-target"),
        pytest.param({"to": "saas-worker:3"}, "request.to is 'saas-worker:3'", id="other-target"),
        pytest.param(
            {"apply": True}, "has apply; for backend expected only part, ", id="a-scenarios"
        ),
        pytest.param({"target": "saas-backend"}, "has target; for backend", id="another-word"),
        pytest.param({"dryrun": False}, "has dryrun; for backend expected only", id="a-typo"),
        pytest.param({"snapshot": "s"}, "has snapshot; for backend expected", id="another-parts"),
    ],
)
def test_a_wrong_field_is_named_with_what_was_expected(
    changes: dict[str, Any], expected: str
) -> None:
    with pytest.raises(TriggerError, match=expected):
        parse({**ASKED, **changes}, PARTS)


def test_a_request_needs_a_reason() -> None:
    with pytest.raises(TriggerError, match=r"request\.reason is None; expected a text"):
        parse({"part": "worker"}, PARTS)


@pytest.mark.parametrize("asked", [None, "backend", ["backend"], 3])
def test_a_request_is_an_object(asked: object) -> None:
    with pytest.raises(TriggerError, match="expected a JSON object"):
        parse(asked, PARTS)


@pytest.mark.parametrize(
    "name", ["worker_stuck_by_hand_apply", "backend_5xx_by_hand", "diagnose_by_hand"]
)
def test_a_request_to_another_function_is_refused(name: str) -> None:
    with pytest.raises(TriggerError, match=r"request\.part is None"):
        parse(event(name), PARTS)


@pytest.mark.parametrize(
    "name",
    ["backend_5xx_alarm", "backend_5xx_deployment_failed", "rollback_look_due", "patrol_schedule"],
)
def test_what_came_over_the_bus_is_an_event(name: str) -> None:
    assert is_event(event(name))


@pytest.mark.parametrize("sent", [{"Records": []}, {"alarmData": {}, "reason": "x"}])
def test_what_sns_and_cloudwatch_send_is_an_event(sent: dict[str, Any]) -> None:
    assert is_event(sent)


@pytest.mark.parametrize("sent", [ASKED, {}, None, "detail", ["detail"]])
def test_what_a_person_sends_is_none(sent: object) -> None:
    assert not is_event(sent)


@pytest.mark.parametrize(
    ("target", "part"),
    [("saas-backend", "backend"), ("saas-worker", "worker"), ("vercel:prj_saas", "frontend")],
)
def test_a_second_look_finds_its_part(target: str, part: str) -> None:
    found, trigger = second_look(look(target=target), SETTINGS, PARTS)

    assert found.name == part
    assert (trigger.asking, trigger.by_hand, trigger.apply) == ("look", False, False)


def look(**detail: Any) -> dict[str, Any]:
    due = event("rollback_look_due")
    return {**due, "detail": {**due["detail"], **detail}}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(event("backend_5xx_alarm"), "expected 'Nightshift Look'", id="an-alarm"),
        pytest.param(
            event("backend_5xx_deployment_failed"), "expected 'Nightshift Look'", id="ecs"
        ),
        pytest.param({"Records": []}, "detail-type is None", id="sns"),
        pytest.param({"alarmData": {}}, "detail-type is None", id="cloudwatch"),
        pytest.param({**look(), **ASKED, "detail-type": "x"}, "detail-type is 'x'", id="both"),
        pytest.param({**look(), "detail": "due"}, "event.detail is 'due'", id="no-detail"),
        pytest.param(
            look(part="backend"), "event.detail has part; expected only", id="with-a-part"
        ),
        pytest.param(look(dry_run=False, to="x"), "event.detail has dry_run, to", id="with-a-wish"),
        pytest.param(look(why="missed alarm"), "event.detail.why is 'missed alarm'", id="missed"),
        pytest.param(
            look(why="handed over"), "event.detail.why is 'handed over'", id="handed-over"
        ),
        pytest.param(
            look(target="saas"), "event.detail.target is 'saas'; expected one", id="target"
        ),
        pytest.param(look(target="*"), r"event.detail.target is '\*'", id="wildcard"),
        pytest.param(look(scenario="worker_stuck"), "event.detail.scenario is", id="scenario"),
        pytest.param(look(environment="test"), "event.detail.environment is", id="environment"),
        pytest.param({**look(), "account": "999999999999"}, "event.account is", id="account"),
        pytest.param({**look(), "source": "mine"}, "event.source is 'mine'", id="source"),
    ],
)
def test_nothing_else_may_come_over_the_bus(sent: dict[str, Any], expected: str) -> None:
    with pytest.raises(TriggerError, match=expected):
        second_look(sent, SETTINGS, PARTS)


def test_no_two_parts_share_a_target() -> None:
    targets = [part.target for part in PARTS.values()]

    assert len(set(targets)) == len(targets)
