"""Crash loops and failed starts without a deployment to blame, tasks that start, 5xx that go on."""

from typing import Any

import pytest

from backend_facts import (
    UNKNOWN,
    closer,
    crashes,
    decided,
    deployment,
    errors,
    facts,
    fresh,
    incident,
    kind,
    out_of_memory,
    past,
    service,
    stopped,
)
from runbook.checks.service_deployments import History
from runbook.model import Escalate, Wait

LOOK = (
    "aws ecs describe-services --region me-south-1 --cluster saas-prod "
    "--services saas-backend saas-worker\n"
    "aws logs tail /prod/backend --region me-south-1 --since 30m"
)


@pytest.mark.parametrize(
    ("seen", "opened", "expected"),
    [
        pytest.param({"stopped": crashes(1, 4)}, 4.9, "Wait", id="two-crashes"),
        pytest.param({"stopped": crashes(1, 4)}, 5, "Escalate", id="for-5-min"),
        pytest.param({"stopped": crashes(1, 4, 7)}, 1, "Apply rollback", id="three"),
        pytest.param({"stopped": crashes(16)}, 1, "Escalate", id="one-long-ago"),
        pytest.param({"stopped": out_of_memory(1)}, 1, "Wait", id="out-of-memory-once"),
        pytest.param({"stopped": out_of_memory(1, 3)}, 1, "Apply rollback", id="and-twice"),
        pytest.param({"stopped": ()}, 1, "Escalate", id="none"),
    ],
)
def test_counts_crashes_for_5_min_before_a_person_is_asked(
    seen: dict[str, Any], opened: float, expected: str
) -> None:
    assert kind(decided(facts(**fresh(), **seen), incident(opened=opened))) == expected


def test_says_how_many_have_crashed_so_far() -> None:
    decision = decided(facts(stopped=crashes(1, 4)), incident(opened=1))

    assert decision.reason.startswith("2 backend tasks have crashed: too few to tell")


def test_pages_for_a_crash_loop_that_no_deployment_explains() -> None:
    assert decided(facts(stopped=crashes(1, 4, 7))) == Escalate(
        "the backend crash-loops, and no fresh deployment explains it: 3 crashes in one deployment, "
        "exit codes [1], last: Essential container in task exited",
        LOOK,
    )


@pytest.mark.parametrize("seen", [{}, fresh()], ids=["no-deployment", "a-fresh-deployment"])
def test_pages_for_tasks_that_cannot_start_with_the_reason(seen: dict[str, Any]) -> None:
    failed = stopped(1, "TaskFailedToStart", reason="CannotPullContainerError: no such image")
    primary = seen["service"].primary if seen else deployment()

    decision = decided(
        facts(**{**seen, "stopped": (failed,), "service": service(primary, running=1)})
    )

    assert decision == Escalate(
        "backend tasks cannot start: CannotPullContainerError: no such image", LOOK
    )


def test_pages_for_a_fresh_deployment_that_finds_no_place_to_run_and_rolls_nothing_back() -> None:
    primary = deployment(8, 10, rollout_state="IN_PROGRESS", failed_tasks=5)
    full = "was unable to place a task. Reason: Capacity is unavailable"
    seen = {**fresh(10, "IN_PROGRESS"), "service": service(primary, events=(full,))}

    decision = decided(facts(**seen))

    assert decision == Escalate(
        "backend tasks do not come up: 5 tasks of deployment ecs-svc/8 failed, "
        f"none is seen to crash; {full}",
        LOOK,
    )


def test_pages_for_a_backend_that_is_scaled_to_0() -> None:
    decision = decided(facts(service=service(running=0, desired=0)))

    assert isinstance(decision, Escalate)
    assert decision.reason == "the backend is scaled to 0: nobody answers"
    assert decision.proposal.endswith("--service saas-backend --desired-count <more>")


@pytest.mark.parametrize(
    ("opened", "deployed", "expected"),
    [
        pytest.param(9.9, 1500, "Wait", id="the-incident-is-new"),
        pytest.param(10, 1500, "Escalate", id="for-10-minutes"),
        pytest.param(30, 9.9, "Wait", id="the-deployment-is-new"),
    ],
)
def test_waits_ten_minutes_for_tasks_that_start(
    opened: float, deployed: float, expected: str
) -> None:
    seen = facts(service=service(deployment(8, deployed), running=1, pending=1))

    decision = decided(seen, incident(opened=opened))

    assert kind(decision) == expected
    assert decision.reason.startswith("1 of 2 backend tasks run")


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        pytest.param(14.9, "Wait", id="for-14-minutes"),
        pytest.param(15, "Escalate", id="for-15-minutes"),
    ],
)
def test_waits_for_a_deployment_in_progress(minutes: float, expected: str) -> None:
    seen = facts(**fresh(minutes, "IN_PROGRESS", "IN_PROGRESS"))

    assert kind(decided(seen)) == expected


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        pytest.param(14.9, "Wait", id="for-14-minutes"),
        pytest.param(15, "Escalate", id="for-15-minutes"),
    ],
)
def test_waits_while_somebody_takes_a_deployment_back(opened: float, expected: str) -> None:
    history = History((past(8, 20, "ROLLBACK_IN_PROGRESS"), past(7, 900)))
    seen = facts(service=service(deployment(7, 3, rollout_state="IN_PROGRESS")), history=history)

    assert kind(decided(seen, incident(opened=opened))) == expected


def test_pages_with_the_top_error_line_where_all_tasks_are_well() -> None:
    decision = decided(facts(closer=closer(lines=errors(40))))

    assert decision == Escalate(
        "all backend tasks run, and 5xx go on: 50.0 % of 500 requests failed; "
        "most often: ERROR it failed",
        LOOK,
    )


@pytest.mark.parametrize(
    "lines", [pytest.param(UNKNOWN, id="no-log-group"), pytest.param(errors(), id="no-line")]
)
def test_pages_without_a_line_where_there_is_none(lines: Any) -> None:
    decision = decided(facts(closer=closer(lines=lines)))

    assert decision.reason == "all backend tasks run, and 5xx go on: 50.0 % of 500 requests failed"


def test_proposes_to_go_back_where_it_was_deployed_within_the_hour() -> None:
    decision = decided(facts(**fresh()))

    assert isinstance(decision, Escalate)
    assert decision.reason.endswith("requests failed; it was deployed within the hour")
    assert decision.proposal.startswith("aws ecs list-service-deployments")


def test_a_health_endpoint_that_says_ok_is_not_believed() -> None:
    assert kind(decided(facts())) == "Escalate"


def test_a_health_endpoint_that_does_not_answer_is_no_evidence() -> None:
    assert kind(decided(facts(health=UNKNOWN))) == "Escalate"


@pytest.mark.parametrize(
    "name", ["requests", "target_5xx", "elb_5xx", "healthy", "service", "stopped"]
)
def test_pages_for_no_symptom_that_it_could_not_read(name: str) -> None:
    assert decided(facts(**{name: UNKNOWN})) == Wait("not read", blind=True)


def test_what_no_row_reads_keeps_nothing_from_being_decided() -> None:
    seen = facts(memory=UNKNOWN, definition=UNKNOWN, history=UNKNOWN, instance=UNKNOWN)

    assert kind(decided(seen)) == "Escalate"
