"""A rollback is judged by what the load balancer counts once it has settled."""

from typing import Any

import pytest

from backend_facts import (
    OLD,
    UNKNOWN,
    attempt,
    closer,
    crashes,
    decided,
    deployment,
    errors,
    facts,
    fresh,
    incident,
    kind,
    past,
    revision,
    series,
    service,
)
from runbook.checks.rds import Instance
from runbook.checks.service_deployments import History
from runbook.model import HandOver, Incident, Outcome, Verdict, Wait

BACK = {"target_5xx": ()}
"""5xx have ended."""


def rolled_back(minutes: float = 20) -> Incident:
    """Return an incident with revision 7 deployed anew so many minutes ago, as ecs-svc/9."""
    left = {"deployment": "ecs-svc/9", "task_definition": revision(7), "stopped": ""}
    return incident(attempt("rollback", minutes=minutes, left=left), opened=minutes + 5)


def at(minutes: float = 20, complete: float = 15, **changes: Any) -> dict[str, Any]:
    """Return the facts of that deployment, complete so many minutes ago, and what differs."""
    old = deployment(7, minutes, id="ecs-svc/9", updated_at=deployment(7, complete).created_at)
    history = History((past(7, minutes), past(8, minutes + 10), OLD))
    return {"service": service(old), "history": history, **changes}


@pytest.mark.parametrize(
    ("minutes", "complete", "expected"),
    [
        pytest.param(9, 4.9, "Wait", id="complete-for-less-than-5-min"),
        pytest.param(10, 5, "Wait VERIFIED", id="complete-for-5-min"),
    ],
)
def test_is_verified_once_it_has_settled_and_5xx_have_ended(
    minutes: float, complete: float, expected: str
) -> None:
    decision = decided(facts(**BACK, **at(minutes, complete)), rolled_back(minutes))

    assert kind(decision) == expected


def test_is_verified_with_the_numbers() -> None:
    why = "0.0 % of 500 requests failed since the rollback of 02:40"

    assert decided(facts(**BACK, **at()), rolled_back()) == Wait(
        why, verdict=Verdict(Outcome.VERIFIED, why)
    )


@pytest.mark.parametrize(
    ("state", "minutes", "expected"),
    [
        pytest.param("IN_PROGRESS", 14.9, "Wait", id="in-progress"),
        pytest.param("IN_PROGRESS", 15, "Escalate FAILED", id="in-progress-for-15-min"),
        pytest.param("FAILED", 15, "Escalate FAILED", id="failed-for-15-min"),
    ],
)
def test_is_not_waited_for_longer_than_ecs_needs(state: str, minutes: float, expected: str) -> None:
    seen = at(minutes)
    primary = deployment(7, minutes, id="ecs-svc/9", rollout_state=state)

    decision = decided(facts(**BACK, **{**seen, "service": service(primary)}), rolled_back(minutes))

    assert kind(decision) == expected


@pytest.mark.parametrize(
    ("errors_", "expected"),
    [
        pytest.param(series(50, 50, 50, 0, 0, 0, 0, 0), "Wait VERIFIED", id="ended-five-min-ago"),
        pytest.param(series(*[4] * 10), "Wait VERIFIED", id="4-percent"),
        pytest.param(series(*[5] * 10), "Escalate FAILED", id="5-percent"),
    ],
)
def test_is_judged_by_the_rate_of_the_last_five_minutes(errors_: Any, expected: str) -> None:
    seen = facts(**at(), target_5xx=errors_)

    assert kind(decided(seen, rolled_back())) == expected


def test_did_not_help_where_no_target_is_healthy() -> None:
    seen = facts(**at(), requests=(), target_5xx=(), healthy=series(*[0] * 10))

    assert kind(decided(seen, rolled_back())) == "Escalate FAILED"


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        pytest.param(series(7, 7, 6), "Wait VERIFIED", id="20-in-3-min"),
        pytest.param(series(7, 7, 5), "Wait", id="19-in-3-min"),
        pytest.param(series(50, 50), "Wait", id="100-in-2-min"),
        pytest.param(series(*[2] * 12), "Wait VERIFIED", id="24-in-12-min"),
        pytest.param((), "Wait", id="none"),
    ],
)
def test_needs_20_requests_and_3_datapoints(requests: Any, expected: str) -> None:
    seen = facts(**BACK, **at(), requests=requests)

    assert kind(decided(seen, rolled_back())) == expected


@pytest.mark.parametrize(
    ("complete", "expected"),
    [
        pytest.param(34.9, "Wait", id="30-min-are-not-over"),
        pytest.param(35, "Escalate FAILED", id="30-min-after-settling"),
    ],
)
def test_without_requests_it_is_not_proved_for_ever(complete: float, expected: str) -> None:
    seen = facts(**BACK, **at(complete + 5, complete), requests=series(3, 3))

    assert kind(decided(seen, rolled_back(complete + 5))) == expected


