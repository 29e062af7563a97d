"""What stopped tasks tell: a crash loop, too little memory, tasks that never ran."""

from datetime import timedelta
from typing import Any

import pytest

from backend_facts import NOW, ago, crashes, deployment, out_of_memory, revision, service, stopped
from runbook import crashes as told
from runbook.checks.ecs import Service, Stopped

SINCE = ago(15)
UNHEALTHY = stopped(
    2, "ServiceSchedulerInitiated", exit_codes=(137,), reason="Task failed ELB health checks"
)
NO_PLACE = (
    "02:58 (service saas-backend) was unable to place a task. Reason: Capacity is unavailable"
)


@pytest.mark.parametrize(
    ("at", "tasks", "expected"),
    [
        pytest.param(service(), crashes(1, 5, 15), True, id="three-within-15-minutes"),
        pytest.param(service(), crashes(1, 5, 15.1), False, id="the-third-is-too-old"),
        pytest.param(service(), crashes(1, 5), False, id="two"),
        pytest.param(
            service(), crashes(1, 5, 9, deployment="ecs-svc/7"), False, id="another-deployments"
        ),
        pytest.param(
            service(), crashes(1, 5, 9, exit_codes=(0,)), False, id="ended-without-an-error"
        ),
        pytest.param(
            service(),
            crashes(1, 5, 9, code="ServiceSchedulerInitiated", exit_codes=(137,)),
            False,
            id="killed-by-a-rollout",
        ),
        pytest.param(
            service(deployment(failed_tasks=3)),
            crashes(15),
            True,
            id="ecs-counts-three-one-is-seen",
        ),
        pytest.param(
            service(deployment(failed_tasks=3)), crashes(15.1), False, id="the-one-seen-is-too-old"
        ),
        pytest.param(
            service(deployment(failed_tasks=3)),
            crashes(1, deployment="ecs-svc/7"),
            False,
            id="the-one-seen-is-anothers",
        ),
        pytest.param(service(deployment(failed_tasks=2)), crashes(1), False, id="ecs-counts-two"),
        pytest.param(service(deployment(failed_tasks=9)), (), False, id="none-had-a-place-to-run"),
        pytest.param(
            service(deployment(failed_tasks=9)), (UNHEALTHY,), False, id="health-checks-failed"
        ),
        pytest.param(
            service(deployment(failed_tasks=9)),
            (stopped(1, "TaskFailedToStart"),),
            False,
            id="ecs-counts-tasks-that-could-not-start",
        ),
    ],
)
def test_three_crashes_of_one_deployment_are_a_loop(
    at: Service, tasks: tuple[Stopped, ...], expected: bool
) -> None:
    assert bool(told.loop(at, tasks, SINCE, 3)) is expected


def test_a_crash_loop_is_told_with_its_exit_codes_and_its_last_reason() -> None:
    tasks = (stopped(1, reason="it ended at once"), *crashes(4, 7, exit_codes=(3,)))

    line = told.loop(service(), tasks, SINCE, 3)

    assert line == "3 crashes in one deployment, exit codes [1, 3], last: it ended at once"


@pytest.mark.parametrize(
    ("at", "tasks", "expected"),
    [
        pytest.param(
            service(deployment(failed_tasks=5), events=(NO_PLACE,)), (), NO_PLACE, id="no-place"
        ),
        pytest.param(
            service(deployment(failed_tasks=5)),
            (UNHEALTHY,),
            "the last one: Task failed ELB health checks",
            id="health-checks-failed",
        ),
        pytest.param(
            service(deployment(failed_tasks=5)),
            crashes(15.1, reason="it was long ago"),
            "the last one: it was long ago",
            id="the-crash-is-too-old",
        ),
        pytest.param(
            service(deployment(failed_tasks=5)), (), "ECS gives no reason", id="nothing-is-said"
        ),
    ],
)
def test_failures_that_ecs_counts_and_none_is_seen_to_crash_are_told_in_ecs_words(
    at: Service, tasks: tuple[Stopped, ...], expected: str
) -> None:
    line = told.unexplained(at, tasks, SINCE, 3)

    counted = "5 tasks of deployment ecs-svc/8 failed, none is seen to crash"
    assert f"{counted}; {expected}" == line


@pytest.mark.parametrize(
    ("at", "tasks"),
    [
        pytest.param(service(deployment(failed_tasks=2)), (), id="two"),
        pytest.param(service(deployment(failed_tasks=5)), crashes(15), id="one-is-seen-to-crash"),
    ],
)
def test_failures_that_are_few_or_crashes_are_not_told_as_unexplained(
    at: Service, tasks: tuple[Stopped, ...]
) -> None:
    assert told.unexplained(at, tasks, SINCE, 3) == ""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"exit_codes": (137,)}, True, id="an-essential-container-was-killed"),
        pytest.param(
            {"container_reasons": ("OutOfMemoryError: container killed",)}, True, id="ecs-says-so"
        ),
        pytest.param({"container_reasons": ("outofmemoryerror",)}, True, id="in-whatever-case"),
        pytest.param(
            {"container_reasons": ("CannotPullContainerError",)}, False, id="another-reason"
        ),
        pytest.param({}, False, id="exit-code-1"),
        pytest.param(
            {"code": "ServiceSchedulerInitiated", "exit_codes": (137,)},
            False,
            id="137-alone-is-a-rollout",
        ),
        pytest.param(
            {"exit_codes": (137,), "task_definition": revision(7)}, False, id="another-revision"
        ),
    ],
)
def test_tells_a_stop_for_lack_of_memory_from_others(
    changes: dict[str, Any], expected: bool
) -> None:
    found = told.out_of_memory((stopped(**changes),), revision(8), NOW, timedelta(minutes=60))

    assert bool(found) is expected


def test_an_old_stop_for_lack_of_memory_counts_no_more() -> None:
    tasks = out_of_memory(59.9, 60)

    found = told.out_of_memory(tasks, revision(8), NOW, timedelta(minutes=60))

    assert found == tasks[:1]


@pytest.mark.parametrize(
    ("running", "minutes", "expected"),
    [
        pytest.param(1, 15, True, id="one-is-missing"),
        pytest.param(2, 1, False, id="all-run"),
        pytest.param(1, 15.1, False, id="too-old"),
    ],
)
def test_a_task_that_could_not_start_counts_while_one_is_missing(
    running: int, minutes: float, expected: bool
) -> None:
    tasks = (stopped(minutes, "TaskFailedToStart"), *crashes(1))

    found = told.failed_starts(service(running=running), tasks, SINCE)

    assert found == (tasks[:1] if expected else ())
