"""A rollback of a service counts once ECS is done, nothing crash-loops and all tasks have run for a while."""

from typing import Any

import pytest

from backend_facts import OLD, UNKNOWN, ago, crashes, deployment, kind, past, service
from rollback.services import Facts
from rollback_facts import attempt, decided, facts, incident
from runbook.checks.service_deployments import History
from runbook.model import Escalate, Outcome, Resolve, Status, Verdict, Wait

BACK = History((past(7, 20), past(8, 120), OLD))
ESCALATED = {"status": Status.ESCALATED}


def back(minutes: float = 20, complete: float = 15, **changes: Any) -> Facts:
    """Return the backend at revision 7, deployed anew and complete so many minutes ago."""
    updated = deployment(7, complete).created_at
    primary = deployment(7, minutes, id="ecs-svc/9", updated_at=updated)
    return facts(**{"service": service(primary), "history": BACK, **changes})


def rolling(minutes: float, state: str = "IN_PROGRESS") -> Facts:
    return back(service=service(deployment(7, minutes, id="ecs-svc/9", rollout_state=state)))


@pytest.mark.parametrize(
    ("seen", "minutes", "expected"),
    [
        pytest.param(rolling(3), 3, "Wait", id="under-way"),
        pytest.param(rolling(14.9), 14.9, "Wait", id="under-way-for-14-min"),
        pytest.param(rolling(15), 15, "Escalate FAILED", id="under-way-for-15-min"),
        pytest.param(back(9, 4.9), 9, "Wait", id="complete-for-less-than-5-min"),
        pytest.param(back(10, 5), 10, "Resolve VERIFIED", id="complete-for-5-min"),
        pytest.param(
            back(stopped=crashes(1, 2, 3, deployment="ecs-svc/9")),
            20,
            "Escalate FAILED",
            id="the-older-version-crash-loops-too",
        ),
        pytest.param(
            back(stopped=crashes(1, 2, deployment="ecs-svc/9")),
            20,
            "Resolve VERIFIED",
            id="2-crashes",
        ),
        pytest.param(
            back(stopped=crashes(16, 17, 18, deployment="ecs-svc/9")),
            20,
            "Resolve VERIFIED",
            id="crashes-of-16-min-ago",
        ),
        pytest.param(
            back(stopped=crashes(1, 2, 3)),
            20,
            "Resolve VERIFIED",
            id="crashes-of-the-version-that-left",
        ),
        pytest.param(back(stopped=UNKNOWN), 20, "Wait blind", id="stopped-tasks-unknown"),
        pytest.param(back(service=UNKNOWN), 20, "Wait blind", id="service-unknown"),
        pytest.param(
            back(service=service(deployment(9, 3, id="ecs-svc/10"))),
            20,
            "Wait SUPERSEDED",
            id="somebody-deployed-since",
        ),
    ],
)
def test_judges_by_what_ecs_shows(seen: Facts, minutes: float, expected: str) -> None:
    assert kind(decided(seen, incident(attempt(minutes)))) == expected


def test_is_verified_and_ends_with_the_numbers() -> None:
    why = "the rollback of 02:40 is complete and has settled: 2 of 2 tasks run saas-backend:7"

    assert decided(back(), incident(attempt())) == Resolve(why, Verdict(Outcome.VERIFIED, why))


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        pytest.param(29.9, "Wait", id="settled-for-9-min"),
        pytest.param(30, "Escalate FAILED", id="settled-for-10-min"),
    ],
)
def test_missing_tasks_are_waited_for(minutes: float, expected: str) -> None:
    primary = deployment(
        7, minutes, id="ecs-svc/9", updated_at=deployment(7, minutes - 15).created_at
    )
    seen = back(service=service(primary, running=1))

    assert kind(decided(seen, incident(attempt(minutes)))) == expected


STOPPED = {"left": {"task_definition": "", "stopped": past(8, 30).arn}}


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        pytest.param((past(8, 30, "ROLLBACK_SUCCESSFUL"), OLD), "Resolve VERIFIED", id="gone-back"),
        pytest.param((past(8, 30, "ROLLBACK_FAILED"), OLD), "Escalate FAILED", id="failed"),
        pytest.param((past(9, 3), past(8, 30), OLD), "Wait SUPERSEDED", id="another-one-since"),
    ],
)
def test_judges_a_stopped_deployment_by_how_it_ended(history: Any, expected: str) -> None:
    seen = back(history=History(history), service=service(deployment(7, 4000)))

    assert kind(decided(seen, incident(attempt(**STOPPED)))) == expected


def test_a_failure_comes_with_what_to_type() -> None:
    decision = decided(rolling(15), incident(attempt(15)))

    assert isinstance(decision, Escalate)
    assert "--task-definition saas-backend:<number>" in decision.proposal


def test_a_request_waits_for_the_rollback_before_it() -> None:
    decision = decided(rolling(3), incident(attempt(3)), to="saas-backend:3")

    assert isinstance(decision, Wait)


def test_a_request_waits_for_the_answer_of_the_call_before_it() -> None:
    decision = decided(facts(), incident(attempt(1, None)), to="")

    assert isinstance(decision, Wait)
    assert decision.reason.startswith("the answer of the rollback of 02:59 is not known yet")


FAILED = attempt(60, Outcome.FAILED)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(facts(), "Wait", id="still-at-the-bad-version"),
        pytest.param(back(), "Resolve", id="steady-elsewhere"),
        pytest.param(rolling(3), "Wait", id="being-deployed"),
        pytest.param(back(service=UNKNOWN), "Wait", id="unknown"),
        pytest.param(back(stopped=UNKNOWN), "Wait", id="crashes-unknown"),
        pytest.param(
            back(stopped=crashes(1, 2, 3, deployment="ecs-svc/9")), "Wait", id="crash-looping"
        ),
    ],
)
def test_after_a_failure_it_ends_when_the_service_is_steady_elsewhere(
    seen: Facts, expected: str
) -> None:
    assert kind(decided(seen, incident(FAILED, **ESCALATED))) == expected


@pytest.mark.parametrize(
    "attempts",
    [
        pytest.param((), id="the-request-was-refused-in-the-last-moment"),
        pytest.param((attempt(60, Outcome.VERIFIED),), id="opened-again-by-such-a-request"),
        pytest.param((attempt(60, Outcome.SUPERSEDED),), id="superseded"),
    ],
)
def test_a_look_that_nobody_asked_for_starts_nothing(attempts: Any) -> None:
    assert kind(decided(facts(), incident(*attempts))) == "Resolve"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, "Escalate", id="nobody-was-told"),
        pytest.param(ESCALATED, "Resolve", id="a-person-was-told"),
        pytest.param({"reopened_at": (ago(30),)}, "Resolve", id="before-a-later-request"),
        pytest.param({"reopened_at": (ago(90),)}, "Escalate", id="since-the-last-request"),
    ],
)
def test_a_call_that_never_took_effect_is_told_once(changes: Any, expected: str) -> None:
    about = incident(attempt(60, Outcome.REFUSED), **changes)

    assert kind(decided(facts(), about)) == expected


def test_a_failed_rollback_may_be_followed_by_another_one() -> None:
    decision = decided(facts(), incident(FAILED, **ESCALATED), to="saas-backend:3")

    assert kind(decision) == "Apply rollback"
