"""A downgrade is one task to an explicit revision; a lost call is proved by its task, and safe to repeat."""

import os
import subprocess
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from migrations_world import (
    BACK,
    DEFINITION,
    FAMILY,
    HERE,
    INTENT,
    NOW,
    PREFIX,
    downgrade_task,
    migrations,
    minutes,
    task,
)
from runbook.checks.alembic import Migrations
from runbook.errors import FixError
from runbook.fixes import downgrade
from runbook.fixes.downgrade import Downgrade
from runbook.gate import Change, Landed
from runbook.model import Attempt, Unknown

PRIOR = {"from": "b2e4", "to": "a1f0", "definition": DEFINITION}
GONE = Unknown("tasks of saas-migrate: AWS answered ThrottlingException")


@dataclass(frozen=True)
class Facts:
    at: datetime
    migrations: Migrations | Unknown


class FakeEcs:
    """Answers RunTask as a test says."""

    def __init__(self, answer: dict[str, Any] | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer = answer or {"tasks": [{"taskArn": "arn:of/task/0123"}], "failures": []}

    def fixer(self, service: str) -> Any:
        assert service == "ecs"
        return self

    def run_task(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return {**self.answer, "ResponseMetadata": {"RequestId": "request-1"}}


def fix(aws: FakeEcs | None = None) -> Downgrade:
    clients: Any = aws or FakeEcs()
    return Downgrade(clients, FAMILY, "saas-prod-db", PREFIX, "me-south-1", "rollback_database")


def attempt(**changes: Any) -> Attempt:
    usual: dict[str, Any] = {
        "intent_id": INTENT,
        "fix": "downgrade",
        "resource": "db:saas-prod-db",
        "reason": "asked for",
        "prior": PRIOR,
        "intended_at": NOW,
        "tried_at": NOW,
    }
    return Attempt(**{**usual, **changes})


def test_goes_back_to_the_explicit_parent_in_the_revision_that_was_read() -> None:
    ecs = FakeEcs()

    change = fix(ecs).apply(attempt())

    [asked] = ecs.asked
    assert change == Change("request-1", {"task": "arn:of/task/0123"})
    assert asked["taskDefinition"] == DEFINITION
    assert asked["clientToken"] == INTENT
    assert asked["startedBy"] == f"nightshift-prod/downgrade/{INTENT}"
    [container] = asked["overrides"]["containerOverrides"]
    assert container["command"][-2:] == ["b2e4", "a1f0"]


def test_a_repeated_call_is_the_same_call() -> None:
    ecs = FakeEcs()

    fix(ecs).apply(attempt())
    fix(ecs).apply(attempt(tried_at=NOW + minutes(2), tries=2))

    first, second = ecs.asked
    assert first == second


@pytest.mark.parametrize("to", ["-1", "base; true", "", "a" * 65])
def test_never_runs_what_is_no_revision(to: str) -> None:
    ecs = FakeEcs()

    with pytest.raises(TypeError):
        fix(ecs).apply(attempt(prior={**PRIOR, "to": to}))
    assert ecs.asked == []


def test_a_task_that_ecs_did_not_place_has_not_run() -> None:
    ecs = FakeEcs({"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY"}]})

    with pytest.raises(FixError, match="RESOURCE:MEMORY") as caught:
        fix(ecs).apply(attempt())
    assert not caught.value.lost


def refused(now: Any, seen: Migrations | Unknown | None = None) -> Any:
    facts = Facts(NOW, seen or migrations())
    return fix().refuse(facts, {"downgrade.now": now})


def test_passes_what_is_as_the_decision_saw_it() -> None:
    assert refused(migrations()) is None


@pytest.mark.parametrize(
    ("now", "seen", "code", "why"),
    [
        pytest.param(GONE, None, "target", "cannot be re-read", id="unreadable now"),
        pytest.param(migrations(), GONE, "target", "cannot be re-read", id="unreadable before"),
        pytest.param(
            Migrations((), waits="task 9 runs: wait for its end"), None, "busy", "task 9 runs",
            id="somebody migrates",
        ),
        pytest.param(Migrations(()), None, "busy", "does not count any more", id="the reading is old"),
        pytest.param(migrations(BACK), None, "busy", "by now: at a1f0", id="somebody migrated"),
        pytest.param(
            migrations(replace(HERE, heads=("b2e4", "c3"))),
            migrations(replace(HERE, heads=("b2e4", "c3"))),
            "target", "has 2 heads",
            id="no single step back",
        ),
    ],
)  # fmt: skip
def test_refuses_what_the_decision_did_not_see(
    now: Any, seen: Migrations | Unknown | None, code: str, why: str
) -> None:
    refusal = refused(now, seen)

    assert refusal.code == code
    assert why in refusal.reason


