"""A migration is taken back only on what a person states and alembic says."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from database_facts import FIX, GONE, SNAPSHOT, STATED, attempt, facts
from migrations_world import BACK, HERE, NOW, downgrade_task, migrations, minutes
from rollback import database
from rollback.database import Facts
from rollback.database_request import FIELDS, Statements, parse
from runbook.checks.alembic import Migrations
from runbook.errors import TriggerError
from runbook.model import (
    Apply,
    Attempt,
    Decision,
    Incident,
    Outcome,
    Resolve,
    Status,
    Unknown,
    Wait,
)

HOURS = timedelta(hours=1)


def refuses(seen: Facts | None = None, **stated: Any) -> str:
    statements = parse({**STATED, **stated})
    return database.refuses(seen or facts(), statements, "saas-prod-db")


def test_everything_stated_is_not_refused() -> None:
    assert refuses() == ""


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        pytest.param({"from": ""}, 'does not state "from"', id="from is missing"),
        pytest.param(
            {"backwards_compatible": False},
            'does not state "backwards_compatible": true',
            id="not backwards-compatible",
        ),
        pytest.param(
            {"no_data_in_new_columns": False},
            'does not state "no_data_in_new_columns": true',
            id="data in new columns",
        ),
        pytest.param({"snapshot": ""}, 'does not state "snapshot"', id="no snapshot"),
        pytest.param(
            {"from": "a1f0"},
            "the request says that the database is at a1f0; it is at b2e4",
            id="another revision than was read",
        ),
    ],
)
def test_refuses_a_request_that_does_not_state_it(stated: dict[str, Any], why: str) -> None:
    assert why in refuses(**stated)


def test_what_is_not_stated_is_named_all_at_once() -> None:
    why = database.refuses(facts(), parse({}), "saas-prod-db")

    assert all(f'"{name}"' in why for name in FIELDS)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param(
            {"migrations": GONE},
            "alembic has not said where the database is: tasks of",
            id="unknown",
        ),
        pytest.param({"migrations": Migrations(())}, "was not asked lately", id="not asked"),
        pytest.param({"migrations": migrations(BACK)}, "is the first revision", id="the first"),
        pytest.param(
            {"migrations": migrations(replace(HERE, heads=("b2e4", "c3")))},
            "has 2 heads",
            id="2 heads",
        ),
        pytest.param({"snapshot": None}, "no snapshot was read", id="snapshot not read"),
        pytest.param(
            {"snapshot": Unknown("snapshot x: RDS knows none of this name")},
            "snapshot x: RDS knows none of this name",
            id="no such snapshot",
        ),
        pytest.param(
            {"snapshot": replace(SNAPSHOT, instance="other-db")},
            "is of other-db; expected one of saas-prod-db",
            id="of another database",
        ),
        pytest.param(
            {"snapshot": replace(SNAPSHOT, status="creating", taken_at=None)},
            "is creating; expected available",
            id="still being made",
        ),
        pytest.param(
            {"snapshot": replace(SNAPSHOT, taken_at=NOW - 24 * HOURS - minutes(1))},
            "is 24 h old; expected one younger than 24 h",
            id="too old",
        ),
    ],
)
def test_refuses_what_the_world_does_not_bear_out(changes: dict[str, Any], why: str) -> None:
    assert why in refuses(facts(**changes))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from", 7),
        ("from", "-1"),
        ("from", "b2e4; true"),
        ("from", None),
        ("backwards_compatible", "yes"),
        ("backwards_compatible", 1),
        ("no_data_in_new_columns", "true"),
        ("no_data_in_new_columns", None),
        ("snapshot", ["a"]),
        ("snapshot", "before *"),
        ("snapshot", "x" * 256),
    ],
    ids=lambda one: str(one)[:20],
)
def test_a_statement_of_another_type_is_refused_by_its_name(field: str, value: Any) -> None:
    with pytest.raises(TriggerError, match=f"request.{field} is"):
        parse({**STATED, field: value})


def test_nothing_is_assumed_that_is_not_stated() -> None:
    assert parse({}) == Statements("", False, False, "")


STATEMENTS = parse(STATED)


def incident(*attempts: Attempt) -> Incident:
    return Incident("rollback-1", "rollback", "saas-prod-db", Status.OPEN, 1, NOW, attempts)


def decided(
    seen: Facts | None = None, wish: Statements | None = STATEMENTS, *attempts: Attempt
) -> Decision:
    return database.decide(seen or facts(), incident(*attempts), wish, FIX)


def test_applies_the_downgrade_to_the_explicit_parent_when_all_is_stated() -> None:
    decision = decided()

    assert isinstance(decision, Apply)
    assert decision.fix == "downgrade"
    assert "take the migration b2e4 back, to a1f0; snapshot before-release" in decision.reason
    assert '"b2e4", "a1f0"' in decision.command
    assert "--task-definition saas-migrate:7 " in decision.command
    assert '["alembic", "upgrade", "b2e4"]' in decision.undo


@pytest.mark.parametrize(
    ("seen", "wish", "why"),
    [
        pytest.param(None, Statements(), "the request does not state", id="not stated"),
        pytest.param(
            facts(migrations=Migrations(())), STATEMENTS, "ask again in a minute", id="not read yet"
        ),
        pytest.param(facts(migrations=GONE), STATEMENTS, "ThrottlingException", id="unreadable"),
    ],
)
def test_a_request_that_is_refused_changes_nothing(
    seen: Facts | None, wish: Statements, why: str
) -> None:
    decision = decided(seen, wish)

    assert isinstance(decision, Wait)
    assert why in decision.reason


def test_nothing_is_started_where_nobody_asks() -> None:
    assert isinstance(decided(None, None), Resolve)


def test_nothing_is_started_while_a_downgrade_is_not_judged() -> None:
    running = facts(migrations=Migrations((downgrade_task(1, lasted=None),)))

    assert isinstance(decided(running, STATEMENTS, attempt()), Wait)


def test_nothing_is_started_while_an_answer_is_out() -> None:
    out = replace(attempt(), outcome=None, outcome_at=None)

    decision = decided(None, STATEMENTS, out)

    assert isinstance(decision, Wait)
    assert "the answer of the downgrade of 03:15 is not known yet" in decision.reason


FAILED = replace(attempt(), outcome=Outcome.FAILED)


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        pytest.param(migrations(BACK), Resolve, id="a later reading shows the parent"),
        pytest.param(migrations(), Wait, id="the database is where it was"),
        pytest.param(Migrations(()), Wait, id="nobody has asked since"),
        pytest.param(GONE, Wait, id="unknown"),
    ],
)
def test_after_a_failure_it_ends_only_where_alembic_shows_the_parent(
    found: Migrations | Unknown, kind: type
) -> None:
    assert isinstance(decided(facts(migrations=found), None, FAILED), kind)


def test_shows_the_step_its_command_and_what_is_to_be_stated() -> None:
    shown = database.shown(facts(), parse({"from": "b2e4"}), FIX)

    assert shown["step"] == "from b2e4 to a1f0"
    assert '"b2e4", "a1f0"' in shown["command"]
    assert '["alembic", "upgrade", "b2e4"]' in shown["undo"]
    assert shown["to state"].startswith('"backwards_compatible": true')


@pytest.mark.parametrize(
    "found", [GONE, Migrations(()), migrations(BACK)], ids=["unknown", "not asked", "the first"]
)
def test_shows_no_command_where_there_is_no_step_back(found: Migrations | Unknown) -> None:
    assert database.shown(facts(migrations=found), Statements(), FIX) == {}


def test_shows_no_more_where_all_is_stated() -> None:
    assert database.shown(facts(), STATEMENTS, FIX) == {}


def test_shows_each_fact_as_a_line() -> None:
    seen = facts(said=("one", "two")).seen()

    assert seen == {
        "database": "at b2e4, before it a1f0, heads b2e4",
        "snapshot": "before-release of saas-prod-db is available, taken 2026-11-23 01:20 UTC",
        "log 1": "one",
        "log 2": "two",
    }
