"""More memory for a service's tasks, to a size that Fargate allows, and back to what it was."""

from dataclasses import replace
from typing import Any

import boto3
import pytest

from backend_facts import (
    ROLES,
    UNKNOWN,
    Facts,
    attempt,
    definition,
    deployment,
    facts,
    past,
    revision,
    service,
)
from fake_memory import DEPLOYED, DIGEST, answers, fix, update
from fake_redeploy import FakeAws
from runbook.checks.service_deployments import History
from runbook.checks.task_definitions import Container, TaskDefinition
from runbook.fixes import memory
from runbook.gate import Change, Landed, Refusal
from runbook.model import Unknown

TWO = (Container("backend", "a"), Container("envoy", "b"))


@pytest.mark.parametrize(
    ("changes", "cap_mib", "expected"),
    [
        pytest.param({}, 4096, 2048, id="the-next-size-that-is-half-as-much-again"),
        pytest.param({"memory_mib": 2048}, 4096, 3072, id="not-more-than-needed"),
        pytest.param({}, 2048, 2048, id="up-to-the-cap"),
        pytest.param(
            {},
            2047,
            "saas-backend:8 has 1024 MiB, and the next size, 2048 MiB, is above the cap of 2047 MiB",
            id="above-the-cap",
        ),
        pytest.param(
            {"memory_mib": 4096},
            8192,
            "saas-backend:8 has 4096 MiB, and Fargate has no size 1.5 times that for 512 CPU units",
            id="fargates-largest-for-this-cpu",
        ),
        pytest.param(
            {"containers": TWO},
            4096,
            "saas-backend:8 has several containers (backend, envoy): "
            "which of them needs memory is not known",
            id="several-containers",
        ),
        *(
            pytest.param(
                changes,
                4096,
                "saas-backend:8 is not a Fargate task with CPU and memory of its own",
                id=name,
            )
            for name, changes in {
                "for-instances": {"fargate": False},
                "no-cpu": {"cpu": None},
                "no-memory": {"memory_mib": None},
            }.items()
        ),
    ],
)
def test_raises_to_the_next_size_that_is_allowed(
    changes: dict[str, Any], cap_mib: int, expected: int | str
) -> None:
    assert memory.raised(definition(**changes), cap_mib, 1.5) == expected


def described(**container: Any) -> dict[str, Any]:
    """Return a task definition as ECS describes it, with all that it does not take back."""
    return {
        "taskDefinitionArn": revision(8),
        "family": "saas-backend",
        "revision": 8,
        "status": "ACTIVE",
        "cpu": "512",
        "memory": "1024",
        "networkMode": "awsvpc",
        "taskRoleArn": ROLES[0],
        "executionRoleArn": ROLES[1],
        "requiresCompatibilities": ["FARGATE"],
        "compatibilities": ["EC2", "FARGATE"],
        "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.task-iam-role"}],
        "registeredBy": "arn:aws:iam::111122223333:user/pipeline",
        "volumes": [],
        "containerDefinitions": [
            {
                "name": "backend",
                "image": "saas-backend:stable",
                "essential": True,
                "secrets": [{"name": "DB_PASSWORD", "valueFrom": "prod/db"}],
                **container,
            }
        ],
    }


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        pytest.param({}, {}, id="the-task-alone-has-a-limit"),
        pytest.param({"memory": 1024}, {"memory": 2048}, id="a-limit-like-the-tasks"),
        pytest.param({"memory": 900}, {"memory": 1924}, id="a-limit-below-the-tasks"),
        pytest.param(
            {"memory": 1024, "memoryReservation": 512},
            {"memory": 2048, "memoryReservation": 512},
            id="a-reservation-stays",
        ),
    ],
)
def test_registers_the_same_with_more_memory_and_nothing_else_changed(
    container: dict[str, int], expected: dict[str, int]
) -> None:
    registered = memory.with_memory(described(**container), 2048)

    kept = {key: value for key, value in described().items() if key not in memory.NOT_REGISTERED}
    [usual] = kept["containerDefinitions"]
    assert registered == {
        **kept,
        "memory": "2048",
        "containerDefinitions": [{**usual, **expected}],
    }


def test_strips_exactly_what_aws_describes_and_does_not_take() -> None:
    session = boto3.session.Session(region_name="me-south-1")
    model = session.client("ecs").meta.service_model
    shown = set(model.shape_for("TaskDefinition").members)
    taken = set(model.operation_model("RegisterTaskDefinition").input_shape.members)

    assert shown - taken == memory.NOT_REGISTERED


def refused(given: dict[str, Any] | None = None, seen: Facts | None = None) -> Refusal | None:
    return fix().refuse(seen or facts(), given or answers())


def test_raises_what_is_as_the_decision_saw_it() -> None:
    assert refused() is None


def test_refuses_above_the_cap_whatever_was_decided() -> None:
    refusal = refused(seen=facts(definition=definition(memory_mib=4096)))

    assert refusal is not None
    assert (refusal.code, refusal.then) == ("cap", "escalate")


STRANGE = definition(roles=("arn:aws:iam::111122223333:role/admin",))


