"""More memory is judged by the stops and by the load balancer; it is put back where it did not help."""

from typing import Any

import pytest

from backend_facts import (
    UNKNOWN,
    attempt,
    crashes,
    decided,
    deployment,
    facts,
    incident,
    kind,
    out_of_memory,
    revision,
    service,
)
from runbook.model import Apply, Escalate, Incident, Outcome, Status, Verdict

BACK = {"target_5xx": ()}
LOOK = "aws ecs describe-services --region me-south-1"


def raised(minutes: float = 20) -> Incident:
    """Return an incident in which revision 8, of 2048 MiB, replaced revision 7 so many minutes ago."""
    return incident(attempt("raise_memory", minutes=minutes), opened=minutes + 5)


def at(minutes: float = 20, complete: float = 15, **changes: Any) -> dict[str, Any]:
    """Return the facts of that deployment, complete so many minutes ago, and what differs."""
    primary = deployment(8, minutes, updated_at=deployment(8, complete).created_at, **changes)
    return {"service": service(primary)}


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param({**BACK, **at()}, "Wait VERIFIED", id="5xx-ended"),
        pytest.param({**BACK, **at(10, 4.9)}, "Wait", id="not-settled"),
        pytest.param(
            {**BACK, **at(), "stopped": out_of_memory(25, 40, task_definition=revision(7))},
            "Wait VERIFIED",
            id="the-stops-are-those-of-before",
        ),
        pytest.param(
            {**BACK, **at(), "stopped": out_of_memory(1)}, "Escalate FAILED", id="one-more-stop"
        ),
        pytest.param(
            {**BACK, **at(), "stopped": out_of_memory(1, 4, 7)},
            "Escalate FAILED",
            id="a-crash-loop-for-lack-of-memory",
        ),
        pytest.param(at(), "Apply restore_memory", id="5xx-go-on"),
        pytest.param(
            {**BACK, **at(), "stopped": crashes(1, 4, 7)}, "Apply restore_memory", id="tasks-crash"
        ),
        pytest.param(
            {**BACK, **at(15, 0, rollout_state="IN_PROGRESS")},
            "Apply restore_memory",
            id="not-complete-in-15-min",
        ),
        pytest.param(
            {**BACK, "service": service(deployment(9, 2))},
            "Wait SUPERSEDED",
            id="somebody-deployed",
        ),
        pytest.param({**BACK, **at(), "stopped": UNKNOWN}, "Wait blind", id="stops-unknown"),
    ],
)
def test_what_becomes_of_more_memory(seen: dict[str, Any], expected: str) -> None:
    service_ = seen["service"].primary.created_at
    minutes = (facts().at - service_).total_seconds() / 60
    about = raised() if minutes < 10 else raised(minutes)

    assert kind(decided(facts(**seen), about)) == expected


def test_a_leak_keeps_the_memory_that_it_fills() -> None:
    why = "out of memory again after it was raised to 2048 MiB: a leak"

    decision = decided(facts(**BACK, **at(), stopped=out_of_memory(1)), raised())

    assert isinstance(decision, Escalate)
    assert (decision.reason, decision.verdict) == (why, Verdict(Outcome.FAILED, why))
    assert decision.proposal.startswith(LOOK)


def test_what_did_not_help_is_put_back_as_an_undo_of_exactly_that_change() -> None:
    assert decided(facts(**at()), raised()) == Apply(
        "restore_memory",
        "saas-backend:7 is put back, for it did not help: "
        "50.0 % of 500 requests failed since the raise_memory of 02:40",
        undoes="intent-1",
        command=(
            "aws ecs update-service --region me-south-1 --cluster saas-prod --service saas-backend "
            "--task-definition saas-backend:7"
        ),
    )


def put_back(minutes: float, status: Status = Status.OPEN, **changes: Any) -> Incident:
    """Return an incident whose memory was put back so many minutes ago."""
    undo = attempt(
        "restore_memory",
        minutes=minutes,
        intent_id="intent-2",
        undoes="intent-1",
        reason="saas-backend:7 is put back, for it did not help",
        left={"deployment": "ecs-svc/8", "task_definition": revision(7)},
        **changes,
    )
    return incident(attempt("raise_memory", Outcome.UNDONE), undo, opened=60, status=status)


@pytest.mark.parametrize(
    ("minutes", "complete", "expected"),
    [
        pytest.param(8, 4.9, "Wait", id="not-settled"),
        pytest.param(10, 5, "Escalate", id="settled"),
    ],
)
def test_a_person_is_asked_once_the_undo_has_settled(
    minutes: float, complete: float, expected: str
) -> None:
    decision = decided(facts(**BACK, **at(minutes, complete)), put_back(minutes))

    assert kind(decision) == expected


def test_the_page_says_what_was_put_back_and_why() -> None:
    decision = decided(facts(**at(10, 5)), put_back(10))

    assert decision.reason == (
        "the memory is as it was before: saas-backend:7 is put back, for it did not help"
    )


def test_an_undo_that_ecs_does_not_complete_is_asked_about_too() -> None:
    seen = at(16, 16, rollout_state="IN_PROGRESS")

    assert kind(decided(facts(**seen), put_back(16))) == "Escalate"


def test_an_undo_is_not_judged_by_a_service_that_could_not_be_read() -> None:
    assert kind(decided(facts(service=UNKNOWN), put_back(10))) == "Wait blind"


def test_while_a_person_has_it_the_incident_may_end() -> None:
    good = {**BACK, "alarms": {"a": "OK"}}

    decision = decided(facts(**good, **at(10, 5)), put_back(10, Status.ESCALATED))

    assert kind(decision) == "Resolve"


def test_an_undo_whose_answer_was_lost_is_not_taken_for_done() -> None:
    lost = put_back(10, outcome=None)

    assert kind(decided(facts(**at(10, 5)), lost)) == "Escalate"
    assert not decided(facts(**at(10, 5)), lost).reason.startswith("the memory is as it was")
