"""Which image runs and which one would come: a redeploy needs both, and compares."""

from dataclasses import replace
from typing import Any

import pytest

from fake_redeploy import DIGEST, OTHER, FakeAws, redeploy
from runbook.checks.ecs import Definition, Stopped
from runbook.model import Unknown
from worker_facts import REVISION, TASKS, UNKNOWN, Facts, facts, stopped

IMAGE = "111122223333.dkr.ecr.me-south-1.amazonaws.com/saas-worker:stable"
DEFINITION = Definition(REVISION, IMAGE)


def running(found: dict[str, Any], name: str = "running", looked: Facts | None = None) -> Any:
    """Return what the gate's re-read of an image answers, on these clients."""
    return redeploy(FakeAws(found)).rereads(looked or facts())[f"redeploy.{name}"]()


def crashed(*digests: str | None, **changes: Any) -> tuple[Stopped, ...]:
    return tuple(
        replace(stopped(3, **changes), digests={"worker": one} if one else {}) for one in digests
    )


NOT_SHOWN = Unknown("running image: no task runs, and the stopped ones do not show their image")


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        pytest.param(crashed(DIGEST, DIGEST), frozenset({DIGEST}), id="all ran the same"),
        pytest.param(crashed(DIGEST, OTHER), frozenset({DIGEST, OTHER}), id="two images"),
        pytest.param(crashed(DIGEST, None), NOT_SHOWN, id="one never pulled its image"),
        pytest.param((), NOT_SHOWN, id="no stopped task is left"),
        pytest.param(
            crashed(OTHER, deployment="ecs-svc/0"), NOT_SHOWN, id="of the deployment before"
        ),
        pytest.param(UNKNOWN, UNKNOWN, id="stopped tasks unknown"),
    ],
)
def test_takes_the_image_of_crashed_tasks_where_none_runs(tasks: Any, expected: Any) -> None:
    image = running({}, looked=facts(running=(), stopped=tasks))

    assert expected == image


def test_takes_the_image_of_running_tasks_where_some_run(stubbed: Any) -> None:
    ecs, stub = stubbed("ecs")
    container = {"name": "worker", "imageDigest": DIGEST}
    task = {"taskArn": f"{TASKS}1", "lastStatus": "RUNNING", "containers": [container]}
    asked = {"cluster": "saas-prod", "tasks": [f"{TASKS}1"]}
    stub.add_response("describe_tasks", {"tasks": [task]}, asked)

    looked = facts(running=(f"{TASKS}1",), stopped=crashed(OTHER))

    assert running({"ecs": ecs}, looked=looked) == frozenset({DIGEST})


@pytest.mark.parametrize(
    "changes", [{"running": UNKNOWN}, {"running": (), "service": UNKNOWN}], ids=["tasks", "service"]
)
def test_knows_no_running_image_without_the_facts(changes: dict[str, Any]) -> None:
    assert running({}, looked=facts(**changes)) == UNKNOWN


def stub_tag(stubbed: Any) -> Any:
    ecr, stub = stubbed("ecr")
    asked = {"repositoryName": "saas-worker", "imageIds": [{"imageTag": "stable"}]}
    stub.add_response("describe_images", {"imageDetails": [{"imageDigest": OTHER}]}, asked)
    return ecr


def test_asks_what_the_tag_of_the_known_revision_means(stubbed: Any) -> None:
    image = running({"ecr": stub_tag(stubbed)}, "next", facts(definition=DEFINITION))

    assert image == OTHER


@pytest.mark.parametrize(
    "guess", [UNKNOWN, Definition(f"{REVISION}2", "another")], ids=["unknown", "newer"]
)
def test_reads_the_running_revision_where_the_guess_is_another(guess: Any, stubbed: Any) -> None:
    ecs, stub = stubbed("ecs")
    shown = {
        "taskDefinitionArn": REVISION,
        "containerDefinitions": [{"name": "worker", "image": IMAGE}],
    }
    stub.add_response(
        "describe_task_definition", {"taskDefinition": shown}, {"taskDefinition": REVISION}
    )

    image = running({"ecs": ecs, "ecr": stub_tag(stubbed)}, "next", facts(definition=guess))

    assert image == OTHER


def test_knows_no_next_image_without_the_service() -> None:
    assert running({}, "next", facts(service=UNKNOWN)) == UNKNOWN


def test_knows_no_next_image_without_the_container(stubbed: Any) -> None:
    ecs, stub = stubbed("ecs")
    shown = {"taskDefinitionArn": REVISION, "containerDefinitions": []}
    stub.add_response(
        "describe_task_definition", {"taskDefinition": shown}, {"taskDefinition": REVISION}
    )

    image = running({"ecs": ecs}, "next", facts(definition=UNKNOWN))

    assert image == Unknown(f"task definition {REVISION}: it has no container named 'worker'")


def test_knows_no_next_image_of_another_repository(stubbed: Any) -> None:
    ecr, _ = stubbed("ecr")

    image = running({"ecr": ecr}, "next", facts(definition=Definition(REVISION, "nginx:1")))

    assert image == Unknown("image 'nginx:1' is not in the configured repository 'saas-worker'")


def test_a_next_image_that_ecr_does_not_tell_is_unknown(stubbed: Any) -> None:
    ecr, stub = stubbed("ecr")
    stub.add_client_error("describe_images", "ImageNotFoundException")

    image = running({"ecr": ecr}, "next", facts(definition=DEFINITION))

    assert image == Unknown("next image: AWS answered ImageNotFoundException to DescribeImages")


def test_re_reads_the_service(stubbed: Any) -> None:
    ecs, stub = stubbed("ecs")
    asked = {"cluster": "saas-prod", "services": ["saas-worker"]}
    stub.add_response("describe_services", {"services": [], "failures": []}, asked)

    found = running({"ecs": ecs}, "service")

    assert found == Unknown("service saas-worker: not found in cluster saas-prod")


def test_re_reads_all_that_it_compares() -> None:
    reads = redeploy().rereads(facts())

    assert set(reads) == {"redeploy.service", "redeploy.running", "redeploy.next"}
