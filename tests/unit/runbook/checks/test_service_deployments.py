"""What a service ran before: which deployment is fresh, and which one is gone back to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runbook.checks import service_deployments
from runbook.checks.service_deployments import History, Past, Revision
from runbook.model import Unknown

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
HOUR = timedelta(minutes=60)
ARN = "arn:aws:ecs:me-south-1:111122223333"
REVISIONS = f"{ARN}:service-revision/saas-prod/saas-backend"


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def past(
    number: int, minutes: float, status: str = "SUCCESSFUL", digest: str = "", took: float = 5
) -> Past:
    """Return the deployment of revision ``number`` that began so many minutes ago."""
    finished = None if status in ("PENDING", "IN_PROGRESS") else ago(minutes - took)
    definition = f"{ARN}:task-definition/saas-backend:{number}"
    revision = Revision(definition, {"backend": digest} if digest else {})
    return Past(f"{ARN}:service-deployment/{minutes}", status, ago(minutes), finished, revision)


def history(*deployments: Past) -> History:
    return History(deployments)


OLD = past(7, 4320)


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        pytest.param((past(8, 59), OLD), True, id="59-minutes-old"),
        pytest.param((past(8, 60), OLD), False, id="60-minutes-old"),
        pytest.param((past(8, 5, "IN_PROGRESS"), OLD), True, id="under-way"),
        pytest.param((past(8, 5, "PENDING"), OLD), True, id="about-to-begin"),
        pytest.param((past(8, 5, "ROLLBACK_IN_PROGRESS"), OLD), False, id="going-back"),
        pytest.param((past(8, 5, "ROLLBACK_SUCCESSFUL"), OLD), False, id="gone-back"),
        pytest.param((past(8, 5, "STOPPED"), OLD), False, id="stopped"),
        pytest.param((past(7, 5), OLD), False, id="the-same-revision-again"),
        pytest.param(
            (past(7, 5, digest="sha256:b"), past(7, 4320, digest="sha256:a")),
            True,
            id="the-same-revision-with-another-image",
        ),
        pytest.param(
            (past(7, 5, digest="sha256:a"), past(7, 4320)), False, id="an-image-that-is-not-told"
        ),
        pytest.param((past(8, 5),), True, id="the-first-one"),
        pytest.param(
            (past(8, 5), past(9, 20, "ROLLBACK_SUCCESSFUL"), past(8, 90)),
            False,
            id="what-ran-before-the-one-that-failed",
        ),
    ],
)
def test_a_fresh_deployment_is_young_holds_and_brought_something_new(
    deployments: tuple[Past, ...], expected: bool
) -> None:
    assert history(*deployments).fresh(NOW, HOUR) is expected


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        pytest.param((past(8, 10), OLD), OLD, id="the-one-before"),
        pytest.param((past(8, 10), past(7, 75)), past(7, 75), id="ran-for-60-minutes"),
        pytest.param((past(8, 10), past(7, 74)), None, id="ran-for-59-minutes"),
        pytest.param(
            (past(9, 10), past(8, 40), OLD), OLD, id="the-one-before-ran-for-too-short-a-time"
        ),
        pytest.param(
            (past(9, 10), past(8, 40), past(7, 100)), None, id="both-ran-for-too-short-a-time"
        ),
        pytest.param(
            (past(8, 10), past(6, 20, "ROLLBACK_SUCCESSFUL"), past(7, 90)),
            past(7, 90),
            id="a-failed-one-in-between-did-not-replace-it",
        ),
        pytest.param((past(7, 10), OLD), None, id="only-the-same"),
        pytest.param((past(7, 10), past(7, 90), past(6, 4320)), past(6, 4320), id="skips-the-same"),
        pytest.param((past(8, 10), past(7, 4320, "STOPPED")), None, id="never-completed"),
        pytest.param((past(8, 10),), None, id="nothing-before"),
    ],
)
def test_goes_back_to_the_newest_that_differs_and_ran_for_an_hour(
    deployments: tuple[Past, ...], expected: Past | None
) -> None:
    assert history(*deployments).candidate(HOUR) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("STOP_REQUESTED", True),
        ("ROLLBACK_REQUESTED", True),
        ("ROLLBACK_IN_PROGRESS", True),
        ("ROLLBACK_SUCCESSFUL", False),
        ("ROLLBACK_FAILED", False),
        ("IN_PROGRESS", False),
    ],
)
def test_tells_a_deployment_that_is_being_taken_back(status: str, expected: bool) -> None:
    assert history(past(8, 5, status), OLD).going_back is expected


def listed(number: int, minutes: float, status: str = "SUCCESSFUL") -> dict[str, Any]:
    return {
        "serviceDeploymentArn": f"{ARN}:service-deployment/{number}",
        "targetServiceRevisionArn": f"{REVISIONS}/{number}",
        "status": status,
        "createdAt": ago(minutes),
        "finishedAt": ago(minutes - 5),
    }


def revision(number: int) -> dict[str, Any]:
    return {
        "serviceRevisionArn": f"{REVISIONS}/{number}",
        "taskDefinition": f"{ARN}:task-definition/saas-backend:{number}",
        "containerImages": [
            {"containerName": "backend", "imageDigest": f"sha256:{number}"},
            {"containerName": "sidecar"},
        ],
    }


def read(stubbed: Any, deployments: list[Any], revisions: list[Any]) -> History | Unknown:
    client, stub = stubbed("ecs")
    asked = {"cluster": "saas-prod", "service": "saas-backend", "maxResults": 20}
    stub.add_response("list_service_deployments", {"serviceDeployments": deployments}, asked)
    if deployments:
        arns = sorted({one["targetServiceRevisionArn"] for one in deployments})
        stub.add_response(
            "describe_service_revisions",
            {"serviceRevisions": revisions},
            {"serviceRevisionArns": arns},
        )
    return service_deployments.read(client, "saas-prod", "saas-backend")


def test_reads_the_deployments_newest_first_with_what_each_runs(stubbed: Any) -> None:
    found = read(stubbed, [listed(7, 90), listed(8, 10)], [revision(7), revision(8)])

    assert isinstance(found, History)
    assert [one.revision for one in found.deployments] == [
        Revision(f"{ARN}:task-definition/saas-backend:{number}", {"backend": f"sha256:{number}"})
        for number in (8, 7)
    ]
    assert found.newest.finished_at == ago(5)
    assert service_deployments.line(found) == (
        "saas-backend:8 SUCCESSFUL 23 Nov 02:50; saas-backend:7 SUCCESSFUL 23 Nov 01:30"
    )


def test_leaves_out_an_earlier_one_that_ecs_does_not_describe(stubbed: Any) -> None:
    found = read(
        stubbed, [listed(8, 10), listed(7, 90), listed(6, 900)], [revision(8), revision(6)]
    )

    assert isinstance(found, History)
    assert [one.revision.name for one in found.deployments] == ["saas-backend:8", "saas-backend:6"]


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        pytest.param([], "ECS has none on record", id="none"),
        pytest.param(
            [listed(8, 10)], "ECS does not describe what the newest one runs", id="not-described"
        ),
    ],
)
def test_what_ecs_does_not_tell_is_unknown(
    stubbed: Any, deployments: list[Any], expected: str
) -> None:
    found = read(stubbed, deployments, [])

    assert found == Unknown(f"deployments of saas-backend: {expected}")
    assert service_deployments.line(found) == f"unknown: deployments of saas-backend: {expected}"
