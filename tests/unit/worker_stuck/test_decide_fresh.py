"""Runbook scenario F: right after somebody's deployment the numbers are still those of the old tasks."""

import pytest

from runbook.model import Outcome, Wait
from worker_facts import ago, attempt, decided, deployment, facts, incident, kind, series, service


def test_waits_until_a_deployment_has_settled() -> None:
    primary = deployment(created_at=ago(6), updated_at=ago(4))

    decision = decided(facts(service=service(primary)))

    why = (
        "deployment ecs-svc/1 of 02:54 settles until 03:01: "
        "the numbers are still those of the tasks before it"
    )
    assert Wait(why) == decision


@pytest.mark.parametrize(
    ("created", "updated", "state", "expected"),
    [
        pytest.param(6, 4.9, "COMPLETED", "Wait", id="complete for just under 5 min"),
        pytest.param(6, 5, "COMPLETED", "Apply", id="complete for 5 min"),
        pytest.param(19.9, 0, "COMPLETED", "Wait", id="complete at its deadline"),
        pytest.param(20, 0, "COMPLETED", "Apply", id="touched by ECS long after"),
        pytest.param(6, 1, "IN_PROGRESS", "Apply", id="in progress: the gate knows the deadline"),
    ],
)
def test_counts_a_deployment_as_fresh_for_5_min_after_it_was_completed(
    created: float, updated: float, state: str, expected: str
) -> None:
    primary = deployment(created_at=ago(created), updated_at=ago(updated), rollout_state=state)

    decision = decided(facts(service=service(primary)))

    assert expected == kind(decision)


def test_a_redeploy_of_ours_that_did_not_help_counts_like_any_deployment() -> None:
    primary = deployment(created_at=ago(6), updated_at=ago(4))

    decision = decided(facts(service=service(primary)), incident(attempt(Outcome.FAILED, 6)))

    assert kind(decision) == "Wait"


def test_a_fresh_deployment_keeps_no_backlog_from_being_seen() -> None:
    primary = deployment(created_at=ago(6), updated_at=ago(4))
    falling = series(380, 360, 340, 320, 300)

    decision = decided(facts(service=service(primary), depth=falling))

    assert "a backlog, not a stuck worker" in decision.reason