def test_saves_from_where_to_where_and_in_which_definition() -> None:
    assert fix().prior({"downgrade.now": migrations()}) == PRIOR


def test_has_no_prior_state_for_what_was_refused() -> None:
    with pytest.raises(TypeError):
        fix().prior({"downgrade.now": migrations(BACK)})


@pytest.mark.parametrize(
    ("seen", "waited", "expected"),
    [
        pytest.param(GONE, 5, Landed.UNREADABLE, id="the tasks cannot be read"),
        pytest.param(migrations(HERE, downgrade_task(1)), 0.5, Landed.YES, id="its task is there"),
        pytest.param(
            migrations(HERE, downgrade_task(1, lasted=None)), 0.5, Landed.YES, id="its task runs"
        ),
        pytest.param(migrations(), 0.9, Landed.TOO_EARLY, id="no task within a minute"),
        pytest.param(migrations(), 1, Landed.NO, id="no task after a minute"),
        pytest.param(
            migrations(HERE, task(1, f"{PREFIX}/downgrade/another")), 1, Landed.NO,
            id="another intent's task",
        ),
        pytest.param(migrations(), 50, Landed.UNKNOWN, id="ECS may have forgotten the task"),
    ],
)  # fmt: skip
def test_says_whether_a_lost_call_took_effect(
    seen: Migrations | Unknown, waited: float, expected: Landed
) -> None:
    facts = Facts(NOW, seen)

    assert fix().landed(facts, attempt(tried_at=NOW - minutes(waited))) == expected


def test_a_landed_call_left_its_task() -> None:
    ours = downgrade_task(1)

    assert fix().left(Facts(NOW, migrations(HERE, ours))) == {"task": ours.arn}


def test_the_command_and_its_undo_are_ready_to_type() -> None:
    typed = fix().downgrade(DEFINITION, "b2e4", "a1f0")

    assert "--task-definition saas-migrate:7 " in typed
    assert "subnets=[subnet-1,subnet-2],securityGroups=[sg-1],assignPublicIp=DISABLED" in typed
    assert '"b2e4", "a1f0"' in typed
    assert '["alembic", "upgrade", "b2e4"]' in fix().upgrade(DEFINITION, "b2e4")


@pytest.mark.parametrize(
    ("says", "code", "ran"),
    [
        pytest.param("b2e4 (head)", 0, "downgrade a1f0", id="where it was"),
        pytest.param("b2e4", 0, "downgrade a1f0", id="where it was, with newer ones in the image"),
        pytest.param("c3d0 (head)", downgrade.MOVED, "nothing was changed", id="somewhere else"),
        pytest.param("b2e4f (head)", downgrade.MOVED, "nothing was changed", id="a longer name"),
        pytest.param("", downgrade.MOVED, "nothing was changed", id="nowhere"),
        pytest.param(
            "b2e4 (head)\nc3d0 (head)", downgrade.MOVED, "nothing was changed", id="two at once"
        ),
        pytest.param("FAIL", 3, "", id="alembic fails"),
    ],
)
def test_the_task_changes_nothing_where_the_database_has_moved(
    tmp_path: Path, says: str, code: int, ran: str
) -> None:
    fake = tmp_path / "alembic"
    fake.write_text(
        '#!/bin/sh\nif [ "$1" = current ]; then [ "$SAYS" != FAIL ] || exit 1; printf "$SAYS\\n"; '
        'else echo "$@"; fi\n'
    )
    fake.chmod(0o755)
    path = f"{tmp_path}:{os.defpath}"

    done = subprocess.run(  # noqa: S603  # a script of this test's own
        downgrade.command("b2e4", "a1f0"),
        env={"PATH": path, "SAYS": says},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code
    assert ran in done.stdout
    assert done.stdout.startswith("downgrade") == (code == 0)
