"""Runbook scenario F: a crash loop is redeployed once; tasks that cannot start never are."""

from typing import Any

import pytest

from runbook.checks.ecs import Stopped
from runbook.model import Apply, Escalate, Outcome, Unknown
from worker_facts import (
    COMMANDS,
    ago,
    attempt,
    crashes,
    decided,
    deployment,
    facts,
    incident,
    kind,
    series,
    service,
    stopped,
)

BUSY = series(50, 50, 50)
LOOP = crashes(1, 4, 7)
NO_IMAGE = "CannotPullContainerError: not found"


def start_failures(*minutes: float, **changes: Any) -> tuple[Stopped, ...]:
    return tuple(
        stopped(each, "TaskFailedToStart", exit_codes=(), reason=NO_IMAGE, **changes)
        for each in minutes
    )


def test_redeploys_a_crash_loop() -> None:
    decision = decided(facts(stopped=LOOP))

    why = "the worker crash-loops: 3 crashes in one deployment, exit codes [1], last: it ended"
    assert Apply("redeploy", why, {"depth": 360, "redis_run": 4242}) == decision


@pytest.mark.parametrize(
    ("tasks", "loops"),
    [
        pytest.param(crashes(1, 4), False, id="2 crashes are none"),
        pytest.param(crashes(1, 4, 15), True, id="the third is 15 min old"),
        pytest.param(crashes(1, 4, 15.1), False, id="the third is older"),
        pytest.param(crashes(1, 4, 7, exit_codes=(0,)), False, id="ended without an error"),
        pytest.param(crashes(1, 4, 7, exit_codes=()), False, id="no exit code is shown"),
        pytest.param(crashes(1, 4, 7, exit_codes=(0, 137)), True, id="137 of its own"),
        pytest.param(
            crashes(1, 4, 7, code="ServiceSchedulerInitiated", exit_codes=(137,)),
            False,
            id="137 of a rolling deployment",
        ),
        pytest.param(
            crashes(1, 4, 7, code="UserInitiated", exit_codes=(143,)), False, id="a person's stop"
        ),
        pytest.param(
            crashes(1, 4, 7, deployment="ecs-svc/0"), False, id="of the deployment before"
        ),
        pytest.param(
            (*crashes(1, 4), stopped(7, deployment="ecs-svc/0")), False, id="2 and 1 of another"
        ),
        pytest.param((*crashes(1, 4), *start_failures(7)), False, id="2 and 1 that never ran"),
    ],
)
def test_counts_3_crashes_of_one_deployment_within_15_min_as_a_loop(
    tasks: tuple[Stopped, ...], loops: bool
) -> None:
    decision = decided(facts(stopped=tasks, cpu=BUSY))

    assert ("Apply" if loops else "Wait") == kind(decision)


@pytest.mark.parametrize(
    ("failed", "tasks", "expected"),
    [
        pytest.param(2, (), "Wait", id="2 are none"),
        pytest.param(2, crashes(1), "Wait", id="nor with one crash"),
        pytest.param(3, (), "Escalate", id="3 may have had no place to run"),
        pytest.param(3, crashes(1), "Apply", id="3, of which one is seen to crash"),
        pytest.param(3, start_failures(20), "Escalate", id="tasks that never ran do not crash"),
        pytest.param(3, start_failures(3), "Escalate", id="nor do they when others run"),
        pytest.param(3, (*start_failures(20), *LOOP), "Apply", id="but 3 real crashes do"),
        pytest.param(
            3,
            (*start_failures(20, deployment="ecs-svc/0"), *crashes(1)),
            "Apply",
            id="another's do not matter",
        ),
    ],
)
def test_believes_ecs_count_of_failed_tasks_only_beside_a_crash_and_where_none_failed_to_start(
    failed: int, tasks: tuple[Stopped, ...], expected: str
) -> None:
    seen = facts(service=service(deployment(failed_tasks=failed)), stopped=tasks, cpu=BUSY)

    decision = decided(seen)

    assert expected == kind(decision)


def test_names_the_exit_codes_and_the_reason_of_the_crashes_only() -> None:
    rolled = stopped(0.5, "ServiceSchedulerInitiated", exit_codes=(137,), reason="Scaling activity")
    other = stopped(2, exit_codes=(9,), reason="another's", deployment="ecs-svc/0")

    decision = decided(facts(stopped=(rolled, other, *LOOP)))

    assert "exit codes [1], last: it ended" in decision.reason


