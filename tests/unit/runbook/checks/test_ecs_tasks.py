"""The tasks of an ECS service: running, stopped, and the images that they run."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from at_once import AtOnce
from runbook.aws import SideBySide, one_by_one
from runbook.checks import ecs
from runbook.model import Unknown

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
ARN = "arn:aws:ecs:me-south-1:111122223333:task/saas-prod/"
REVISION = "arn:aws:ecs:me-south-1:111122223333:task-definition/saas-worker:41"
DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
OF_SERVICE = {"cluster": "saas-prod", "serviceName": "saas-worker"}


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def test_lists_the_tasks_that_are_meant_to_run(stubbed: Any) -> None:
    client, stub = stubbed("ecs")
    asked = {**OF_SERVICE, "desiredStatus": "RUNNING"}
    stub.add_response("list_tasks", {"taskArns": [f"{ARN}1", f"{ARN}2"]}, asked)

    tasks = ecs.running_tasks(client, "saas-prod", "saas-worker")

    assert tasks == (f"{ARN}1", f"{ARN}2")


def task(number: int, minutes: float | None, **changes: Any) -> dict[str, Any]:
    stopped = {} if minutes is None else {"stoppedAt": ago(minutes)}
    return {
        "taskArn": f"{ARN}{number}",
        "startedBy": "ecs-svc/1",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "lastStatus": "STOPPED",
        "containers": [{"name": "worker", "exitCode": 1, "imageDigest": DIGEST}],
        **stopped,
        **changes,
    }


def stub_list(stub: Any, *pages: list[dict[str, Any]], more: bool = False) -> None:
    for number, tasks in enumerate(pages, start=1):
        token = {"nextToken": f"t{number - 1}"} if number > 1 else {}
        following = {"nextToken": f"t{number}"} if more or number < len(pages) else {}
        answer = {"taskArns": [one["taskArn"] for one in tasks], **following}
        asked = {**OF_SERVICE, "desiredStatus": "STOPPED", **token}
        stub.add_response("list_tasks", answer, asked)


def stub_pages(stub: Any, *pages: list[dict[str, Any]]) -> None:
    """Expect each page to be listed before the first is described."""
    stub_list(stub, *pages)
    for tasks in filter(None, pages):
        asked = {"cluster": "saas-prod", "tasks": [one["taskArn"] for one in tasks]}
        stub.add_response("describe_tasks", {"tasks": tasks}, asked)


def stopped(client: Any, together: SideBySide = one_by_one) -> tuple[ecs.Stopped, ...] | Unknown:
    span = timedelta(minutes=60)
    return ecs.stopped_tasks(client, "saas-prod", "saas-worker", NOW, span, together)


def test_describes_a_stopped_task(stubbed: Any) -> None:
    client, stub = stubbed("ecs")
    containers = [
        {"name": "worker", "exitCode": 137, "imageDigest": DIGEST},
        {"name": "sidecar", "exitCode": 0},
        {"name": "never-pulled"},
    ]
    stub_pages(stub, [task(1, 5, containers=containers)])

    found = stopped(client)

    assert found == (
        ecs.Stopped(
            arn=f"{ARN}1",
            deployment="ecs-svc/1",
            stop_code="EssentialContainerExited",
            reason="Essential container in task exited",
            exit_codes=(137, 0),
            stopped_at=ago(5),
            digests={"worker": DIGEST},
        ),
    )


@pytest.mark.parametrize("reason", [{"stoppedReason": ""}, {}], ids=["empty", "none"])
def test_a_task_that_stopped_without_a_reason_says_so(reason: dict[str, str], stubbed: Any) -> None:
    client, stub = stubbed("ecs")
    bare = {"taskArn": f"{ARN}1", "stoppedAt": ago(5), "containers": [], **reason}
    stub_pages(stub, [bare])

    found = stopped(client)

    assert found == (ecs.Stopped(f"{ARN}1", "", "", "ECS gives no reason", (), ago(5), digests={}),)


def test_puts_the_newest_of_all_pages_first_and_leaves_out_what_is_old(stubbed: Any) -> None:
    client, stub = stubbed("ecs")
    stub_pages(stub, [task(1, 50), task(2, 60), task(3, 60.1)], [], [task(4, 1), task(5, None)])

    found = stopped(client)

    assert isinstance(found, tuple)
    assert [one.arn for one in found] == [f"{ARN}4", f"{ARN}1", f"{ARN}2"]


def test_asks_for_no_task_where_none_stopped(stubbed: Any) -> None:
    client, stub = stubbed("ecs")
    stub_pages(stub, [])

    assert stopped(client) == ()


def test_more_than_three_pages_of_stopped_tasks_are_unknown(stubbed: Any) -> None:
    client, stub = stubbed("ecs")
    stub_list(stub, *([task(number, 5)] for number in range(3)), more=True)

    found = stopped(client)

    assert found == Unknown("stopped tasks of saas-worker: more than 300")


def test_describes_all_pages_of_stopped_tasks_at_once(stubbed: Any) -> None:
    together = AtOnce()
    client, stub = stubbed("ecs")
    stub_pages(stub, [task(1, 5)], [task(2, 6)], [task(3, 7)])

    found = stopped(client, together)

    assert isinstance(found, tuple)
    assert len(found) == 3
    assert together.counts == [3]


@pytest.mark.parametrize(
    ("code", "exit_codes", "crashed", "failed_to_start"),
    [
        ("EssentialContainerExited", (1,), True, False),
        ("EssentialContainerExited", (0, 139), True, False),
        ("EssentialContainerExited", (0,), False, False),
        ("EssentialContainerExited", (), False, False),
        ("ServiceSchedulerInitiated", (137,), False, False),
        ("TaskFailedToStart", (), False, True),
        ("TaskFailedToStart", (1,), False, True),
        ("UserInitiated", (143,), False, False),
        ("", (1,), False, False),
    ],
)
def test_tells_a_crash_from_a_kill_and_from_a_failed_start(
    code: str, exit_codes: tuple[int, ...], crashed: bool, failed_to_start: bool
) -> None:
    found = ecs.Stopped("a", "d", code, "r", exit_codes, NOW)

    assert (crashed, failed_to_start) == (found.crashed, found.failed_to_start)


@pytest.mark.parametrize(
    ("code", "exit_codes", "reasons", "expected"),
    [
        pytest.param("EssentialContainerExited", (137,), (), True, id="killed by itself"),
        pytest.param("EssentialContainerExited", (0, 137), (), True, id="one container of two"),
        pytest.param(
            "EssentialContainerExited",
            (1,),
            ("", "OutOfMemoryError: Container killed due to memory usage"),
            True,
            id="ECS says so",
        ),
        pytest.param("EssentialContainerExited", (1,), ("Error",), False, id="another error"),
        pytest.param(
            "EssentialContainerExited", (1,), ("not OutOfMemory",), False, id="not in words"
        ),
        pytest.param("ServiceSchedulerInitiated", (137,), (), False, id="a rolling deployment"),
        pytest.param("UserInitiated", (137,), ("OutOfMemoryError",), False, id="a person's stop"),
    ],
)
def test_takes_137_for_out_of_memory_only_where_the_container_ended_by_itself(
    code: str, exit_codes: tuple[int, ...], reasons: tuple[str, ...], expected: bool
) -> None:
    found = ecs.Stopped("a", "d", code, "r", exit_codes, NOW, container_reasons=reasons)

    assert expected is found.out_of_memory


def container(digest: str | None = DIGEST, name: str = "worker") -> dict[str, Any]:
    return {"name": name, **({"imageDigest": digest} if digest else {})}


def running(*containers: dict[str, Any], status: str = "RUNNING") -> dict[str, Any]:
    return {"taskArn": f"{ARN}1", "lastStatus": status, "containers": list(containers)}


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        pytest.param([running(container())], {DIGEST}, id="one task"),
        pytest.param([running(container()), running(container())], {DIGEST}, id="two alike"),
        pytest.param([running(container()), running(container(OTHER))], {DIGEST, OTHER}, id="two"),
        pytest.param(
            [running(container(OTHER, "sidecar"), container())], {DIGEST}, id="not the sidecar's"
        ),
        pytest.param(
            [running(container()), running(container(None), status="PENDING")],
            {DIGEST},
            id="one is starting",
        ),
        pytest.param([running(container(None), status="PENDING")], set(), id="all are starting"),
        pytest.param([running(container(OTHER, "sidecar"))], set(), id="no such container"),
        pytest.param(
            [running(container()), running(container(None))],
            Unknown("running image: ECS does not show the digest of every running task"),
            id="one running task shows none",
        ),
    ],
)
def test_reads_which_images_the_running_tasks_run(
    tasks: list[dict[str, Any]], expected: Any, stubbed: Any
) -> None:
    client, stub = stubbed("ecs")
    stub.add_response(
        "describe_tasks", {"tasks": tasks}, {"cluster": "saas-prod", "tasks": [f"{ARN}1"]}
    )

    digests = ecs.running_digests(client, "saas-prod", (f"{ARN}1",), "worker")

    assert expected == digests


def test_asks_for_no_image_where_no_task_runs(stubbed: Any) -> None:
    client, _ = stubbed("ecs")

    assert ecs.running_digests(client, "saas-prod", (), "worker") == frozenset()


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        pytest.param(
            [{"name": "sidecar", "image": "s"}, {"name": "worker", "image": "w"}],
            ecs.Definition(REVISION, "w"),
            id="found by its name",
        ),
        pytest.param(
            [{"name": "workers", "image": "w"}],
            Unknown("task definition saas-worker: it has no container named 'worker'"),
            id="missing",
        ),
    ],
)
def test_reads_the_image_of_one_container(
    containers: list[dict[str, str]], expected: Any, stubbed: Any
) -> None:
    client, stub = stubbed("ecs")
    answer = {"taskDefinitionArn": REVISION, "containerDefinitions": containers}
    stub.add_response(
        "describe_task_definition", {"taskDefinition": answer}, {"taskDefinition": "saas-worker"}
    )

    assert expected == ecs.definition(client, "saas-worker", "worker")
