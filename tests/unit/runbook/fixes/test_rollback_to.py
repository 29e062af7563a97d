"""A named revision is deployed as it was recorded; without a record its image must at least be there."""

from datetime import timedelta
from typing import Any

import pytest

from backend_facts import IMAGE, OLD, UNKNOWN, deployment, past, revision, service
from fake_redeploy import ACCOUNT, REGION, FakeAws
from rollback_facts import attempt, facts
from runbook.checks.ecr import Repository
from runbook.checks.service_deployments import History, Past, Revision
from runbook.fixes.rollback_to import Named, RollbackTo, named
from runbook.gate import Change, Refusal
from runbook.model import Unknown

HOUR = timedelta(minutes=60)
DIGEST, OTHER = f"sha256:{7:064x}", f"sha256:{9:064x}"
NOTHING = Revision(revision(3))


def fix(to: str = "saas-backend:7", aws: Any = None) -> RollbackTo:
    return RollbackTo(
        aws=aws or FakeAws(),
        region=REGION,
        cluster="saas-prod",
        service="saas-backend",
        container="backend",
        repository=Repository(ACCOUNT, REGION, "saas-backend"),
        proven=HOUR,
        mode_key="rollback_backend",
        to=to,
    )


def test_a_newer_revision_that_never_ran_is_no_rollback() -> None:
    ran_8, runs_7 = History((past(8, 90), OLD)), service(deployment(7, 5))

    never = named(ran_8, service(deployment(8, 90)), "saas-backend:99", HOUR)
    forth = named(History((past(7, 5), past(8, 90))), runs_7, "saas-backend:8", HOUR)

    assert never == (
        "saas-backend:99 is newer than what runs, and ECS has no record of it: that is a deployment"
    )
    assert isinstance(forth, Named)


@pytest.mark.parametrize(
    ("history", "to", "expected"),
    [
        pytest.param((past(8, 90), OLD), "7", Named(OLD.revision, proven=True), id="ran-for-days"),
        pytest.param(
            (past(8, 90), past(7, 155)), "7", Named(past(7, 155).revision, proven=True), id="60-min"
        ),
        pytest.param(
            (past(8, 90), past(7, 154)),
            "7",
            Named(past(7, 154).revision, proven=False),
            id="59-min",
        ),
        pytest.param(
            (past(8, 90), past(6, 155), past(7, 200)),
            "7",
            Named(past(7, 200).revision, proven=False),
            id="only-until-the-next-one",
        ),
        pytest.param((past(8, 90), OLD), "3", Named(NOTHING, proven=False), id="no-record"),
        pytest.param(
            (past(8, 90), past(6, 95), past(7, 100), past(6, 200), past(7, 4320)),
            "7",
            Named(OLD.revision, proven=True),
            id="the-longest-time-counts",
        ),
        pytest.param(
            (past(8, 90), past(7, 4320, "ROLLBACK_SUCCESSFUL")),
            "7",
            Named(Revision(revision(7)), proven=False),
            id="it-was-taken-back",
        ),
    ],
)
def test_tells_whether_a_named_revision_has_proved_itself(
    history: tuple[Past, ...], to: str, expected: Named
) -> None:
    at = service(deployment(8, 90))

    assert expected == named(History(history), at, f"saas-backend:{to}", HOUR)


def answers(**changes: Any) -> dict[str, Any]:
    seen = facts()
    usual = {"service": seen.service, "history": seen.history, "image": DIGEST}
    return {f"rollback.{name}": value for name, value in {**usual, **changes}.items()}


def refused(to: str = "saas-backend:7", **changes: Any) -> Refusal | None:
    return fix(to).refuse(facts(), answers(**changes))


@pytest.mark.parametrize(
    ("to", "image"),
    [
        pytest.param("saas-backend:7", DIGEST, id="as-recorded"),
        pytest.param("saas-backend:3", OTHER, id="no-record-to-compare-with"),
    ],
)
def test_passes(to: str, image: str) -> None:
    assert refused(to, image=image) is None


