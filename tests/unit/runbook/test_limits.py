"""Which of occupancy, cooldown and budget refuses a fix, and why."""

from datetime import timedelta
from typing import Any

import pytest

from runbook import limits
from runbook.clock import to_text
from runbook.limits import Limits, Spent, Why
from worker_facts import NOW, ago

RESOURCE = "ecs:saas-prod/saas-worker"
OURS, THEIRS = "worker_stuck-1", "backend_5xx-1"
HOLDS = timedelta(minutes=20)


def at(minutes: float) -> str:
    """Return a moment before now as it stands in the table."""
    return to_text(ago(minutes))


def spent(**rows: dict[str, Any]) -> Spent:
    keys = {
        "occupancy": f"occupancy#{RESOURCE}",
        "cooldown": f"cooldown#{RESOURCE}#redeploy",
        "resource": f"budget#{RESOURCE}",
        "environment": "budget#environment",
    }
    return Spent({keys[name]: row for name, row in rows.items()}, RESOURCE, "redeploy")


def held(until: float, by: str = THEIRS) -> dict[str, Any]:
    return {"until": at(until), "incident_id": by}


def budget(*minutes: float) -> dict[str, Any]:
    return {"spent_at": [at(one) for one in minutes], "version": len(minutes)}


def refused(rows: Spent, *, by_hand: bool = False, most: Limits | None = None) -> Why | None:
    return limits.refuse(rows, most or Limits(), OURS, NOW, by_hand=by_hand)


def code(why: Why | None) -> str:
    return why.code if why else ""


def test_reads_the_four_rows_that_a_fix_needs() -> None:
    keys = limits.keys(RESOURCE, "redeploy")

    assert keys == [
        ("occupancy#ecs:saas-prod/saas-worker", "-"),
        ("cooldown#ecs:saas-prod/saas-worker#redeploy", "-"),
        ("budget#ecs:saas-prod/saas-worker", "-"),
        ("budget#environment", "-"),
    ]


def test_refuses_nothing_where_nothing_was_spent() -> None:
    assert refused(spent()) is None


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(held(-0.01), "occupied", id="for a moment more"),
        pytest.param(held(0), "", id="until now"),
        pytest.param(held(5), "", id="it ran out"),
        pytest.param(held(-10, OURS), "", id="our own change"),
    ],
)
@pytest.mark.parametrize("by_hand", [False, True], ids=["by itself", "by hand"])
def test_an_unsettled_change_of_another_incident_occupies_the_resource(
    row: dict[str, Any], expected: str, by_hand: bool
) -> None:
    why = refused(spent(occupancy=row), by_hand=by_hand)

    assert expected == code(why)


def test_says_who_occupies_the_resource_until_when_and_waits() -> None:
    why = refused(spent(occupancy=held(-10)))

    assert why == Why(
        "occupied",
        "ecs:saas-prod/saas-worker has an unsettled change of backend_5xx-1 "
        "until 2026-11-23T03:10:00.000Z",
        "wait",
    )


@pytest.mark.parametrize(
    ("until", "by_hand", "expected"),
    [
        pytest.param(-0.01, False, "cooldown", id="for a moment more"),
        pytest.param(0, False, "", id="until now"),
        pytest.param(-30, True, "", id="a person may"),
    ],
)
def test_the_same_fix_is_not_repeated_within_its_cooldown(
    until: float, by_hand: bool, expected: str
) -> None:
    rows = spent(cooldown={"until": at(until), "applied_at": at(60 + until)})

    why = refused(rows, by_hand=by_hand)

    assert expected == code(why)


def test_says_when_the_same_fix_was_applied_and_asks_a_person() -> None:
    rows = spent(cooldown={"until": at(-20), "applied_at": at(40)})

    why = refused(rows, most=Limits(cooldown_minutes=90))

    assert why == Why(
        "cooldown",
        "redeploy was applied to ecs:saas-prod/saas-worker 40 min ago and is not repeated "
        "within 90 min",
        "escalate",
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param({"resource": budget(70)}, "", id="1 of the resource's 2"),
        pytest.param({"resource": budget(70, 90)}, "budget", id="2 of the resource's 2"),
        pytest.param({"resource": budget(70, 60 * 24)}, "", id="one is 24 h old"),
        pytest.param({"resource": budget(70, 60 * 24 - 1)}, "budget", id="one is nearly 24 h old"),
        pytest.param({"environment": budget(*range(70, 75))}, "", id="5 of the environment's 6"),
        pytest.param({"environment": budget(*range(70, 76))}, "budget", id="6 of its 6"),
        pytest.param(
            {"resource": budget(70), "environment": budget(*range(70, 76))},
            "budget",
            id="the environment's alone is empty",
        ),
    ],
)
def test_a_budget_is_2_fixes_a_resource_and_6_an_environment_in_24_h(
    rows: dict[str, Any], expected: str
) -> None:
    assert expected == code(refused(spent(**rows)))


def test_a_person_is_not_refused_by_an_empty_budget() -> None:
    rows = spent(resource=budget(70, 80, 90), environment=budget(*range(70, 90)))

    assert refused(rows, by_hand=True) is None


def test_says_which_budget_is_empty_and_asks_a_person() -> None:
    why = refused(spent(environment=budget(1, 2)), most=Limits(fixes_per_environment=2))

    assert why == Why(
        "budget", "the budget of environment is empty: 2 fixes in 24 h, at most 2", "escalate"
    )


def test_asks_about_occupancy_first_then_cooldown_then_budget() -> None:
    busy, cool, empty = held(-10), {"until": at(-30), "applied_at": at(30)}, budget(70, 80)

    why = [
        code(refused(spent(occupancy=busy, cooldown=cool, resource=empty))),
        code(refused(spent(cooldown=cool, resource=empty))),
        code(refused(spent(resource=empty))),
    ]

    assert why == ["occupied", "cooldown", "budget"]