def test_a_crash_loop_of_the_earlier_version_ends_it_at_once() -> None:
    tasks = crashes(1, 2, 3, deployment="ecs-svc/9")

    decision = decided(facts(**BACK, **at(6, 1), stopped=tasks), rolled_back(6))

    assert kind(decision) == "Escalate FAILED"
    assert decision.reason.startswith("after the rollback: 3 crashes in one deployment")


def test_somebody_who_deployed_since_supersedes_it() -> None:
    seen = at(service=service(deployment(9, 2, id="ecs-svc/10")))

    decision = decided(facts(**BACK, **seen), rolled_back())

    why = "somebody deployed ecs-svc/10 after our rollback"
    assert decision == Wait(why, verdict=Verdict(Outcome.SUPERSEDED, why))


def test_a_database_that_is_at_fault_by_now_is_handed_over() -> None:
    down = Instance("saas-prod-db", "stopped", True, "db.t4g.medium", 100)

    decision = decided(facts(**at(), instance=down), rolled_back())

    why = "50.0 % of 500 requests failed since the rollback of 02:40: RDS saas-prod-db is stopped"
    assert decision == HandOver("db_unavailable", "saas-prod-db", why, Verdict(Outcome.FAILED, why))


@pytest.mark.parametrize("name", ["service", "stopped", "requests", "healthy"])
def test_is_not_judged_by_what_could_not_be_read(name: str) -> None:
    seen = facts(**{**BACK, **at(), name: UNKNOWN})

    assert kind(decided(seen, rolled_back())) == "Wait blind"


# By stopping a deployment that was under way

STOPPED = past(8, 10).arn


def stopping(status: str, minutes: float = 20, **changes: Any) -> dict[str, Any]:
    """Return the facts of a deployment that ECS takes back, or has taken back."""
    old = deployment(7, 4000, id="ecs-svc/7", updated_at=deployment(7, 15).created_at)
    if status != "ROLLBACK_SUCCESSFUL":
        old = deployment(7, minutes, rollout_state="IN_PROGRESS")
    history = History((past(8, minutes + 10, status), OLD))
    return {"service": service(old), "history": history, **changes}


def stopped_by_us(minutes: float = 20) -> Incident:
    left = {"task_definition": revision(7), "stopped": STOPPED}
    return incident(attempt("rollback", minutes=minutes, left=left), opened=minutes + 5)


@pytest.mark.parametrize(
    ("status", "minutes", "expected"),
    [
        pytest.param("IN_PROGRESS", 1, "Wait", id="not-seen-yet"),
        pytest.param("ROLLBACK_IN_PROGRESS", 14.9, "Wait", id="going-back"),
        pytest.param("ROLLBACK_IN_PROGRESS", 15, "Escalate FAILED", id="going-back-for-15-min"),
        pytest.param("ROLLBACK_FAILED", 5, "Escalate FAILED", id="ecs-failed"),
        pytest.param("SUCCESSFUL", 5, "Escalate FAILED", id="it-completed-instead"),
        pytest.param("ROLLBACK_SUCCESSFUL", 20, "Wait VERIFIED", id="gone-back"),
    ],
)
def test_a_stopped_deployment_is_followed_until_it_is_back(
    status: str, minutes: float, expected: str
) -> None:
    seen = facts(**BACK, **stopping(status, minutes))

    assert kind(decided(seen, stopped_by_us(minutes))) == expected


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        pytest.param(History((past(9, 2), OLD)), "Wait SUPERSEDED", id="somebody-deployed"),
        pytest.param(UNKNOWN, "Wait blind", id="deployments-unknown"),
    ],
)
def test_a_stopped_deployment_is_judged_by_the_deployments(history: Any, expected: str) -> None:
    seen = facts(**BACK, **stopping("ROLLBACK_SUCCESSFUL", history=history))

    assert kind(decided(seen, stopped_by_us())) == expected


def test_after_the_verdict_the_incident_ends_by_its_own_rows() -> None:
    judged = incident(attempt("rollback", Outcome.VERIFIED), opened=40)
    good = {**BACK, "alarms": {"a": "OK"}}

    assert kind(decided(facts(**good, **at()), judged)) == "Resolve"
    assert kind(decided(facts(**at()), judged)) == "Escalate"


def test_a_rollback_is_not_repeated_on_the_deployment_that_it_made() -> None:
    failed = incident(attempt("rollback", Outcome.FAILED, left={"deployment": "ecs-svc/8"}))
    seen = facts(**fresh(), stopped=crashes(1, 2, 3), closer=closer(lines=errors(9)))

    assert kind(decided(seen, failed)) == "Escalate"