@pytest.mark.parametrize(
    ("to", "changes", "code", "expected"),
    [
        pytest.param(
            "saas-backend:7", {"image": OTHER}, "target", "would ship another image", id="tag-moved"
        ),
        pytest.param(
            "saas-backend:3",
            {"image": Unknown("saas-backend:3 was deregistered and cannot be deployed")},
            "target",
            "deregistered",
            id="deregistered-without-a-record",
        ),
        pytest.param(
            "saas-backend:7", {"image": UNKNOWN}, "target", "cannot prove which", id="image-unknown"
        ),
        pytest.param(
            "saas-backend:8", {}, "target", "saas-backend is at saas-backend:8 already", id="same"
        ),
        pytest.param(
            "saas-backend:7",
            {"service": service(deployment(8, 90), controller="CODE_DEPLOY")},
            "target",
            "not ours to roll back",
            id="foreign-controller",
        ),
        pytest.param(
            "saas-backend:7",
            {"service": service(deployment(9, 1))},
            "busy",
            "a new deployment",
            id="somebody-deployed",
        ),
        pytest.param(
            "saas-backend:7",
            {"service": service(deployment(8, 90, rollout_state="IN_PROGRESS"))},
            "busy",
            "is being deployed",
            id="in-progress",
        ),
        pytest.param(
            "saas-backend:7",
            {"history": History((past(9, 1, "PENDING"), past(8, 90), OLD))},
            "busy",
            "the newest deployment",
            id="a-new-one-is-pending",
        ),
        pytest.param(
            "saas-backend:7", {"service": UNKNOWN}, "target", "cannot be re-read", id="unreadable"
        ),
    ],
)
def test_refuses(to: str, changes: dict[str, Any], code: str, expected: str) -> None:
    found = refused(to, **changes)

    assert found is not None
    assert found.code == code
    assert expected in found.reason


def test_saves_where_the_service_was_and_where_it_goes() -> None:
    assert fix("saas-backend:3").prior(answers()) == {
        "deployment": "ecs-svc/8",
        "task_definition": revision(8),
        "to": revision(3),
        "stop": "",
    }


class Ecs:
    """Describes one revision, and takes one deployment."""

    def __init__(self, status: str = "ACTIVE") -> None:
        self.status = status
        self.asked: list[Any] = []

    def describe_task_definition(self, **asked: Any) -> Any:
        self.asked.append(asked)
        container = {"name": "backend", "image": IMAGE}
        found = {"taskDefinitionArn": revision(3), "status": self.status}
        return {"taskDefinition": {**found, "containerDefinitions": [container]}}

    def update_service(self, **asked: Any) -> Any:
        self.asked.append(asked)
        primary = {"id": "ecs-svc/9", "status": "PRIMARY", "taskDefinition": revision(3)}
        return {
            "service": {"deployments": [primary]},
            "ResponseMetadata": {"RequestId": "r-1"},
        }


class Ecr:
    def describe_images(self, **_: Any) -> Any:
        return {"imageDetails": [{"imageDigest": OTHER}]}


def image(ecs: Ecs) -> Any:
    aws = FakeAws(readers={"ecs": ecs, "ecr": Ecr()})
    return fix("saas-backend:3", aws).rereads(facts())["rollback.image"]()


def test_asks_which_image_the_named_revision_would_run() -> None:
    ecs = Ecs()

    assert image(ecs) == OTHER
    assert ecs.asked == [{"taskDefinition": revision(3)}]


def test_a_deregistered_revision_has_no_image() -> None:
    assert image(Ecs("INACTIVE")) == Unknown(
        "saas-backend:3 was deregistered and cannot be deployed"
    )


def test_deploys_what_the_intent_names() -> None:
    ecs = Ecs()
    aws = FakeAws(fixers={"ecs": ecs})
    intent = attempt(0, None, prior={**attempt().prior, "to": revision(3)})

    change = fix("saas-backend:3", aws).apply(intent)

    left = {"task_definition": revision(3), "stopped": "", "deployment": "ecs-svc/9"}
    assert change == Change("r-1", left)
    assert ecs.asked == [
        {"cluster": "saas-prod", "service": "saas-backend", "taskDefinition": revision(3)}
    ]
