"""A downgrade is proved by what alembic says afterwards, and by nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from database_facts import FIX, GONE, attempt, facts
from migrations_world import BACK, HERE, PREFIX, downgrade_task, migrations, task
from rollback import database
from runbook.checks.alembic import Migrations, Revisions
from runbook.fixes.downgrade import MOVED
from runbook.model import Decision, Escalate, Outcome, Resolve, Unknown, Wait


def judged(ago: float = 5, **changes: Any) -> Decision:
    return database.judged(facts(**changes), attempt(ago), FIX)


def after(revisions: Revisions | None, *, ran: float = 4, code: int = 0) -> Migrations:
    """Return the tasks after a downgrade that began some minutes ago and took one."""
    ours = downgrade_task(ran, code=code)
    found = migrations(revisions, ours, ago=2)
    return found if revisions else Migrations((ours,))


def test_is_proved_by_what_alembic_says_afterwards() -> None:
    decision = judged(migrations=after(BACK))

    assert isinstance(decision, Resolve)
    assert decision.verdict is not None
    assert decision.verdict.outcome is Outcome.VERIFIED
    assert "says that the database is at a1f0" in decision.reason


@pytest.mark.parametrize(
    ("found", "why"),
    [
        pytest.param(Migrations(()), "not listed", id="its task is not listed yet"),
        pytest.param(Migrations((downgrade_task(1, lasted=None),)), "RUNNING", id="its task runs"),
        pytest.param(after(None), "is to be asked where the database is now", id="to be asked"),
        pytest.param(after(None, ran=15), "is to be asked", id="to be asked, after a long one"),
        pytest.param(
            replace(after(None), waits="alembic is being asked"),
            "alembic is being asked",
            id="asked",
        ),
    ],
)
def test_waits_until_it_can_be_judged(found: Migrations, why: str) -> None:
    decision = judged(migrations=found)

    assert isinstance(decision, Wait)
    assert not decision.blind
    assert why in decision.reason


@pytest.mark.parametrize(
    ("found", "why"),
    [
        pytest.param(Migrations(()), "its task is still not listed after 15 min", id="not listed"),
        pytest.param(
            Migrations((downgrade_task(14, lasted=None),)),
            "its task is still RUNNING after 15 min; a migration is never stopped half-way",
            id="runs",
        ),
        pytest.param(
            after(None, ran=16), "has not said where the database is after 15 min", id="not proved"
        ),
    ],
)
def test_escalates_what_is_not_over_after_15_min(found: Migrations, why: str) -> None:
    decision = judged(15, migrations=found)

    assert isinstance(decision, Escalate)
    assert decision.verdict is not None
    assert decision.verdict.outcome is Outcome.FAILED
    assert why in decision.reason


@pytest.mark.parametrize(
    ("found", "said", "why"),
    [
        pytest.param(
            after(None, code=1),
            ("Traceback", "psycopg.errors.LockNotAvailable: \x1b[31mcanceling"),
            "exit code 1, EssentialContainerExited, Essential container in task exited: "
            "psycopg.errors.LockNotAvailable: ?[31mcanceling",
            id="its task failed, its words are data",
        ),
        pytest.param(
            after(None, code=1),
            Unknown("no log"),
            "exit code 1, EssentialContainerExited, Essential container in task exited",
            id="its log cannot be read",
        ),
        pytest.param(
            after(None, code=MOVED),
            (),
            "was somewhere else by then, nothing was changed",
            id="moved",
        ),
        pytest.param(after(HERE), (), "ended well, and at b2e4", id="the database is still there"),
    ],
)
def test_escalates_what_did_not_work(found: Migrations, said: Any, why: str) -> None:
    decision = judged(migrations=found, said=said)

    assert isinstance(decision, Escalate)
    assert decision.verdict is not None
    assert decision.verdict.outcome is Outcome.FAILED
    assert why in decision.reason
    assert '["alembic", "upgrade", "b2e4"]' in decision.proposal


def test_an_unknown_world_is_waited_for_blind() -> None:
    decision = judged(15, migrations=GONE)

    assert isinstance(decision, Wait)
    assert decision.blind


def test_another_intents_task_proves_nothing() -> None:
    other = task(4, f"{PREFIX}/downgrade/another")

    assert isinstance(judged(migrations=Migrations((other,))), Wait)
