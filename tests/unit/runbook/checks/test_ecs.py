"""An ECS service as DescribeServices shows it, and what makes it Unknown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

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


def deployment(number: int, status: str = "PRIMARY", **changes: Any) -> dict[str, Any]:
    return {
        "id": f"ecs-svc/{number}",
        "status": status,
        "taskDefinition": REVISION,
        "rolloutState": "COMPLETED",
        "createdAt": ago(100 - number),
        "updatedAt": ago(90 - number),
        "failedTasks": 0,
        **changes,
    }


def service(**changes: Any) -> dict[str, Any]:
    return {
        "serviceName": "saas-worker",
        "status": "ACTIVE",
        "runningCount": 2,
        "desiredCount": 3,
        "pendingCount": 1,
        "deployments": [deployment(1)],
        **changes,
    }


def described(stubbed: Any, *services: dict[str, Any]) -> ecs.Service | Unknown:
    client, stub = stubbed("ecs")
    stub.add_response(
        "describe_services",
        {"services": list(services), "failures": []},
        {"cluster": "saas-prod", "services": ["saas-worker"]},
    )
    return ecs.service(client, "saas-prod", "saas-worker")


def test_describes_a_service(stubbed: Any) -> None:
    found = described(stubbed, service(deployments=[deployment(1, failedTasks=2)]))

    primary = ecs.Deployment("ecs-svc/1", "PRIMARY", REVISION, "COMPLETED", ago(99), ago(89), 2)
    assert ecs.Service("saas-worker", 2, 3, 1, "ECS", "ROLLING", (primary,)) == found


def test_reads_the_newest_of_what_ecs_says_of_a_service(stubbed: Any) -> None:
    events = [
        {
            "id": str(minutes),
            "createdAt": ago(minutes),
            "message": f"{minutes} min ago " + 300 * "x",
        }
        for minutes in (40, 1, 30, 20)
    ]

    found = described(stubbed, service(events=events))

    assert isinstance(found, ecs.Service)
    assert [one[:15] for one in found.events] == [
        "02:59 1 min ago",
        "02:40 20 min ag",
        "02:30 30 min ag",
    ]
    assert {len(one) for one in found.events} == {len("02:59 ") + ecs.MOST_LETTERS}


def test_takes_what_ecs_leaves_out_for_its_default_or_for_unknown(stubbed: Any) -> None:
    bare = deployment(1)
    del bare["rolloutState"], bare["failedTasks"]

    found = described(stubbed, service(deployments=[bare]))

    assert isinstance(found, ecs.Service)
    assert (found.controller, found.strategy) == ("ECS", "ROLLING")
    assert (found.primary.rollout_state, found.primary.failed_tasks) == ("unknown", 0)


def test_reads_who_deploys_and_how(stubbed: Any) -> None:
    found = described(
        stubbed,
        service(
            deploymentController={"type": "CODE_DEPLOY"},
            deploymentConfiguration={"strategy": "BLUE_GREEN"},
        ),
    )

    assert isinstance(found, ecs.Service)
    assert (found.controller, found.strategy) == ("CODE_DEPLOY", "BLUE_GREEN")


@pytest.mark.parametrize(
    ("deployments", "order"),
    [
        pytest.param([deployment(2), deployment(1, "ACTIVE")], [2, 1], id="newest first"),
        pytest.param([deployment(1, "ACTIVE"), deployment(2)], [2, 1], id="newest last"),
        pytest.param(
            [deployment(3, "ACTIVE"), deployment(1, "ACTIVE"), deployment(2)],
            [2, 3, 1],
            id="the primary is not the newest",
        ),
    ],
)
def test_the_primary_deployment_comes_first_then_the_newest(
    deployments: list[dict[str, Any]], order: list[int], stubbed: Any
) -> None:
    found = described(stubbed, service(deployments=deployments))

    assert isinstance(found, ecs.Service)
    assert [f"ecs-svc/{number}" for number in order] == [one.id for one in found.deployments]
    assert found.primary.status == "PRIMARY"


@pytest.mark.parametrize(
    ("services", "why"),
    [
        pytest.param([], "service saas-worker: not found in cluster saas-prod", id="missing"),
        pytest.param(
            [service(status="INACTIVE", deployments=[])],
            "service saas-worker: its status is INACTIVE",
            id="inactive",
        ),
        pytest.param(
            [service(status="DRAINING")],
            "service saas-worker: its status is DRAINING",
            id="draining",
        ),
        pytest.param(
            [service(deployments=[deployment(1, "ACTIVE")])],
            "service saas-worker: no primary deployment (deployment controller ECS)",
            id="no primary deployment",
        ),
        pytest.param(
            [service(deployments=[], deploymentController={"type": "EXTERNAL"})],
            "service saas-worker: no primary deployment (deployment controller EXTERNAL)",
            id="no deployment, task sets instead",
        ),
    ],
)
def test_a_service_without_a_primary_deployment_is_unknown(
    services: list[dict[str, Any]], why: str, stubbed: Any
) -> None:
    assert Unknown(why) == described(stubbed, *services)
