"""A task definition as ECS describes it, and what of it is kept."""

from dataclasses import asdict
from typing import Any

import pytest

from runbook.checks import task_definitions
from runbook.checks.task_definitions import Container, TaskDefinition
from runbook.model import Unknown

ARN = "arn:aws:ecs:me-south-1:111122223333:task-definition/saas-backend:8"
ROLE = "arn:aws:iam::111122223333:role/saas-backend-task"


def described(**changes: Any) -> dict[str, Any]:
    return {
        "taskDefinitionArn": ARN,
        "status": "ACTIVE",
        "cpu": "512",
        "memory": "1024",
        "requiresCompatibilities": ["FARGATE"],
        "taskRoleArn": ROLE,
        "containerDefinitions": [
            {
                "name": "backend",
                "image": "saas-backend:stable",
                "memory": 900,
                "environment": [{"name": "DB_PASSWORD", "value": "hunter2"}],
            }
        ],
        **changes,
    }


def read(stubbed: Any, **changes: Any) -> TaskDefinition:
    client, stub = stubbed("ecs")
    answer = {"taskDefinition": described(**changes)}
    stub.add_response("describe_task_definition", answer, {"taskDefinition": ARN})
    return task_definitions.read(client, ARN)


def test_reads_what_a_decision_needs(stubbed: Any) -> None:
    found = read(stubbed)

    assert found == TaskDefinition(
        arn=ARN,
        active=True,
        cpu=512,
        memory_mib=1024,
        fargate=True,
        containers=(Container("backend", "saas-backend:stable", memory_mib=900),),
        roles=(ROLE,),
    )
    assert found.revision == "saas-backend:8"


def test_keeps_no_environment_variable(stubbed: Any) -> None:
    assert "hunter2" not in str(asdict(read(stubbed)))


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        pytest.param({"status": "INACTIVE"}, "active", False, id="deregistered"),
        pytest.param({"requiresCompatibilities": ["EC2"]}, "fargate", False, id="for-instances"),
        pytest.param({"cpu": "1 vCPU"}, "cpu", None, id="words-for-cpu"),
        pytest.param({"memory": ""}, "memory_mib", None, id="no-memory-of-the-task"),
        pytest.param({"taskRoleArn": ""}, "roles", (), id="no-roles"),
    ],
)
def test_reads_what_is_not_usual(
    stubbed: Any, changes: dict[str, Any], field: str, expected: object
) -> None:
    assert getattr(read(stubbed, **changes), field) == expected


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        pytest.param("backend", "saas-backend:stable", id="its-container"),
        pytest.param(
            "web", Unknown("saas-backend:8: it has no container named 'web'"), id="another"
        ),
    ],
)
def test_tells_a_containers_image(stubbed: Any, container: str, expected: object) -> None:
    assert read(stubbed).image(container) == expected


def test_lists_a_familys_newest_revisions_by_number_and_not_by_name(stubbed: Any) -> None:
    client, stub = stubbed("ecs")
    arns = [ARN.replace(":8", f":{number}") for number in (9, 11, 10, 8)]
    asked = {"familyPrefix": "saas-backend", "sort": "DESC", "maxResults": 3}
    stub.add_response("list_task_definitions", {"taskDefinitionArns": arns}, asked)

    found = task_definitions.newest(client, "saas-backend", 3)

    assert found == ("saas-backend:11", "saas-backend:10", "saas-backend:9")