@pytest.mark.parametrize(
    ("given", "seen", "code", "reason"),
    [
        pytest.param(
            answers(service=Unknown("throttled")),
            {},
            "target",
            "the target cannot be re-read: throttled",
            id="service unreadable now",
        ),
        pytest.param(
            answers(),
            {"definition": UNKNOWN},
            "target",
            "the target cannot be re-read: not read",
            id="task definition unknown",
        ),
        pytest.param(
            answers(),
            {"history": UNKNOWN},
            "target",
            "the target cannot be re-read: not read",
            id="deployments unknown",
        ),
        pytest.param(
            answers(service=service(controller="EXTERNAL")),
            {},
            "target",
            "saas-backend is deployed by EXTERNAL, ROLLING: not ours to deploy",
            id="an external controller",
        ),
        pytest.param(
            answers(service=service(deployment(9, 1))),
            {},
            "busy",
            "saas-backend has a new deployment ecs-svc/9 that the decision did not see",
            id="somebody deployed since",
        ),
        pytest.param(
            answers(service=service(deployment(rollout_state="IN_PROGRESS"))),
            {},
            "busy",
            "saas-backend is being deployed (ecs-svc/8 is IN_PROGRESS)",
            id="somebody deploys",
        ),
        pytest.param(
            answers(),
            {"definition": STRANGE},
            "target",
            "saas-backend:8 has roles that the environment file does not name: admin",
            id="roles that may not be passed on",
        ),
        pytest.param(
            answers(image="sha256:other"),
            {},
            "target",
            "deploying saas-backend would ship another image: "
            f"the tag now means sha256:other, meant is {DIGEST}",
            id="the tag has moved",
        ),
        pytest.param(
            answers(image=Unknown("no such tag")),
            {},
            "target",
            "cannot prove which image deploying saas-backend would run: no such tag",
            id="the image is unknown",
        ),
    ],
)
def test_refuses_a_target_that_is_not_what_was_decided_on(
    given: dict[str, Any], seen: dict[str, Any], code: str, reason: str
) -> None:
    then = "wait" if code == "busy" else "escalate"

    assert refused(given, facts(**seen)) == Refusal(code, reason, then)


def test_registers_first_and_deploys_what_it_registered(stubbed: Any) -> None:
    ecs, of_ecs = stubbed("ecs")
    of_ecs.add_response(
        "describe_task_definition",
        {"taskDefinition": described()},
        {"taskDefinition": revision(8)},
    )
    of_ecs.add_response(
        "register_task_definition",
        {"taskDefinition": {"taskDefinitionArn": revision(9)}},
        memory.with_memory(described(), 2048),
    )
    of_ecs.add_response("update_service", DEPLOYED, update(revision(9)))

    change = fix(FakeAws({"ecs": ecs}, {"ecs": ecs})).apply(
        attempt("raise_memory", prior={"task_definition": revision(8), "to_mib": 2048})
    )

    left = {"deployment": "ecs-svc/9", "task_definition": revision(9)}
    assert change == Change("request-1", left)


def raised(minutes: float = 1, number: int = 9, memory_mib: int = 2048) -> dict[str, Any]:
    """Return the facts of a service whose new revision was deployed so many minutes ago."""
    primary = deployment(number, minutes)
    found: TaskDefinition = definition(number, memory_mib=memory_mib)
    return {"service": service(primary), "definition": found}


@pytest.mark.parametrize(
    ("seen", "seconds", "expected"),
    [
        pytest.param({}, 59, Landed.TOO_EARLY, id="nothing yet, 59 s"),
        pytest.param({}, 60, Landed.NO, id="nothing after 60 s"),
        pytest.param(raised(), 60, Landed.YES, id="more memory is being deployed"),
        pytest.param(raised(memory_mib=1024), 60, Landed.UNKNOWN, id="somebody else's revision"),
        pytest.param(raised(5), 60, Landed.UNKNOWN, id="a deployment from before the call"),
        pytest.param({"service": UNKNOWN}, 90, Landed.UNREADABLE, id="service unreadable"),
        pytest.param({"definition": UNKNOWN}, 90, Landed.UNREADABLE, id="revision unreadable"),
    ],
)
def test_proves_by_the_service_whether_a_lost_call_has_landed(
    seen: dict[str, Any], seconds: int, expected: Landed
) -> None:
    prior = {"deployment": "ecs-svc/8", "task_definition": revision(8), "to_mib": 2048}
    lost = attempt("raise_memory", None, seconds / 60, prior=prior)

    assert fix().landed(facts(**seen), lost) is expected


def test_tells_what_a_landed_call_left() -> None:
    left = {"deployment": "ecs-svc/9", "task_definition": revision(9)}

    assert fix().left(facts(**raised())) == left
    with pytest.raises(TypeError, match="could not be read"):
        fix().left(facts(service=UNKNOWN))


def test_is_kept_for_a_week_and_names_what_a_person_would_type() -> None:
    assert fix().keep is not None
    assert fix().keep.days == 7
    assert fix().resource == "ecs:saas-prod/saas-backend"
    assert fix().command().endswith("--task-definition <a revision with more memory>")


def test_asks_what_the_image_means_now(stubbed: Any) -> None:
    ecr, of_ecr = stubbed("ecr")
    asked = {"repositoryName": "saas-backend", "imageIds": [{"imageTag": "stable"}]}
    of_ecr.add_response("describe_images", {"imageDetails": [{"imageDigest": DIGEST}]}, asked)
    aws = FakeAws({"ecr": ecr})

    assert fix(aws).rereads(facts())["memory.image"]() == DIGEST
    assert fix(aws).rereads(facts(definition=UNKNOWN))["memory.image"]() == UNKNOWN


def test_a_history_without_a_digest_proves_nothing() -> None:
    bare = past(8, 1500)
    history = History((replace(bare, revision=replace(bare.revision, digests={})),))

    refusal = refused(seen=facts(history=history))

    assert refusal is not None
    assert refusal.reason.endswith("ECS does not tell its digest")