def test_asks_a_person_in_ecs_words_when_tasks_had_no_place_to_run() -> None:
    full = "was unable to place a task. Reason: Capacity is unavailable"

    decision = decided(facts(service=service(deployment(failed_tasks=4), events=(full,))))

    counted = "4 tasks of deployment ecs-svc/1 failed, none is seen to crash"
    why = f"worker tasks do not come up: {counted}; {full}"
    assert Escalate(why, COMMANDS.look) == decision


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param(Outcome.REFUSED, "Apply", id="refused: nothing was tried"),
        pytest.param(Outcome.VERIFIED, "Escalate", id="verified: it came back"),
        pytest.param(Outcome.FAILED, "Escalate", id="failed"),
        pytest.param(Outcome.SUPERSEDED, "Escalate", id="superseded"),
        pytest.param(None, "Escalate", id="its answer was lost"),
    ],
)
def test_redeploys_a_crash_loop_only_once(outcome: Outcome | None, expected: str) -> None:
    decision = decided(facts(stopped=LOOP), incident(attempt(outcome)))

    assert expected == kind(decision)


def test_proposes_the_rollback_when_it_crash_loops_again() -> None:
    before = (attempt(Outcome.FAILED, minutes=40), attempt(Outcome.REFUSED))

    decision = decided(facts(stopped=LOOP), incident(*before))

    why = "3 crashes in one deployment, exit codes [1], last: it ended"
    assert Escalate(f"the worker crash-loops again: {why}", COMMANDS.rollback) == decision


def test_asks_a_person_with_the_reason_of_ecs_when_tasks_cannot_start() -> None:
    seen = facts(service=service(running=1), stopped=(*start_failures(3), *LOOP))

    decision = decided(seen)

    why = "worker tasks cannot start: CannotPullContainerError: not found"
    assert Escalate(why, COMMANDS.look) == decision


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        pytest.param(15, "worker tasks cannot start", id="15 min ago"),
        pytest.param(15.1, "1 of 2 worker tasks run, and ECS has not started", id="longer ago"),
    ],
)
def test_asks_a_person_whenever_tasks_stay_away_after_a_failed_start(
    minutes: float, expected: str
) -> None:
    seen = facts(service=service(running=1), stopped=start_failures(minutes))

    decision = decided(seen, incident(opened=11))

    assert kind(decision) == "Escalate"
    assert expected in decision.reason


def test_forgets_a_failed_start_once_all_tasks_run() -> None:
    decision = decided(facts(stopped=start_failures(3)))

    assert kind(decision) == "Apply"
    assert decision.reason.startswith("the worker is stuck")


def test_asks_a_person_when_the_worker_is_scaled_to_0() -> None:
    decision = decided(facts(service=service(running=0, desired=0)))

    assert (
        Escalate("the worker is scaled to 0: nobody consumes the queue", "scale it out") == decision
    )


@pytest.mark.parametrize(
    ("opened", "created", "expected"),
    [
        pytest.param(9.9, 1500, "Wait", id="just under 10 min"),
        pytest.param(10, 1500, "Escalate", id="10 min"),
        pytest.param(60, 9.9, "Wait", id="a new deployment has 10 min of its own"),
        pytest.param(60, 10, "Escalate", id="which end as well"),
    ],
)
def test_gives_ecs_10_min_to_start_tasks(opened: float, created: float, expected: str) -> None:
    primary = deployment(created_at=ago(created))

    decision = decided(facts(service=service(primary, running=1)), incident(opened=opened))

    assert expected == kind(decision)
    assert decision.reason.startswith("1 of 2 worker tasks run")


@pytest.mark.parametrize(
    ("running", "expected"),
    [
        pytest.param(2, "the worker is stuck", id="as many as desired"),
        pytest.param(3, "the worker is stuck", id="one more, while a deployment rolls"),
        pytest.param(1, "1 of 2 worker tasks run; ECS is starting the others", id="one less"),
    ],
)
def test_judges_the_queue_only_when_all_tasks_run(running: int, expected: str) -> None:
    decision = decided(facts(service=service(running=running)))

    assert decision.reason.startswith(expected)


def test_remembers_no_depth_that_was_measured_before_redis_restarted() -> None:
    restarted = series(*[4242] * 6, 99)

    decision = decided(facts(stopped=LOOP, redis_run=restarted, depth=series(500, 500, newest=2)))

    assert kind(decision) == "Wait blind"
    assert decision.reason == "the queue's depth: no datapoint since Redis restarted"


def test_a_crash_loop_that_cannot_be_seen_is_not_one() -> None:
    decision = decided(facts(stopped=Unknown("ecs: throttled")))

    assert kind(decision) == "Wait blind"
    assert decision.reason == "ecs: throttled"
