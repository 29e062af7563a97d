"""A redeploy is refused where the target has changed, and is repeated only where it has not landed."""

from datetime import timedelta
from typing import Any

import pytest

from fake_redeploy import DIGEST, OTHER, FakeAws, redeploy
from runbook.checks.ecs import Service
from runbook.gate import Change, Landed, Refusal
from runbook.model import Attempt, Unknown
from worker_facts import NOW, REVISION, UNKNOWN, Facts, attempt, deployment, facts, service


def answers(now: Service | Unknown | None = None, **changes: Any) -> dict[str, Any]:
    usual = {"redeploy.service": now or service(), "redeploy.running": frozenset({DIGEST})}
    return {**usual, "redeploy.next": DIGEST, **changes}


def refused(given: dict[str, Any] | None = None, seen: Facts | None = None) -> Refusal | None:
    return redeploy().refuse(seen or facts(), given or answers())


def test_redeploys_what_is_as_the_decision_saw_it() -> None:
    assert refused() is None


IN_PROGRESS = deployment(rollout_state="IN_PROGRESS")
OLD = deployment(id="ecs-svc/0", status="ACTIVE")
FOREIGN = "saas-worker is deployed by {}: not ours to redeploy"
NO_PROOF = "cannot prove that the same image comes back: {}"


@pytest.mark.parametrize(
    ("given", "code", "reason"),
    [
        pytest.param(
            answers(Unknown("ecs: throttled")),
            "target",
            "the target cannot be re-read: ecs: throttled",
            id="unreadable now",
        ),
        pytest.param(
            answers(service(controller="CODE_DEPLOY")),
            "target",
            FOREIGN.format("CODE_DEPLOY, ROLLING"),
            id="deployed by CodeDeploy",
        ),
        pytest.param(
            answers(service(strategy="BLUE_GREEN")),
            "target",
            FOREIGN.format("ECS, BLUE_GREEN"),
            id="blue/green",
        ),
        pytest.param(
            answers(service(deployment(id="ecs-svc/2"))),
            "busy",
            "saas-worker has a new deployment ecs-svc/2 that the decision did not see",
            id="somebody deployed since",
        ),
        pytest.param(
            answers(service(IN_PROGRESS)),
            "busy",
            "saas-worker is being deployed (ecs-svc/1 is IN_PROGRESS)",
            id="a rollout is in progress",
        ),
        pytest.param(
            answers(service(deployments=(deployment(), OLD))),
            "busy",
            "saas-worker is being deployed (ecs-svc/1 is COMPLETED)",
            id="two deployments",
        ),
        pytest.param(
            answers(**{"redeploy.running": Unknown("no digest")}),
            "target",
            NO_PROOF.format("no digest"),
            id="running image unknown",
        ),
        pytest.param(
            answers(**{"redeploy.next": Unknown("no such tag")}),
            "target",
            NO_PROOF.format("no such tag"),
            id="next image unknown",
        ),
        pytest.param(
            answers(**{"redeploy.next": OTHER}),
            "target",
            f"a redeploy would ship another image: the tag now means {OTHER}, running is {DIGEST}",
            id="the tag has moved",
        ),
        pytest.param(
            answers(**{"redeploy.running": frozenset({DIGEST, OTHER})}),
            "target",
            f"a redeploy would ship another image: the tag now means {DIGEST}, "
            f"running is {DIGEST}, {OTHER}",
            id="two images run",
        ),
        pytest.param(
            answers(**{"redeploy.running": frozenset()}),
            "target",
            f"a redeploy would ship another image: the tag now means {DIGEST}, running is ",
            id="none runs",
        ),
    ],
)
def test_refuses_a_target_that_is_not_what_was_decided_on(
    given: dict[str, Any], code: str, reason: str
) -> None:
    refusal = refused(given)

    assert Refusal(code, reason, "wait" if code == "busy" else "escalate") == refusal


def test_refuses_what_the_decision_itself_did_not_see() -> None:
    refusal = refused(seen=facts(service=UNKNOWN))

    assert refusal == Refusal("target", "the target cannot be re-read: not read", "escalate")


def test_a_failed_rollout_is_not_in_progress() -> None:
    failed = service(deployment(rollout_state="FAILED"))

    assert refused(answers(failed)) is None


def test_saves_the_deployment_and_the_revision_before_the_change() -> None:
    prior = redeploy().prior(answers())

    assert prior == {"deployment": "ecs-svc/1", "task_definition": REVISION}


def test_asks_for_new_tasks_and_for_nothing_else(stubbed: Any) -> None:
    client, stub = stubbed("ecs")
    shown = [
        {"id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": REVISION},
        {"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": REVISION},
    ]
    stub.add_response(
        "update_service",
        {"service": {"deployments": shown}, "ResponseMetadata": {"RequestId": "r-1"}},
        {"cluster": "saas-prod", "service": "saas-worker", "forceNewDeployment": True},
    )

    change = redeploy(FakeAws(fixers={"ecs": client})).apply(attempt())

    left = {"deployment": "ecs-svc/2", "task_definition": REVISION}
    assert Change("r-1", left) == change


def tried(seconds: float) -> Attempt:
    prior = {"deployment": "ecs-svc/0", "task_definition": REVISION}
    return attempt(None, prior=prior, tried_at=NOW - timedelta(seconds=seconds))


def seen(created: float, **changes: Any) -> Facts:
    """Return facts with a primary deployment that began so many seconds ago."""
    began = NOW - timedelta(seconds=created)
    return facts(service=service(deployment(created_at=began, **changes)))


@pytest.mark.parametrize(
    ("looked", "seconds", "expected"),
    [
        pytest.param(seen(90), 90, Landed.YES, id="began at once"),
        pytest.param(seen(30), 90, Landed.YES, id="began within 60 s"),
        pytest.param(seen(29), 90, Landed.UNKNOWN, id="began later: somebody else's"),
        pytest.param(seen(95), 90, Landed.YES, id="5 s before, by another clock"),
        pytest.param(seen(96), 90, Landed.UNKNOWN, id="before: somebody else's"),
        pytest.param(
            seen(90, task_definition=f"{REVISION}2"), 90, Landed.UNKNOWN, id="another revision"
        ),
        pytest.param(seen(10, id="ecs-svc/0"), 59, Landed.TOO_EARLY, id="not seen for 59 s"),
        pytest.param(seen(10, id="ecs-svc/0"), 60, Landed.NO, id="not seen for 60 s"),
        pytest.param(facts(service=UNKNOWN), 900, Landed.UNREADABLE, id="cannot be read"),
    ],
)
def test_tells_whether_a_call_without_an_answer_took_effect(
    looked: Facts, seconds: float, expected: Landed
) -> None:
    assert expected is redeploy().landed(looked, tried(seconds))


def test_reads_from_the_world_what_a_landed_call_left() -> None:
    left = redeploy().left(facts())

    assert left == {"deployment": "ecs-svc/1", "task_definition": REVISION}


def test_is_not_asked_what_was_left_where_nothing_can_be_read() -> None:
    with pytest.raises(TypeError, match="could not be read"):
        redeploy().left(facts(service=UNKNOWN))


def test_occupies_its_service_until_it_can_have_settled() -> None:
    fix = redeploy()

    assert fix.resource == "ecs:saas-prod/saas-worker"
    assert fix.holds == timedelta(minutes=20)
    assert fix.deploys
