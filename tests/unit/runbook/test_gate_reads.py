"""What the gate reads right before a write, what it takes, and what an attempt remembers of it."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from fake_gate import MODE, ON, RESOURCE, SWITCH, FakeFix, FakeSsm, FakeTable, gate
from runbook import limits
from runbook.clock import to_text
from runbook.gate import Refusal, again, new_attempt
from runbook.model import Apply, Attempt
from worker_facts import NOW, ago, attempt, facts, incident

UNREADABLE = "the kill switch or the mode cannot be read ({}): nothing was changed"


def live(ssm: Any) -> Any:
    """Return what the gate's read of switch and mode answers."""
    return gate(ssm).rereads(FakeFix(), facts())["gate.live"]()


def test_reads_switch_and_mode_in_one_call(stubbed: Any) -> None:
    ssm, stub = stubbed("ssm")
    found = [{"Name": SWITCH, "Value": " on\n"}, {"Name": MODE, "Value": "act"}]
    stub.add_response("get_parameters", {"Parameters": found}, {"Names": [SWITCH, MODE]})

    assert live(ssm) == ON


@pytest.mark.parametrize("missing", [SWITCH, MODE])
def test_a_missing_parameter_is_unreadable(missing: str) -> None:
    values = {name: value for name, value in ON.items() if name != missing}

    refusal = live(FakeSsm(values))

    why = UNREADABLE.format(f"SSM has no parameter {missing}")
    assert Refusal("switch", why, "escalate") == refusal


def test_a_refusal_by_aws_is_unreadable(stubbed: Any) -> None:
    ssm, stub = stubbed("ssm")
    stub.add_client_error("get_parameters", "AccessDeniedException")

    refusal = live(ssm)

    why = UNREADABLE.format("SSM answered AccessDeniedException")
    assert Refusal("switch", why, "escalate") == refusal


def test_no_answer_is_unreadable() -> None:
    refusal = live(FakeSsm(error=ConnectTimeoutError(endpoint_url="https://ssm")))

    why = UNREADABLE.format("SSM did not answer: ConnectTimeoutError")
    assert Refusal("switch", why, "escalate") == refusal


def test_reads_the_target_the_limits_and_what_may_explain_the_trouble() -> None:
    table = FakeTable()
    calls = gate(table=table).rereads(FakeFix(), facts())

    calls["gate.spent"]()

    assert set(calls) == {"fake.target", "gate.live", "gate.spent"}
    assert table.asked == [
        *limits.keys(RESOURCE, "redeploy"),
        ("incident#db_connections#saas-db", "current"),
        ("incident#redis_unavailable#saas-redis", "current"),
    ]


def spend(spent: Mapping[str, Any], **asked: bool) -> Any:
    how = {"by_hand": False, **asked}
    return gate().spend(FakeFix(), {"gate.spent": spent}, incident(), NOW, **how)


OCCUPIED = {f"occupancy#{RESOURCE}": {"until": to_text(ago(-5)), "incident_id": "other-1"}}
COOLING = {
    f"cooldown#{RESOURCE}#redeploy": {"until": to_text(ago(-5)), "applied_at": to_text(ago(55))}
}


@pytest.mark.parametrize(
    ("spent", "asked", "expected"),
    [
        pytest.param(OCCUPIED, {}, "occupied", id="occupied"),
        pytest.param(OCCUPIED, {"by_hand": True}, "occupied", id="occupied, by hand"),
        pytest.param(OCCUPIED, {"undo": True}, "occupied", id="occupied, an undo"),
        pytest.param(COOLING, {}, "cooldown", id="cooling down"),
        pytest.param(COOLING, {"by_hand": True}, 4, id="cooling down, by hand: 4 rows"),
        pytest.param(COOLING, {"undo": True}, 1, id="cooling down, an undo: the occupancy"),
        pytest.param({}, {}, 4, id="all free: 4 rows"),
    ],
)
def test_takes_the_limits_or_says_which_one_refuses(
    spent: dict[str, Any], asked: dict[str, bool], expected: str | int
) -> None:
    taken = spend(spent, **asked)

    assert expected == (taken.code if isinstance(taken, Refusal) else len(taken))


def test_an_attempt_remembers_the_target_the_symptom_and_the_last_help() -> None:
    spent = {f"cooldown#{RESOURCE}#redeploy": {"verified_at": "2026-11-22T20:00:00.000Z"}}
    answers = {"fake.target": "ecs-svc/1", "gate.spent": spent}
    decision = Apply("redeploy", "it is stuck", {"depth": 360}, undoes="intent-0")

    made = new_attempt("intent-1", FakeFix(), decision, answers, NOW)

    assert made == Attempt(
        intent_id="intent-1",
        fix="redeploy",
        resource=RESOURCE,
        reason="it is stuck",
        prior={
            "deployment": "ecs-svc/1",
            "depth": 360,
            "verified_before": "2026-11-22T20:00:00.000Z",
        },
        intended_at=NOW,
        tried_at=NOW,
        undoes="intent-0",
    )


def test_a_second_try_keeps_the_intent() -> None:
    first = attempt(None, minutes=5)

    second = again(first, NOW)

    assert (second.intent_id, second.intended_at) == (first.intent_id, first.intended_at)
    assert (second.tried_at, second.tries) == (NOW, 2)
