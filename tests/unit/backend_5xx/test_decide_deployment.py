"""A fresh deployment that crash-loops, runs out of memory, or alone misses the database: back to what ran."""

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
    event,
    facts,
    fresh,
    incident,
    kind,
    out_of_memory,
    past,
    service,
)
from runbook.checks.health import Health
from runbook.checks.service_deployments import History
from runbook.model import Apply, Escalate, Outcome

LOOP = {"stopped": crashes(1, 4, 7)}
SICK = {"health": Health(503, db=False, redis=True)}
ROLL_BACK = "Apply rollback"


def test_rolls_back_a_fresh_deployment_that_crash_loops() -> None:
    decision = decided(facts(**fresh(), **LOOP))

    assert decision == Apply(
        "rollback",
        "back to saas-backend:7, by a new deployment: saas-backend:8, deployed at 02:50, is bad: "
        "3 crashes in one deployment, exit codes [1], last: Essential container in task exited",
        command=(
            "aws ecs update-service --region me-south-1 --cluster saas-prod --service saas-backend "
            "--task-definition saas-backend:7\n"
            "(saas-worker stays on saas-worker:3; "
            "whether the deployment migrated the database cannot be seen)"
        ),
        undo=(
            "by hand: aws ecs update-service --region me-south-1 --cluster saas-prod "
            "--service saas-backend --task-definition saas-backend:8"
        ),
    )


def test_stops_one_that_is_still_under_way() -> None:
    decision = decided(facts(**fresh(10, "IN_PROGRESS", "IN_PROGRESS"), **LOOP))

    assert isinstance(decision, Apply)
    assert decision.reason.startswith(
        "back to saas-backend:7, by stopping the deployment with rollback: saas-backend:8"
    )
    assert decision.command.startswith(
        "aws ecs stop-service-deployment --region me-south-1 --service-deployment-arn "
        "arn:aws:ecs:me-south-1:111122223333:service-deployment/saas-prod/saas-backend/8 "
        "--stop-type ROLLBACK\n"
    )


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        pytest.param(LOOP, ROLL_BACK, id="crash-loop"),
        pytest.param({"stopped": out_of_memory(1, 4)}, ROLL_BACK, id="out-of-memory"),
        pytest.param({"stopped": out_of_memory(1)}, "Escalate", id="out-of-memory-once"),
        pytest.param(SICK, ROLL_BACK, id="db-error-by-the-health-endpoint"),
        pytest.param({"closer": closer(lines=errors(9, 5))}, ROLL_BACK, id="db-errors-in-its-log"),
        pytest.param(
            {"closer": closer(lines=errors(9, 5, since=12))},
            "Escalate",
            id="db-errors-since-before-the-deployment",
        ),
        pytest.param(
            {"health": Health(503, db=None, redis=False)}, "Escalate", id="redis-error-only"
        ),
        pytest.param({"closer": closer(lines=errors(9))}, "Escalate", id="other-errors"),
        pytest.param({}, "Escalate", id="nothing-but-5xx"),
        pytest.param(
            {**LOOP, "closer": closer(worker_lines=errors(9, 0, more=True))},
            ROLL_BACK,
            id="a-crash-loop-whatever-the-worker-logs",
        ),
    ],
)
def test_what_speaks_of_a_bad_deployment(signs: dict[str, Any], expected: str) -> None:
    assert kind(decided(facts(**fresh(), **signs))) == expected


def wrong_password(**changes: Any) -> dict[str, Any]:
    """Return the facts of a fresh deployment with a wrong password, and what differs."""
    return {**fresh(), **SICK, "closer": closer(lines=errors(50, 50, since=9)), **changes}


