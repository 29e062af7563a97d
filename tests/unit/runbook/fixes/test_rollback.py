"""A rollback goes back to what ran before, or says why it cannot; a lost call is proved by what ECS shows."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend_facts import (
    IMAGE,
    OLD,
    UNKNOWN,
    Facts,
    attempt,
    deployment,
    facts,
    fresh,
    past,
    revision,
    service,
)
from fake_redeploy import ACCOUNT, REGION, FakeAws
from runbook.checks.ecr import Repository
from runbook.checks.service_deployments import History
from runbook.fixes import rollback
from runbook.fixes.rollback import Plan, Rollback
from runbook.gate import Change, Landed, Refusal
from runbook.model import Unknown

HOUR = timedelta(minutes=60)
DIGEST = f"sha256:{7:064x}"
BAD = past(8, 10)
ROLLING = past(8, 10, "IN_PROGRESS")


def fix(aws: FakeAws | None = None) -> Rollback:
    found: Any = aws or FakeAws()
    return Rollback(
        aws=found,
        region=REGION,
        cluster="saas-prod",
        service="saas-backend",
        container="backend",
        repository=Repository(ACCOUNT, REGION, "saas-backend"),
        proven=HOUR,
        mode_key="rollback_backend",
    )


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        pytest.param(History((BAD, OLD)), Plan(OLD, ""), id="complete: a new deployment"),
        pytest.param(History((ROLLING, OLD)), Plan(OLD, ROLLING.arn), id="under way: stop it"),
        pytest.param(
            History((BAD, past(7, 30))),
            "no earlier version ran for 60 min: "
            "saas-backend:8 SUCCESSFUL 23 Nov 02:50; saas-backend:7 SUCCESSFUL 23 Nov 02:30",
            id="none ran for an hour",
        ),
        pytest.param(
            History((past(9, 5, "IN_PROGRESS"), past(8, 30), OLD)),
            "ECS would go back to saas-backend:8, which did not run for 60 min",
            id="under way, and what ECS would go back to is not proven",
        ),
    ],
)
def test_plans_what_a_rollback_would_do(history: History, expected: Plan | str) -> None:
    assert rollback.plan(history, HOUR) == expected


def answers(**changes: Any) -> dict[str, Any]:
    seen = fresh()
    usual = {
        "rollback.service": seen["service"],
        "rollback.history": seen["history"],
        "rollback.image": DIGEST,
    }
    return {**usual, **{f"rollback.{name}": value for name, value in changes.items()}}


def refused(given: dict[str, Any] | None = None, seen: Facts | None = None) -> Refusal | None:
    return fix().refuse(seen or facts(**fresh()), given or answers())


def test_rolls_back_what_is_as_the_decision_saw_it() -> None:
    assert refused() is None


UNDER_WAY = fresh(10, "IN_PROGRESS", "IN_PROGRESS")
NOW_ROLLING = {"service": UNDER_WAY["service"], "history": UNDER_WAY["history"]}


def test_a_deployment_that_is_under_way_is_no_obstacle_to_stopping_it() -> None:
    given = answers(**NOW_ROLLING, image="")

    assert refused(given, facts(**UNDER_WAY)) is None


@pytest.mark.parametrize(
    ("given", "code", "reason"),
    [
        pytest.param(
            answers(service=Unknown("ecs: throttled")),
            "target",
            "the target cannot be re-read: ecs: throttled",
            id="service unreadable",
        ),
        pytest.param(
            answers(history=Unknown("ecs: throttled")),
            "target",
            "the target cannot be re-read: ecs: throttled",
            id="deployments unreadable",
        ),
        pytest.param(
            answers(service=service(deployment(8, 10), controller="CODE_DEPLOY")),
            "target",
            "saas-backend is deployed by CODE_DEPLOY, ROLLING: not ours to roll back",
            id="CodeDeploy",
        ),
        pytest.param(
            answers(service=service(deployment(8, 10), strategy="BLUE_GREEN")),
            "target",
            "saas-backend is deployed by ECS, BLUE_GREEN: not ours to roll back",
            id="blue/green",
        ),
        pytest.param(
            answers(service=service(deployment(9, 1))),
            "busy",
            "saas-backend has a new deployment ecs-svc/9 that the decision did not see",
            id="somebody deployed since",
        ),
        pytest.param(
            answers(history=History((past(9, 1, "PENDING"), BAD, OLD))),
            "busy",
            "the newest deployment of saas-backend is PENDING by now",
            id="somebody is about to deploy",
        ),
        pytest.param(
            answers(service=service(deployment(8, 10, rollout_state="IN_PROGRESS"))),
            "busy",
            "saas-backend is being deployed (ecs-svc/8 is IN_PROGRESS)",
            id="tasks are still being replaced",
        ),
        pytest.param(
            answers(image=Unknown("saas-backend:7 was deregistered and cannot be deployed")),
            "target",
            "cannot prove which image going back to saas-backend:7 would run: "
            "saas-backend:7 was deregistered and cannot be deployed",
            id="deregistered",
        ),
        pytest.param(
            answers(image="sha256:other"),
            "target",
            "going back to saas-backend:7 would ship another image: "
            f"the tag now means sha256:other, meant is {DIGEST}",
            id="the tag has moved",
        ),
    ],
)
def test_refuses_a_target_that_is_not_what_was_decided_on(
    given: dict[str, Any], code: str, reason: str
) -> None:
    then = "wait" if code == "busy" else "escalate"

    assert refused(given) == Refusal(code, reason, then)


def test_refuses_to_stop_a_deployment_that_is_complete_by_now() -> None:
    reason = "the newest deployment of saas-backend is SUCCESSFUL by now"

    assert refused(answers(), facts(**UNDER_WAY)) == Refusal("busy", reason, "wait")


def test_refuses_where_ecs_does_not_tell_what_the_earlier_version_ran() -> None:
    history = History((BAD, replace(OLD, revision=replace(OLD.revision, digests={}))))

    refusal = refused(answers(history=history), facts(**{**fresh(), "history": history}))

    assert refusal == Refusal(
        "target",
        "cannot prove which image going back to saas-backend:7 would run: "
        "ECS does not tell its digest",
        "escalate",
    )


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        pytest.param(UNKNOWN, "not read", id="unknown"),
        pytest.param(
            History((BAD,)),
            "no earlier version ran for 60 min: saas-backend:8 SUCCESSFUL 23 Nov 02:50",
            id="nothing before",
        ),
    ],
)
def test_refuses_without_a_version_to_go_back_to(history: Any, reason: str) -> None:
    seen = facts(**{**fresh(), "history": history})

    assert refused(seen=seen) == Refusal("target", reason, "escalate")


def described(status: str = "ACTIVE", image: str = IMAGE) -> dict[str, Any]:
    container = {"name": "backend", "image": image}
    return {
        "taskDefinition": {
            "taskDefinitionArn": revision(7),
            "status": status,
            "containerDefinitions": [container],
        }
    }


@pytest.mark.parametrize(
    ("answer", "asks_ecr", "expected"),
    [
        pytest.param(described(), True, DIGEST, id="what its tag means now"),
        pytest.param(
            described(image=f"{IMAGE}@{DIGEST}"), False, DIGEST, id="the digest that it pins"
        ),
        pytest.param(
            described("INACTIVE"),
            False,
            Unknown("saas-backend:7 was deregistered and cannot be deployed"),
            id="deregistered",
        ),
        pytest.param(
            described(image="docker.io/other"),
            False,
            Unknown("image 'docker.io/other' is not in the configured repository 'saas-backend'"),
            id="of another repository",
        ),
    ],
)
def test_reads_what_the_earlier_version_would_run(
    stubbed: Any, answer: dict[str, Any], asks_ecr: bool, expected: object
) -> None:
    ecs, of_ecs = stubbed("ecs")
    ecr, of_ecr = stubbed("ecr")
    of_ecs.add_response("describe_task_definition", answer, {"taskDefinition": revision(7)})
    if asks_ecr:
        asked = {"repositoryName": "saas-backend", "imageIds": [{"imageTag": "stable"}]}
        of_ecr.add_response("describe_images", {"imageDetails": [{"imageDigest": DIGEST}]}, asked)
    rereads = fix(FakeAws({"ecs": ecs, "ecr": ecr})).rereads(facts(**fresh()))

    assert rereads["rollback.image"]() == expected


def test_ecs_itself_keeps_the_image_of_what_it_takes_back(stubbed: Any) -> None:
    ecs, _ = stubbed("ecs")

    assert fix(FakeAws({"ecs": ecs})).rereads(facts(**UNDER_WAY))["rollback.image"]() == ""


def test_saves_where_the_service_is_and_where_it_goes() -> None:
    at = {"deployment": "ecs-svc/8", "task_definition": revision(8)}

    assert fix().prior(answers()) == {**at, "to": revision(7), "stop": ""}
    assert fix().prior(answers(**NOW_ROLLING)) == {**at, "to": revision(7), "stop": ROLLING.arn}


METADATA = {"RequestId": "request-1", "HTTPStatusCode": 200}


def test_a_complete_deployment_is_replaced_by_the_earlier_revision(stubbed: Any) -> None:
    ecs, of_ecs = stubbed("ecs")
    answer = {
        "service": {"deployments": [{"id": "ecs-svc/9", "status": "PRIMARY"}]},
        "ResponseMetadata": METADATA,
    }
    asked = {"cluster": "saas-prod", "service": "saas-backend", "taskDefinition": revision(7)}
    of_ecs.add_response("update_service", answer, asked)

    change = fix(FakeAws(fixers={"ecs": ecs})).apply(
        attempt("rollback", prior={"to": revision(7), "stop": ""})
    )

    left = {"task_definition": revision(7), "stopped": "", "deployment": "ecs-svc/9"}
    assert change == Change("request-1", left)


def test_a_deployment_under_way_is_stopped_with_rollback(stubbed: Any) -> None:
    ecs, of_ecs = stubbed("ecs")
    answer = {"serviceDeploymentArn": ROLLING.arn, "ResponseMetadata": METADATA}
    asked = {"serviceDeploymentArn": ROLLING.arn, "stopType": "ROLLBACK"}
    of_ecs.add_response("stop_service_deployment", answer, asked)

    change = fix(FakeAws(fixers={"ecs": ecs})).apply(
        attempt("rollback", prior={"to": revision(7), "stop": ROLLING.arn})
    )

    assert change == Change("request-1", {"task_definition": revision(7), "stopped": ROLLING.arn})


def replaced(
    minutes: float = 1, number: int = 7, deployment_id: str = "ecs-svc/9"
) -> dict[str, Any]:
    """Return the facts of a service that was deployed anew so many minutes ago."""
    primary = deployment(number, minutes, id=deployment_id)
    return {"service": service(primary), "history": History((past(number, minutes), BAD, OLD))}


@pytest.mark.parametrize(
    ("seen", "seconds", "expected"),
    [
        pytest.param(fresh(), 59, Landed.TOO_EARLY, id="nothing yet, 59 s"),
        pytest.param(fresh(), 60, Landed.NO, id="nothing after 60 s"),
        pytest.param(replaced(1), 60, Landed.YES, id="the earlier revision is being deployed"),
        pytest.param(replaced(5), 60, Landed.UNKNOWN, id="by a deployment from before the call"),
        pytest.param(replaced(1, 9), 60, Landed.UNKNOWN, id="somebody deployed something else"),
        pytest.param({"service": UNKNOWN}, 90, Landed.UNREADABLE, id="service unreadable"),
        pytest.param({"history": UNKNOWN}, 90, Landed.UNREADABLE, id="deployments unreadable"),
    ],
)
def test_proves_whether_a_lost_deployment_has_landed(
    seen: dict[str, Any], seconds: int, expected: Landed
) -> None:
    prior = {"deployment": "ecs-svc/8", "to": revision(7), "stop": ""}
    lost = attempt("rollback", None, seconds / 60, prior=prior)

    assert fix().landed(facts(**seen), lost) is expected


def stopping(status: str) -> dict[str, Any]:
    return fresh(10, status, "IN_PROGRESS")


@pytest.mark.parametrize(
    ("seen", "seconds", "expected"),
    [
        pytest.param(stopping("IN_PROGRESS"), 59, Landed.TOO_EARLY, id="goes on, 59 s"),
        pytest.param(stopping("IN_PROGRESS"), 60, Landed.NO, id="goes on after 60 s"),
        pytest.param(stopping("STOP_REQUESTED"), 5, Landed.YES, id="asked to stop"),
        pytest.param(stopping("ROLLBACK_IN_PROGRESS"), 60, Landed.YES, id="going back"),
        pytest.param(stopping("ROLLBACK_SUCCESSFUL"), 60, Landed.YES, id="gone back"),
        pytest.param(stopping("ROLLBACK_FAILED"), 60, Landed.UNKNOWN, id="failed to"),
        pytest.param(stopping("SUCCESSFUL"), 60, Landed.UNKNOWN, id="completed instead"),
        pytest.param(
            {"history": History((past(9, 1), OLD))}, 60, Landed.UNKNOWN, id="no more on record"
        ),
    ],
)
def test_proves_whether_a_lost_stop_has_landed(
    seen: dict[str, Any], seconds: int, expected: Landed
) -> None:
    prior = {"deployment": "ecs-svc/8", "to": revision(7), "stop": ROLLING.arn}
    lost = attempt("rollback", None, seconds / 60, prior=prior)

    assert fix().landed(facts(**seen), lost) is expected


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(
            replaced(1),
            {"deployment": "ecs-svc/9", "task_definition": revision(7), "stopped": ""},
            id="a new deployment",
        ),
        pytest.param(
            stopping("ROLLBACK_IN_PROGRESS"),
            {"task_definition": revision(7), "stopped": ROLLING.arn},
            id="one that is taken back",
        ),
    ],
)
def test_tells_what_a_landed_call_left(seen: dict[str, Any], expected: dict[str, Any]) -> None:
    assert fix().left(facts(**seen)) == expected


@pytest.mark.parametrize("missing", ["service", "history"])
def test_cannot_tell_what_was_left_in_what_it_could_not_read(missing: str) -> None:
    seen = facts(**{**replaced(1), missing: UNKNOWN})

    with pytest.raises(TypeError, match="could not be read"):
        fix().left(seen)


def test_names_its_resource_and_what_a_person_would_type() -> None:
    assert fix().resource == "ecs:saas-prod/saas-backend"
    assert fix().command() == (
        "aws ecs update-service --region me-south-1 --cluster saas-prod --service saas-backend "
        "--task-definition <family>:<revision before>"
    )
