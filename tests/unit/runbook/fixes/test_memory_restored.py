"""The memory is put back only while the service shows what our fix left."""

from dataclasses import replace
from typing import Any

import pytest

from backend_facts import attempt, definition, deployment, facts, revision, service
from fake_memory import DEPLOYED, DIGEST, answers, fix, update
from fake_redeploy import FakeAws
from runbook.fixes.memory import RestoreMemory
from runbook.gate import UNDOES, Landed, Refusal
from runbook.model import Unknown

OURS = attempt("raise_memory")
"""It left revision 8 in deployment ecs-svc/8, in place of revision 7."""


def not_put_back(given: dict[str, Any]) -> Refusal | None:
    return fix(kind=RestoreMemory).refuse(facts(), {**given, UNDOES: OURS})


def test_puts_back_what_is_as_our_fix_left_it() -> None:
    assert not_put_back(answers()) is None
    assert fix(kind=RestoreMemory).prior({**answers(), UNDOES: OURS}) == {
        "deployment": "ecs-svc/8",
        "task_definition": revision(8),
        "to": revision(7),
    }


@pytest.mark.parametrize(
    ("given", "code", "then", "reason"),
    [
        pytest.param(
            answers(service=service(deployment(9, 1))),
            "superseded",
            "wait",
            "saas-backend is at saas-backend:9 (ecs-svc/9), which is not what our fix left",
            id="another revision",
        ),
        pytest.param(
            answers(service=service(deployment(8, 1, id="ecs-svc/10"))),
            "superseded",
            "wait",
            "saas-backend is at saas-backend:8 (ecs-svc/10), which is not what our fix left",
            id="the same revision, deployed by somebody",
        ),
        pytest.param(
            answers(service=Unknown("throttled")),
            "target",
            "escalate",
            "the target cannot be re-read: throttled",
            id="unreadable",
        ),
        pytest.param(
            answers(image="sha256:other"),
            "target",
            "escalate",
            "deploying saas-backend would ship another image: "
            f"the tag now means sha256:other, meant is {DIGEST}",
            id="the tag has moved",
        ),
    ],
)
def test_leaves_what_somebody_has_changed_since(
    given: dict[str, Any], code: str, then: Any, reason: str
) -> None:
    assert not_put_back(given) == Refusal(code, reason, then)


def test_an_undo_need_not_wait_for_the_rollout_that_it_takes_back() -> None:
    given = answers(service=service(deployment(rollout_state="IN_PROGRESS")))

    assert not_put_back(given) is None


def test_putting_back_deploys_the_revision_before_ours(stubbed: Any) -> None:
    ecs, of_ecs = stubbed("ecs")
    of_ecs.add_response("update_service", DEPLOYED, update(revision(7)))

    change = fix(FakeAws(fixers={"ecs": ecs}), RestoreMemory).apply(
        attempt("restore_memory", prior={"to": revision(7)})
    )

    assert change.left == {"deployment": "ecs-svc/9", "task_definition": revision(7)}


@pytest.mark.parametrize(
    ("number", "expected"), [(7, Landed.YES), (6, Landed.UNKNOWN)], ids=["ours", "another"]
)
def test_proves_whether_a_lost_undo_has_landed(number: int, expected: Landed) -> None:
    prior = {"deployment": "ecs-svc/8", "task_definition": revision(8), "to": revision(7)}
    lost = attempt("restore_memory", None, 1, prior=prior)
    primary = replace(deployment(number, 1), id="ecs-svc/11")
    seen = facts(service=service(primary), definition=definition(number))

    assert fix(kind=RestoreMemory).landed(seen, lost) is expected