def test_a_wrong_password_is_the_deployments_and_not_handed_over() -> None:
    decision = decided(facts(**wrong_password()))

    assert isinstance(decision, Apply)
    assert decision.reason.endswith(
        "is bad: the health endpoint says db: error, and only its tasks say so"
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"events": (event(5, "failover"),)}, "HandOver", id="rds-failed-over"),
        pytest.param(
            {"closer": closer(worker_lines=errors(9, 3))}, "HandOver", id="the-worker-says-it-too"
        ),
        pytest.param(
            {
                "closer": closer(
                    worker_lines=errors(9, 3),
                    worker=service(deployment(4, 20), name="saas-worker"),
                )
            },
            ROLL_BACK,
            id="the-worker-is-as-fresh",
        ),
        pytest.param({"instance": UNKNOWN}, "Wait blind", id="rds-unknown"),
        pytest.param({"events": UNKNOWN}, "Wait blind", id="rds-events-unknown"),
        pytest.param({"connections": UNKNOWN}, "Wait blind", id="connections-unknown"),
        pytest.param({"connections": ()}, "Wait blind", id="connections-not-counted"),
        pytest.param(
            {"closer": closer(worker_lines=UNKNOWN)}, "Wait blind", id="no-log-group-of-the-worker"
        ),
        pytest.param({"closer": closer(worker=UNKNOWN)}, "Wait blind", id="worker-unknown"),
        pytest.param(
            {"closer": closer(worker_lines=errors(3000, 0, more=True))},
            "Wait blind",
            id="the-worker-logs-more-than-is-read",
        ),
    ],
)
def test_a_database_error_is_the_deployments_only_if_nobody_elses(
    changes: dict[str, Any], expected: str
) -> None:
    assert kind(decided(facts(**wrong_password(**changes)))) == expected


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(fresh(59), ROLL_BACK, id="59-minutes-old"),
        pytest.param(fresh(60), "Escalate", id="60-minutes-old"),
        pytest.param({}, "Escalate", id="of-yesterday"),
        pytest.param({**fresh(), "history": UNKNOWN}, "Wait blind", id="deployments-unknown"),
        pytest.param(
            {**fresh(), "history": History((past(9, 1), OLD))},
            "Wait blind",
            id="ecs-answers-do-not-agree",
        ),
        pytest.param(
            {**fresh(), "history": History((past(8, 10), past(8, 4320)))},
            "Escalate",
            id="the-same-revision-once-more",
        ),
        pytest.param(fresh(10, "ROLLBACK_IN_PROGRESS"), "Wait", id="somebody-is-taking-it-back"),
        pytest.param(fresh(10, "ROLLBACK_SUCCESSFUL"), "Escalate", id="was-taken-back"),
    ],
)
def test_only_a_fresh_deployment_is_rolled_back(seen: dict[str, Any], expected: str) -> None:
    assert kind(decided(facts(**seen, **LOOP))) == expected


def test_a_deployment_of_our_own_is_not_fresh() -> None:
    ours = incident(attempt("rollback", Outcome.FAILED, minutes=30))

    assert kind(decided(facts(**fresh(), **LOOP), ours)) == "Escalate"
    assert kind(decided(facts(**fresh(), **LOOP))) == ROLL_BACK


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        pytest.param(
            History((past(8, 10),)),
            "no earlier version ran for 60 min: saas-backend:8 SUCCESSFUL 23 Nov 02:50",
            id="the-first-deployment",
        ),
        pytest.param(
            History((past(8, 10), past(7, 40))),
            "no earlier version ran for 60 min: "
            "saas-backend:8 SUCCESSFUL 23 Nov 02:50; saas-backend:7 SUCCESSFUL 23 Nov 02:20",
            id="the-one-before-ran-for-25-minutes",
        ),
    ],
)
def test_pages_with_the_list_where_there_is_nothing_to_go_back_to(
    history: History, reason: str
) -> None:
    decision = decided(facts(**{**fresh(), "history": history}, **LOOP))

    assert isinstance(decision, Escalate)
    assert decision.reason.endswith(f"last: Essential container in task exited; {reason}")
    assert decision.proposal.startswith("aws ecs list-service-deployments --region me-south-1")


def test_before_the_worker_is_read_the_page_still_names_it() -> None:
    decision = decided(facts(**fresh(), **LOOP, closer=None))

    assert isinstance(decision, Apply)
    assert "(saas-worker stays on its version; " in decision.command
